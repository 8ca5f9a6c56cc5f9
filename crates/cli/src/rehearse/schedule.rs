//! What goes wrong, from one seed.

use std::time::Duration;

use globe_model::Region;
use globe_sandbox::{Fault, FaultRule, When};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use super::profile::{ActProfile, Profile, Used};

/// How AWS is, beside what goes wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Manner {
    /// How long reads lag behind creates.
    pub lag: Duration,
    /// What every answer takes.
    pub latency: Duration,
    /// At most added to that.
    pub jitter: Duration,
    /// Whether published request limits are enforced.
    pub limits: bool,
}

/// How a command ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ending {
    /// By itself.
    #[default]
    Itself,
    /// Ctrl-C after this time.
    Interrupted(Duration),
    /// `kill -9` after this time.
    Killed(Duration),
}

/// What happens to one command.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Blow {
    /// To its calls.
    pub faults: Vec<FaultRule>,
    /// To itself.
    pub ending: Ending,
}

/// What happens to all commands of a rehearsal: `up`, `diff`, `up` of the edited file, `down`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Schedule {
    /// How AWS is.
    pub manner: Manner,
    /// One for each command.
    pub blows: [Blow; 4],
}

/// What a call takes where nothing is out of the ordinary.
const LATENCY: Duration = Duration::from_millis(80);
/// What creates of the sandbox can fail while they are under way.
const CAN_FAIL: [&str; 3] = ["CreateNatGateway", "CreateVpcEndpoint", "CreateLoadBalancer"];

impl Schedule {
    /// Nothing goes wrong.
    pub fn calm() -> Self {
        Self { manner: Manner { latency: LATENCY, ..Manner::default() }, blows: Default::default() }
    }

    /// What this seed brings upon commands that look like `profile`.
    pub fn of(seed: u64, profile: &Profile) -> Self {
        let mut dice = StdRng::seed_from_u64(seed);
        let manner = manner(&mut dice);
        let blows = std::array::from_fn(|index| blow(&mut dice, &profile.acts[index]));
        Self { manner, blows }
    }

    /// The same, but all that goes wrong is that a region is dark from somewhere in the middle of each command, for
    /// good or for a while.
    pub fn losing(seed: u64, profile: &Profile, region: &Region, back_after: Option<Duration>) -> Self {
        let mut dice = StdRng::seed_from_u64(seed);
        let manner = manner(&mut dice);
        let blows = std::array::from_fn(|index| {
            let from = within(&mut dice, profile.acts[index].took).as_secs_f64();
            let length = back_after.map_or(f64::INFINITY, |after| after.as_secs_f64());
            let dark = rule("*", region.as_str(), Fault::LostBefore, When::Span { from, length });
            Blow { faults: vec![dark], ending: Ending::Itself }
        });
        Self { manner, blows }
    }
}

fn manner(dice: &mut StdRng) -> Manner {
    let lags = [0, 0, 1, 3, 10, 30];
    Manner {
        lag: Duration::from_secs(lags.choose(dice).copied().unwrap_or_default()),
        latency: Duration::from_millis(dice.random_range(20..200)),
        jitter: Duration::from_millis(dice.random_range(0..400)),
        limits: dice.random_bool(0.2),
    }
}

fn within(dice: &mut StdRng, span: Duration) -> Duration {
    span.mul_f64(dice.random::<f64>())
}

fn blow(dice: &mut StdRng, act: &ActProfile) -> Blow {
    let count = dice.random_range(0..4);
    let faults = (0..count).filter_map(|_| fault(dice, act)).collect();
    let ending = match dice.random_range(0..100) {
        0..12 => Ending::Killed(within(dice, act.took)),
        12..20 => Ending::Interrupted(within(dice, act.took)),
        _ => Ending::Itself,
    };
    Blow { faults, ending }
}

fn fault(dice: &mut StdRng, act: &ActProfile) -> Option<FaultRule> {
    let from = within(dice, act.took).as_secs_f64();
    match dice.random_range(0..100) {
        // Of one operation, a few calls.
        0..55 => {
            let sorts = [
                Fault::LostBefore,
                Fault::LostAfter,
                Fault::LostAfter,
                Fault::CutAfter,
                Fault::CutAfter,
                Fault::ErrorAfter,
                Fault::ErrorAfter,
                Fault::Unavailable,
                Fault::HangBefore,
                Fault::HangAfter,
            ];
            let used = any(dice, act, 0.8)?;
            let first = dice.random_range(1..=used.calls.max(1));
            let when = When::Calls { first, count: *[1, 1, 1, 2, 3].choose(dice)? };
            Some(rule(&used.action, &used.region, *sorts.choose(dice)?, when))
        }
        // Of one operation, all calls from some time on.
        55..65 => {
            let used = any(dice, act, 0.8)?;
            Some(rule(&used.action, &used.region, Fault::Denied, forever(from)))
        }
        65..72 => {
            let used = act.writes.iter().filter(|used| used.action.starts_with("Create")).collect::<Vec<_>>();
            let used = used.choose(dice)?;
            Some(rule(&used.action, &used.region, Fault::Quota, forever(from)))
        }
        72..78 => {
            let length = dice.random_range(1.0..90.0);
            Some(rule("*", &region(dice, act)?, Fault::Throttled, When::Span { from, length }))
        }
        78..84 => {
            let length = if dice.random_bool(0.3) { f64::INFINITY } else { dice.random_range(5.0..900.0) };
            Some(rule("*", &region(dice, act)?, Fault::LostBefore, When::Span { from, length }))
        }
        84..88 => Some(rule("*", "*", Fault::Expired, forever(from))),
        88..94 => made(dice, act, Fault::NeverReady, |_| true),
        _ => made(dice, act, Fault::FailsCreating, |action| CAN_FAIL.contains(&action)),
    }
}

/// Something that is made does not become what it should.
fn made(dice: &mut StdRng, act: &ActProfile, fault: Fault, can: impl Fn(&str) -> bool) -> Option<FaultRule> {
    let makes = |used: &&Used| used.action.starts_with("Create") && can(&used.action);
    let used = act.writes.iter().filter(makes).collect::<Vec<_>>();
    let used = used.choose(dice)?;
    let first = dice.random_range(1..=used.calls.max(1));
    Some(rule(&used.action, &used.region, fault, When::Calls { first, count: 1 }))
}

fn any<'a>(dice: &mut StdRng, act: &'a ActProfile, write: f64) -> Option<&'a Used> {
    let from = if dice.random_bool(write) && !act.writes.is_empty() { &act.writes } else { &act.reads };
    from.choose(dice)
}

fn region(dice: &mut StdRng, act: &ActProfile) -> Option<String> {
    act.reads.choose(dice).map(|used| used.region.clone())
}

fn forever(from: f64) -> When {
    When::Span { from, length: f64::INFINITY }
}

fn rule(action: &str, region: &str, fault: Fault, when: When) -> FaultRule {
    FaultRule { action: action.to_owned(), region: region.to_owned(), fault, when }
}
