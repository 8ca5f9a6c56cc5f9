//! Made-up kinds that leave slowly, each in its manner.

use std::time::Duration;

use globe_model::{
    Address, Durations, Edge, Kind, Leaving, Manner, NameHold, Pending, Readiness, Recovery, ReplaceOrder, Upstream,
    Verdict,
};

use crate::kind::{Node, NodeSpec, NodeState};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A kind that is a [`Node`] but for how it leaves and how it is replaced.
macro_rules! node_that {
    ($(#[$doc:meta])* $name:ident, $text:literal, $recovery:ident, $replace:ident, $leaves:expr) => {
        $(#[$doc])*
        pub struct $name;

        impl Kind for $name {
            const NAME: &'static str = $text;
            const RECOVERY: Recovery = Recovery::$recovery;
            const DURATIONS: Durations = Durations::secs(3, 1);
            const REPLACE: ReplaceOrder = ReplaceOrder::$replace;
            const LEAVES: Option<Leaving> = $leaves;
            type Spec = NodeSpec;
            type Desired = NodeState;
            type Live = (String, NodeState);
            type Patch = String;
            type Outputs = String;
            fn refs(spec: &NodeSpec, visit: &mut dyn FnMut(Edge)) {
                Node::refs(spec, visit);
            }
            fn lower(spec: &NodeSpec, upstream: &Upstream<'_>) -> Result<NodeState, Pending> {
                Node::lower(spec, upstream)
            }
            fn diff(desired: &NodeState, live: &Self::Live) -> Verdict<String> {
                Node::diff(desired, live)
            }
            fn ready(live: &Self::Live) -> Readiness {
                Node::ready(live)
            }
            fn outputs(live: &Self::Live) -> Option<String> {
                Node::outputs(live)
            }
            fn unknown(address: &Address) -> String {
                Node::unknown(address)
            }
        }
    };
}

const fn leaving(manner: Manner, window: Duration, name: NameHold) -> Option<Leaving> {
    Some(Leaving { manner, window, name })
}

node_that!(
    /// Deleted by AWS after a week; nothing bears its name.
    Key, "test/key", Nonce, DeleteFirst, leaving(Manner::Scheduled, DAY.saturating_mul(7), NameHold::Free)
);
node_that!(
    /// Deleted by AWS after a week, which keeps its name until then.
    Secret, "test/secret", Nonce, DeleteFirst, leaving(Manner::Scheduled, DAY.saturating_mul(7), NameHold::Kept)
);
node_that!(
    /// Cannot be deleted for hours after it was first tried.
    Replicated, "test/replicated", Nonce, DeleteFirst, leaving(Manner::Repeated, DAY, NameHold::Kept)
);
node_that!(
    /// Gone at once; its name is free five minutes later.
    Named, "test/named", Nonce, DeleteFirst, leaving(Manner::Gone, Duration::from_secs(300), NameHold::Kept)
);
node_that!(
    /// Leaves at once, and is replaced by a second one that stands beside it for a while.
    Pair, "test/pair", Nonce, CreateFirst, None
);
node_that!(
    /// Made again with the same token, it is the same one.
    Remembered, "test/remembered", Token, CreateFirst, None
);
