//! One token bucket, as AWS keeps it, and what throttling teaches about it.

use std::time::Duration;

use globe_model::Timestamp;

use super::table::Budget;

/// How far apart answers to evenly spaced calls may be on their way to AWS. So many seconds of refill are left in the
/// bucket: AWS sees the calls of a burst closer together than they were sent.
const JITTER: f64 = 0.25;
/// Share of the published refill that is used: two clocks never run alike.
const PACE: f64 = 0.98;
/// Least share of the published figures that throttling leaves. Others may use the account too.
const LEAST: f64 = 1.0 / 64.0;
/// Share of the published figures that is won back per second without throttling.
const RECOVERY: f64 = 0.02;
/// How long a throttled bucket rests at least.
const REST: Duration = Duration::from_secs(1);

/// Tokens for one action, or for several that share.
///
/// Starts full, at the published figures. A throttled call empties it and halves its refill; the refill then grows
/// steadily until it is as published again, never beyond.
#[derive(Clone, Debug)]
pub struct Bucket {
    capacity: f64,
    published: f64,
    share: f64,
    level: f64,
    at: Timestamp,
    rests_until: Timestamp,
    cut: Option<Timestamp>,
}

impl Bucket {
    /// A full bucket.
    pub fn new(budget: Budget, now: Timestamp) -> Self {
        let headroom = (budget.refill * JITTER).max(1.0);
        let capacity = (budget.capacity - headroom).max(1.0);
        let published = budget.refill * PACE;
        Self { capacity, published, share: 1.0, level: capacity, at: now, rests_until: now, cut: None }
    }

    fn settle(&mut self, now: Timestamp) {
        let passed = now.since(self.at).as_secs_f64();
        // The share grows while time passes; its mean over that time refills.
        let grown = (self.share + passed * RECOVERY).min(1.0);
        self.level = (self.level + passed * self.published * f64::midpoint(self.share, grown)).min(self.capacity);
        self.share = grown;
        self.at = self.at.max(now);
    }

    /// Time until it has a token, zero if it has one.
    pub fn wait(&mut self, now: Timestamp) -> Duration {
        self.settle(now);
        let missing = (1.0 - self.level).max(0.0);
        let refilled = Duration::from_secs_f64(missing / (self.published * self.share));
        // Rounded up to the clock's microseconds: waking too early would mean waking again.
        let refilled = if missing > 0.0 { refilled + Duration::from_micros(1) } else { refilled };
        refilled.max(self.rests_until.since(now))
    }

    /// Takes a token; `wait` has said that there is one.
    pub fn take(&mut self) {
        self.level -= 1.0;
    }

    /// AWS throttled a call sent at `sent`. Of all calls that were under way together only the first counts: they all
    /// met the same empty bucket.
    pub fn throttled(&mut self, sent: Timestamp, now: Timestamp) {
        self.settle(now);
        if self.cut.is_some_and(|cut| sent <= cut) {
            return;
        }
        self.cut = Some(now);
        self.share = (self.share / 2.0).max(LEAST);
        self.level = self.level.min(0.0);
        self.rests_until = now.after(REST);
    }

    /// Calls per second that it allows now.
    #[cfg(test)]
    pub fn refill(&mut self, now: Timestamp) -> f64 {
        self.settle(now);
        self.published * self.share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAT: Budget = Budget { capacity: 10.0, refill: 1.0 };

    fn at(seconds: u64) -> Timestamp {
        Timestamp(0).after(Duration::from_secs(seconds))
    }

    fn burst(bucket: &mut Bucket, now: Timestamp) -> usize {
        let mut taken = 0;
        while bucket.wait(now).is_zero() {
            bucket.take();
            taken += 1;
        }
        taken
    }

    #[test]
    fn it_lets_a_burst_through_and_then_one_at_a_time() {
        let mut bucket = Bucket::new(NAT, at(0));
        assert_eq!(burst(&mut bucket, at(0)), 9, "one token is left for jitter on the way");
        let wait = bucket.wait(at(0));
        assert!(wait > Duration::from_secs(1) && wait < Duration::from_millis(1100), "{wait:?}");
        assert_eq!(burst(&mut bucket, at(5)), 4);
    }

    #[test]
    fn it_is_never_fuller_than_full_and_never_too_small_for_one_call() {
        let mut bucket = Bucket::new(NAT, at(0));
        assert_eq!(burst(&mut bucket, at(1_000_000)), 9);
        let mut single = Bucket::new(Budget { capacity: 1.0, refill: 0.5 }, at(0));
        assert_eq!(burst(&mut single, at(0)), 1);
    }

    #[test]
    fn throttling_halves_it_once_for_all_calls_under_way() {
        let mut bucket = Bucket::new(NAT, at(0));
        let before = bucket.refill(at(100));
        bucket.throttled(at(99), at(100));
        bucket.throttled(at(98), at(100));
        bucket.throttled(at(100), at(100));
        assert!((bucket.refill(at(100)) - before / 2.0).abs() < 1e-9);
        assert!(bucket.wait(at(100)) >= REST);
        bucket.throttled(at(101), at(102));
        assert!(bucket.refill(at(102)) < before * 0.3, "a later call that is throttled halves it again");
    }

    #[test]
    fn it_recovers_to_the_published_refill_and_not_beyond() {
        let mut bucket = Bucket::new(NAT, at(0));
        for second in 1..20 {
            bucket.throttled(at(second), at(second));
        }
        assert!(bucket.refill(at(20)) >= LEAST * PACE, "it never closes");
        assert!(bucket.refill(at(30)) < PACE / 2.0, "it does not leap back");
        assert!((bucket.refill(at(200)) - PACE).abs() < 1e-9);
    }
}
