//! That a kind calls what it declares, and declares what it needs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{LazyLock, Mutex};

use globe_aws::kinds::{driver, drivers};
use globe_aws::policy::{beside, called};
use globe_model::CallCount;

/// What a kind is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    Read,
    Write,
    Delete,
}

/// What the stories told so far have needed, by kind.
static NEEDED: LazyLock<Mutex<BTreeMap<String, BTreeSet<String>>>> = LazyLock::new(Mutex::default);

/// Insists that `kind` declares a call that it made, and remembers that it needs it.
pub fn prove(kind: &str, work: Work, call: &CallCount) {
    let actions = driver(kind).expect("a registered kind").actions();
    let declared = match work {
        Work::Read => actions.read.to_vec(),
        Work::Write => [actions.read, actions.write].concat(),
        Work::Delete => [actions.read, actions.delete].concat(),
    };
    let (service, operation) = (call.service.as_str(), call.operation.as_str());
    let called = called(service, operation);
    for action in &called {
        assert!(declared.contains(&action.as_str()), "{kind} does not declare {action}, and calls it: {work:?}");
    }
    let mut needed = NEEDED.lock().expect("no story fails while it holds this");
    let needed = needed.entry(kind.to_owned()).or_default();
    needed.extend(called);
    needed.extend(beside(service, operation).iter().map(ToString::to_string));
}

/// Declared actions that no story so far has needed.
pub fn unneeded() -> Vec<String> {
    let needed = NEEDED.lock().expect("no story fails while it holds this");
    let declared = drivers().flat_map(|driver| {
        let actions = driver.actions();
        [actions.read, actions.write, actions.delete].concat().into_iter().map(|action| (driver.name(), action))
    });
    let idle = declared.filter(|(kind, action)| !needed.get(*kind).is_some_and(|needed| needed.contains(*action)));
    idle.map(|(kind, action)| format!("{kind} {action}")).collect()
}
