//! Counts the calls that leave the process, for `--explain-calls`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use serde::Serialize;

/// How often one operation was called in one region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CallCount {
    /// Region called.
    pub region: String,
    /// Service, as the SDK names it.
    pub service: String,
    /// Operation.
    pub operation: String,
    /// How often.
    pub calls: u64,
}

/// (region, service, operation) to calls.
type Counts = BTreeMap<(String, String, String), u64>;

/// A shared count of calls.
#[derive(Clone, Debug, Default)]
pub struct CallMeter(Arc<Mutex<Counts>>);

impl CallMeter {
    /// Everything called so far, by region, service and operation.
    pub fn counts(&self) -> Vec<CallCount> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let row = |((region, service, operation), calls): (&(String, String, String), &u64)| CallCount {
            region: region.clone(),
            service: service.clone(),
            operation: operation.clone(),
            calls: *calls,
        };
        counts.iter().map(row).collect()
    }

    /// The interceptor that counts for one region's clients.
    pub(crate) fn for_region(&self, region: &str) -> RegionMeter {
        RegionMeter { meter: self.clone(), region: region.to_owned() }
    }
}

/// Counts every attempt, right before it is sent.
#[derive(Debug)]
pub(crate) struct RegionMeter {
    meter: CallMeter,
    region: String,
}

#[dyn_dispatch_hint]
impl Intercept for RegionMeter {
    fn name(&self) -> &'static str {
        "globe call meter"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(metadata) = config.load::<Metadata>() {
            let key = (self.region.clone(), metadata.service().to_owned(), metadata.name().to_owned());
            *self.meter.0.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default() += 1;
        }
        Ok(())
    }
}
