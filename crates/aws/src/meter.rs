//! Counts the calls that leave the process, for `--explain-calls`, and hears AWS's throttling.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use globe_model::{CallCount, Timestamp};

use crate::call::CallName;
use crate::limits::Limiter;
use crate::refusal::is_throttled;
use crate::repeat::is_again;

#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    calls: u64,
    retries: u64,
    throttles: u64,
    total: Duration,
    longest: Duration,
}

/// A shared count of calls.
#[derive(Clone, Debug, Default)]
pub struct CallMeter(Arc<Mutex<BTreeMap<CallName, Tally>>>);

impl CallMeter {
    fn tallies(&self) -> MutexGuard<'_, BTreeMap<CallName, Tally>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything called so far, by service, operation and region.
    pub fn counts(&self) -> Vec<CallCount> {
        let row = |(call, tally): (&CallName, &Tally)| CallCount {
            region: call.region.clone(),
            service: call.service.clone(),
            operation: call.operation.clone(),
            calls: tally.calls,
            retries: tally.retries,
            throttles: tally.throttles,
            total: tally.total,
            longest: tally.longest,
        };
        self.tallies().iter().map(row).collect()
    }

    fn sent(&self, call: CallName) {
        let mut tallies = self.tallies();
        let tally = tallies.entry(call).or_default();
        tally.calls += 1;
        tally.retries += u64::from(is_again());
    }

    fn answered(&self, call: &CallName, took: Duration, throttled: bool) {
        if let Some(tally) = self.tallies().get_mut(call) {
            tally.total += took;
            tally.longest = tally.longest.max(took);
            tally.throttles += u64::from(throttled);
        }
    }
}

/// When an attempt was sent.
#[derive(Clone, Copy, Debug)]
struct Sent(Timestamp);

impl Storable for Sent {
    type Storer = StoreReplace<Self>;
}

/// Sees every attempt go and come back.
#[derive(Debug)]
pub struct Watch {
    meter: CallMeter,
    limiter: Limiter,
}

impl Watch {
    /// Counts into `meter`, and tells `limiter` of throttling.
    pub fn new(meter: CallMeter, limiter: Limiter) -> Self {
        Self { meter, limiter }
    }
}

#[dyn_dispatch_hint]
impl Intercept for Watch {
    fn name(&self) -> &'static str {
        "globe call meter"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(call) = CallName::of(config) {
            self.meter.sent(call);
            config.interceptor_state().store_put(Sent(self.limiter.clock().now()));
        }
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(call) = CallName::of(config) {
            self.limiter.answered(&call);
        }
        // An attempt that never got as far as being sent is none.
        if let (Some(call), Some(Sent(sent))) = (CallName::of(config), config.load::<Sent>()) {
            let throttled = context.response().is_some_and(is_throttled);
            self.meter.answered(&call, self.limiter.clock().now().since(*sent), throttled);
            if throttled {
                self.limiter.throttled(&call, *sent);
            }
        }
        Ok(())
    }
}
