//! One name for each processor architecture, whoever writes it.

/// The name that Debrick uses for an architecture, which is the one of U-Boot's `mkimage -A`; other spellings
/// (`aarch64`, `mipsel`, `AArch64`, `x86-64`, `ppc`) are brought to it, unknown ones only to lower case.
pub fn architecture(name: &str) -> String {
    let name = name.trim().to_lowercase();
    match name.as_str() {
        "aarch64" | "armv8" | "arm64-v8a" => "arm64",
        "armv5" | "armv6" | "armv7" | "armv7l" | "armhf" | "armel" | "armeabi-v7a" => "arm",
        "mipsel" | "mips32" | "mipseb" | "mips32r2" => "mips",
        "mips64el" | "mips 64 bit" => "mips64",
        "ppc" | "ppc32" => "powerpc",
        "i386" | "i486" | "i586" | "i686" | "intel x86" => "x86",
        "x86-64" | "amd64" | "amd x86_64" => "x86_64",
        "riscv32" | "riscv64" | "risc-v" => "riscv",
        _ => return name,
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_meet() {
        for (given, expected) in
            [("AArch64", "arm64"), ("arm64", "arm64"), ("MIPSEL", "mips"), ("Xtensa ", "xtensa")]
        {
            assert_eq!(architecture(given), expected);
        }
    }
}
