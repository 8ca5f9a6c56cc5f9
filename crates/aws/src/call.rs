//! Which call it is.

use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_types::config_bag::ConfigBag;
use aws_types::SigningName;
use aws_types::region::SigningRegion;

/// One operation of one service in one region, as the request's signature names them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallName {
    /// `elasticloadbalancing`.
    pub service: String,
    /// `CreateLoadBalancer`.
    pub operation: String,
    /// Region signed for; global services sign for one region.
    pub region: String,
}

impl CallName {
    /// The call that the SDK is making; `None` for what is no call to AWS.
    pub fn of(config: &ConfigBag) -> Option<Self> {
        let (region, service) = (config.load::<SigningRegion>()?, config.load::<SigningName>()?);
        let operation = config.load::<Metadata>()?.name().to_owned();
        Some(Self { service: service.as_ref().to_owned(), operation, region: region.as_ref().to_owned() })
    }
}
