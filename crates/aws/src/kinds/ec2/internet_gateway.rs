//! `ec2/internet_gateway`: outputs only.

use globe_model::{Address, Durations, Edge, Kind, Pending, Readiness, Recovery, Upstream, Verdict, unknown};
use serde::{Deserialize, Serialize};

/// What downstream uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InternetGatewayOutputs {
    /// `igw-...`
    pub gateway_id: String,
}

/// The kind `ec2/internet_gateway`.
pub struct InternetGateway;

impl Kind for InternetGateway {
    const NAME: &'static str = "ec2/internet_gateway";
    const RECOVERY: Recovery = Recovery::Nonce;
    const DURATIONS: Durations = Durations::secs(1, 1);
    type Spec = ();
    type Desired = ();
    type Live = ();
    type Patch = ();
    type Outputs = InternetGatewayOutputs;
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
    fn outputs((): &()) -> Option<InternetGatewayOutputs> {
        None
    }
    fn unknown(address: &Address) -> InternetGatewayOutputs {
        InternetGatewayOutputs { gateway_id: unknown(address, "gateway_id") }
    }
}
