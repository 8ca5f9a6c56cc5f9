//! `ec2/route_table`: outputs only.

use globe_model::{Address, Durations, Edge, Kind, Pending, Readiness, Recovery, Upstream, Verdict, unknown};
use serde::{Deserialize, Serialize};

/// What downstream uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RouteTableOutputs {
    /// `rtb-...`
    pub route_table_id: String,
}

/// The kind `ec2/route_table`.
pub struct RouteTable;

impl Kind for RouteTable {
    const NAME: &'static str = "ec2/route_table";
    const RECOVERY: Recovery = Recovery::Token;
    const DURATIONS: Durations = Durations::secs(2, 1);
    type Spec = ();
    type Desired = ();
    type Live = ();
    type Patch = ();
    type Outputs = RouteTableOutputs;
    fn refs((): &(), _: &mut dyn FnMut(Edge)) {}
    fn lower((): &(), _: &Upstream<'_>) -> Result<(), Pending> {
        Ok(())
    }
    fn diff((): &(), (): &()) -> Verdict<()> {
        Verdict::Same
    }
    fn ready((): &()) -> Readiness {
        Readiness::Ready
    }
    fn outputs((): &()) -> Option<RouteTableOutputs> {
        None
    }
    fn unknown(address: &Address) -> RouteTableOutputs {
        RouteTableOutputs { route_table_id: unknown(address, "route_table_id") }
    }
}
