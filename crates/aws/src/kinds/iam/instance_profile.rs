//! `iam/instance_profile`: outputs only.

use globe_model::{Address, Durations, Edge, Kind, Pending, Readiness, Recovery, Upstream, Verdict, unknown};
use serde::{Deserialize, Serialize};

/// What downstream uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstanceProfileOutputs {
    /// Profile name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
}

/// The kind `iam/instance_profile`.
pub struct InstanceProfile;

impl Kind for InstanceProfile {
    const NAME: &'static str = "iam/instance_profile";
    const RECOVERY: Recovery = Recovery::Name;
    const DURATIONS: Durations = Durations::secs(1, 1);
    type Spec = ();
    type Desired = ();
    type Live = ();
    type Patch = ();
    type Outputs = InstanceProfileOutputs;
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
    fn outputs((): &()) -> Option<InstanceProfileOutputs> {
        None
    }
    fn unknown(address: &Address) -> InstanceProfileOutputs {
        InstanceProfileOutputs { name: unknown(address, "name"), arn: unknown(address, "arn") }
    }
}
