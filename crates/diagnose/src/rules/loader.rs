//! What boot loaders say: U-Boot, barebox, CFE, RedBoot, vendors' loaders, and the stages before them.

mod chains;
mod early;
mod environment;
mod grub;
mod images;
mod network;
mod payloads;
mod refusals;
mod stages;
mod storage;
mod trust;

use crate::rule::Rule;

/// A table for each part of the field.
pub(super) static TABLES: &[&[Rule]] = &[
    chains::RULES,
    early::RULES,
    environment::RULES,
    grub::RULES,
    images::RULES,
    network::RULES,
    payloads::RULES,
    refusals::RULES,
    stages::RULES,
    storage::RULES,
    trust::RULES,
];
