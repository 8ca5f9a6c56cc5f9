//! From the text of `globe.toml` to a typed [`Stack`], and every error a user can make on the way.
//!
//! [`parse`] reads a whole file and reports all of its errors at once, each with its place, the offending text and a
//! proposal. Nothing here talks to AWS; what must be asked there is listed by [`Stack::lookups`].

mod aws_regions;
mod carve;
mod check;
mod component;
mod domain;
mod error;
mod lookup;
mod moved;
pub mod names;
mod read;
mod render;
mod restrict;
mod schema;
mod stack;
mod suggest;

pub use aws_regions::{AWS_REGIONS, AWS_REGIONS_AS_OF, is_aws_region};
pub use carve::{ALB_MAX_PREFIX, CarveError, MAX_ZONES, ZoneSubnets};
pub use component::*;
pub use error::{ConfigError, ConfigErrors, ErrorKind, Related, Span};
pub use lookup::ImageLookup;
pub use moved::Moved;
pub use read::Component;
pub use schema::schema;
pub use stack::{RegionConfig, Regional, Stack};

/// Reads the text of a configuration file; `file` is its name in errors.
///
/// # Errors
/// All errors of the text, in its order.
pub fn parse(file: &str, text: &str) -> Result<Stack, ConfigErrors> {
    read::stack(file, text)
}

/// The small commented file that `globe init` writes; it is valid, and two regions wide.
pub fn starter() -> &'static str {
    include_str!("starter.toml")
}
