//! What people say of accidents: power that went away, hands and computers that broke something off, falls and water.
//!
//! Phrases with gaps: see [`Words`].

use super::super::words::Words;

/// The power went away.
pub(crate) static POWER_LOST: Words = Words::new(&[
    "power|electricity|mains ~ out|cut|cuts|fail-|lost|loss|outage|gone|interrupt-|blip|flicker-|dropped|drop",
    "lost|lose|losing|lose|cut|cutting|pull-|interrupt-|remov-|kill-|yank-|disconnect- ~ power|plug|cord|adapter|electricity|battery",
    "blackout|brownout|power outage|outage|powercut|power cut",
    "unplug-",
    "ran|run|running ~ out of ~ battery|power|charge|juice",
    "battery|accu ~ died|dead|empty|ran out|flat|drained|went out|gave up",
    "breaker|fuse ~ trip-|blew|blown",
    "tripped ~ breaker|fuse|cable|cord|plug",
    "strom ~ ausgefallen|weg|ausfall|unterbrochen|getrennt|genommen|abgestellt|abgeschaltet|gezogen",
    "stromausfall|stromunterbrechung",
    "stecker ~ gezogen|raus|rausgezogen|gezupft",
    "steckerleiste|steckdosenleiste|mehrfachstecker ~ gekommen|getreten|aus|ausgeschaltet|gestolpert",
    "akku ~ leer|alle",
    "свет|питани-|электричеств-|электроэнерги- ~ отключ-|выруб-|выключ-|пропал-|моргнул-|исчез-|кончил-",
    "отключ-|выруб-|выключ-|пропал-|моргнул-|исчез-|выдерн- ~ свет|света|питани-|электричеств-|электроэнерги-|из розетки|из сети|вилк-|кабел-",
    "батаре-|аккумулятор ~ сел-|разряд-",
    "断电|斷電|停电|停電|没电|沒電|掉电|拔了电源|拔掉电源|拔电",
    "prąd-|prądu|zasilani- ~ brak-|wyłącz-|zanik-|odłącz-|zabrakło|padł-",
    "brak-|wyłącz-|zanik-|odłącz-|zabrakło|wyciągn- ~ prąd-|zasilani-|wtyczk-|z gniazdka",
    "bateria ~ padła|rozładow-",
    "fue|corte|cortó|corto|apagón|apagon|apag- ~ luz|corriente|energía|energia|electricidad",
    "apagón|apagon|desenchuf-",
    "coupure|panne|plus de|coupé ~ courant|électricité|jus",
    "débranch-|debranch-",
    "saltata|mancata|andata via|tolto|staccat-|saltato ~ corrente|luce|alimentazione|spina",
    "queda|faltou|acabou|caiu ~ energia|luz|força|bateria",
    "desligu-|tirei|tirou ~ tomada|energia",
    "breaker|breakers|fuse|fuses ~ trip-|tripp-|pop-|out",
    "power strip|plug|socket|switch ~ stepp-|kicked|sat on|knocked|hit|pulled",
    "stepp-|kicked|sat|knocked|hit ~ power strip|plug|socket|power button|switch",
    "turn-|switch- ~ off ~ main|mains|at the wall|wall",
    "generator|ups ~ died|empty|off|fail-",
    "switched|turned|shut|cut ~ off ~ socket|multi|strip|extension|wall|main|power|electricity",
    "switched|turned ~ socket|multi|strip|extension|wall|mains ~ off",
    "apag-|apagó|quedó sin ~ batería|bateria|luz|carga",
    "died|shut off|went off|turned off ~ battery",
    "hairdryer|vacuum cleaner|microwave|kettle",
    "light|current|power ~ went|gone|goes",
    "éteinte|éteint|s est éteint",
    "plus de batterie|presque plus ~ batterie",
    "inverter|load shedding",
]);

/// Somebody, or the computer, broke it off.
pub(crate) static BROKE_OFF: Words = Words::new(&[
    "turn-|switch-|power-|shut|shutting ~ off|down",
    "restarted|rebooted|resetted|reset|power cycled ~ it|router|phone|box|device|nas|modem|pc|computer",
    "close|closed|closing|shut ~ tab|browser|window|laptop|lid|app|page",
    "laptop|computer|notebook|windows|phone|tablet|browser|app|mac ~ sleep|asleep|slept|crash-|restarted|rebooted|restart|froze|hibernat-|shut down|bluescreen-|died|hung",
    "pc ~ sleep|asleep|slept|crash-|restarted|rebooted|froze|hibernat-|shut down|bluescreen-|died|hung",
    "wifi|wi fi|wlan|connection|internet|network|ssh|session|link|cable|usb ~ dropp-|drop|lost|broke|broken|cut|disconnect-|fell|died|interrupt-|went away|came off|slipped|came loose|got loose|snagged",
    "lost ~ connection|wifi|link|session",
    "cancelled|canceled|aborted|interrupted|killed|ctrl c",
    "pulled|yanked|took|kicked|tripped ~ out|cable|plug|cord|stick|card",
    "son|daughter|kid|kids|child|cat|dog|wife|husband|brother|cleaning lady|roommate|colleague|dad|mum|mom ~ unplug-|pull-|turn-|switch-|tripp-|disconnect-|kick-|press-",
    "abgebrochen|unterbrochen|ausgeschaltet|ausgesteckt|abgezogen|ausgemacht|neugestartet|neu gestartet",
    "прерв-|прервал-|отмен-|перезагруз-|выдерн-|выключил-|отключил-|обрыв-|оборвал-",
    "拔了|拔掉|中断|重启了|关机|掉线|断开|断网",
    "przerw-|wyłączył-|odłączył-|zrestartował-|wyjął-",
    "interrump-|apagué|apague|desconect-|cancel-|reinicié",
    "interromp-|éteint|arraché|coupé|arrêté",
    "interrott-|spento|staccat-|riavviat-",
    "interromp-|desligu-|cancelei",
    "timed out|timeout|froze|frozen|hung ~ so ~ turned|pulled|restarted|reset|killed|unplug-",
    "killed|quit|exited|closed ~ it|terminal|process|tool|program|putty|ssh|odin",
    "left|out of|lost ~ wifi range|range|coverage|signal",
    "went out of range",
    "called|call ~ came in|during",
    "hit|pressed|pushed ~ reset|power",
    "decided to ~ restart|reboot|update|shut",
    "zresetował-|wcisnął-|drückte|gedrückt",
]);

/// What was being written was written to its end.
static DONE_WHOLE: Words = Words::new(&[
    " successfully",
    " succeeded",
    " finished",
    " completed",
    " completes",
    " was done",
    " 100 percent",
    " went through",
    " last night and then",
    "上传完",
    "刷完",
    "刷好",
    "写完",
    "烧录完",
    "升级完",
    "更新完",
    "刷写成功",
    "刷机成功",
    "升级成功",
    "успешно",
    "прошилось",
    "прошился",
    " abgeschlossen",
    " erfolgreich",
    " fertig",
    " correctamente",
    " con éxito",
    " avec succès",
    " zakończ",
    " pomyślnie",
]);

/// What shortly before it says that it was not.
static NOT_WHOLE_YET: Words = Words::new(&[
    " not ",
    "n t ",
    " never ",
    " before ",
    " until ",
    " without ",
    " almost ",
    " nearly ",
    " had n",
    "没",
    "未",
    "还",
    "不",
    " не ",
    " nicht ",
    " bevor ",
    " nie ",
    " ohne ",
    " wait",
    " sin ",
    " sans ",
    " avant ",
    " antes ",
]);

/// How far before it that stands, in bytes.
const DENIED_WITHIN: usize = 30;

/// Behind which byte of a sentence that says that something was written to its end.
fn whole_at(sentence: &str) -> Option<usize> {
    let at = DONE_WHOLE.first_in(sentence)?;
    let from = (at.saturating_sub(DENIED_WITHIN)..=at).find(|from| sentence.is_char_boundary(*from))?;
    let before = sentence.get(from..=at).or_else(|| sentence.get(from..at))?;
    (!NOT_WHOLE_YET.are_in(before)).then_some(at)
}

/// Whether what was written was written whole, and only then the unit was switched off or started anew.
pub(crate) fn was_done_first(sentences: &[String]) -> bool {
    let is_broken_off = |words: &str| BROKE_OFF.are_in(words) || POWER_LOST.are_in(words);
    let mut is_whole = false;
    for sentence in sentences {
        match whole_at(sentence).and_then(|at| sentence.split_at_checked(at)) {
            Some((before, _)) if is_broken_off(before) => return false,
            Some((_, behind)) if is_broken_off(behind) => return true,
            Some(_) => is_whole = true,
            None if is_broken_off(sentence) => return is_whole,
            None => {}
        }
    }
    false
}

/// All but a part of it works.
pub(crate) static REST_WORKS: Words = Words::new(&[
    "everything else|all else|the rest|other parts|other half ~ works|work|working|fine|ok",
    "alles andere|der rest ~ funktioniert|geht|läuft",
    "всё остальное|все остальное|остальное ~ работа-",
    "其他|其它 ~ 正常|能用",
]);

/// It was not done yet.
pub(crate) static NOT_DONE_YET: Words = Words::new(&[
    "during|while|whilst|middle|midway|mid|halfway|half way|partway|part way",
    "before|until ~ finish-|done|complet-|end|through",
    "at ~ percent|pct",
    "percent ~ when|then|and",
    "wasnt|wasn t|not|never|hadn t|hadnt|didn t|didnt ~ finish-|done|complet-|ready",
    "too early|too soon|impatient|couldn t wait|took too long|took so long|took forever|taking forever|seemed frozen|thought it was stuck|thought it hung",
    "när|während|mitten|beim|zu früh|ungeduldig|noch nicht",
    "во время|в процессе|посреди|посередине|не дожд-|пока ~ шил-|прошив-|обнов-",
    "при ~ прошивк-|обновлени-",
    "时|時|中途|途中|过程|過程|没等|的时候",
    "podczas|w trakcie|w połowie|w czasie|za wcześnie|nie czekając",
    "durante|mientras|en medio|a mitad|a medias|antes de que",
    "pendant|au milieu|en plein|durant|en cours|avant la fin",
    "mentre|a metà|nel mezzo|nel bel mezzo",
    "enquanto|no meio|na metade|antes de terminar",
    "was|were ~ doing|updating|upgrading|flashing|installing|writing|running|busy",
    "when|as ~ it ~ was|hit|reached|got to",
    "progress bar|progress ~ was|at|stood|stuck|showed",
    "mid|middle|halfway|partway|almost|nearly ~ done|finish-|through|update|flash|way",
    "bar ~ moving|running|was at|stood at|half",
    "was ~ moving|loading|counting|rebooting itself",
    "updating ~ for|took|several ~ minutes|hours",
    "halfway|half way ~ pc|laptop|power|through",
]);

/// Something was written to it, or was about to be.
pub(crate) static WRITING: Words = Words::new(&[
    "updat-|upgrad-|flash-|reflash-|sysupgrad-|install-|firmware|downgrad-|dfu|ota|sideload-|writing|written|uploading|uploaded",
    "прош-|обнов-|апдейт-|перепрош-",
    "刷机|刷|升级|升級|更新|固件|烧录|写这|写入|写了",
    "aktualisier-|geflasht|flashen|einspiel-|initialisier-|update-|firmwareupdate-|aufspielen",
    "zaktualiz-|aktualizacj-|wgryw-|wgrał-|flashowani-|flashow-",
    "actualiz-|flashe-|instal-|actualic-",
    "mise à jour|mettre à jour|mis à jour|mise a jour|mettre a jour|mis a jour|maj|flasher|flashage",
    "aggiorn-|flashare|flashato",
    "atualiz-|atualiza-",
    "the firmware|new firmware|a firmware|new rom|the rom|fw|fota|sysupgrade|patch",
    "loaded|binary|new software|software update",
]);

/// Something outside did damage: lightning, water, a fall, heat.
pub(crate) static LIGHTNING: Words = Words::new(&[
    "thunder-|lightning|surge|storm|overvoltage|power spike",
    "gewitter|blitz-|überspannung|guz-",
    "гроз-|молни-|скачок ~ напряж-|перенапряж-|скачка напряжения",
    "雷击|打雷|雷雨|雷劈|电涌|浪涌",
    "burz-|piorun-|przepięci-",
    "tormenta|rayo|orage|foudre|temporale|fulmine|tempestade|raio|sobretensión",
]);

/// Water or a fall.
pub(crate) static WET_OR_DROPPED: Words = Words::new(&[
    "spill-|spilt|coffee|beer|rain|rained|leak-|soaked|wet|drown-|puddle|toilet",
    "fell|dropped|drop ~ floor|water|ground|stairs|table|desk|pool|sink|toilet|bath|shelf",
    "water ~ damage|got|in|inside|over|on",
    "runtergefallen|heruntergefallen|fallen gelassen|wasser|kaffee",
    "упал-|уронил-|залил- ~ вод-|кофе|пив-|пол|полу|чаем",
    "摔了|摔到|掉地|进水|泡水|洒了",
    "upadł-|spadł-|zala-|zalał-|wod-",
    "se cayó|se me cayó|mojó|agua",
    "tombé|eau|caduto|acqua|caiu no|molhou|água",
]);

/// No lamp is lit.
pub(crate) static NO_LIGHTS: Words = Words::new(&[
    "no|not|without|zero|none ~ light|lights|led|leds|lamp|lamps|sign of life|signs of life",
    "lights|leds|led|lamps|light ~ off|dark|dead|nothing|never|dont|don t|doesn t|not|won t",
    "completely|totally|absolutely|fully|stone ~ dead|dark",
    "won t|wont|doesn t|doesnt|not|never|can t ~ turn on|power on|switch on|power up",
    "keine|kein ~ led|leds|lampe|lampen|licht|lebenszeichen|lämpchen",
    "geht ~ nicht ~ an",
    "mausetot|komplett tot|tot",
    "не ~ горит|горят|светит-|включа-|подает признаков|подаёт признаков",
    "灯都不亮|不亮|没有灯|无灯|没反应|开不了机|不通电|不开机",
    "żadn- ~ diod-|lampk-",
    "nie ~ świec-|włącza|uruchamia",
    "no ~ enciende|prende|luces",
    "plus|aucun- ~ allume|voyant|lumière|led",
    "ne ~ allume|démarre",
    "nessun- ~ luce|led|spia",
    "non ~ accende",
    "nenhum- ~ luz|led",
    "não ~ liga|acende",
    "all ~ lights|leds|lamps ~ went out|off|dark",
    "lights|leds|lamps ~ went out|gone out",
]);

/// The supply is under suspicion, or was found out.
pub(crate) static SUPPLY: Words = Words::new(&[
    "adapter|adaptor|charger|psu|power supply|power brick|wall wart|power cable|supply|outlet|socket|usb hub",
    "netzteil|steckdose|ladegerät|netzstecker|ladekabel",
    "блока питания|бп|зарядк-|адаптер|блок питания",
    "电源|适配器|充电器|插座",
    "zasilacz-|ładowark-|gniazdk-",
    "cargador|fuente|adaptador|transformador|enchufe",
    "chargeur|alim|alimentation|bloc|prise",
    "alimentatore|caricatore|presa",
    "fonte|carregador|tomada",
    "injector|poe|black block|block in|brick|power lead|usv|ups|netzteil-|adattatore",
]);

/// What a bad supply is like, or that another one is better.
pub(crate) static SUPPLY_IS_BAD: Words = Words::new(&[
    "burnt|burned|smell-|smoke|smok-|buzz-|whin-|hot|wrong|weak|cheap|too little|not enough|undersized|underpowered|faulty|broken|dead|defective",
    "another|different|other|new|original|replacement|borrowed|second|spare|better|stronger|neighbour s|brother s ~ adapter|adaptor|charger|psu|power supply|power brick|supply|one|outlet|socket|cable",
    "amp|amps|ampere|volt|volts|watt|5v|9v|12v|1a|2a|0 5a|500ma|1 5a|v instead|voltage|multimeter",
    "anderes|anderen|andere|neues|originales|original ~ netzteil|ladegerät|kabel",
    "kaputt|durchgebrannt|verschmort|zu schwach|heiß|riecht",
    "друг-|родн-|нов-|исправн- ~ блок-|бп|зарядк-|адаптер-",
    "сгорел-|слаб-|греется|горячий|вольт-|ампер-",
    "坏了|换了|换个|原装|另一个|不够|发烫|烧了",
    "inn- ~ zasilacz-|ładowark-",
    "spalon-|słab-|gorąc-|za słaby",
    "otro|nuevo|original ~ cargador|adaptador|fuente",
    "quemado|débil|caliente",
    "autre|nouveau|nouvelle|original ~ chargeur|alim-|bloc|adaptateur",
    "altro|nuovo|originale ~ alimentatore|caricatore",
    "outra|outro|nova|original ~ fonte|carregador",
    "cold|click|smell-|used to be warm|spark-|pop|popped",
    "plug- ~ another|other|different one|them on another",
    "0 5a|1a|500 ma|500ma|statt|instead of",
    "of my old ~ kindle|phone|tablet",
    "charger|adapter|supply ~ from|of ~ old|my|another|kindle|phone|tablet|drawer|box",
]);

/// It goes off or starts anew when it has to give more power, or when it is not charged.
pub(crate) static UNDER_LOAD: Words = Words::new(&[
    "reboot-|restart-|crash-|turns off|shuts off|shuts down|dies|resets|cuts out|goes off|switches off|drops ~ whenever|when|as soon as|every time|each time|once ~ plug-|connect-|attach-|hard disk|hdd|ssd|usb|drive|disk|load|charger|stick|dongle|camera|hat",
    "when|whenever|as soon as|every time|each time|once ~ plug-|connect-|attach- ~ reboot-|restart-|crash-|turns off|shuts|dies|resets|cuts out|goes off|switches off|drops",
    "only ~ turns on|starts|boots|works|stays on|runs|powers on ~ charger|charging|plugged|cable|connected",
    "lightning bolt|undervoltage|under voltage|low voltage",
    "reboot-|restart-|turns off|goes off ~ under load",
    "reboot-|restart-|resets|dies|crash- ~ while|during|when ~ print-|play-|transmit-|motor-|heat-",
    "打印|电机|加热|发射|播放 ~ 重启|掉电|关机",
    "перезагруж-|выключа- ~ при|во время ~ печат-|нагруз-|воспроизвед-",
    "startet neu|geht aus|stürzt ab ~ beim drucken|beim abspielen|unter last",
    "startet neu|geht aus|stürzt ab ~ sobald|wenn ~ anschließe|einstecke|festplatte|usb",
    "sobald|wenn ~ anschließe|einstecke|anstecke ~ neu|aus|ab",
    "перезагруж-|выключа- ~ когда|при ~ подключ-|нагруз-",
    "一插|一接 ~ 重启|掉电|关机",
    "只有|插着 ~ 充电器|充电",
    "brownout-|brown out|undervoltage|flash sign|lightning sign|lightning symbol",
    "unpowered hub|on a hub|through a hub|from a hub",
    "every ~ time ~ wifi|radio|motor|camera|disk|drives ~ on|start|spin",
    "only one|one ~ disk|drive ~ starts|boots|fine|works",
]);
