//! What people say of files that were not for their unit, or not whole.
//!
//! Phrases with gaps: see [`Words`].

use super::super::words::Words;

/// Firmware is named to compare with, not as what was written.
pub(crate) static COMPARES: Words =
    Words::new(&["any|all|every|than|like ~ other firmware|other version|other image|other rom|other build"]);

/// The file was for another model, revision or region.
pub(crate) static FOR_ANOTHER: Words = Words::new(&[
    "realised|realized|noticed ~ using|flashed|used|had|installed ~ firmware|file|software|image ~ older|other|another|different|previous",
    "firmware|file|image ~ for|of ~ older|other|another|different ~ version|model|revision|board",
    "wrong|incorrect|other|different ~ file|firmware|image|rom|version|model|build|bin|variant|revision|region|stock rom|scatter|package|hardware version",
    "meant|made|intended|built|designed|only ~ for ~ another|other|different|instead",
    "meant|made|intended ~ for a|for the|for an",
    "belongs|belong|belonged ~ another|other|different|wrong",
    "firmware|file|image|rom|bin|build|version|one|that|it ~ for|from|of ~ but|while|whereas|though|although|and ~ mine|my|i have|this one|it s|i own|ours",
    "for|from ~ v1|v2|v3|v4|eu|us|pro|plus|lite|model|revision ~ but|while|whereas|though|although|and ~ mine|my|i have|this one|it s|i own|ours",
    "but|though|turns out|realized|realised|noticed|apparently|however ~ mine is|my router is|my unit is|my phone is|mine s|i have the|i have a|mine was|it is a|it s a|it was for|was for|is for",
    "instead of ~ v1|v2|v3|v4|v5|eu|us|version|model|revision",
    "mixed up|mixed them up|confused ~ model|version|files|file|firmware|revision|two",
    "same brand|sister model|similar model|almost the same|nearly the same|another model|a different model|other model|neighbour s model",
    "us|eu|cn|uk|chinese|european|american|global|indian|international|japanese ~ version|firmware|image|rom|file|model ~ on|onto|mine|my|but|while|is|eu|us|chinese|global",
    "falsche-|andere-|verkehrte- ~ datei|firmware|image|version|modell|revision|gerät",
    "für ~ aber ~ ich habe|meiner|meins|mein",
    "не ту|не той|не тот|не от|чуж-|друг-|не для ~ прошив-|файл-|модел-|верси-|ревизи-",
    "от другой|от другого|для другой|для другого|для друг-",
    "不确定是|不知道是|没看清|刷错|错了|别的型号|不同型号|其他型号|另一个型号|不是我的|型号不对|版本不对|错固件|刷成了",
    "zły|złą|złe|niewłaściw-|inn-|nie ten|nie tą ~ plik|firmware|wersj-|model-|oprogramowan-|rom",
    "equivocad-|incorrect-|otro|otra|erróne- ~ archivo|firmware|modelo|versión|version|rom",
    "firmware|archivo|rom|versión ~ equivocad-|incorrect-|otro modelo|erróne-",
    "mauvais-|autre|pas le bon|pas la bonne ~ fichier|firmware|version|modèle|rom",
    "sbagliat-|altro|diverso ~ file|firmware|versione|modello|rom",
    "file|firmware|versione|modello|rom ~ sbagliat-|altro modello|diverso",
    "errad-|outro|outra ~ arquivo|firmware|modelo|versão|rom",
    "arquivo|firmware|versão|rom ~ errad-|outro modelo",
    "have|got|own|mine is|is a|it s a|is the ~ v1|v2|v3|v4|v5|v6|rev|revision|hardware ~ uploaded|flashed|used|took|installed|put ~ v1|v2|v3|v4|v5|v6|rev-|one|file|other",
    "uploaded|flashed|used|took|installed|put ~ v1|v2|v3|v4|v5|v6|v7|rev-|file|one|image ~ page|sent|came up first|instead|not|mine|have",
    "sister|similar|neighbour-|cousin|twin|sibling|brother ~ board|model|device|router|phone",
    "european|us|american|korean|chinese|japanese|indian|global|international|foreign|brazil- ~ rom|firmware|version|file|build|software",
    "by accident|by mistake|accidentally|mistakenly ~ for|other|wrong|another|flashed|took|v1|v2|v3|v4",
    "not for|isn t for|wasn t for|wasnt for ~ my|this|mine|our",
    "прошил- ~ от ~ ревизи-|модел-|верси-|другого|другой",
    "incompatible|unsupported ~ router|device|model|phone|board|firmware",
    "model|device|board|product|variant ~ mismatch|dismatch|not match|doesn t match",
    "mismatch|dismatch ~ model|device|board|product",
    "nearly|almost ~ identical|same",
    "and|but|while ~ mine|this ~ is|has",
    "thought ~ means|meant|same|universal|compatible|fits|fit",
    "no idea|don t know|not sure ~ which|what|for ~ model|device|for",
    "rev|revision|version|hardware|chip ~ b1|b2|a1|a2|v1|v2|v3|different",
    "flash-|put|wrote|cloned ~ a1|b1|v1|v2|rev ~ file|firmware|image",
    "put|wrote|flashed|cloned|installed ~ for a|for the ~ on my|on the|to my|onto",
    "this ~ version ~ can t|cannot ~ installed ~ device",
    "only ~ chinese|global|us|eu ~ model|redmi|phone|version",
    "dump|firmware ~ from ~ another|other|different|rev|board",
    "didn t|not|never ~ look|check|read|notice ~ revision|sticker|label|version|model",
    "rev|revision|label|sticker ~ different|other|wrong|says|see",
    "two|both ~ look|same|identical|alike ~ one|other|flashed",
    "firmware|file|programa|program|firmware- ~ do outro|del otro|de l autre|dell altro|vom anderen|of the other",
    "下|刷|用 ~ b1|a1|a2|v1|v2|别",
    "下了b1|刷了b1|下错|没看仔细|没看清",
    "was made|made ~ for ~ as i|see|label|other|y|v",
]);

/// The file was not whole.
pub(crate) static NOT_WHOLE: Words = Words::new(&[
    "only|just ~ mb|kb|mib|bytes|megabytes ~ but|instead|while|should|site|page|says|of",
    "download-|file|image|zip|firmware ~ incomplete|truncated|cut off|too small|smaller|half|broke off|interrupted|not complete|aborted|partial|partially",
    "incomplete|truncated|partial|half ~ download|file|image|zip|firmware",
    "0 bytes|zero bytes|0 kb|empty file",
    "unvollständig|abgebrochener download|zu klein|nur ~ mb",
    "недокач-|не полностью|обрез-|битый архив|не докачал-",
    "没下完|不完整|下载中断|只有一半",
    "niepełn-|niekompletn-|ucięt-|incomplet-|incompleto|parziale",
    "download ~ stopped|broke|cut|died|failed|interrupted|at ~ percent",
    "downloaded|download ~ percent|partly|part of it|half",
    "stopped ~ at ~ percent ~ renamed|flashed|anyway",
    "connection closed|connection reset|retrying|resumed|broke off|stopped ~ byte|bytes|download|it",
    "less than|smaller than|shorter than ~ header|expected|should|it says",
    "third|half|three times|twice ~ big|size|large|small",
    "network failed|tunnel|ascii mode",
    "his|hers|theirs|the other ~ is ~ big|bigger|larger",
    "file ~ smaller|bigger|differs in size",
    "page|site|website ~ said|says|lists ~ mb|kb|gb",
    "kb|mb ~ page|site|should|instead ~ said|says|be",
    "awfully|too|very|suspiciously ~ quick-|fast",
    "size ~ not the same|different|differs|smaller",
    "different sizes|not the same size|size in bytes",
]);

/// Its digest is not as it should be, or it is said to be damaged.
pub(crate) static DIGEST_DIFFERS: Words = Words::new(&[
    "md5-|sha-|sha256-|checksum|hash|crc ~ differ-|wrong|mismatch-|not match|doesn t match|didn t match|don t match|bad|does not match|not the same|fail-|incorrect|other",
    "different|wrong|bad|mismatched ~ md5-|sha-|checksum|hash|crc",
    "corrupt-|damaged|broken|bad ~ download|file|image|zip|archive|firmware|rom",
    "download|file|image|zip|archive ~ corrupt-|damaged|was broken|is broken|was bad",
    "prüfsumme ~ falsch|anders|stimmt|passt",
    "контрольная сумм-|контрольной сумм-|контрольные сумм-|md5|хеш|хэш ~ не ~ совпада-|сошл-|сход-",
    "битый|битая|битую|поврежд- ~ файл|архив|прошивк-|образ",
    "校验|md5 ~ 不对|不一样|不匹配|失败",
    "suma kontrolna ~ nie",
    "suma|md5|hash ~ no coincid-|distint-|diferent-",
    "ascii mode|text mode",
    "crc|checksum|md5 error|md5 ~ error|correct file|bad|select a correct",
    "should have been|should be|instead of ~ img|bin|zip|inside|unzipped|extracted",
    "zip|rar|7z ~ flash-|instead|inside|unpack-|extract-",
]);

/// It is too large for its place.
pub(crate) static TOO_LARGE: Words = Words::new(&[
    "too|bigger|larger ~ big|large|than",
    "doesn t|does not|won t|will not|didn t|not ~ fit",
    "mb ~ file|image|firmware|build ~ mb|flash|chip",
    "exceed-|oversize-",
    "zu groß|passt nicht|größer als",
    "слишком больш-|не влез-|не помеща-|больше чем",
    "太大|过大|放不下|超过|超出",
    "za duż-|nie mieści",
    "demasiado grande|no cabe|trop gros|trop grand|troppo grande|grande demais",
]);

/// Of what has too little room: firmware, partitions, flash.
pub(crate) static ROOM_FOR_FIRMWARE: Words = Words::new(&[
    "image|firmware|build|file|rom|kernel|partition|flash|chip|4 mb|4mb|8 mb|8mb|16mb|32mb",
    "datei|прошивк-|образ|раздел|固件|分区|闪存|镜像|plik|partycj-|archivo|partición|fichier|partizione|arquivo|partição",
]);

/// It was written to another place than the chip looks at.
pub(crate) static OTHER_PLACE: Words = Words::new(&[
    "address|offset|0x0|0x1000|0x10000 ~ instead of ~ 0x-",
    "wrong|incorrect ~ address|offset",
    "falsche- ~ adresse|offset",
    "adresse|offset|0x- ~ statt|anstatt|au lieu de ~ 0x-",
    "mauvaise|dirección|indirizzo|endereço ~ adresse|equivocad-|incorrect-|sbagliat-|errad-",
    "адрес-|смещени- ~ вместо ~ 0x-",
    "неверн-|неправильн-|не тот|не тому ~ адрес-|смещени-",
    "地址|偏移 ~ 错|不对|而不是|应为",
    "刷错|写错|烧错|错误的 ~ 地址|偏移",
    "zły|złym|błędn-|niewłaściw- ~ adres-|offset-",
]);
