//! What people say that went wrong by their own hand, and what the unit says of itself.

use super::words::Words;

/// It was done by mistake.
pub(super) static BY_MISTAKE: Words = Words(&[
    " accidentally",
    " accidently",
    " by mistake",
    " by accident",
    " mistakenly",
    " misused",
    " mis used",
    " miss used",
    " mixed up",
    " not paying attention",
    " wrong file",
    " aus versehen",
    " versehentlich",
    " verwechselt",
    "по ошибке",
    "случайно",
    "перепутал",
    "误刷",
    "不小心",
    "刷错",
    " par erreur",
    " por error",
    " per errore",
    " przez pomyłkę",
]);

/// What was set is lost, or was set wrongly.
pub(super) static SETTINGS_LOST: Words = Words(&[
    " back into ap mode",
    " back to ap mode",
    " falls back to ap",
    " falling back to ap",
    " lost wifi config",
    " lost its wifi",
    " lost the wifi config",
    " lost its config",
    " lost the config",
    " lost its settings",
    " lost all settings",
    " lost the settings",
    " lost my settings",
    " forgets its settings",
    " forgets the settings",
    " forgets the wifi",
    " re supply the wifi",
    " blank password",
    " wrong wifi",
    " wrong ssid",
    " wrong credentials",
    " wrong config",
    " bad config",
    " set the wrong",
    " config has no",
    " has no config",
    " einstellungen verloren",
    " einstellungen weg",
    "сбросились настройки",
    "слетели настройки",
    "配置丢失",
    "密码错",
]);

/// Files that it starts from were deleted.
pub(super) static FILES_DELETED: Words = Words(&[
    " files are now gone",
    " files are gone",
    " file is gone",
    " deleted the two",
    " deleted the files",
    " deleted the system",
    " deleted system",
    " deleted everything",
    " deleted some files",
    " deleted files",
    " deleted the boot",
    " deleted the kernel",
    " deleted the image",
    " delete the two",
    " removed the kernel",
    " rm rf",
    " wiped everything",
    " wiped the system",
    "удалил файл",
    "удалил систем",
    "删了系统",
    "误删",
    " dateien gelöscht",
]);

/// It says something where a loader speaks.
pub(super) static LOADER_SPEAKS: Words = Words(&[
    " the console says",
    " on the console it",
    " on the console i see",
    " console shows",
    " over serial it says",
    " over serial i see",
    " serial says",
    " shows a menu",
    " a boot menu",
    " download a new image",
    " download new image",
    " loader prompt",
    " uboot prompt",
    " u boot prompt",
    " cfe prompt",
    " rommon",
    " verification fails",
]);

/// Its boot loader is an old one.
pub(super) static OLD_LOADER: Words = Words(&[
    " old bootloader",
    " older bootloader",
    " bootloader is old",
    " bootloader was old",
    " bootloader was too old",
    " bootloader is too old",
    " outdated bootloader",
    " haven t updated the bootloader",
    " never updated the bootloader",
    " not updated the bootloader",
    " bootloader needs to be updated",
    " had to update the bootloader",
    " needs a newer bootloader",
    " needed a newer bootloader",
    " updating the bootloader fixed",
    " updating the bootloader solved",
    "старый загрузчик",
    "旧的引导",
    "uboot太旧",
    " alter bootloader",
    " alten bootloader",
]);

/// Another tool, or another version of it, instead of the first.
pub(super) static INSTEAD_OF: Words = Words(&[
    " instead of ",
    " rather than ",
    " most recent version of",
    " newer version of",
    " older version of",
    " latest version of",
    " different version of",
    " other version of",
]);

/// It worked.
pub(super) static WORKED: Words =
    Words(&[" worked", " works ", " able to ", " succeeded", " did it ", " did the trick"]);

/// Something was deleted.
pub(super) static DELETED: Words = Words(&[
    " delete",
    " remove",
    " erase",
    " wipe",
    " formatt",
    "удали",
    "стёр",
    "стер ",
    "删",
    " gelöscht",
]);
