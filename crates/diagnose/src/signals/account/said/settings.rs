//! What people say of settings: the system's, and the boot loader's.
//!
//! Phrases with gaps: see [`Words`].

use super::super::words::Words;

/// Somebody changed a setting, or settings of another version were kept.
pub(crate) static CHANGED_SETTING: Words = Words::new(&[
    "chang-|set|setting|edit-|configur-|modif-|enabl-|disabl-|tweak-|messed|played ~ setting|settings|config|configuration|option|options|country|channel|vlan|vlans|firewall|lan|ip|address|dhcp|wifi|wireless|interface|bridge|mtu|password|overclock|resolution|rc local|fstab|network",
    "after|since ~ changing|enabling|disabling|setting|configuring|restoring|editing",
    "iptables|nftables|firewall rule|firewall rules|crontab|cron job|rc local|startup script",
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
    "trying|tried|played|messing|messed ~ router menu|menu|settings|bridge|dhcp|vlan",
    "bridge|vlan|dhcp ~ off|on|number|mode|configured",
    "configured|config ~ so well|too much|wrong",
    "sent|uploaded|restored ~ settings|config|it back ~ file|menus",
]);

/// Clearing the settings helps.
pub(crate) static RESET_HELPS: Words = Words::new(&[
    "reset|resetting|factory defaults|defaults|wipe|wiping|clear|clearing|firstboot ~ fixed|fixes|helps|helped|works|worked|fine|comes up|came back|comes back|brings it back|solved|cured|then it|until",
    "fixed|helps|helped|works|worked|fine|comes up|came back|comes back|solved|cured ~ after|by|once|if|when ~ reset|resetting|factory|wipe|wiping|clearing|holding",
    "bis ich|nach ~ reset|zurücksetzen|werkseinstellung-",
    "после|пока ~ сброс-",
    "恢复出厂|复位 ~ 好|正常",
    "改回|恢复默认|改回默认 ~ 可以|好了|正常",
    "resecie|po ~ reset-",
]);

/// The unit runs, and cannot be reached by its address any more.
pub(crate) static ADDRESS_LOST: Words = Words::new(&[
    "can t|cannot|cant|unable|not|no longer|couldn t ~ reach|access|connect|log in|login|open|get into|find ~ router|it|page|web|gui|interface|anymore|admin|nas|luci|box|ssh|telnet",
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

/// The boot loader does not take its settings from where they are stored.
pub(crate) static LOADER_DEFAULTS: Words =
    Words::new(&["default environment", "default env ", "default variables"]);

/// It started without its stored settings, and was seen to.
pub(crate) static TAKES_DEFAULTS: Words = Words::new(&[
    "loads|loading|loaded|takes|gets|falls|fell|back|reverts|resets|boots ~ default environment|default env|default variables",
]);

/// After an update, the part that ran before runs again.
pub(crate) static SAME_SLOT: Words = Words::new(&[
    "still|again|always|keeps|back|stays ~ same partition|old partition|previous partition|same slot|old slot|previous slot|same rootfs|old rootfs",
]);

/// A program that updates one of two parts, or the boot loader that chooses between them.
pub(crate) static UPDATER: Words =
    Words::new(&[" mender ", " rauc ", " swupdate ", " sysupgrade ", " fw setenv ", " u boot ", " uboot "]);

/// The boot loader's variables, or the command with which it starts.
pub(crate) static LOADER_SETTINGS: Words = Words::new(&[
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
