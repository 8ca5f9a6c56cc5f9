//! AWS through the official SDK: clients per scope, one batcher for reads, classed errors, and one file per kind.
//!
//! Nothing here knows which AWS it talks to: endpoint, credentials and HTTP client come in with the `SdkConfig`.

mod batcher;
mod clients;
mod cloud;
mod driver;
mod error;
pub mod kinds;
mod lookup;
mod meter;
pub mod policy;
mod refine;

pub use clients::Clients;
pub use cloud::{AwsCloud, Regions};
pub use driver::{AnyDriver, Birth, Driver, Found, IamActions, Scoped, entry};
pub use error::{Reclass, failed};
pub use kinds::kind_table;
pub use lookup::Lookup;
pub use meter::{CallCount, CallMeter};
