//! Clocks: the wall's, and the sandbox's.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use globe_model::{Clock, Timestamp};
use globe_sandbox::Sandbox;

/// Time as it is.
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// Time in the sandbox: scaled or virtual.
pub struct SandboxTime(pub Sandbox);

#[async_trait]
impl Clock for SandboxTime {
    fn now(&self) -> Timestamp {
        let micros = Duration::try_from_secs_f64(self.0.clock().now()).unwrap_or_default().as_micros();
        Timestamp(i64::try_from(micros).unwrap_or(i64::MAX))
    }

    async fn sleep(&self, duration: Duration) {
        self.0.clock().sleep(duration).await;
    }
}

/// Real waits, a factor shorter: for an AWS elsewhere that runs faster than a clock on the wall
/// (`globe sandbox serve --speed`), named by `GLOBE_TIME_FACTOR`.
pub struct HurriedClock(pub f64);

#[async_trait]
impl Clock for HurriedClock {
    fn now(&self) -> Timestamp {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            reason = "microseconds to a factor's precision"
        )]
        let hurried = (SystemClock.now().0 as f64 * self.0) as i64;
        Timestamp(hurried)
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration.div_f64(self.0)).await;
    }
}
