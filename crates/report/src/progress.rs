//! A run's events folded into what a progress display shows.

use std::collections::BTreeMap;

use globe_model::{Action, Address, Event, Plan, Scope, Timestamp};

use crate::event_line::{repeated, under_way};
use crate::layout::one_line;
use crate::words::duration_words;

/// A step under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// What is done.
    pub action: Action,
    /// Since when.
    pub since: Timestamp,
    /// What AWS is waited for, if it is.
    pub waiting: Option<String>,
}

impl Running {
    /// `creating, state pending, 1 min 20 s`
    fn text(&self, now: Timestamp) -> String {
        let elapsed = duration_words(std::time::Duration::from_secs(now.since(self.since).as_secs()));
        match &self.waiting {
            Some(what) => format!("{}, {what}, {elapsed}", under_way(self.action)),
            None => format!("{}, {elapsed}", under_way(self.action)),
        }
    }
}

/// How far one scope is. Steps are counted, so a replacement counts as two.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeProgress {
    /// Steps of the plan.
    pub total: usize,
    /// Steps done.
    pub done: usize,
    /// Steps failed.
    pub failed: usize,
    /// Steps under way.
    pub running: BTreeMap<Address, Running>,
}

impl ScopeProgress {
    /// Steps under way with what they wait for and for how long, by address.
    pub fn lines(&self, now: Timestamp) -> Vec<(Address, String)> {
        self.running.iter().map(|(address, running)| (address.clone(), running.text(now))).collect()
    }
}

/// What a progress display shows: starts from the plan, follows the events, draws nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProgressModel {
    scopes: BTreeMap<Scope, ScopeProgress>,
    stopping: bool,
}

impl ProgressModel {
    /// Before the first event.
    pub fn new(plan: &Plan) -> Self {
        let mut model = Self::default();
        for step in &plan.steps {
            model.scope(&step.address).total += 1;
        }
        model
    }

    /// Takes in an event that happened `at` a moment.
    pub fn apply(&mut self, at: Timestamp, event: &Event) {
        match event {
            Event::Started { address, action } => {
                let running = Running { action: *action, since: at, waiting: None };
                self.scope(address).running.insert(address.clone(), running);
            }
            Event::Waiting { address, what } => self.waits(address, one_line(what)),
            Event::Retrying { address, error, .. } => self.waits(address, repeated(error)),
            Event::Done { address, .. } => self.ends(address).done += 1,
            Event::Failed(failure) => self.ends(&failure.address).failed += 1,
            Event::Stopping { .. } => self.stopping = true,
            Event::RunFinished { .. } => self.scopes.values_mut().for_each(|scope| scope.running.clear()),
            Event::RunStarted { .. } | Event::Recovered { .. } => {}
        }
    }

    fn scope(&mut self, address: &Address) -> &mut ScopeProgress {
        self.scopes.entry(address.scope.clone()).or_default()
    }

    fn waits(&mut self, address: &Address, what: String) {
        if let Some(running) = self.scope(address).running.get_mut(address) {
            running.waiting = Some(what);
        }
    }

    fn ends(&mut self, address: &Address) -> &mut ScopeProgress {
        let scope = self.scope(address);
        scope.running.remove(address);
        scope
    }

    /// Progress per scope, `global` first.
    pub fn scopes(&self) -> impl Iterator<Item = (&Scope, &ScopeProgress)> {
        self.scopes.iter()
    }

    /// Whether the user asked to stop.
    pub fn is_stopping(&self) -> bool {
        self.stopping
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn after(events: usize) -> ProgressModel {
        let mut model = ProgressModel::new(&sample::mixed().0);
        for (second, event) in sample::events().iter().take(events).enumerate() {
            model.apply(Timestamp(second as i64 * 1_000_000), event);
        }
        model
    }

    fn shown(model: &ProgressModel) -> String {
        let scope = |(scope, progress): (&Scope, &ScopeProgress)| {
            let ScopeProgress { total, done, failed, .. } = progress;
            let lines = progress.lines(Timestamp(80_000_000));
            let lines: String = lines.iter().map(|(address, text)| format!("\n  {address}: {text}")).collect();
            format!("{scope} {done} of {total}, {failed} failed{lines}\n")
        };
        model.scopes().map(scope).collect()
    }

    #[test]
    fn totals_are_known_before_anything_happens() {
        insta::assert_snapshot!(shown(&after(0)), @r"
        eu-central-1 0 of 3, 0 failed
        us-east-1 0 of 5, 0 failed
        ");
    }

    #[test]
    fn what_runs_says_what_it_waits_for_and_for_how_long() {
        insta::assert_snapshot!(shown(&after(7)), @r"
        eu-central-1 0 of 3, 0 failed
          eu-central-1/autoscaling/group/web: updating, another operation is under way (autoscaling:UpdateAutoScalingGroup), 1 min 18 s
          eu-central-1/ec2/nat_gateway/main-a: creating, state pending, 1 min 17 s
        us-east-1 0 of 5, 0 failed
        ");
    }

    #[test]
    fn nothing_runs_after_the_end() {
        let mut cut_short = after(7);
        let running = |model: &ProgressModel| model.scopes().map(|(_, progress)| progress.running.len()).sum::<usize>();
        assert_eq!(running(&cut_short), 2);
        cut_short.apply(Timestamp(0), &Event::RunFinished { summary: sample::summary() });
        assert_eq!(running(&cut_short), 0);
    }

    #[test]
    fn what_ends_is_counted() {
        let all = after(usize::MAX);
        assert!(all.is_stopping() && !after(7).is_stopping());
        let totals: (usize, usize) = all.scopes().fold((0, 0), |(d, f), (_, p)| (d + p.done, f + p.failed));
        assert_eq!(totals, (1, 1));
    }
}
