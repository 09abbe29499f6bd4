//! What people say of settings, locks, room, boot loaders and chips.
//!
//! Phrases with gaps: see [`Words`].

use super::words::Words;

/// Somebody changed a setting, or settings of another version were kept.
pub(super) static CHANGED_SETTING: Words = Words(&[
    "chang-|set|setting|edit-|configur-|modif-|enabl-|disabl-|tweak-|messed|played ~ setting|settings|config|configuration|option|options|country|channel|vlan|vlans|firewall|lan|ip|address|dhcp|wifi|wireless|interface|bridge|mtu|password|overclock|resolution|rc local|fstab|network",
    "after|since ~ changing|enabling|disabling|setting|configuring|restoring|editing",
    "kept|keep|keeping|preserv-|restor-|import- ~ settings|config|configuration|backup",
    "old|previous ~ settings|config|configuration|backup",
    "locked myself out|locked out|can t remember ~ password|ip|address",
    "einstellung-|konfiguration ~ geändert|übernommen|behalten|verstellt",
    "измен-|поменя-|сохран-|настро- ~ настройк-|конфиг-|адрес|ip|vlan|сеть",
    "改了|修改 ~ 设置|配置|ip|地址|vlan",
    "保留了|勾选保留|选择保留 ~ 配置|设置",
    "zmieni- ~ ustawieni-|adres|konfigurac-",
    "zachow- ~ ustawieni-|konfigurac-",
    "cambi-|modifi- ~ configurac-|ajustes|ip|dirección",
    "chang-|modif-|gard- ~ réglages|paramètres|configuration|ip|adresse",
    "cambi- ~ impostazion-|ip|indirizzo|configurazion-",
    "mud-|alter- ~ configuraç-|ip|endereço",
    "applied|ticked|tick|turned on|turned off|switched on ~ qos|sqm|vlan|things|boxes|options|channel|country|ipv6|bridge|feature",
    "channel|country|vlan|qos|sqm ~ chang-|set|applied|save|saving",
    "pressing|pressed|hit|clicked ~ save|apply",
    "failsafe ~ fine|works|solid|rock|ok|stable",
]);

/// Clearing the settings helps.
pub(super) static RESET_HELPS: Words = Words(&[
    "reset|resetting|factory defaults|defaults|wipe|wiping|clear|clearing|firstboot ~ fixed|fixes|helps|helped|works|worked|fine|comes up|came back|comes back|brings it back|solved|cured|then it|until",
    "fixed|helps|helped|works|worked|fine|comes up|came back|comes back|solved|cured ~ after|by|once|if|when ~ reset|resetting|factory|wipe|wiping|clearing|holding",
    "bis ich|nach ~ reset|zurücksetzen|werkseinstellung-",
    "после|пока ~ сброс-",
    "恢复出厂|复位 ~ 好|正常",
    "resecie|po ~ reset-",
]);

/// The unit runs, and cannot be reached by its address any more.
pub(super) static ADDRESS_LOST: Words = Words(&[
    "can t|cannot|cant|unable|not|no longer|couldn t ~ reach|access|connect|log in|login|open|get into|find ~ router|it|page|web|gui|interface|anymore|admin|nas|luci|box",
    "locked ~ out|myself",
    "nicht mehr ~ erreich-|drauf|einloggen",
    "erreiche|komme ~ nicht",
    "не могу|не получается|не ~ зайти|зайд-|подключ-|достуч-|заходит",
    "进不去|打不开|访问不了|登录不了|连不上",
    "nie ~ mogę|można ~ wejść|zalogować|połączyć",
    "no puedo|no ~ entrar|acceder|conectar",
    "n arrive|plus|impossible ~ accéder|accès|connecter",
    "non riesco|non ~ accedere|entrare|raggiung-",
    "não consigo ~ acessar|entrar|conectar",
]);

/// A signature or a seal was not accepted.
pub(super) static NOT_TRUSTED: Words = Words(&[
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
]);

/// The boot loader is locked, and that is said.
pub(super) static IS_LOCKED: Words = Words(&[
    "locked|lock ~ state|bootloader|device|status",
    "bootloader|device|phone ~ is locked|still locked|locked|not unlocked|isn t unlocked|wasn t unlocked",
    "oem unlock|oem unlocking|unlock- ~ grey-|gray-|not allowed|missing|disabled|refus-|denied|code|token|permission|wait",
    "can t|cannot|not|refus- ~ unlock-",
    "unlock-|entsperr- ~ nicht|verboten|ausgegraut",
    "загрузчик ~ заблокир-|залоч-|не разблок-",
    "заблокир- ~ загрузчик",
    "没有解锁|未解锁|没解锁|bl锁|解锁 ~ 灰色|失败",
    "zablokowan- ~ bootloader|program rozruchowy",
    "bootloader ~ zablokowan-|bloqueado|verrouillé|bloccato|gesperrt",
]);

/// An older version is not taken.
pub(super) static NOT_BACKWARDS: Words = Words(&[
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

/// Its storage is full.
pub(super) static FULL: Words = Words(&[
    "disk|storage|flash|memory|overlay|volume|space|partition|drive|root|card ~ full|100 percent|used up|out of|ran out|exhausted",
    "no|not enough|out of|insufficient|zero|0 bytes|0 kb|low ~ space|room|storage|free",
    "ran ~ out of ~ space|storage|disk",
    "speicher|platte|festplatte|flash ~ voll",
    "kein ~ speicher|platz",
    "память|диск|место|флеш|хранилищ- ~ полн-|забит-|кончил-|законч-|заполн-",
    "нет ~ мест-|памят-",
    "存储|空间|硬盘|磁盘|内存 ~ 满|不足",
    "满了",
    "pamięć|dysk ~ pełn-|zapełn-|zapchan-",
    "brak ~ miejsca",
    "sin espacio|disco lleno|memoria llena|almacenamiento lleno",
    "plus ~ espace|place",
    "disque plein|mémoire pleine|memoria piena|spazio esaurito|armazenamento cheio|sem espaço",
    "volume plein|disque plein|espace insuffisant|volume voll|volume ist voll",
    "volume|partition|drive ~ full|plein|voll|pieno|lleno|cheio",
    "df|storage ~ 100|99 percent|100 percent",
]);

/// The boot loader's own place was erased or written.
pub(super) static LOADER_TOUCHED: Words = Words(&[
    "eras-|overwr-|wip-|delet-|flash-|wrote|write|writing|formatted|dd|trash-|updat-|replac- ~ u boot|uboot|bootloader|spl|preloader|cfe|breed|mtd0|mtdblock0|aboot|abl|xbl|boot0|first megabyte|bios|bootrom|pbl|sbl|sbl1|lk",
    "u boot|uboot|bootloader|spl|preloader|cfe|breed|mtd0|mtdblock0|bios|whole flash|entire flash|entire chip|whole chip ~ eras-|overwr-|wip-|delet-|formatted|gone|trash-|flashed|overwritten|messed",
    "eras-|overwr-|wip- ~ whole|entire|complete|full|all ~ flash|chip|nand|spi",
    "bootloader|u boot|uboot ~ überschrieben|gelöscht|geflasht|kaputt",
    "загрузчик|бутлоадер|убут|uboot|u boot ~ стер-|затер-|прошил|перезаписал|удалил|убил|слетел",
    "стер-|затер-|убил|прошил ~ загрузчик|бутлоадер|uboot|u boot",
    "刷|擦除|擦 ~ uboot|u boot|bootloader|引导|bios|breed|不死",
    "nadpisa-|skasow-|wgrał- ~ bootloader|u boot|uboot",
    "borr-|sobrescri- ~ bootloader|u boot|uboot|gestor de arranque",
    "effac-|écras- ~ bootloader|u boot|uboot|chargeur",
    "cancell-|sovrascri- ~ bootloader|u boot|uboot",
    "apag-|sobrescrev- ~ bootloader|u boot|uboot",
    "full|mass|complete|whole ~ chip erase|erase|wipe",
    "chip erase|mass erase|erase chip",
    "reads|read ~ ff|all ff|ffs|zeros",
    "dev zero|dd ~ mtdblock0|mtd0|u boot|mmcblk0boot0|boot0",
    "mtd0|mtdblock0 ~ is ~ u boot|bootloader",
]);

/// Nothing comes on the console or any port.
pub(super) static NOTHING_AT_ALL: Words = Words(&[
    "nothing|no output|silent|empty|blank|no sign|no life|no activity|dead|no reaction|no response|not a single ~ serial|uart|console|usb|anywhere|at all|ttl|putty",
    "serial|uart|console|ttl|putty ~ nothing|empty|silent|blank|dead|no output",
    "completely|totally|absolutely|hard ~ dead|bricked|brick",
    "no|not ~ leds|led|lights|light|display|serial|output",
    "dead as a",
    "keine ausgabe|nichts mehr|komplett tot",
    "консоль|uart|com порт ~ молч-|пуст-|тишина|ничего",
    "тишина|кирпич|полный ноль|не подает признаков|не подаёт признаков",
    "串口 ~ 没|无|不",
    "没有任何输出|无任何反应|黑砖",
    "nic|cisza ~ konsol-|uart|serial",
]);

/// The boot loader's variables, or the command with which it starts.
pub(super) static LOADER_SETTINGS: Words = Words(&[
    "bootcmd|bootargs|saveenv|setenv|env|environment|boot variables|boot order|boot arguments|nvram|boot config|cmdline|extlinux|grub|efi entry|boot entry|fw setenv|printenv|fstab ~ wrong|chang-|edit-|set|typo|messed|mistake|delet-|eras-|broke|bad|default-|corrupt-|lost|typed|modif-",
    "wrong|chang-|edit-|typo|messed|mistake|delet-|eras-|broke|bad|lost|typed|modif-|cleared ~ bootcmd|bootargs|saveenv|setenv|env|environment|boot order|boot arguments|nvram|boot config|cmdline|grub|boot entry|fw setenv",
    "saveenv|fw setenv|env default",
    "переменн- ~ загрузчик-|окружени-|u boot",
    "环境变量|启动参数|启动变量",
    "autostart|boot address|load address|kernel address|address ~ wrong|old|moved|but|changed|still",
    "cmdline-|fstab|extlinux|partuuid|uuid|root ~ still|old|wrong|stale|previous|new one",
    "by hand ~ bootm|boot|run ~ works|comes up|good|fine",
    "bootm|boot|run ~ by hand|manually",
]);

/// Others have the same trouble, or the maker knows of it.
pub(super) static OTHERS_TOO: Words = Words(&[
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
]);

/// An older or other version is fine.
pub(super) static OTHER_VERSION_FINE: Words = Words(&[
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
]);

/// The same failure whatever is written, at the same place.
pub(super) static SAME_PLACE: Words = Words(&[
    "same ~ address|place|block|sector|offset|point|percent-|spot|page ~ every|each|always|again|all|no matter|with|three|two|several|different",
    "always|every|each ~ same ~ address|place|block|sector|offset|point|percent-|spot",
    "i o error|io error|i o errors|io errors|input output error|read error|write error|read errors|write errors|bad block|bad blocks|bad sector|bad sectors|worn out|read only|write protected|wear",
    "verif- ~ fail-|error|mismatch ~ same|always|every|each",
    "immer ~ gleich- ~ stelle|adresse|block",
    "ошибк- ~ ввода|чтени-|записи",
    "бэд блок-|битые блоки|битый сектор|битые сектора|в одном и том же мест-",
    "坏块|读写错误|io错误|只读|同一个地址|同一位置",
    "błąd ~ odczytu|zapisu|wejścia",
    "bloques defectuosos|blocs défectueux|errore di lettura|errore di scrittura|setor defeituoso",
    "ff everywhere|all zeros|doesn t keep|does not keep|forgets|reverts|back to old ~ after|flash|write",
    "ro|read only|readonly ~ mounts|mounted|remount-|suddenly",
    "same ~ as before|again ~ restart|reboot|reset|wallpaper|files|everything",
    "back|again|reverts|returns ~ old|before|same ~ restart|reboot|wipe|reset",
    "eol|end of life|life time|lifetime|worn|wear",
    "ok|success- ~ but ~ after ~ reboot|restart ~ before|same|old",
    "factory reset ~ comes back|back ~ with|photos|files|everything",
]);

/// Storage as a chip, a disk or a card.
pub(super) static STORAGE: Words = Words(&[
    "emmc|nand|flash|chip|sd|ssd|hdd|hard disk|hard drive|disk|storage|ufs|spi|eeprom|drive|memory|programmer|reader|флеш|память|диск|存储|闪存|芯片|硬盘|pamięć|speicher|festplatte|memoria|mémoire",
    "mmcblk0-|sda-|mtd-|block",
]);

/// Partitions were touched.
pub(super) static PARTITIONS_CHANGED: Words = Words(&[
    "parted|gparted|fdisk|gdisk|sgdisk|repartition-|resiz-|pit file|gpt|partition table|mbr",
    "resiz-|delet-|eras-|chang-|messed|recreat-|format-|wip-|merg-|remov- ~ partition|partitions|gpt|partition table|mbr",
    "partition|partitions ~ resiz-|delet-|eras-|gone|missing|lost|messed|wrong|disappeared|vanish-|damaged",
    "partitionstabelle|partition gelöscht|таблица раздел-|таблицу раздел-|таблицы раздел-|разметк-|разделы ~ удал-|стер-|слетел-",
    "分区表|分区 ~ 删|改|丢|格式化",
    "tablica partycji|tablicę partycji|partycj- ~ usun-|skasow-|tabla de particiones|table de partition-|tabella delle partizioni|tabela de partiç-",
    "all ~ partitions ~ gone|missing|lost",
    "partition|partitions ~ script|bigger|more space|one big",
    "storage ~ more space|bigger ~ script|tool|partition",
]);

/// A medium for the recovery: how it was formatted, which one it was.
pub(super) static MEDIUM: Words = Words(&[
    "stick|usb stick|pendrive|flash drive|thumb drive|sd card|sdcard|card|microsd|micro sd|usb drive|usb key|флешк-|карта памяти|карту памяти|карте памяти|u盘|sd卡|优盘|内存卡|speicherkarte|usb stick|pendrive|tarjeta|clé usb|chiavetta|cartão",
]);

/// What is wrong with such a medium.
pub(super) static MEDIUM_WRONG: Words = Words(&[
    "exfat|ntfs|fat32|fat16|format-|too large|too big|32 gb|64 gb|128 gb|capacity|brand|etcher|rufus|dd|balena|wrong name|renam-|file name|filename|folder|directory ~ not|only|instead|ignor-|says|manual|needs|need|must|other|another|doesn t|wrong|works|worked|found|detected|recogni-|after",
    "ignor-|not read|doesn t read|not see|not found|doesn t see|doesn t find|not detect-|not recogni-|can t find|can t read ~ stick|card|drive|pendrive|file",
    "other|another|different|smaller|older ~ stick|card|drive|pendrive|brand ~ works|worked|fine|ok|did",
    "formatiert|formatieren|отформатир-|формат- ~ fat-|ntfs|exfat",
    "格式化|格式 ~ fat32|ntfs|exfat",
    "sformat-|formate-|formaté|formattat- ~ fat32|ntfs|exfat",
    "ntfs|exfat|128 gb|256 gb|gpt",
    "called|named|renamed|file name ~ bin|img|update|zip",
    "copied|only ~ boot|folder|windows shows",
    "does nothing|nothing happens|no reaction",
]);

/// The boot loader is too old for what it is to start.
pub(super) static LOADER_TOO_OLD: Words = Words(&[
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
pub(super) static CANNOT_READ: Words = Words(&[
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

/// It is fine after all, or it took its time.
pub(super) static FINE_AFTER_ALL: Words = Words(&[
    "then|but|now|after|afterwards|afterward|finally|eventually|suddenly|later|and|still|since|otherwise|everything|all|it|that|which|phone|router ~ works|working|worked|fine|normal-|good|ok|okay|perfect-|running|boots|booted|booting|online|is up|setup screen|home screen|runs",
    "works|working|runs|running|boots|starts|started|booted ~ fine|great|perfect-|ok|okay|normally|well|again|afterwards|as before|as expected|as it should|without|everything",
    "internet|wifi|everything|it|all|phone|router ~ works|is back|is fine|are back|works again",
    "doch|dann|jetzt|danach|wieder|alles|aber ~ läuft|funktioniert|geht|gut|normal|klappt",
    "läuft|funktioniert|geht|startet ~ alles|normal|einwandfrei|wieder|gut|problemlos",
    "потом|теперь|сейчас|всё|все|в итоге|дальше|и ~ работа-|заработа-|нормально|хорошо|загрузил-|включил-|отлично|ок",
    "работает|загружается|работал ~ нормально|хорошо|отлично|всё|все|как надо",
    "后来|现在|然后|之后|但是|都|又|一切|就 ~ 正常|好了|没问题|可以|能用",
    "potem|teraz|już|ale|wszystko|i ~ działa|dobrze|ok|ruszył-|normalnie",
    "ahora|después|luego|pero|todo|y ~ funciona|bien|normal|arrancó|perfecto",
    "maintenant|ensuite|puis|mais|tout|et ~ marche|fonctionne|bien|normal-|démarré|démarre",
    "ora|adesso|poi|ma|tutto|e ~ funziona|bene|normal-|partito|parte",
    "agora|depois|mas|tudo|e ~ funciona|bem|normal|funcionando|ligou",
    "and|then ~ home screen|menu|desktop|login|new menus|welcome",
    "pero|y ~ arrancó|encendió|están todas",
    "есть ~ интернет|сеть",
    "интернет|всё|все ~ есть|работает",
    "picture|image|sound|internet ~ good|fine|works|is there",
    "plays|shows|runs|has ~ new program|new version|new firmware|new menus",
    "starts|boots ~ normal-",
    "ora|adesso|jetzt|ahora|agora|maintenant|teraz ~ navigo|surfe|navega|online",
]);

/// Its light is the one of a unit that is well, as far as a light can tell.
pub(super) static LIGHT_IS_FINE: Words = Words(&[
    "then|but|now|after|afterwards|finally|eventually|suddenly|later|and|led ~ green",
    "ora|adesso|jetzt|ahora|agora|maintenant|teraz ~ verde|grün|vert|zielon-",
    "vaizdas|è verde|es verde|ist grün|is green|went green|turned green|solid green|solid white|solid blue|green light",
]);

/// What is said only of a unit that is well.
pub(super) static SURELY_FINE: Words = Words(&[
    "false alarm|all good|all is well|nothing wrong|nothing is wrong|panic over|panicked|for nothing|got scared|scared me|freaked me|freaked out|heart attack|blinks happily",
    "no|any|without ~ problem|problems|issue|issues|trouble ~ since|at all|anymore|now|otherwise|with it",
    "turned out|turns out|apparently|i read|learned|manual says|wiki says ~ normal|how it|by design|supposed|expected|harmless|comes from the factory|meant to",
    "just|only ~ took|needed|slow ~ time|minutes|long|while|patience",
    "took ~ minutes|while|ages|forever|long ~ but|then|and|until ~ works|came|booted|fine|up|finish-|setup",
    "as it should|as expected|as intended|does its job|perfectly happy|zero problems|solid as",
    "fehlalarm|umsonst|alles gut|alles in ordnung",
    "ложная тревога|зря ~ испугал-|паник-|всё в порядке|все в порядке",
    "虚惊一场|吓死|吓了一跳|原来是正常",
    "fałszywy alarm|niepotrzebnie|wszystko w porządku",
    "falsa alarma|fausse alerte|falso allarme|alarme falso|todo en orden|tout va bien|tutto a posto|tudo certo",
    "already|now ~ the new version",
    "typed|typo|comma|wrong address|wrong button|wrong socket ~ mum|it was|that was|my fault|stupid|silly",
    "everything|all|it ~ does what it should|does its job|is there|are there|intact|still there",
    "ha sido un susto|menudo susto|quelle frayeur|che spavento|que susto|nochmal glück|glück gehabt|puh|uff",
    "aged ten years|phew|what a relief|relieved|scare",
    "days|weeks|months|years|hours ~ uptime",
    "uptime ~ days|weeks|hours",
    "never|not ~ an issue|a problem|a single problem",
    "not a problem|just curious|just want ~ explain|understand|to know",
    "first try|first time|at once|straight away ~ booted|works|worked|started",
    "booted|works|worked|started ~ first try|first time|at once|straight away",
    "we|i ~ on youtube|watching|streaming|surfing|browsing|playing over|with it",
    "all ~ data|apps|photos|files|settings ~ there|intact|still",
    "works just as|works exactly|just as advertised",
    "has been ~ red|like that|so since|for years|always",
    "foi só susto|ist normal|so gehört|так и должно|это нормально|本来就|属于正常|tak ma być|es normal|c est normal|è normale",
]);

/// A sentence with one of these says that something is not so, or not always.
pub(super) static SAYS_NO: Words = Words(&[
    " not ",
    "n t ",
    " never ",
    " nothing ",
    " no ",
    " none ",
    " cannot ",
    " cant ",
    " dont ",
    " doesnt ",
    " wont ",
    " didnt ",
    " isnt ",
    " until ",
    " unless ",
    " except ",
    " used to ",
    " only ",
    " but stuck",
    " died",
    " however ",
    " fails again",
    " failed again",
    " stopped again",
    " same symptom",
    " same problem again",
    " dead",
    " brick",
    " kaputt",
    " nicht ",
    " kein",
    " nur ",
    " не ",
    " нет ",
    " только ",
    "没有",
    "不",
    "无法",
    " nie ",
    " tylko ",
    " solo ",
    " sólo ",
    " ne ",
    " pas ",
    " plus ",
    " non ",
    " não ",
    " nada ",
    " aucun",
    " before the ",
    " before that ",
    " worked well for",
    " fine for",
    " was fine",
    " worked fine for",
    " worked until",
    " fine before",
    " worked before",
    " was working",
    " was running",
    " were running",
    " had been running",
    " worked for",
    "до этого",
    "раньше",
    "之前",
]);

/// Something was done, and it works since.
pub(super) static REMEDIED: Words = Words(&[
    "chang-|swap-|switch-|replac-|different|another|other|new|borrowed|friend s|wife s|gf s|brother s|previous|older|old|stock ~ works|working|worked|fine|ok|okay|went|goes|boots|booted|did|runs|ran|solved|fixed",
    "after|once|with|by|using|if|since ~ chang-|swap-|switch-|replac-|different|another|other|new|reflash-|flash-|reinstall-|restor-|recover-|downgrad-|reset-|hold|holding|unplug-|set|install-|usb|linux|root|admin|original",
    "works|worked|working ~ from|directly|via|through",
    "fixed|solved|helped|did the trick|cured|repaired|had to|needed to",
    "anderem|anderen|anderes|neuem|neuen|getauscht|gewechselt|nach|mit",
    "друг-|нов-|замен-|помен-|после|перепрош-|откат-|через|с правами",
    "换|重新|降级|另一|改成",
    "inny-|innym|wymian-|po zmianie|zmieni-",
    "otro|otra|nuevo|cambi-|con|autre|nouveau|chang-|avec|altro|nuovo|cambiat-|con|outro|outra|trocar|troquei|com",
    "put|plug-|took ~ back|in|out|another|other",
    "plug-|put|connect- ~ on|into|to ~ another|other|different",
    "with|from|on|through ~ separate|own|its plug|proper|original|powered|usb 2|rear",
    "when|if|as long as ~ powered|plugged|connected|i|you|charging",
    "i|we|he|she ~ reformat-|format-|chang-|swap-|replac-|clean-|remov-|unplug-|solder-|reset|cut|set|updat-|us-|made|bought|let|left|tried|put|charg- ~ and|then|now ~ works|worked|fine|booted|boots|ok|it",
]);

/// It is asked whether that is as it should be.
pub(super) static ASKS_IF_NORMAL: Words = Words(&[
    "is|was ~ that|this|it ~ normal|ok|okay|expected|supposed|bad|fine",
    "is it|is this|is that|should i|do i ~ normal|worry|worried|be worried|concerned|ok",
    "normal ~ that|or|behaviour|behavior|thing",
    "ist das normal|это нормально|нормально ли|正常吗|正常么|czy to normalne|es normal|c est normal|è normale|é normal",
]);

/// Its working memory.
pub(super) static MEMORY: Words = Words(&[
    "ram|memory module|memory stick|ddr-|dimm|sodimm|so dimm|memtest-|stick|ram riegel|riegel|оператив-|озу|内存条|内存|pamięć ram|memoria ram|mémoire vive|barrette|barra de ram|banco di ram|pente de memória",
    "segfault-|mtest|memtest|random|checksum ~ different|differ-",
    "memory|memory bar|speicher|arbeitsspeicher",
    "copied|copies|files|results ~ differ-|different|identical",
]);

/// It was changed, or fails.
pub(super) static MEMORY_CHANGED: Words = Words(&[
    "beep|beeps|beeping|memtest-|bad|faulty|error-|fail-|wrong|incompatible|mixed",
    "added|upgraded|put|installed|inserted|new|swapped|replaced ~ ram|module|stick|gb|dimm|ddr-",
    "without|old|one ~ stick|module ~ alone|boots|works|fine",
    "piep-|eingebaut|defekt|пищит|ошибк-|добавил|поставил|加了|换了|报错|蜂鸣|滴滴|piszczy|dołożył-|pita|añadí|bip|ajouté|aggiunto|apita",
    "mtest|memtest- ~ fail-|error-",
    "segfault-|compiler error ~ random|different",
    "different ~ each time|every time",
    "checksum|sha256sum|md5sum ~ different ~ each|every",
    "upgraded|changed|expanded ~ memory",
    "old ~ memory|bar|stick|module ~ back|in|solid|fine",
    "differ|different results|random",
]);
