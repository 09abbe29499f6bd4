//! What people say of the parts of a unit: its storage, its memory, its boot loader; and of recovery media.
//!
//! Phrases with gaps: see [`Words`].

use super::super::words::Words;

/// Its storage is full.
pub(crate) static FULL: Words = Words::new(&[
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
    "zajęte ~ 100",
    "insufficient ~ space",
    "disk space|storage space ~ insufficient|not enough|low",
    "100 percent ~ lines|full|used|data",
    "df shows|df says",
]);

/// The same failure whatever is written, at the same place.
pub(crate) static SAME_PLACE: Words = Words::new(&[
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
    "time machine|groundhog",
    "as it was|as before ~ restart|reboot|reset",
    "i o error ~ each|every|all|again",
]);

/// Storage as a chip, a disk or a card.
pub(crate) static STORAGE: Words = Words::new(&[
    "emmc|nand|flash|chip|sd|ssd|hdd|hard disk|hard drive|disk|storage|ufs|spi|eeprom|drive|memory|programmer|reader|флеш|память|диск|存储|闪存|芯片|硬盘|pamięć|speicher|festplatte|memoria|mémoire",
    "mmcblk0-|sda-|mtd-|block",
    "read only ~ file system|filesystem|root|system",
    "file system|filesystem|root ~ read only",
]);

/// Partitions were touched.
pub(crate) static PARTITIONS_CHANGED: Words = Words::new(&[
    "parted|gparted|fdisk|gdisk|sgdisk|repartition-|resiz-|pit file|gpt|partition table|mbr",
    "resiz-|delet-|eras-|chang-|messed|recreat-|format-|wip-|merg-|remov- ~ partition|partitions|gpt|partition table|mbr",
    "partition|partitions ~ resiz-|delet-|eras-|gone|missing|lost|messed|wrong|disappeared|vanish-|damaged",
    "partitionstabelle|partition gelöscht|таблица раздел-|таблицу раздел-|таблицы раздел-|разметк-|разделы ~ удал-|стер-|слетел-",
    "分区表|分区 ~ 删|改|丢|格式化",
    "tablica partycji|tablicę partycji|partycj- ~ usun-|skasow-|tabla de particiones|table de partition-|tabella delle partizioni|tabela de partiç-",
    "all ~ partitions ~ gone|missing|lost",
    "resiz- ~ sd|card|disk|storage|emmc|rootfs",
    "partition|partitions ~ script|bigger|more space|one big",
    "storage ~ more space|bigger ~ script|tool|partition",
]);

/// The boot loader's own place was erased or written.
pub(crate) static LOADER_TOUCHED: Words = Words::new(&[
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
pub(crate) static NOTHING_AT_ALL: Words = Words::new(&[
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

/// Its working memory.
pub(crate) static MEMORY: Words = Words::new(&[
    "ram|memory module|memory stick|ddr-|dimm|sodimm|so dimm|memtest-|stick|ram riegel|riegel|оператив-|озу|内存条|内存|pamięć ram|memoria ram|mémoire vive|barrette|barra de ram|banco di ram|pente de memória",
    "segfault-|mtest|memtest|random|checksum ~ different|differ-",
    "memory|memory bar|speicher|arbeitsspeicher",
    "copied|copies|files|results ~ differ-|different|identical",
]);

/// It was changed, or fails.
pub(crate) static MEMORY_CHANGED: Words = Words::new(&[
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

/// A medium for the recovery: how it was formatted, which one it was.
pub(crate) static MEDIUM: Words = Words::new(&[
    "stick|usb stick|pendrive|flash drive|thumb drive|sd card|sdcard|card|microsd|micro sd|usb drive|usb key|флешк-|карта памяти|карту памяти|карте памяти|u盘|sd卡|优盘|内存卡|speicherkarte|usb stick|pendrive|tarjeta|clé usb|chiavetta|cartão",
]);

/// What is wrong with such a medium.
pub(crate) static MEDIUM_WRONG: Words = Words::new(&[
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
