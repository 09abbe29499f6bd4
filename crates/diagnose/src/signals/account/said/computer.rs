//! What people say of their computer, its ports and cables, and of getting a unit into the mode in which it is written.
//!
//! Phrases with gaps: see [`Words`].

use super::super::words::Words;

/// The computer has no driver, or no right.
pub(crate) static NO_RIGHT: Words = Words::new(&[
    "permission|access|zugriff ~ denied|verweigert|problem|error|issue",
    "no|not enough|insufficient|without|missing|needs|lack- ~ permission|permissions|rights|privileges|driver|drivers|udev",
    "works|sees|finds|detects|recognises|recognizes|listed|shows|fine|ok ~ with|as|under|when ~ sudo|root|admin|administrator",
    "with|as|under|using|only ~ sudo|root|admin|administrator ~ works|sees|finds|detects|fine|ok",
    "driver|drivers ~ missing|not found|not installed|wrong|yellow|install-|unknown|error|unsigned|problem",
    "device manager|gerätemanager|диспетчер устройств|диспетчере устройств|设备管理器|administrador de dispositivos|menedżer urządzeń|menedżerze urządzeń|gestionnaire de périphériques|gestione dispositivi",
    "yellow ~ exclamation|triangle|mark|sign|warning",
    "unknown|unrecognised|unrecognized|not recognized|not recognised ~ device|usb",
    "usb device|usb ~ not recogni-|unknown|malfunction-",
    "udev|plugdev|dialout|zadig|winusb|libusb|signature enforcement|driver signature",
    "treiber|berechtigung-|keine rechte|nicht erkannt",
    "драйвер-|нет прав|отказано в доступе|неизвестное устройство|не опозна-",
    "驱动|没有权限|权限不足|拒绝访问|未知设备|感叹号",
    "sterownik-|brak uprawnień|odmowa dostępu|nieznane urządzenie",
    "controlador-|permiso denegado|acceso denegado|sin permisos|dispositivo desconocido",
    "pilote-|accès refusé|permission refusée|périphérique inconnu",
    "driver|permesso negato|accesso negato|dispositivo sconosciuto|acesso negado|permissão negada",
    "as|with ~ admin|root|sudo ~ goes|just|runs",
    "libusb error access|error access",
    "other devices ~ yellow|triangle|unknown",
    "不认|认不到|认不出 ~ 设备|手机|电脑|驱动",
    "电脑 ~ 不认|认不到|感叹号",
    "диспетчер- ~ жёлт-|желт-|знак|восклиц-",
    "жёлт-|желт- ~ знак|восклиц-|треугольник",
    "что ставить|какой драйвер|какие драйвера",
]);

/// On another computer or system it is seen.
pub(crate) static OTHER_COMPUTER_SEES: Words = Words::new(&[
    "on|with|under|in ~ linux|ubuntu|mac|macbook|windows 7|windows 10|win7|other laptop|another laptop|other pc|another pc|other computer|another computer|friend s ~ works|fine|sees|there|shows|finds|detected|recogni-|ok",
    "works|fine|sees|shows|finds|detected|recogni-|ok|there ~ on|with|under|in ~ linux|ubuntu|mac|macbook|windows 7|win7|other laptop|another laptop|other pc|another pc|other computer|another computer",
]);

/// A tool that speaks to the unit by USB or a port does not find it.
pub(crate) static NOT_FOUND: Words = Words::new(&[
    "list|devices|lsusb|fastboot|adb|odin|port|com ~ empty|nothing|nothing shows|blank|not listed|missing",
    "not|doesn t|doesnt|won t|never|no|can t|cannot|isn t|didn t ~ find|found|detect-|show|shows|see|sees|recogni-|listed|appear-|connect-|identif-",
    "nicht ~ gefunden|erkannt|angezeigt",
    "не ~ видит|находит|определя-|обнаруж-",
    "找不到|不识别|识别不到|检测不到|不显示|没反应",
    "nie ~ widzi|wykryw-|znajduj-",
    "no ~ detecta|reconoce|aparece|encuentra",
    "ne ~ détecte|reconnaît|trouve|voit",
    "non ~ rileva|riconosce|trova|vede",
    "não ~ detecta|reconhece|encontra|aparece",
]);

/// Another program has the port.
pub(crate) static PORT_BUSY: Words = Words::new(&[
    "port|com|serial|tty|device|interface|usb|ttyusb0|69|socket|resource|address ~ busy|in use|already|occupied|locked|blocked|taken|used by",
    "already|currently ~ in use|open|opened|claimed|used|bound|running",
    "putty|minicom|screen session|gnu screen|serial monitor|modemmanager|arduino ide|octoprint|kies|adb|another program|other program|another window|other window|second instance|another instance ~ open|running|holding|using|was|still|in",
    "close-|kill-|stopped|quit ~ putty|minicom|serial monitor|modemmanager|arduino|octoprint|kies|adb|other program|other window|cura",
    "belegt|wird bereits verwendet|bereits geöffnet",
    "порт ~ занят|используется|открыт",
    "занят ~ порт|другой",
    "被占用|占用|端口 ~ 占",
    "port ~ zajęty|używany",
    "puerto ~ ocupado|uso",
    "port ~ occupé|utilisé",
    "porta ~ occupata|uso|ocupada",
    "could not|can t|cannot|couldn t|failed to ~ bind|open ~ port|com-",
    "open|running|still on ~ background|other tab|taskbar|tray",
    "another one|other one|second one ~ installed|running|server",
    "cura|octoprint|pronterface|repetier|arduino|putty|monitor|terminal ~ open|running|background|connected|showing",
    "noch|immer|schon|bereits ~ offen|geöffnet|läuft",
    "dashboard|monitor|terminal|terminalprogramm|console|logger|screen session ~ open|offen|running|logs|läuft|открыт",
    "another|other|second ~ program|window|instance|tool|copy|tab",
    "открыт-|запущен- ~ монитор|терминал|putty|программ-",
    "w tle|jeszcze|nadal ~ chodzi|terminal|otwart-|działa",
    "tle ~ terminal|monitor|program",
]);

/// It concerns a port or a program, not the unit.
pub(crate) static A_PORT: Words = Words::new(&[
    "port|com1-|com3|com4|com5|com6|com7|com8|tty-|serial|usb|69|udp|interface|порт|端口|串口|puerto|porta|schnittstelle",
    "putty|access denied|zugriff verweigert|denied|доступ",
]);

/// The cable, plug or port makes a difference, or is under suspicion.
pub(crate) static CABLE: Words = Words::new(&[
    "different|other|another|new|short-|original|better|good|thick-|usb 2|usb2|usb 2 0|rear|back|front|usb 3|usb3|hub|longer|long|cheap|bad|charge only|charging|data ~ cable|port|ports|lead|cord|hub|socket",
    "cable|port|hub|lead|wire|wires|jumper|dupont|connector|contact ~ bad|loose|broken|wiggl-|long|short-|cheap|charge only|only charges|other|another|swap-|chang-|replac-|defect-",
    "swap-|chang-|replac-|tried ~ cable|port|usb port|lead",
    "only|just ~ works|on|with ~ usb 2|usb2|rear|back|front|short-|original|hub",
    "usb 2|usb2 ~ only|works|fine|port|hub",
    "through ~ hub",
    "blue port|blue ports|blue ones|blue usb|black usb",
    "kabel ~ getauscht|gewechselt|anderes|wackel-|defekt|kürzer-",
    "ander- ~ kabel|port|anschluss|buchse",
    "друг- ~ кабел-|порт-|шнур-|провод-",
    "кабел-|шнур ~ заме-|помен-|плох-|друг-|корот-",
    "换 ~ 线|口|数据线|接口",
    "数据线|网线 ~ 换|坏|接触",
    "inn- ~ kabel|port-|przewod-",
    "otro ~ cable|puerto",
    "autre ~ câble|cable|port",
    "altro ~ cavo|porta",
    "outro ~ cabo|porta",
    "cable|lead|plug|port ~ chewed|bent|frayed|broken|damaged|gas station|cheap|dollar|old|came loose|unplugged|bitten",
    "her|his|friend s|gf s|wife s|brother s|better|proper ~ cable|laptop",
    "too many links|data transfer failure",
    "network cable unplugged|cable unplugged",
    "press-|push-|wiggl-|touch-|hold-|bend-|mov- ~ connector|plug|cable|clip|probe|pins|wire|wires",
    "connector|plug|cable|clip|probe|pins|wire|wires ~ press-|push-|wiggl-|touch-|thumb|finger",
    "one time in|one out of|sometimes ~ detect-|found|connects|seen",
    "troquei|cambié|changé|cambiato|gewechselt ~ cabo|cable|câble|cavo|kabel",
    "the lead|cable ~ from ~ my|speaker|camera|lamp|bicycle|dollar|charger",
    "lead|cable ~ from ~ speaker|camera|phone|old ~ pops|works|right away|com-",
    "with the cable|with another lead|tried the lead|the other lead",
]);

/// Cables, ports and computers were changed, and it made no difference.
pub(crate) static ALL_TRIED: Words = Words::new(&[
    "different pc|computer|laptop|machine ~ different cable|cables|port|ports",
    "different cable|cables|port|ports ~ different pc|pcs|computer|computers|laptop|machine",
    "tried ~ multiple|several|many|various|three|four|all ~ cables|ports|computers|pcs",
    "nothing|neither|none ~ helped|worked|helps|works",
]);

/// A transfer breaks off, and not always at the same place.
pub(crate) static BREAKS_OFF_ANYWHERE: Words = Words::new(&[
    "different|random|various|another ~ percent-|percentage|place|places|point|points|address|block|spot|time",
    "sometimes ~ percent|sometimes|fails|works|at",
    "breaks off|cuts out|drops out|disconnects|drops|aborts|times out|hangs|stops|fails|freezes ~ random-|different|sometimes|midway|in the middle|half|somewhere|percent|sending|transfer-|upload-|writing",
    "intermittent-|on and off|randomly|unreliable|flaky",
    "mal bei|jedes mal woanders|bricht ~ ab",
    "обрыва-|каждый раз ~ разн-|на разн-",
    "每次 ~ 不同|不一样|断",
    "za każdym razem ~ inn-",
    "cada vez ~ diferente|distint-",
]);

/// The way into its mode was tried.
pub(crate) static TRIES_TO_ENTER: Words = Words::new(&[
    "hold|holding|held|press-|pushing|pushed|keep ~ button|reset|wps|volume|vol|power|key|keys|boot|home|pin|paperclip|bixby",
    "enter|get into|getting into|boot into|go into|going into|get to|reach|start ~ recovery|fastboot|download mode|edl|dfu|bootloader|failsafe|tftp|maskrom|rescue|bootrom|odin",
    "button combo|key combo|key combination|combination of keys|30 30 30|paperclip|test point|testpoint",
    "taste|tasten|knopf|resettaste ~ gedrückt|halten|halte|drück-",
    "зажима-|зажать|держ-|нажима- ~ кнопк-|ресет|громкост-|reset",
    "按住|长按|按着",
    "按 ~ 键|reset|复位|音量",
    "przytrzym-|wciśni- ~ przycisk|reset|głośnoś-",
    "manten-|presion-|pulsar|aprieto ~ botón|reset|volumen",
    "maint-|appuy- ~ bouton|reset|volume",
    "tengo|tenendo|premo|premendo ~ tasto|reset|volume|pulsante",
    "segur-|pression- ~ botão|reset|volume",
    "hold|held|press|tastenkombi|tastenkombination|reset- ~ home|volume|wps|power|secs|seconds|sec|times",
    "gehe- ~ download modus|recovery|fastboot",
    "geht nicht ~ download modus|recovery|fastboot|bootloader",
    "want|need|trying|try|tried ~ download mode|recovery|fastboot|edl|rescue mode|emergency page|recovery page|bootloader",
    "paperclip|pin ~ sec|seconds|pressing",
    "rescue|emergency|recovery ~ flash|blink|page|mode ~ but|never|not",
    "let go|letting go|release-|releasing ~ early|late|button|seconds|too",
    "how ~ get into|enter|reach ~ recovery|mode|fastboot",
    "passer en ~ mode|recovery|fastboot",
    "volume haut|volume bas|volumen|volume giù|volume su",
    "n arrive|impossible ~ mode|recovery|fastboot",
    "rettungsmodus|recovery modus|wiederherstellungsmodus|modo recovery|tryb recovery|mode recovery|режим восстановления|режим рекавери",
    "reset ~ halte|halten|gedrückt",
]);

/// The system starts as ever instead.
pub(crate) static STARTS_AS_EVER: Words = Words::new(&[
    "just|always|still|only|simply|keeps|straight|directly|again ~ boots|boot|booting|starts|start|starting|goes|go|loads|load|comes|turns ~ normal-|android|system|firmware|openwrt|windows|os|home screen|up|on|logo",
    "just|always|still|only|simply|keeps|straight|directly ~ boots|starts|restarts|reboots|charges|turns on",
    "boots|starts ~ normally|as usual|as always|straight|like nothing happened",
    "never|doesn t|doesnt|won t|not|can t ~ enter|go into|goes into|get into|gets into|reach|switch to ~ recovery|fastboot|download|mode|edl|dfu|bootloader|failsafe|tftp",
    "never|no ~ tftp request|request|arp|screen|menu|mode",
    "fährt ~ normal|hoch",
    "startet ~ normal|einfach",
    "просто|всегда|всё равно|все равно ~ загруж-|включ-|запуска-",
    "обычн- ~ загруз-|режим-",
    "还是|总是|直接 ~ 正常|进系统|开机|启动",
    "zawsze|normalnie ~ startuje|uruchamia|włącza",
    "siempre|normal ~ arranca|inicia|enciende",
    "arranca|inicia ~ normal|sistema",
    "démarre|s allume ~ normalement|android",
    "parte|si avvia|avvia ~ normalmente|android",
    "sempre|normal ~ inicia|liga",
    "always|just|only|normal|usual ~ login page|normal page|normal screen|lock screen|home screen|photos|desktop",
    "as always|as usual|like always|like usual|as if nothing|like normal",
    "geht nicht ~ download modus|recovery|fastboot|bootloader",
    "startet ~ ganz normal|einfach|normal|trotzdem",
    "normally|normal ~ starts|boots",
    "normal ~ light|lights|boot|start|pattern",
    "not|never ~ the ~ pattern|light|blink-|flash-",
    "démarre|demarre ~ toujours|normalement|android",
    "toujours|d habitude ~ android|démarre|normal-",
    "come al solito|como siempre|como sempre|jak zwykle|как обычно|wie immer|comme d habitude",
    "nicht|not ~ im|in ~ rettungsmodus|rescue mode|recovery|mode",
    "muss|must|should ~ blink-|flash- ~ nie|never|not|slow-",
]);

/// It comes back to its recovery system whatever is done.
pub(crate) static ALWAYS_RECOVERY: Words = Words::new(&[
    "always|keeps|every|each|only|whatever|constantly|straight|stuck ~ recovery|fastboot|download mode|rescue mode|bootloader menu",
    "back|returns|lands|ends up|boots|goes|loads|comes|sent|rebooted ~ to|into|in ~ recovery|twrp|rescue|fastboot",
    "recovery|fastboot|rescue ~ loop|every time|each time|each start|again and again|no matter|after every",
    "immer|jedes mal ~ recovery|fastboot",
    "всегда|постоянно|каждый раз|опять|снова ~ рекавери|recovery|fastboot|фастбут",
    "一直|每次|总是|老是 ~ recovery|fastboot|rec",
    "zawsze|ciągle ~ recovery|fastboot",
    "siempre|cada vez|toujours|sempre ~ recovery|fastboot",
    "sticky bit|fastboot reason|factory fastboot",
    "plain|normal|every|each ~ power on|start|boot|reboot ~ here again|recovery|fastboot|there again|same menu",
    "一直 ~ 重启进|进recovery|进twrp|进rec|进fastboot",
    "进不了系统 ~ twrp|recovery|rec",
    "only|just ~ boots|goes|starts ~ recovery|fastboot|twrp",
]);

/// Its recovery system or boot loader can be entered by whoever wants to.
pub(crate) static STILL_ENTERED: Words = Words::new(&[
    "can|could|able ~ still|also|enter|access ~ recovery|fastboot|twrp|download mode|rescue mode|bootloader",
    "recovery|fastboot|twrp|download mode|bootloader ~ can be|still|is ~ accessed|accessible|entered|reachable|works|available",
    "komme|kann ~ noch|ins|in den ~ recovery|fastboot|bootloader",
    "могу ~ зайти|войти ~ рекавери|recovery|fastboot|фастбут",
    "能|可以 ~ 进recovery|进twrp|进fastboot|进入recovery|进入fastboot",
]);

/// The computer's own address is not what the unit expects, or its firewall is in the way.
pub(crate) static HOST_ADDRESS: Words = Words::new(&[
    "static|fixed|manual- ~ ip|address",
    "my|the|pc s|laptop s|computer s|wrong|set|different ~ ip|subnet|address ~ dhcp|wrong|static|by hand|manually|192-|subnet",
    "firewall|defender|antivirus",
    "dhcp ~ static|fixed|by hand|manually",
    "subnet|netmask",
    "feste ip|statische ip|брандмауэр|файрвол|статический ip|防火墙|固定ip|静态ip|zapora|zaporę|cortafuegos|pare feu",
]);

/// Files asked for over a cable.
pub(crate) static NETWORK_TOOL: Words = Words::new(&[
    "tftp-|tftpd-|nmrp-|nmrpflash|asus rescue|firmware restoration|restoration tool|recovery tool|rescue tool|192 168 1 1|192 168 0 66",
]);

/// A tool by which units are written.
pub(crate) static A_TOOL: Words = Words::new(&[
    "odin|fastboot|adb|heimdall|flashtool|flash tool|sp flash|spflash-|miflash|mi flash|qfil|esptool|avrdude|dfu util|stm32flash|stm32cubeprogrammer|openocd|nmrpflash|tftp-|flashrom|dfu|rkdeveloptool|mtkclient|platform tools|rufus|etcher|imager|программатор|прошивальщик|刷机工具|工具|narzędzie|herramienta|outil|programma|ferramenta|rsd lite|lgup|kdz|nvflash|uuu|unlock tool|asus restoration|rescue tool|recovery tool",
]);

/// It is old, or its options are not for this unit.
pub(crate) static OLD_TOOL: Words = Words::new(&[
    "version ~ old|older|ancient|from 20-|outdated",
    "old|older|ancient|outdated|wrong ~ version|tool|odin|fastboot|platform tools|option|mode|baud|speed|board|port setting|parameter|chip|offset|address|tab|slot",
    "newer|newest|latest|current|other|another|different|modded|patched ~ version|tool|odin|fastboot|platform tools|release ~ works|worked|fine|went|did|ok|solved|goes",
    "with|using|after|set|lower-|chang- ~ baud|57600|115200|9600|speed|option|flag|binary mode|blksize|mode ~ works|worked|fine|connects|goes|right away|ok",
    "baud|speed|option|flag|parameter|blksize|offset ~ wrong|set to|was|forgot|typo",
    "unknown|invalid|unsupported|unrecognized ~ command|option|argument|chip|target|device id",
    "forgot ~ binary|option|flag|mode|tick|checkbox",
    "старая верси-|старой верси-|не та версия|новая верси-|новой верси- ~ работа-",
    "版本太旧|旧版|新版|换了个版本|换个工具",
    "stara wersja|nowsza wersja|versión antigua|vieille version|vecchia versione|versão antiga",
]);
