//! Sandbox time: tokio's clock, times a factor. With a factor of 1 it is real, or virtual when tokio's clock is paused.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

use crate::world::Seconds;

/// Where the sandbox is in its own time.
#[derive(Debug)]
pub struct SandboxClock {
    base: AtomicU64,
    start: Instant,
    scale: f64,
}

impl SandboxClock {
    /// A clock that runs `scale` times as fast as tokio's, from the present moment.
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn new(scale: f64) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
        Self::starting(now, scale)
    }

    /// The same, from another moment.
    pub fn starting(moment: Seconds, scale: f64) -> Self {
        Self { base: AtomicU64::new(moment.to_bits()), start: Instant::now(), scale }
    }

    /// Seconds since the Unix epoch, in sandbox time.
    pub fn now(&self) -> Seconds {
        f64::from_bits(self.base.load(Ordering::Relaxed)) + self.start.elapsed().as_secs_f64() * self.scale
    }

    /// Continues from `moment` if that is later than now: time must not run backwards between commands.
    pub fn resume_after(&self, moment: Seconds) {
        let behind = moment - self.now();
        if behind > 0.0 {
            let base = f64::from_bits(self.base.load(Ordering::Relaxed));
            self.base.store((base + behind).to_bits(), Ordering::Relaxed);
        }
    }

    /// Waits for `duration` of sandbox time.
    pub async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration.div_f64(self.scale)).await;
    }

    /// How many sandbox seconds pass in one of tokio's.
    pub fn scale(&self) -> f64 {
        self.scale
    }
}
