//! The longest way from each step to the end: who starts first, and how long it will take.

use std::time::Duration;

/// Times per step, and the longest chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remaining {
    /// From the start of each step to the end of the longest chain behind it.
    pub by_step: Vec<Duration>,
    /// The longest chain, first step first.
    pub critical: Vec<usize>,
}

impl Remaining {
    /// How long everything takes when nothing but the chain limits it.
    pub fn total(&self) -> Duration {
        self.critical.first().and_then(|first| self.by_step.get(*first)).copied().unwrap_or_default()
    }
}

/// Measures steps that take `weights` and wait for `after` (indices). Steps in a cycle count for themselves alone.
pub fn remaining(weights: &[Duration], after: &[Vec<usize>]) -> Remaining {
    let count = weights.len();
    let mut followers: Vec<Vec<usize>> = vec![Vec::new(); count];
    let mut open: Vec<usize> = vec![0; count];
    for (step, before) in after.iter().enumerate() {
        for upstream in before.iter().filter(|upstream| **upstream < count) {
            followers[*upstream].push(step);
            open[*upstream] += 1;
        }
    }
    let mut by_step = weights.to_vec();
    let mut next: Vec<Option<usize>> = vec![None; count];
    let mut ready: Vec<usize> = (0..count).filter(|step| open[*step] == 0).collect();
    while let Some(step) = ready.pop() {
        let longest = followers[step].iter().copied().max_by_key(|follower| by_step[*follower]);
        if let Some(follower) = longest {
            by_step[step] = weights[step] + by_step[follower];
            next[step] = Some(follower);
        }
        for upstream in after[step].iter().filter(|upstream| **upstream < count) {
            open[*upstream] -= 1;
            if open[*upstream] == 0 {
                ready.push(*upstream);
            }
        }
    }
    let first = (0..count).max_by_key(|step| (by_step[*step], std::cmp::Reverse(*step)));
    let critical = std::iter::successors(first, |step| next[*step]).collect();
    Remaining { by_step, critical }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_chain_counts() {
        let seconds = |values: &[u64]| values.iter().map(|value| Duration::from_secs(*value)).collect::<Vec<_>>();
        // 0 -> 1 -> 3, 0 -> 2 -> 3
        let found = remaining(&seconds(&[1, 10, 2, 5]), &[vec![], vec![0], vec![0], vec![1, 2]]);
        assert_eq!(found.by_step, seconds(&[16, 15, 7, 5]));
        assert_eq!(found.critical, [0, 1, 3]);
        assert_eq!(found.total(), Duration::from_secs(16));
    }

    #[test]
    fn nothing_takes_no_time() {
        assert_eq!(remaining(&[], &[]).total(), Duration::ZERO);
    }
}
