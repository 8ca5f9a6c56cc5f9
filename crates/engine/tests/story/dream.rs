//! Time in a made-up AWS.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use globe_model::{Clock, Timestamp};

/// Time that passes only by sleeping.
#[derive(Default)]
pub struct Dream(AtomicI64);

impl Dream {
    /// Lets time pass, and nobody else do anything meanwhile.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_micros()).expect("short"), Ordering::Relaxed);
    }
}

#[async_trait]
impl Clock for Dream {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }

    async fn sleep(&self, duration: Duration) {
        self.advance(duration);
        tokio::task::yield_now().await;
    }
}
