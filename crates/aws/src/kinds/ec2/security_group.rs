//! `ec2/security_group`: outputs only.

use globe_model::{Address, Durations, Edge, Kind, Pending, Readiness, Recovery, Upstream, Verdict, unknown};
use serde::{Deserialize, Serialize};

/// What downstream uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SecurityGroupOutputs {
    /// `sg-...`
    pub group_id: String,
}

/// The kind `ec2/security_group`.
pub struct SecurityGroup;

impl Kind for SecurityGroup {
    const NAME: &'static str = "ec2/security_group";
    const RECOVERY: Recovery = Recovery::Name;
    const DURATIONS: Durations = Durations::secs(1, 1);
    type Spec = ();
    type Desired = ();
    type Live = ();
    type Patch = ();
    type Outputs = SecurityGroupOutputs;
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
    fn outputs((): &()) -> Option<SecurityGroupOutputs> {
        None
    }
    fn unknown(address: &Address) -> SecurityGroupOutputs {
        SecurityGroupOutputs { group_id: unknown(address, "group_id") }
    }
}
