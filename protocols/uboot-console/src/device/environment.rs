//! The environment in memory and as it is stored.

use std::collections::BTreeMap;

/// The environment in memory. Printed in the order of the names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Environment {
    variables: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Environment {
    pub(super) fn from_pairs(pairs: &[(String, String)]) -> Self {
        let variables = pairs
            .iter()
            .map(|(name, value)| (name.clone().into_bytes(), value.clone().into_bytes()))
            .collect();
        Self { variables }
    }

    /// Reads what is stored, if its checksum is right.
    pub(super) fn from_stored(stored: &[u8], redundant: bool) -> Option<Self> {
        let checksum = u32::from_le_bytes(stored.get(..4)?.try_into().ok()?);
        let body = stored.get(if redundant { 5 } else { 4 }..)?;
        (crc32fast::hash(body) == checksum).then(|| Self::from_entries(body, 0))
    }

    /// Reads entries that each end in `end`, until an empty one.
    pub(super) fn from_entries(body: &[u8], end: u8) -> Self {
        let mut variables = BTreeMap::new();
        for entry in body.split(|byte| *byte == end) {
            if entry.is_empty() && end == 0 {
                break;
            }
            if let Some(equals) = entry.iter().position(|byte| *byte == b'=') {
                variables.insert(entry[..equals].to_vec(), entry[equals + 1..].to_vec());
            }
        }
        Self { variables }
    }

    /// As it is stored in `size` bytes; `None` if it does not fit.
    pub(super) fn to_stored(&self, size: usize, redundant: bool) -> Option<Vec<u8>> {
        let head = if redundant { 5 } else { 4 };
        let mut body = self.entries(0);
        body.push(0);
        if body.len() + head > size {
            return None;
        }
        body.resize(size - head, 0);
        let mut stored = crc32fast::hash(&body).to_le_bytes().to_vec();
        if redundant {
            stored.push(1);
        }
        stored.extend(body);
        Some(stored)
    }

    /// All entries, each ended by `end`.
    pub(super) fn entries(&self, end: u8) -> Vec<u8> {
        let mut body = Vec::new();
        for (name, value) in &self.variables {
            body.extend_from_slice(name);
            body.push(b'=');
            body.extend_from_slice(value);
            body.push(end);
        }
        body
    }

    pub(super) fn get(&self, name: &str) -> Option<String> {
        self.variables.get(name.as_bytes()).map(|value| String::from_utf8_lossy(value).into_owned())
    }

    /// Sets a variable; without a value, removes it.
    pub(super) fn set(&mut self, name: &str, value: Option<&str>) {
        match value {
            Some(value) if !value.is_empty() => {
                self.variables.insert(name.as_bytes().to_vec(), value.as_bytes().to_vec());
            }
            _ => {
                self.variables.remove(name.as_bytes());
            }
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.variables.extend(other.variables);
    }

    /// How many bytes it takes when it is stored, without the checksum.
    pub(super) fn stored_length(&self) -> usize {
        self.entries(0).len() + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_comes_back() {
        let mut environment = Environment::default();
        environment.set("a", Some("1"));
        environment.set("b", Some("x=y"));
        for redundant in [false, true] {
            let mut stored = environment.to_stored(64, redundant).unwrap();
            assert_eq!(stored.len(), 64);
            assert_eq!(Environment::from_stored(&stored, redundant).as_ref(), Some(&environment));
            stored[20] ^= 1;
            assert_eq!(Environment::from_stored(&stored, redundant), None);
        }
        assert_eq!(environment.to_stored(8, false), None);
        environment.set("a", None);
        assert_eq!(environment.entries(0), b"b=x=y\0");
    }
}
