//! What a file leaves to be asked of AWS.

use globe_model::Region;
use serde::Serialize;

use crate::{Image, Stack};

/// The image of one service in one region: an AMI id to check, or a parameter to read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ImageLookup {
    /// Where to ask.
    pub region: Region,
    /// The service that runs the image.
    pub service: String,
    /// What to ask for.
    pub image: Image,
}

impl Stack {
    /// Every image of every service, by region and service. Several services may share one parameter.
    pub fn lookups(&self) -> Vec<ImageLookup> {
        let mut lookups: Vec<ImageLookup> = self
            .services
            .iter()
            .flat_map(|(name, service)| {
                service.iter().map(|(region, service)| ImageLookup {
                    region: region.clone(),
                    service: name.clone(),
                    image: service.image.clone(),
                })
            })
            .collect();
        lookups.sort();
        lookups
    }
}
