//! Which step may start: the run's state without IO.

use std::cmp::Reverse;
use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use globe_model::{KindTable, Need, Pace, Plan};

use crate::chain::chain;

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Not started.
    Waiting,
    /// Started.
    Running,
    /// Its identity and outputs are known; it is not ready yet.
    Exists,
    /// Done.
    Done,
    /// Failed, or stopped half-way.
    Failed,
}

impl Phase {
    fn is_in_flight(self) -> bool {
        matches!(self, Self::Running | Self::Exists)
    }

    /// Whether what needs this much of the step can start.
    fn meets(self, need: Need) -> bool {
        self == Self::Done || (self == Self::Exists && need == Need::Exists)
    }
}

/// All steps of a run. Every link is looked at once when its upstream gets there, whatever the size of the plan.
#[derive(Clone, Debug)]
pub struct Schedule {
    phases: Vec<Phase>,
    /// How many links of each step are not met yet.
    unmet: Vec<usize>,
    followers: Vec<Vec<(usize, Need)>>,
    /// Longest remaining path first, then plan order.
    ready: BTreeSet<(Reverse<Duration>, usize)>,
    priority: Vec<Duration>,
    in_flight: usize,
}

impl Schedule {
    /// A run that has not started.
    pub fn new(plan: &Plan, kinds: &KindTable, pace: &Pace) -> Self {
        let count = plan.steps.len();
        let mut followers: Vec<Vec<(usize, Need)>> = vec![Vec::new(); count];
        let mut unmet = vec![0; count];
        for (index, step) in plan.steps.iter().enumerate() {
            for link in &step.after {
                unmet[index] += 1;
                // One that leads nowhere is never met: the linter has refused such a plan.
                if let Some(followers) = followers.get_mut(link.step) {
                    followers.push((index, link.need));
                }
            }
        }
        let priority = chain(plan, kinds, pace).by_step;
        let free = (0..count).filter(|step| unmet[*step] == 0);
        let ready = free.map(|step| (Reverse(priority[step]), step)).collect();
        Self { phases: vec![Phase::Waiting; count], unmet, followers, ready, priority, in_flight: 0 }
    }

    /// The next step to start, which thereby is running. `None` while nothing is ready.
    pub fn start_next(&mut self) -> Option<usize> {
        let (_, step) = self.ready.pop_first()?;
        self.phases[step] = Phase::Running;
        self.in_flight += 1;
        Some(step)
    }

    /// A running step got further. Saying so twice is harmless; what has ended stays so.
    pub fn advance(&mut self, step: usize, phase: Phase) {
        let before = self.phases[step];
        if !before.is_in_flight() {
            return;
        }
        self.phases[step] = phase;
        if !phase.is_in_flight() {
            self.in_flight -= 1;
        }
        let newly_met = |need: Need| phase.meets(need) && !before.meets(need);
        for (follower, _) in self.followers[step].iter().filter(|(_, need)| newly_met(*need)) {
            self.unmet[*follower] -= 1;
            if self.unmet[*follower] == 0 && self.phases[*follower] == Phase::Waiting {
                self.ready.insert((Reverse(self.priority[*follower]), *follower));
            }
        }
    }

    /// How far a step is.
    pub fn phase(&self, step: usize) -> Phase {
        self.phases[step]
    }

    /// Steps in flight.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// For every waiting step, the failed one that keeps it from starting, if one does; `None` for all others.
    pub fn blockers(&self) -> Vec<Option<usize>> {
        let mut blocker = vec![None; self.phases.len()];
        let failed = (0..self.phases.len()).filter(|step| self.phases[*step] == Phase::Failed);
        let mut queue: VecDeque<(usize, usize)> = failed.map(|step| (step, step)).collect();
        while let Some((step, origin)) = queue.pop_front() {
            for (follower, _) in &self.followers[step] {
                if self.phases[*follower] == Phase::Waiting && blocker[*follower].is_none() {
                    blocker[*follower] = Some(origin);
                    queue.push_back((*follower, origin));
                }
            }
        }
        blocker
    }
}

#[cfg(test)]
mod tests {
    use globe_model::{Action, Address, Command, Link, Step};

    use super::*;

    fn step(name: &str, after: &[(usize, Need)]) -> Step {
        let after = after.iter().map(|(step, need)| Link { step: *step, need: *need }).collect();
        Step { after, ..Step::bare(Address::new("global", "test/node", name), Action::Create, None) }
    }

    fn schedule(steps: Vec<Step>) -> Schedule {
        let plan = Plan {
            version: Plan::VERSION,
            stack: "acme".into(),
            account: "123456789012".into(),
            command: Command::Up,
            parent: 0,
            leaves_down: BTreeSet::new(),
            leaves_up: BTreeSet::new(),
            moves: Vec::new(),
            protects: Default::default(),
            unread: Vec::new(),
            roles: Default::default(),
            steps,
            known: Default::default(),
        };
        Schedule::new(&plan, &KindTable::new([]), &Pace::default())
    }

    fn started(schedule: &mut Schedule) -> Vec<usize> {
        std::iter::from_fn(|| schedule.start_next()).collect()
    }

    #[test]
    fn a_step_starts_when_its_upstream_is_as_far_as_it_needs() {
        use Need::{Exists, Ready};
        let mut schedule =
            schedule(vec![step("a", &[]), step("b", &[(0, Exists)]), step("c", &[(0, Ready), (1, Exists)])]);
        assert_eq!(started(&mut schedule), [0]);
        for _ in 0..2 {
            // An identity is told anew whenever an output changes.
            schedule.advance(0, Phase::Exists);
        }
        assert_eq!(started(&mut schedule), [1]);
        schedule.advance(1, Phase::Done);
        assert_eq!((started(&mut schedule), schedule.in_flight()), (vec![], 1));
        schedule.advance(0, Phase::Done);
        schedule.advance(0, Phase::Exists);
        assert_eq!((started(&mut schedule), schedule.in_flight()), (vec![2], 1));
        assert_eq!(schedule.phase(0), Phase::Done, "what has ended stays so");
    }

    #[test]
    fn whatever_waits_for_a_failed_step_names_it() {
        let ready = |step| (step, Need::Ready);
        let mut schedule =
            schedule(vec![step("a", &[]), step("b", &[ready(0)]), step("c", &[ready(1)]), step("d", &[])]);
        assert_eq!(started(&mut schedule), [0, 3]);
        schedule.advance(0, Phase::Failed);
        schedule.advance(3, Phase::Done);
        assert_eq!(schedule.blockers(), [None, Some(0), Some(0), None]);
        assert_eq!((started(&mut schedule), schedule.in_flight()), (vec![], 0));
    }
}
