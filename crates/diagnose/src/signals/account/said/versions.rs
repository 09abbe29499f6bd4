//! What people say of locks, signatures and versions.
//!
//! Phrases with gaps: see [`Words`].

use super::super::words::Words;

/// A signature or a seal was not accepted.
pub(crate) static NOT_TRUSTED: Words = Words::new(&[
    "corrupt ~ trusted|boot",
    "can t|cannot|could not|not ~ be ~ trusted|verified",
    "unsigned|not signed|isn t signed|signature|signed ~ refus-|reject-|invalid|fail-|wrong|not|error|only|check",
    "refus-|reject- ~ signature|unsigned|signed",
    "image|file|firmware|boot ~ not signed|isn t signed|unsigned|signature",
    "no valid operating system|no valid os|different operating system|secure boot|dm verity|avb|vbmeta|verified boot|custom binary|relock-|re locked|locked the bootloader|lock the bootloader",
    "signatur ~ ungültig|falsch|fehler",
    "подпис- ~ не|невер-|ошибк-",
    "签名|校验 ~ 失败|不通过|错误",
    "验证失败",
    "podpis ~ nieprawid-|błąd|błędny",
    "firma ~ no válida|inválida",
    "signature ~ invalide|refusée",
    "firma ~ non valida",
    "hab ~ fail-|enabled|fuse|event-|closed",
    "authenticat- ~ image|fail-|error",
    "image|firmware ~ authenticat- ~ fail-|error",
    "test key|wrong key|dev key|other key|different key|keys ~ sign-|mismatch|differ-|old|last",
    "lock- ~ again|back ~ corrupt|safety|custom|putting",
    "better lock|lock it again|locked it again|lock it back",
    "hab check|check ~ boot failure|recovery failed",
]);

/// The boot loader is locked, and that is said.
pub(crate) static IS_LOCKED: Words = Words::new(&[
    "locked|lock ~ state|bootloader|device|status",
    "bootloader|device|phone ~ is locked|still locked|locked|not unlocked|isn t unlocked|wasn t unlocked",
    "oem unlock|oem unlocking|unlock- ~ grey-|gray-|not allowed|missing|disabled|refus-|denied|code|token|permission|wait",
    "oem unlock|oem unlocking ~ option|options|switch|toggle ~ grey-|gray-|missing|disabled|not available",
    "can t|cannot|not|refus- ~ unlock-",
    "unlock-|entsperr- ~ nicht|verboten|ausgegraut",
    "загрузчик ~ заблокир-|залоч-|не разблок-",
    "заблокир- ~ загрузчик",
    "没有解锁|未解锁|没解锁|bl锁|解锁 ~ 灰色|失败",
    "zablokowan- ~ bootloader|program rozruchowy",
    "bootloader ~ zablokowan-|bloqueado|verrouillé|bloccato|gesperrt",
    "locked ~ menu|white|pink|red",
    "nicht erlaubt|not allowed ~ flash-|partition-|unlock-|state",
    "flash-|flashen|partition- ~ nicht erlaubt|not allowed|denied",
    "beim hersteller|from the manufacturer ~ beantragen|unlock|code",
]);

/// An older version is not taken.
pub(crate) static NOT_BACKWARDS: Words = Words::new(&[
    "older|old|previous|earlier|lower|downgrad-|go back|going back|went back|roll back|rollback ~ not allowed|refus-|reject-|can t|cannot|won t|blocked|denied|not|doesn t|fail-|anti|protection",
    "can t|cannot|won t|refus-|not|doesn t|didn t|no ~ install|downgrad-|flash|go back|accept|allow|let|take ~ older|old|previous|earlier|lower|version",
    "can t|cannot|won t|refus-|not ~ downgrad-",
    "anti rollback|antirollback|arb|rollback index|sw rev|rev check|version is lower|lower version",
    "ältere|alte|zurück|downgrade ~ nicht|verweigert|abgelehnt|verboten",
    "откат-|старую|старой|старая|предыдущ- ~ не|нельзя|отказ-|запрещ-",
    "降级 ~ 不|失败|拒绝|禁止",
    "旧版本|低版本 ~ 不|拒绝",
    "starsz-|poprzedni- ~ nie",
    "anterior|antigua|vieja ~ no",
    "ancienne|précédente ~ pas|refus-",
    "precedente|vecchia ~ non",
]);

/// The boot loader is too old for what it is to start.
pub(crate) static LOADER_TOO_OLD: Words = Words::new(&[
    "bootloader|u boot|uboot|bios|cfe|loader|eeprom|uefi ~ too old|ancient|outdated|old|older|update first|updated first|old version|from 20-",
    "old|ancient|outdated|older ~ bootloader|u boot|uboot|bios|cfe|loader|eeprom|uefi",
    "updat-|upgrad-|newer ~ bootloader|u boot|uboot|loader|eeprom|cfe ~ first|fix-|help-|then|solved|before|needed|required|works|worked",
    "veraltet-|alter bootloader|старый загрузчик|старым загрузчик-|老版本uboot|旧uboot|stary bootloader",
    "u boot|uboot|bootloader|bios ~ must be|has to be|needs to be ~ newer|20-|at least",
    "mine|ours ~ is ~ 2012|2013|2014|2015|2016|older|from 20-",
    "too old ~ bootloader|u boot|uboot|loader",
    "bootloader|u boot|uboot|loader ~ too old|too old for",
    "eeprom|bios|bootloader|u boot ~ update|upgrade|from|of ~ thing|2019|2018|2017|first",
    "20- ~ eeprom|bios|bootloader|u boot",
    "2019|2018|2017|2016|2015|2014 ~ eeprom|bios|bootloader|u boot|uboot",
]);

/// New firmware does not start by it, or cannot be read by it.
pub(crate) static CANNOT_READ: Words = Words::new(&[
    "can t|cannot|doesn t|not|unable|won t|fails|refus- ~ read|start|boot|load|understand|support|format|recogni-|know",
    "format|squashfs|ubi|lzma|fit|zstd|gzip|device tree|dtb ~ not|unknown|unsupported|can t|doesn t",
    "first|before|required|needed|needs|others",
    "wrong image format|bad magic|unknown image format|skipped|ignored ~ paragraph|step|note|warning",
    "bad linux|bad image",
    "can not|could not ~ be ~ upgraded|installed|flashed",
    "doesn t ~ take|accept",
    "went back|rolled back|too old",
    "ignor-|blinks|not seen|completely",
    "do i have to|must i|should i|need to ~ update",
]);

/// Others have the same trouble, or the maker knows of it.
pub(crate) static OTHERS_TOO: Words = Words::new(&[
    "others|many|people|everyone|everybody|users|forum|reddit|friend|lots|same model ~ same|report-|also|too|have|complain-|issue|problem|affected",
    "known ~ bug|issue|problem|regression",
    "same ~ issue|problem|thing|happens ~ others|many|people|forum|reddit|friend|users|two|both|all",
    "all|both|three|several|every one ~ of ~ them|our|my|units|routers|phones|devices ~ same|do|did|affected|since",
    "bug|regression|buggy|beta|nightly|snapshot|release candidate",
    "andere ~ auch|gleiche problem|selbe problem|bekannter fehler",
    "у других|у многих|у всех|у людей|известн- ~ то же|тоже|так же|баг|ошибк-|проблем-",
    "баг|глюк-",
    "别人|很多人|大家|网友 ~ 也|一样",
    "通病|有bug|bug",
    "inni ~ też|to samo",
    "otros|muchos ~ también|mismo|igual",
    "d autres ~ aussi|même",
    "altri|molti ~ anche|stesso",
    "outros|muitos ~ também|mesmo",
    "full of it|working on it|vendor|support ~ aware|working on|known|confirms|confirmed",
    "reddit|forum|facebook|group ~ full|everyone|many|same|posts",
    "all|every|five|four|three|both ~ cams|cameras|units|routers|phones|devices|tvs ~ since|after|same|lose|restart|fail",
    "reddit|forum|twitter|facebook ~ fire|exploding|full|hundreds|everybody|everyone",
    "hundreds|thousands|setki|tysiące|hunderte|centinaia|cientos|centenas|сотни",
    "everybody|everyone ~ on ~ beta|version|channel",
    "wycofał-|withdrawn|pulled ~ update|aktualizacj-",
]);

/// An older or other version is fine.
pub(crate) static OTHER_VERSION_FINE: Words = Words::new(&[
    "previous|old|older|earlier|last|other|stable|stock|former|prior ~ version|release|firmware|build|one|rom|kernel|update ~ fine|stable|works|worked|ok|good|no problem|solved|perfect-|never|boots|problem gone|rock",
    "fine|worked|works|ok|stable|good|perfect- ~ before|on|with|until|in ~ previous|old|older|earlier|last|update|version|release|upgrade",
    "went back|rolled back|downgrad-|reverted|going back|rolling back|downgrading|reverting ~ fine|works|worked|ok|solved|fixed|stable|good|again|helped",
    "mit der|alte|vorige|vorherige ~ version|firmware ~ läuft|ging|funktioniert|stabil",
    "на старой|на прошлой|на предыдущей|старая|откатил- ~ норм-|работа-|стабильн-|хорошо",
    "旧版|老版本|上个版本|之前的版本|降级 ~ 正常|没问题|好",
    "na starej|poprzedni- ~ działa|stabiln-|dobrze",
    "versión anterior ~ funciona|bien",
    "version précédente|ancienne version ~ marche|fonctionne|bien",
    "versione precedente ~ funziona|bene",
    "versão anterior ~ funciona|bem",
    "put|back ~ and ~ works|fine",
    "stable ~ fine|ok|works",
    "old one|previous one|sp- ~ works|fine",
]);
