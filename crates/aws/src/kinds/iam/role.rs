//! `iam/role`: outputs only.

use globe_model::{Address, Durations, Edge, Kind, Pending, Readiness, Recovery, Upstream, Verdict, unknown};
use serde::{Deserialize, Serialize};

/// What downstream uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoleOutputs {
    /// Role name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
}

/// The kind `iam/role`.
pub struct Role;

impl Kind for Role {
    const NAME: &'static str = "iam/role";
    const RECOVERY: Recovery = Recovery::Name;
    const DURATIONS: Durations = Durations::secs(1, 1);
    type Spec = ();
    type Desired = ();
    type Live = ();
    type Patch = ();
    type Outputs = RoleOutputs;
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
    fn outputs((): &()) -> Option<RoleOutputs> {
        None
    }
    fn unknown(address: &Address) -> RoleOutputs {
        RoleOutputs { name: unknown(address, "name"), arn: unknown(address, "arn") }
    }
}
