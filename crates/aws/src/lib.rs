//! AWS through the official SDK: clients per scope, one batcher for reads, classed errors, and one file per kind.
//!
//! Nothing here knows which AWS it talks to: endpoint, credentials and HTTP client come in with the `SdkConfig`.

mod batcher;
mod call;
mod clients;
mod cloud;
mod departure;
mod driver;
mod each;
mod error;
pub mod kinds;
mod limits;
mod lookup;
mod meter;
pub mod policy;
mod refine;
mod refusal;
mod repeat;
mod room;

pub use clients::Clients;
pub use cloud::{AwsCloud, Regions};
pub use driver::{AnyDriver, Birth, Driver, Found, IamActions, Scoped, entry};
pub use error::{Reclass, failed};
pub use kinds::kind_table;
pub use lookup::Lookup;
pub use meter::CallMeter;
