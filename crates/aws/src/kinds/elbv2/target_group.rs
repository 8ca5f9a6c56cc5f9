//! `elbv2/target_group`: outputs only.

use globe_model::{Address, Durations, Edge, Kind, Pending, Readiness, Recovery, Upstream, Verdict, unknown};
use serde::{Deserialize, Serialize};

/// What downstream uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetGroupOutputs {
    /// Its ARN.
    pub arn: String,
    /// `targetgroup/name/hash`, as CloudWatch names it.
    pub full_name: String,
}

/// The kind `elbv2/target_group`.
pub struct TargetGroup;

impl Kind for TargetGroup {
    const NAME: &'static str = "elbv2/target_group";
    const RECOVERY: Recovery = Recovery::Name;
    const DURATIONS: Durations = Durations::secs(1, 1);
    type Spec = ();
    type Desired = ();
    type Live = ();
    type Patch = ();
    type Outputs = TargetGroupOutputs;
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
    fn outputs((): &()) -> Option<TargetGroupOutputs> {
        None
    }
    fn unknown(address: &Address) -> TargetGroupOutputs {
        TargetGroupOutputs { arn: unknown(address, "arn"), full_name: unknown(address, "full_name") }
    }
}
