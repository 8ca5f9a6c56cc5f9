//! `ec2/launch_template`: outputs only.

use globe_model::{Address, Durations, Edge, Kind, Pending, Readiness, Recovery, Upstream, Verdict, unknown};
use serde::{Deserialize, Serialize};

/// What downstream uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LaunchTemplateOutputs {
    /// `lt-...`
    pub template_id: String,
}

/// The kind `ec2/launch_template`.
pub struct LaunchTemplate;

impl Kind for LaunchTemplate {
    const NAME: &'static str = "ec2/launch_template";
    const RECOVERY: Recovery = Recovery::Name;
    const DURATIONS: Durations = Durations::secs(1, 1);
    type Spec = ();
    type Desired = ();
    type Live = ();
    type Patch = ();
    type Outputs = LaunchTemplateOutputs;
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
    fn outputs((): &()) -> Option<LaunchTemplateOutputs> {
        None
    }
    fn unknown(address: &Address) -> LaunchTemplateOutputs {
        LaunchTemplateOutputs { template_id: unknown(address, "template_id") }
    }
}
