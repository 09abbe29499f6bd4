//! What is tried next when something failed. One rule for every kind of repair: a try differs from all tries before it in its
//! method or in a condition that is named, and begins from a fresh state of the unit; nothing is tried a third time by the
//! same method.

use std::collections::VecDeque;

use debrick_catalog::{ConsoleMethod, Door};

/// What is different about a try, apart from its method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Condition {
    /// The first try of a method: as the unit is, with the usual options.
    AsItIs,
    /// From a fresh start of the unit, with everything about it learned again.
    FreshStart,
    /// From a fresh entry into the mode, in the smallest blocks, slowly and without options, as the oldest bootloaders have it.
    PlainTransfer,
}

/// Something that is tried by name.
pub(crate) trait ByName {
    /// The name of the method.
    fn name(&self) -> &str;
}

impl ByName for ConsoleMethod {
    fn name(&self) -> &str {
        &self.name
    }
}

impl ByName for Door {
    fn name(&self) -> &str {
        &self.name
    }
}

/// One try.
#[derive(Debug, Clone)]
pub(crate) struct Try<M> {
    pub(crate) method: M,
    pub(crate) condition: Condition,
    /// What is different from the try before, in half a sentence; `None` for the very first.
    pub(crate) change: Option<String>,
}

/// The tries that are left.
#[derive(Debug)]
pub(crate) struct Tries<M> {
    left: VecDeque<(M, Condition)>,
    /// The method and condition of the last try.
    last: Option<(String, Condition)>,
}

impl<M: ByName + Clone> Tries<M> {
    /// Each method under each condition, in this order.
    pub(crate) fn new(methods: Vec<M>, conditions: [Condition; 2]) -> Self {
        debug_assert_ne!(conditions[0], conditions[1]);
        let of = |method: M| conditions.map(|condition| (method.clone(), condition));
        Self { left: methods.into_iter().flat_map(of).collect(), last: None }
    }

    /// The next try; `None` once only repetitions would be left.
    pub(crate) fn next(&mut self) -> Option<Try<M>> {
        let (method, condition) = self.left.pop_front()?;
        let change = self.last.as_ref().map(|(last, _)| match condition {
            _ if last != method.name() => format!("by the method {:?}", method.name()),
            Condition::FreshStart | Condition::AsItIs => "from a fresh start of the unit".to_owned(),
            Condition::PlainTransfer => {
                "from a fresh entry into the mode, in small blocks, slowly and without options".to_owned()
            }
        });
        self.last = Some((method.name().to_owned(), condition));
        Some(Try { method, condition, change })
    }

    /// Gives up the rest of this method's tries: another condition would be the same again.
    pub(crate) fn leave_this_method(&mut self) {
        if let Some((last, _)) = &self.last {
            self.left.retain(|(method, _)| method.name() != last);
        }
    }

    /// Gives up all other methods: what failed does not depend on them.
    pub(crate) fn keep_to_this_method(&mut self) {
        if let Some((last, _)) = &self.last {
            self.left.retain(|(method, _)| method.name() == last);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    struct Way(String);

    impl ByName for Way {
        fn name(&self) -> &str {
            &self.0
        }
    }

    fn ways(count: usize) -> Vec<Way> {
        (0..count).map(|number| Way(format!("way-{number}"))).collect()
    }

    #[test]
    fn each_change_is_named() {
        let mut tries = Tries::new(ways(2), [Condition::AsItIs, Condition::PlainTransfer]);
        let changes: Vec<_> = std::iter::from_fn(|| tries.next()).map(|one| one.change).collect();
        assert_eq!(changes.len(), 4);
        assert_eq!(changes[0], None);
        assert!(changes[1].as_deref().unwrap().contains("small blocks"));
        assert!(changes[2].as_deref().unwrap().contains("way-1"));
    }

    proptest! {
        #[test]
        fn nothing_is_tried_twice_alike_nor_by_one_method_a_third_time(
            count in 0_usize..6,
            gives_up in proptest::collection::vec(any::<bool>(), 12),
            console in any::<bool>(),
        ) {
            let second = if console { Condition::FreshStart } else { Condition::PlainTransfer };
            let mut tries = Tries::new(ways(count), [Condition::AsItIs, second]);
            let (mut seen, mut of_method) = (Vec::new(), BTreeMap::<String, u32>::new());
            for gives_up in gives_up {
                let Some(one) = tries.next() else { break };
                let what = (one.method.0.clone(), one.condition);
                prop_assert!(!seen.contains(&what), "{what:?} again");
                prop_assert_eq!(one.change.is_some(), !seen.is_empty());
                seen.push(what);
                *of_method.entry(one.method.0).or_default() += 1;
                if gives_up {
                    tries.keep_to_this_method();
                }
            }
            prop_assert!(of_method.values().all(|tried| *tried <= 2));
            prop_assert!(tries.next().is_none());
        }
    }
}
