//! `[zone.<name>]`: a public Route 53 hosted zone.

use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::domain;
use crate::read::{Read, Reader};

/// A public Route 53 hosted zone; there is one for all regions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Zone {
    /// The domain it answers for, in lower case and without the last dot.
    #[schemars(length(max = 253))]
    pub domain: String,
}

impl Zone {
    pub(crate) fn read(reader: &Reader<'_>) -> Read<Self> {
        Ok(Self { domain: reader.required("domain", domain)? })
    }
}
