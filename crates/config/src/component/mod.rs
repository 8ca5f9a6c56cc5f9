//! What a file can describe: one file per component.

mod bucket;
mod certificate;
mod load_balancer;
mod location;
mod network;
mod record;
mod record_values;
mod route;
mod service;
mod table;
mod zone;

pub use bucket::{Bucket, Replicate, StorageClass};
pub use certificate::Certificate;
pub use load_balancer::LoadBalancer;
pub use location::Location;
pub use network::{GatewayEndpoint, Nat, Network};
pub use record::{Record, Target};
pub use record_values::{Literal, RecordType};
pub use route::{Failover, Route};
pub use service::{Image, Instances, ScaleOn, Service};
pub use table::{KeyAttribute, KeyType, Table, TableRegions};
pub use zone::Zone;
