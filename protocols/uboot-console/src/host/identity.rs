//! What a boot loader claims about its unit.

use std::collections::BTreeMap;

use debrick_model::Observation;
use debrick_model::identity::Property;

/// Variables that vendors use, and what they speak about.
const VARIABLES: &[(&str, Property)] = &[
    ("vendor", Property::Vendor),
    ("manufacturer", Property::Vendor),
    ("model", Property::Model),
    ("modelname", Property::Model),
    ("model_name", Property::Model),
    ("product", Property::Model),
    ("product_name", Property::Model),
    ("board_id", Property::BoardId),
    ("boardid", Property::BoardId),
    ("board_name", Property::BoardId),
    ("hw_rev", Property::HardwareRevision),
    ("hwrev", Property::HardwareRevision),
    ("hw_version", Property::HardwareRevision),
    ("hardware_revision", Property::HardwareRevision),
    ("board_rev", Property::HardwareRevision),
    ("region", Property::Region),
    ("country", Property::Region),
    ("serial#", Property::Serial),
    ("serial", Property::Serial),
    ("sn", Property::Serial),
    ("ethaddr", Property::MacAddress),
    ("firmware_version", Property::Version),
    ("fw_version", Property::Version),
];

/// What the compiler's name in `version` says about the processor.
const COMPILERS: &[(&str, &str)] = &[
    ("aarch64-", "aarch64"),
    ("arm-", "arm"),
    ("armv7", "arm"),
    ("mipsel-", "mipsel"),
    ("mips-", "mips"),
    ("mips64el-", "mips64el"),
    ("powerpc-", "powerpc"),
    ("riscv64-", "riscv64"),
    ("x86_64-", "x86_64"),
];

/// What the environment and the output of `version` claim about the unit. The environment is one witness, the boot
/// loader's own text another.
pub fn observations(environment: &BTreeMap<String, String>, version: &str) -> Vec<Observation> {
    let mut found = Vec::new();
    for (name, property) in VARIABLES {
        let Some(value) = environment.get(*name).map(|value| value.trim()).filter(|value| !value.is_empty())
        else {
            continue;
        };
        let source = format!("the boot loader's variable {name}");
        found.push(Observation {
            property: *property,
            value: value.to_owned(),
            source,
            witness: "environment".to_owned(),
        });
    }
    // The first words of the lines behind the banner are the tools that it was built with.
    let tools = version.lines().skip(1).filter_map(|line| line.split_whitespace().next());
    let architecture = tools
        .filter_map(|tool| COMPILERS.iter().find(|(prefix, _)| tool.starts_with(prefix)))
        .map(|(_, architecture)| *architecture)
        .next();
    if let Some(architecture) = architecture {
        found.push(Observation {
            property: Property::Architecture,
            value: architecture.to_owned(),
            source: "the compiler that the boot loader names".to_owned(),
            witness: "banner".to_owned(),
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_witnesses_speak() {
        let environment: BTreeMap<String, String> =
            [("board_id", "acme,r1"), ("serial#", "R1-000042"), ("model", " ")]
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect();
        let version = "U-Boot 2023.01 (Jun 22 2026 - 08:38:07 +0000)\n\naarch64-linux-gnu-gcc (Debian 12.2.0-14) 12.2.0\nGNU ld";
        let found = observations(&environment, version);
        let claims: Vec<_> =
            found.iter().map(|seen| (seen.property, seen.value.as_str(), seen.witness.as_str())).collect();
        assert_eq!(
            claims,
            [
                (Property::BoardId, "acme,r1", "environment"),
                (Property::Serial, "R1-000042", "environment"),
                (Property::Architecture, "aarch64", "banner"),
            ]
        );
    }
}
