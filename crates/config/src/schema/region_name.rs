//! The name of an AWS region, for editors to complete.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::AWS_REGIONS;

/// Stands for a region in types that derive a schema.
pub(crate) struct RegionName;

impl JsonSchema for RegionName {
    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("Region")
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<&str> = AWS_REGIONS.iter().map(|(region, _)| *region).collect();
        json_schema!({ "description": "A region of AWS.", "type": "string", "enum": names })
    }
}
