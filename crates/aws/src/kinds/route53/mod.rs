//! Route 53.

mod health_check;
mod names;
mod record;
mod record_set;
mod reference;
mod tagging;
mod zone;

pub use health_check::{
    HealthCheck, HealthCheckDesired, HealthCheckLive, HealthCheckOutputs, HealthCheckPatch, HealthCheckSpec, Probe,
    ProbeTarget,
};
pub use record::{Record, RecordContent, RecordOutputs, RecordSpec};
pub use record_set::{FailoverRole, Place, Policy, RecordSet, RecordValue, Routed};
pub use zone::{Zone, ZoneDesired, ZoneLive, ZoneOutputs, ZonePatch, ZoneSpec};

use super::MakeEntry;
use crate::driver::entry;

/// Registry entries of this service.
pub(super) static ENTRIES: &[MakeEntry] = &[entry::<Zone>, entry::<HealthCheck>, entry::<Record>];
