//! Which names of settings announce a secret.

/// A name with one of these words announces a secret.
const SECRET_WORDS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "passwort",
    "kennwort",
    "pass",
    "pwd",
    "psk",
    "secret",
    "secrets",
    "token",
    "tokens",
    "apikey",
    "credential",
    "credentials",
    "authorization",
    "cookie",
    "pmk",
    "ptk",
    "gtk",
    "privkey",
];

/// A name that contains one of these, written together or apart, announces a secret.
const SECRET_PARTS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "passkey",
    "presharedkey",
    "privatekey",
    "privkey",
    "apikey",
    "wpapsk",
    "wpakey",
    "wepkey",
    "networkkey",
    "authkey",
    "encryptionkey",
    "secretkey",
    "accesskey",
    "sessionkey",
    "adminpass",
    "userpass",
    "rootpass",
];

/// A name that ends with one of these speaks about a secret but does not hold it: `password_len`, `key_mgmt`.
const ABOUT: &[&str] = &[
    "len",
    "length",
    "size",
    "type",
    "mgmt",
    "index",
    "idx",
    "id",
    "count",
    "algo",
    "algorithm",
    "policy",
    "hint",
    "timeout",
    "expires",
    "expiry",
    "file",
    "path",
    "enabled",
    "required",
    "set",
    "changed",
    "age",
    "min",
    "max",
    "attempts",
    "bits",
    "usage",
    "version",
    "format",
    "mode",
    "method",
    "status",
    "interval",
    "renew",
    "error",
    "fingerprint",
    "auth",
    "prompt",
];

/// "key" behind one of these is no secret.
const HARMLESS_BEFORE_KEY: &[&str] = &[
    "public",
    "pub",
    "any",
    "hot",
    "reset",
    "power",
    "sort",
    "primary",
    "foreign",
    "magic",
    "host",
    "gpio",
    "wake",
    "a",
    "the",
    "press",
    "function",
    "unknown",
    "duplicate",
];

/// Whether a setting of this name holds a secret: `wl0_wpa_psk`, `wireless.@wifi-iface[0].key`, `adminPassword`.
pub fn is_secret_key(name: &str) -> bool {
    if name.len() > 128 {
        return false;
    }
    let words = words(name);
    let Some(last) = words.last() else { return false };
    if ABOUT.contains(&last.as_str()) {
        return false;
    }
    if words.iter().any(|word| SECRET_WORDS.contains(&word.as_str())) {
        return true;
    }
    let joined = words.concat();
    let of_wifi_or_sim = || words.iter().any(|word| matches!(word.as_str(), "wps" | "wsc" | "sim"));
    if SECRET_PARTS.iter().any(|part| joined.contains(part)) || (last == "pin" && of_wifi_or_sim()) {
        return true;
    }
    last == "key"
        && words
            .len()
            .checked_sub(2)
            .is_none_or(|before| !HARMLESS_BEFORE_KEY.contains(&words[before].as_str()))
}

/// Whether a setting of this name holds a serial number.
pub(super) fn is_serial_key(name: &str) -> bool {
    let words = words(name);
    let joined = words.concat();
    words.last().is_some_and(|last| last == "serial" || last == "sn")
        || joined.ends_with("serialno")
        || joined.ends_with("serialnum")
        || joined.ends_with("serialnumber")
}

/// Whether a setting of this name holds an Ethernet address.
pub(super) fn is_address_key(name: &str) -> bool {
    let words = words(name);
    words.iter().any(|word| matches!(word.as_str(), "mac" | "macaddr" | "hwaddr" | "ethaddr" | "bssid"))
        || words.concat().ends_with("ethaddr")
}

/// Whether a byte may stand in a setting's name.
pub(super) fn in_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'@' | b'#' | b'[' | b']')
}

/// The words of a name in lower case, without numbers at their ends: `wl0_key1` is wl, key.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before_lower = false;
    for c in name.chars() {
        if !c.is_alphanumeric() {
            words.push(String::new());
        } else {
            if c.is_uppercase() && before_lower {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.extend(c.to_lowercase());
            }
        }
        before_lower = c.is_lowercase();
    }
    words
        .into_iter()
        .map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned())
        .filter(|word| !word.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_names() {
        for name in [
            "key",
            "key1",
            "wl0_key1",
            "psk",
            "wpa_psk",
            "WPAPSK",
            "wl0_wpa_psk",
            "password",
            "Password",
            "userPassword",
            "passwd",
            "http_passwd",
            "sae_password",
            "passphrase",
            "wpa_passphrase",
            "secret",
            "auth_secret",
            "shared-secret",
            "token",
            "api_token",
            "apiKey",
            "API_KEY",
            "private_key",
            "privateKey",
            "preshared_key",
            "pre-shared-key",
            "wireless.@wifi-iface[0].key",
            "network.wg0.private_key",
            "wepkey",
            "wps_pin",
            "wps_device_pin",
            "pppoe_pwd",
            "Authorization",
            "Set-Cookie",
            "admin_pass",
            "wifi-password",
            "PMK",
            "psk2",
        ] {
            assert!(is_secret_key(name), "{name}");
        }
    }

    #[test]
    fn harmless_names() {
        for name in [
            "",
            "key_mgmt",
            "password_len",
            "public_key",
            "pubkey",
            "keymap",
            "monkey",
            "hotkey",
            "any key",
            "bootdelay",
            "ethaddr",
            "serial#",
            "ssid",
            "token_type",
            "wpa_group_rekey",
            "bypass",
            "compass",
            "pin",
            "gpio_pin",
            "psk-file",
            "passive",
            "key.type",
            "ipaddr",
            "bootargs",
            "mtdparts",
            "monkey=",
        ] {
            assert!(!is_secret_key(name), "{name}");
        }
    }

    #[test]
    fn names_of_serials_and_addresses() {
        for name in ["serial", "serial#", "serialno", "serialNumber", "factory_sn", "label-serial"] {
            assert!(is_serial_key(name), "{name}");
        }
        for name in ["serial_console", "snr", "serialize", ""] {
            assert!(!is_serial_key(name), "{name}");
        }
        for name in ["ethaddr", "eth1addr_mac", "wl0_hwaddr", "usbethaddr", "lan_mac"] {
            assert!(is_address_key(name), "{name}");
        }
        for name in ["machine", "ipaddr", "macro"] {
            assert!(!is_address_key(name), "{name}");
        }
    }
}
