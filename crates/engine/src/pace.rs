//! When to look again at something that is not ready, or not gone.

use std::time::Duration;

use globe_model::Timestamp;

/// Parts into which the typical duration is divided; near the expected end there is one look in each.
const PARTS: u32 = 32;
/// A look far from the expected end is worth so many near it.
const SPARSE: u32 = 4;
/// The expected end: from four fifths of the typical duration to five fourths of it.
const DENSE: (f64, f64) = (0.8, 1.25);
/// Bounds of the shortest pause: AWS's own delay in showing changes, and what a person waits for without wondering.
const SHORTEST: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(15));

/// The looks at one kind's objects: sparse at first, dense near the expected end, sparse again long after.
///
/// Looks fall on the marks of a ruler that is the same for all objects of a kind, whenever they were begun: forty NAT
/// gateways that wait share their calls.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    typical: Duration,
    unit: Duration,
}

impl Pace {
    /// For what typically takes `typical`.
    pub fn new(typical: Duration) -> Self {
        // Whole seconds, so that the marks of kinds that take about as long are the same too.
        let unit = Duration::from_secs((typical / PARTS).as_secs());
        Self { typical, unit: unit.clamp(SHORTEST.0, SHORTEST.1) }
    }

    /// How long after `now` to look again at what was begun at `started`.
    pub fn pause(&self, started: Timestamp, now: Timestamp) -> Duration {
        let elapsed = now.since(started);
        let (begins, ends) = (self.typical.mul_f64(DENSE.0), self.typical.mul_f64(DENSE.1));
        let long = self.unit * SPARSE;
        let pause = if elapsed < begins {
            (begins - elapsed).clamp(self.unit, long)
        } else if elapsed <= ends {
            self.unit
        } else {
            // An eighth of the time waited so far is lost at most.
            (elapsed / 8).clamp(self.unit, long)
        };
        near_mark(now, pause, self.unit)
    }
}

/// How long after `now` to look again at what must be known soon, because others wait for it.
pub fn soon(now: Timestamp) -> Duration {
    near_mark(now, SHORTEST.0, SHORTEST.0)
}

/// From `now` to the mark that is nearest to `pause` later, and never `now` itself.
fn near_mark(now: Timestamp, pause: Duration, unit: Duration) -> Duration {
    let earliest = now.after(pause.saturating_sub(unit / 2));
    let unit = i64::try_from(unit.as_micros()).unwrap_or(i64::MAX);
    let past = earliest.0.rem_euclid(unit);
    let mark = if past == 0 { earliest.0 } else { earliest.0.saturating_add(unit - past) };
    Timestamp(mark).since(now)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The moments at which an object begun at `started` is looked at, until `until` seconds later.
    fn looks(typical: u64, started: Timestamp, until: u64) -> Vec<Timestamp> {
        let pace = Pace::new(Duration::from_secs(typical));
        let (mut looks, mut now) = (Vec::new(), started);
        while now.since(started) < Duration::from_secs(until) {
            now = now.after(pace.pause(started, now));
            looks.push(now);
        }
        looks
    }

    fn between(looks: &[Timestamp], started: Timestamp, from: u64, to: u64) -> usize {
        let range = Duration::from_secs(from)..Duration::from_secs(to);
        looks.iter().filter(|look| range.contains(&look.since(started))).count()
    }

    #[test]
    fn looks_are_dense_near_the_expected_end_only() {
        let started = Timestamp(1_000_000_000_123);
        let looks = looks(320, started, 1000);
        let (first, middle, last) =
            (between(&looks, started, 0, 240), between(&looks, started, 260, 400), between(&looks, started, 860, 1000));
        assert!(first <= 7 && last <= 5, "{first} and {last} looks far from the end");
        assert!((13..=15).contains(&middle), "{middle} looks near it");
    }

    #[test]
    fn quick_kinds_are_looked_at_every_second() {
        let started = Timestamp(500_000);
        assert_eq!(looks(1, started, 3).len(), 4);
        assert_eq!(Pace::new(Duration::ZERO).pause(started, started), Duration::from_millis(500));
    }

    #[test]
    fn objects_begun_at_different_times_share_their_looks() {
        let all = (0..40).flat_map(|gateway| {
            let started = Timestamp(7_000_000_000 + gateway * 730_000);
            looks(120, started, 150)
        });
        let moments: BTreeSet<Timestamp> = all.collect();
        let most = (150 + 40) / 3 + 1;
        assert!(moments.len() <= most, "{} calls for forty objects, at most {most} marks", moments.len());
    }

    #[test]
    fn time_always_passes() {
        let pace = Pace::new(Duration::from_secs(3600));
        for now in [0, 1, 14_999_999, 15_000_000, 3_600_000_000] {
            assert!(pace.pause(Timestamp(0), Timestamp(now)) >= SHORTEST.0 / 2);
            assert!(soon(Timestamp(now)) >= SHORTEST.0 / 2);
        }
    }
}
