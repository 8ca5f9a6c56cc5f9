//! That a kind calls what it declares, and declares what it needs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{LazyLock, Mutex};

use globe_aws::CallCount;
use globe_aws::kinds::driver;
use globe_aws::policy::{beside, called};

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
