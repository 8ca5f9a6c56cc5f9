//! Where a rehearsal can be interfered with, to see that it notices.

use std::sync::Arc;

use globe_model::{Cloud, Journal, Plan};

/// What stands between the engine and what it works on.
pub trait Seams: Send + Sync {
    /// The plan, before it is carried out.
    fn plan(&self, plan: Plan) -> Plan {
        plan
    }
    /// AWS, as calls reach it.
    fn cloud(&self, cloud: Arc<dyn Cloud>) -> Arc<dyn Cloud> {
        cloud
    }
    /// The journal, as the engine writes it.
    fn journal(&self, journal: Arc<dyn Journal>) -> Arc<dyn Journal> {
        journal
    }
}

/// Nothing: globe as it is.
pub struct AsIs;

impl Seams for AsIs {}
