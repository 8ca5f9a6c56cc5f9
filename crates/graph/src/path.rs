//! The longest way from each step to the end: who starts first, and how long it will take.

use std::cmp::Reverse;
use std::time::Duration;

use globe_model::Need;

/// How long a step takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weight {
    /// Until its identity is known: what waits for no more than that can start.
    pub exists: Duration,
    /// Until it is ready; at least `exists`.
    pub ready: Duration,
}

impl Weight {
    /// A step whose identity is known after `exists`, or when it is ready if that comes first.
    pub fn new(exists: Duration, ready: Duration) -> Self {
        Self { exists: exists.min(ready), ready }
    }

    /// The part of it that a follower waits for.
    fn until(self, need: Need) -> Duration {
        match need {
            Need::Exists => self.exists,
            Need::Ready => self.ready,
        }
    }
}

/// One step of the longest chain, and what it adds to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    /// Index of the step.
    pub step: usize,
    /// How long the next one waits for it; of the last, until it is ready.
    pub takes: Duration,
}

/// Times per step, and the longest chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remaining {
    /// From the start of each step to the end of the longest chain behind it.
    pub by_step: Vec<Duration>,
    /// The longest chain, first step first.
    pub critical: Vec<Leg>,
}

impl Remaining {
    /// How long everything takes when nothing but the chain limits it.
    pub fn total(&self) -> Duration {
        self.critical.iter().map(|leg| leg.takes).sum()
    }
}

/// Measures steps that take `weights` and wait for `after` (indices, and how far those must be). Steps in a cycle, and
/// those that a cycle waits for, count for themselves alone. Every link is looked at twice, whatever the size.
pub fn remaining(weights: &[Weight], after: &[Vec<(usize, Need)>]) -> Remaining {
    let count = weights.len();
    let mut waiting: Vec<usize> = vec![0; count];
    for (upstream, _) in after.iter().flatten().filter(|(upstream, _)| *upstream < count) {
        waiting[*upstream] += 1;
    }
    let mut by_step: Vec<Duration> = weights.iter().map(|weight| weight.ready).collect();
    let mut next: Vec<Option<(usize, Duration)>> = vec![None; count];
    let mut settled: Vec<usize> = (0..count).filter(|step| waiting[*step] == 0).collect();
    while let Some(step) = settled.pop() {
        for (upstream, need) in after[step].iter().copied().filter(|(upstream, _)| *upstream < count) {
            let takes = weights[upstream].until(need);
            if takes + by_step[step] > by_step[upstream] {
                by_step[upstream] = takes + by_step[step];
                next[upstream] = Some((step, takes));
            }
            waiting[upstream] -= 1;
            if waiting[upstream] == 0 {
                settled.push(upstream);
            }
        }
    }
    let first = (0..count).max_by_key(|step| (by_step[*step], Reverse(*step)));
    let critical = std::iter::successors(first, |step| next[*step].map(|(follower, _)| follower));
    let leg = |step: usize| Leg { step, takes: next[step].map_or(weights[step].ready, |(_, takes)| takes) };
    Remaining { critical: critical.map(leg).collect(), by_step }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    /// Weights as (exists, ready) and links that wait until ready.
    fn measured(weights: &[(u64, u64)], after: &[&[(usize, Need)]]) -> Remaining {
        let weights: Vec<_> = weights.iter().map(|(e, r)| Weight::new(second(*e), second(*r))).collect();
        remaining(&weights, &after.iter().map(|links| links.to_vec()).collect::<Vec<_>>())
    }

    fn chain(found: &Remaining) -> Vec<(usize, u64)> {
        found.critical.iter().map(|leg| (leg.step, leg.takes.as_secs())).collect()
    }

    #[test]
    fn the_longest_chain_counts() {
        use Need::Ready;
        // 0 -> 1 -> 3, 0 -> 2 -> 3
        let weights = [(1, 1), (1, 10), (1, 2), (1, 5)];
        let found = measured(&weights, &[&[], &[(0, Ready)], &[(0, Ready)], &[(1, Ready), (2, Ready)]]);
        assert_eq!(found.by_step, [16, 15, 7, 5].map(second));
        assert_eq!(chain(&found), [(0, 1), (1, 10), (3, 5)]);
        assert_eq!(found.total(), second(16));
    }

    #[test]
    fn whoever_needs_an_identity_alone_waits_no_longer() {
        // A certificate of 40 s whose record needs only its challenge, and something that needs it issued.
        let weights = [(1, 40), (1, 2), (1, 3)];
        let found = measured(&weights, &[&[], &[(0, Need::Exists)], &[(0, Need::Ready)]]);
        assert_eq!(found.by_step, [43, 2, 3].map(second));
        assert_eq!(chain(&found), [(0, 40), (2, 3)]);
        let found = measured(&weights[..2], &[&[], &[(0, Need::Exists)]]);
        assert_eq!(chain(&found), [(0, 40)], "what follows is over before the certificate is issued");
    }

    #[test]
    fn nothing_takes_no_time_and_a_cycle_does_not_hang() {
        assert_eq!(measured(&[], &[]).total(), Duration::ZERO);
        let found = measured(&[(1, 1), (1, 2)], &[&[(1, Need::Ready)], &[(0, Need::Ready)]]);
        assert_eq!(found.by_step, [1, 2].map(second));
    }
}
