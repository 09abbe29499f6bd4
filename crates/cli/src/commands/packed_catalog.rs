//! Which packed catalog is in use: the program's own, or one that was installed over it.

use debrick_catalog::Catalog;
use serde_json::{Value, json};

use crate::catalog_file;
use crate::commands::Context;
use crate::failure::Failure;

/// The packed catalog in use.
pub(super) struct InUse {
    pub(super) catalog: Catalog,
    /// What the operator calls the key that signed it; `None` for the program's own.
    pub(super) signed_by: Option<String>,
    /// Why an installed one is not used.
    pub(super) passed_over: Option<Failure>,
}

impl Context {
    /// The packed catalog in use. One that was installed and cannot be used is passed over.
    pub(super) fn packed_catalog(&self) -> InUse {
        let builtin = Catalog::builtin();
        let own = |catalog, passed_over| InUse { catalog, signed_by: None, passed_over };
        let installed = match self.state_dir() {
            Ok(dir) => catalog_file::read(&dir),
            Err(_) => Ok(None),
        };
        match installed {
            Ok(Some(installed)) if installed.counts_over(builtin.serial()) => {
                InUse { catalog: installed.catalog, signed_by: Some(installed.signed_by), passed_over: None }
            }
            // The program was renewed since, and brought a newer one along: nothing to be told.
            Ok(_) => own(builtin, None),
            Err(failure) => own(builtin, Some(failure)),
        }
    }
}

impl InUse {
    /// In a sentence, for a person.
    pub(super) fn in_words(&self) -> String {
        let serial = self.catalog.serial();
        match &self.signed_by {
            Some(key) => format!("The catalog in use was installed: number {serial}, signed by \"{key}\"."),
            None => format!("The catalog in use is the program's own: number {serial}."),
        }
    }

    /// As data.
    pub(super) fn as_json(&self) -> Value {
        json!({
            "serial": self.catalog.serial(),
            "origin": if self.signed_by.is_some() { "installed" } else { "program" },
            "signed_by": self.signed_by,
            "passed_over": self.passed_over.as_ref().map(|failure| failure.problem().clone()),
        })
    }
}
