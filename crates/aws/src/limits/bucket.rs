//! One token bucket, as AWS keeps it, and what throttling teaches about it.

use std::collections::VecDeque;
use std::time::Duration;

use globe_model::Timestamp;

use super::table::Budget;

/// Tokens that are always left: others may use the account too.
const HEADROOM: f64 = 1.0;
/// Share of the published refill that is used: two clocks never run alike.
const PACE: f64 = 0.98;
/// Least share of the published figures that throttling leaves. Others may use the account too.
const LEAST: f64 = 1.0 / 64.0;
/// Share of the published figures that is won back per second without throttling.
const RECOVERY: f64 = 0.02;
/// How long a throttled bucket rests at least.
const REST: Duration = Duration::from_secs(1);

/// When the token of a call that has not been answered grows back all the same: it was given up, or AWS, which takes
/// the token when the call arrives, takes long to carry it out.
const FORGOTTEN: Duration = Duration::from_secs(5);

/// Tokens for one action, or for several that share.
///
/// Starts full, at the published figures. A throttled call empties it and halves its refill; the refill then grows
/// steadily until it is as published again, never beyond.
///
/// AWS's bucket gives a token when a call arrives, not when this one lets it through: on a busy machine or a slow line
/// calls wait, and those that waited arrive together. Until a call is answered its token therefore does not grow back:
/// AWS's bucket is never emptier than this one.
#[derive(Clone, Debug)]
pub struct Bucket {
    capacity: f64,
    published: f64,
    share: f64,
    level: f64,
    at: Timestamp,
    rests_until: Timestamp,
    cut: Option<Timestamp>,
    /// When each call that was let through and is not answered yet was.
    unanswered: VecDeque<Timestamp>,
}

impl Bucket {
    /// A full bucket.
    pub fn new(budget: Budget, now: Timestamp) -> Self {
        let capacity = (budget.capacity - HEADROOM).max(1.0);
        let published = budget.refill * PACE;
        Self {
            capacity,
            published,
            share: 1.0,
            level: capacity,
            at: now,
            rests_until: now,
            cut: None,
            unanswered: VecDeque::new(),
        }
    }

    fn settle(&mut self, now: Timestamp) {
        while self.unanswered.front().is_some_and(|since| now.since(*since) >= FORGOTTEN) {
            self.unanswered.pop_front();
        }
        let passed = now.since(self.at).as_secs_f64();
        // The share grows while time passes; its mean over that time refills.
        let grown = (self.share + passed * RECOVERY).min(1.0);
        self.level = (self.level + passed * self.published * f64::midpoint(self.share, grown)).min(self.most());
        self.share = grown;
        self.at = self.at.max(now);
    }

    /// How full it can be now.
    fn most(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a few calls")]
        let unanswered = self.unanswered.len() as f64;
        self.capacity - unanswered
    }

    /// Time until it has a token, zero if it has one.
    pub fn wait(&mut self, now: Timestamp) -> Duration {
        self.settle(now);
        if self.most() < 1.0 {
            // Until one of them is answered, of which it is told, or is forgotten.
            return self.unanswered.front().map_or(Duration::ZERO, |since| since.after(FORGOTTEN).since(now));
        }
        let missing = (1.0 - self.level).max(0.0);
        let refilled = Duration::from_secs_f64(missing / (self.published * self.share));
        // Rounded up to the clock's microseconds: waking too early would mean waking again.
        let refilled = if missing > 0.0 { refilled + Duration::from_micros(1) } else { refilled };
        refilled.max(self.rests_until.since(now))
    }

    /// Takes a token; `wait` has said that there is one.
    pub fn take(&mut self, now: Timestamp) {
        self.level -= 1.0;
        self.unanswered.push_back(now);
    }

    /// A call that it let through has been answered.
    pub fn answered(&mut self, now: Timestamp) {
        self.settle(now);
        self.unanswered.pop_front();
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
            bucket.take(now);
            bucket.answered(now);
            taken += 1;
        }
        taken
    }

    #[test]
    fn it_lets_a_burst_through_and_then_one_at_a_time() {
        let mut bucket = Bucket::new(NAT, at(0));
        assert_eq!(burst(&mut bucket, at(0)), 9, "one token is left");
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
    fn tokens_of_calls_that_are_not_answered_yet_do_not_grow_back() {
        let mut bucket = Bucket::new(NAT, at(0));
        for _ in 0..9 {
            bucket.take(at(0));
        }
        assert_eq!(burst(&mut bucket, at(3)), 0, "they may all arrive only now");
        (0..9).for_each(|_| bucket.answered(at(3)));
        assert_eq!(burst(&mut bucket, at(5)), 1, "two seconds' worth, little less");
        bucket.take(at(6));
        assert_eq!(burst(&mut bucket, at(1_000)), 9, "one that is never answered is forgotten");
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
