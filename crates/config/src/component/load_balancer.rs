//! `[load_balancer.<name>]`: an internet-facing Application Load Balancer per region.

use schemars::JsonSchema;
use serde::Serialize;

use crate::read::{Component, Read, Reader, reference};

/// An internet-facing Application Load Balancer in every region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct LoadBalancer {
    /// The network whose public subnets it stands in, by name.
    pub network: String,
    /// The certificate for HTTPS on port 443, by name; port 80 then redirects. Without one it serves HTTP on port 80.
    pub certificate: Option<String>,
}

impl LoadBalancer {
    /// Keys that must be the same in all regions: none.
    pub(crate) const FIXED: &[&str] = &[];

    pub(crate) fn read(reader: &Reader<'_>) -> Read<Self> {
        let network = reader.required("network", reference(Component::Network));
        let certificate = reader.optional("certificate", reference(Component::Certificate));
        Ok(Self { network: network?, certificate: certificate? })
    }
}
