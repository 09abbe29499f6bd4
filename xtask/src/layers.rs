//! `cargo xtask check-layers`: an arrow only ever points down.

use std::process::Command;

use serde_json::Value;

/// Every crate of the workspace and its layer, lowest first. A crate may depend on lower layers only; tests may also
/// use the crates of [`TEST_HELPERS`].
const LAYERS: &[(&str, u32)] = &[
    ("debrick-model", 0),
    ("debrick-link", 1),
    ("debrick-link-os", 2),
    ("debrick-target", 2),
    ("debrick-image", 3),
    ("debrick-bootp", 3),
    ("debrick-tftp", 3),
    ("debrick-http-upload", 3),
    ("debrick-eva", 3),
    ("debrick-announce", 3),
    ("debrick-zyxel-multicast", 3),
    ("debrick-xymodem", 3),
    ("debrick-uboot-console", 3),
    ("debrick-ssh", 3),
    ("debrick-catalog", 4),
    ("debrick-diagnose", 4),
    ("debrick-nmrp", 4),
    ("debrick-vault", 4),
    ("debrick-coach", 5),
    ("debrick-lan", 5),
    ("debrick-virtual-bench", 5),
    ("debrick-report", 5),
    ("debrick-engine", 6),
    ("debrick", 7),
    ("debrick-lab", 8),
    ("xtask", 9),
];

/// Crates that only front ends and tests may depend on: they open real ports, or play devices.
const TEST_HELPERS: &[&str] = &["debrick-link-os", "debrick-virtual-bench", "debrick-lab"];

/// Crates that may hand real ports or virtual devices in.
const FRONT_ENDS: &[&str] = &["debrick", "debrick-lab", "xtask"];

pub(crate) fn check() -> Result<(), String> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .output()
        .map_err(|error| error.to_string())?;
    let metadata: Value = serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
    let packages = metadata["packages"].as_array().ok_or("cargo metadata lists no packages")?;
    let mut faults = Vec::new();
    let mut arrows = 0;
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        let Some(layer) = layer_of(name) else {
            faults.push(format!("{name} has no layer; give it one in xtask/src/layers.rs"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let on = dependency["name"].as_str().unwrap_or_default();
            let Some(below) = layer_of(on) else { continue };
            arrows += 1;
            let in_tests_only = dependency["kind"] == "dev";
            if let Some(fault) = fault(name, layer, on, below, in_tests_only) {
                faults.push(fault);
            }
        }
    }
    if faults.is_empty() {
        println!("{} crates, {arrows} arrows, all of them down", packages.len());
        return Ok(());
    }
    Err(faults.join("\n"))
}

fn fault(name: &str, layer: u32, on: &str, below: u32, in_tests_only: bool) -> Option<String> {
    let helper = TEST_HELPERS.contains(&on);
    if in_tests_only && helper {
        return None;
    }
    if below >= layer {
        return Some(format!("{name} (layer {layer}) depends on {on} (layer {below})"));
    }
    if helper && !FRONT_ENDS.contains(&name) {
        return Some(format!("{name} depends on {on}, which only front ends and tests may"));
    }
    None
}

fn layer_of(name: &str) -> Option<u32> {
    LAYERS.iter().find(|(known, _)| *known == name).map(|(_, layer)| *layer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_point_down() {
        assert!(fault("debrick-engine", 6, "debrick-target", 2, false).is_none());
        assert!(fault("debrick-target", 2, "debrick-engine", 6, false).is_some());
        assert!(fault("debrick-tftp", 3, "debrick-xymodem", 3, false).is_some());
        assert!(fault("debrick-engine", 6, "debrick-link-os", 2, false).is_some());
        assert!(fault("debrick-engine", 6, "debrick-virtual-bench", 5, true).is_none());
        assert!(fault("debrick", 7, "debrick-link-os", 2, false).is_none());
    }
}
