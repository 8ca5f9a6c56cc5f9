//! Which step may start: the run's state without IO.

use std::collections::BTreeSet;
use std::time::Duration;

use globe_graph::remaining;
use globe_model::{Action, Command, KindTable, Need, Plan, Step};

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

/// All steps of a run.
#[derive(Clone, Debug)]
pub struct Schedule {
    phases: Vec<Phase>,
    links: Vec<Vec<(usize, Need)>>,
    followers: Vec<Vec<usize>>,
    /// Longest remaining path first, then plan order.
    ready: BTreeSet<(std::cmp::Reverse<Duration>, usize)>,
    priority: Vec<Duration>,
}

/// How long a step takes typically.
pub fn typical(kinds: &KindTable, command: Command, step: &Step) -> Duration {
    let kind = kinds.get(&step.address.kind);
    match (step.action, kind) {
        (Action::Create, Some(kind)) => kind.durations().create,
        (Action::Delete, Some(kind)) if command == Command::Down => kind.durations().delete + kind.lingers(),
        (Action::Delete, Some(kind)) => kind.durations().delete,
        (Action::Forget, _) | (_, None) => Duration::ZERO,
        (Action::Update | Action::Adopt, _) => Duration::from_secs(1),
    }
}

impl Schedule {
    /// A run that has not started.
    pub fn new(plan: &Plan, kinds: &KindTable) -> Self {
        let weights: Vec<Duration> = plan.steps.iter().map(|step| typical(kinds, plan.command, step)).collect();
        let links: Vec<Vec<(usize, Need)>> =
            plan.steps.iter().map(|step| step.after.iter().map(|link| (link.step, link.need)).collect()).collect();
        let after: Vec<Vec<usize>> = links.iter().map(|links| links.iter().map(|(step, _)| *step).collect()).collect();
        let mut followers: Vec<Vec<usize>> = vec![Vec::new(); links.len()];
        for (step, before) in after.iter().enumerate() {
            for upstream in before {
                followers[*upstream].push(step);
            }
        }
        let priority = remaining(&weights, &after).by_step;
        let mut schedule =
            Self { phases: vec![Phase::Waiting; links.len()], links, followers, ready: BTreeSet::new(), priority };
        (0..schedule.phases.len()).for_each(|step| schedule.consider(step));
        schedule
    }

    fn consider(&mut self, step: usize) {
        let met = |(upstream, need): &(usize, Need)| match self.phases.get(*upstream) {
            Some(Phase::Done) => true,
            Some(Phase::Exists) => *need == Need::Exists,
            _ => false,
        };
        if self.phases[step] == Phase::Waiting && self.links[step].iter().all(met) {
            self.ready.insert((std::cmp::Reverse(self.priority[step]), step));
        }
    }

    /// The next step to start, which thereby is running. `None` while nothing is ready.
    pub fn start_next(&mut self) -> Option<usize> {
        let (_, step) = self.ready.pop_first()?;
        self.phases[step] = Phase::Running;
        Some(step)
    }

    /// A running step got further.
    pub fn advance(&mut self, step: usize, phase: Phase) {
        if self.phases[step] == Phase::Done {
            return;
        }
        self.phases[step] = phase;
        for follower in self.followers[step].clone() {
            self.consider(follower);
        }
    }

    /// How far a step is.
    pub fn phase(&self, step: usize) -> Phase {
        self.phases[step]
    }

    /// Steps in flight.
    pub fn in_flight(&self) -> usize {
        self.phases.iter().filter(|phase| matches!(phase, Phase::Running | Phase::Exists)).count()
    }

    /// The failed step that keeps a waiting one from starting, if one does.
    pub fn blocked_by(&self, step: usize) -> Option<usize> {
        let mut queue = vec![step];
        let mut seen = BTreeSet::new();
        while let Some(step) = queue.pop() {
            for (upstream, _) in &self.links[step] {
                if self.phases[*upstream] == Phase::Failed {
                    return Some(*upstream);
                }
                if self.phases[*upstream] == Phase::Waiting && seen.insert(*upstream) {
                    queue.push(*upstream);
                }
            }
        }
        None
    }
}
