//! `elbv2/load_balancer`: outputs only.

use globe_model::{Address, Durations, Edge, Kind, Pending, Readiness, Recovery, Upstream, Verdict, unknown};
use serde::{Deserialize, Serialize};

/// What downstream uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadBalancerOutputs {
    /// Its ARN.
    pub arn: String,
    /// Where clients connect.
    pub dns_name: String,
    /// Hosted zone id for alias records.
    pub zone_id: String,
    /// `app/name/hash`, as CloudWatch names it.
    pub full_name: String,
}

/// The kind `elbv2/load_balancer`.
pub struct LoadBalancer;

impl Kind for LoadBalancer {
    const NAME: &'static str = "elbv2/load_balancer";
    const RECOVERY: Recovery = Recovery::Name;
    const DURATIONS: Durations = Durations::secs(1, 1);
    type Spec = ();
    type Desired = ();
    type Live = ();
    type Patch = ();
    type Outputs = LoadBalancerOutputs;
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
    fn outputs((): &()) -> Option<LoadBalancerOutputs> {
        None
    }
    fn unknown(address: &Address) -> LoadBalancerOutputs {
        LoadBalancerOutputs {
            arn: unknown(address, "arn"),
            dns_name: unknown(address, "dns_name"),
            zone_id: unknown(address, "zone_id"),
            full_name: unknown(address, "full_name"),
        }
    }
}
