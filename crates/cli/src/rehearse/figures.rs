//! What a calm rehearsal says about time and calls.

use std::collections::BTreeMap;
use std::time::Duration;

use globe_model::{Address, Event, Plan, Timestamp};
use serde::Serialize;

use super::stage::Act;
use super::trial::Trial;

/// Of one command.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    /// `up`
    pub command: &'static str,
    /// Steps carried out.
    pub steps: usize,
    /// How long it takes, in seconds.
    pub seconds: f64,
    /// Until the last step of each region (or `global`) is done, in seconds.
    pub regions: BTreeMap<String, f64>,
    /// The chain of steps that decides how long it takes, first step first.
    pub critical: Vec<Link>,
    /// AWS calls, by service.
    pub calls: BTreeMap<String, u64>,
}

/// A step of the critical path.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Link {
    /// Which resource.
    pub address: Address,
    /// How long it takes by itself, in seconds.
    pub seconds: f64,
}

/// Names of the commands, in the order of a rehearsal.
pub const COMMANDS: [&str; 4] = ["up", "diff", "up of the edited file", "down"];

/// Of each command that was carried out whole.
pub fn of(calm: &Trial) -> Vec<Figures> {
    calm.acts.iter().enumerate().map(|(index, act)| of_act(COMMANDS[index], act, calm)).collect()
}

fn of_act(command: &'static str, act: &Act, calm: &Trial) -> Figures {
    let (began, ended) = act.span;
    let during = calm.events.iter().filter(|(at, _)| *at >= began && *at <= ended);
    let times = Times::of(during);
    let mut regions = BTreeMap::new();
    for (address, done) in &times.done {
        let seconds = done.since(began).as_secs_f64();
        let last: &mut f64 = regions.entry(address.scope.to_string()).or_default();
        *last = last.max(seconds);
    }
    let mut calls = BTreeMap::new();
    for call in calm.calls.get(act.calls.clone()).unwrap_or_default() {
        *calls.entry(call.service.clone()).or_default() += 1;
    }
    Figures {
        command,
        steps: times.done.len(),
        seconds: ended.since(began).as_secs_f64(),
        regions,
        critical: act.plan.as_ref().map(|plan| times.critical(plan)).unwrap_or_default(),
        calls,
    }
}

#[derive(Default)]
struct Times {
    done: BTreeMap<Address, Timestamp>,
    took: BTreeMap<Address, Duration>,
}

impl Times {
    fn of<'a>(events: impl Iterator<Item = &'a (Timestamp, Event)>) -> Self {
        let mut times = Self::default();
        for (at, event) in events {
            if let Event::Done { address, elapsed, .. } = event {
                times.done.insert(address.clone(), *at);
                times.took.insert(address.clone(), *elapsed);
            }
        }
        times
    }

    /// Back from the step that ended last, each time to what it waited for longest.
    fn critical(&self, plan: &Plan) -> Vec<Link> {
        let ended = |step: &usize| self.done.get(&plan.steps[*step].address);
        let mut chain = Vec::new();
        let mut next = (0..plan.steps.len()).max_by_key(ended);
        while let Some(index) = next {
            let step = &plan.steps[index];
            let seconds = self.took.get(&step.address).map(Duration::as_secs_f64).unwrap_or_default();
            chain.push(Link { address: step.address.clone(), seconds });
            next = step.after.iter().map(|link| link.step).max_by_key(ended);
        }
        chain.reverse();
        chain
    }
}
