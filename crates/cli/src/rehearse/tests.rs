//! The same seed gives the same trace, and planted bugs are found.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use globe_model::{
    Action, Address, CallError, Candidate, Claim, Cloud, DataPolicy, Departing, Desired, Head, HistoryEntry, Holding,
    Identity, Intent, IntentAction, Journal, JournalError, Lease, LeaseRequest, Live, Outcome, Patch, Plan, Record,
    Risk, RunEnd, RunStart, Scope, Timestamp, Token, Wanted,
};
use globe_sandbox::{Fault, When};

use super::crowd::{Common, Tally, run_all};
use super::invariants::Check;
use super::schedule::Schedule;
use super::seams::{AsIs, Seams};
use super::trial::{Script, Trial, run, trace_text};
use globe_model::Region;

const ONE: &str = include_str!("../../../../tests/rehearsal/one.toml");
/// A network and nothing else.
const TINY: &str = r#"
stack = "tiny"
account = "123456789012"
primary = "us-east-1"
[regions.us-east-1]
cidr = "10.0.0.0/16"
[network.main]
zones = 1
nat = "none"
"#;

fn script(text: &str) -> Script {
    Script::new(&globe_config::parse("globe.toml", text).expect("a valid file"))
}

fn calm(script: &Script, seams: Arc<dyn Seams>) -> Trial {
    run(script, 0, &Schedule::calm(), None, seams).expect("runs")
}

/// Runs seeds until one breaks something.
fn seeds(script: &Script, seams: Arc<dyn Seams>, seeds: u64) -> Tally {
    let profile = calm(script, Arc::new(AsIs)).profile();
    let schedule = |seed| Schedule::of(seed, &profile);
    let common = Common { script, profile: &profile, schedule: &schedule, seams };
    run_all(&common, 1..seeds + 1, |_| {}).expect("runs")
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    let script = script(ONE);
    let profile = calm(&script, Arc::new(AsIs)).profile();
    for seed in [0, 5, 11] {
        let schedule = Schedule::of(seed, &profile);
        let trace = || trace_text(&run(&script, seed, &schedule, Some(&profile), Arc::new(AsIs)).expect("runs"));
        let (first, second) = (trace(), trace());
        assert!(first.lines().count() > 100, "a trace says what happened: {first}");
        let differs = first.lines().zip(second.lines()).find(|(one, other)| one != other);
        assert_eq!(differs, None, "seed {seed}");
        assert_eq!(first, second, "seed {seed}");
    }
}

#[test]
fn seeds_differ() {
    let script = script(TINY);
    let profile = calm(&script, Arc::new(AsIs)).profile();
    assert_eq!(Schedule::of(7, &profile), Schedule::of(7, &profile));
    assert_ne!(Schedule::of(7, &profile), Schedule::of(8, &profile));
    let sorts: std::collections::BTreeSet<Fault> = (0..400)
        .flat_map(|seed| Schedule::of(seed, &profile).blows)
        .flat_map(|blow| blow.faults)
        .map(|rule| rule.fault)
        .collect();
    // This stack makes nothing that can fail while it is being made.
    let missing: Vec<Fault> = Fault::ALL.into_iter().filter(|fault| !sorts.contains(fault)).collect();
    assert_eq!(missing, [Fault::FailsCreating]);
}

#[test]
fn a_lost_region_is_all_that_goes_wrong() {
    let script = script(TINY);
    let profile = calm(&script, Arc::new(AsIs)).profile();
    let lost = Region::new("us-east-1");
    let schedule = Schedule::losing(3, &profile, &lost, Some(Duration::from_secs(60)));
    for blow in &schedule.blows {
        let [rule] = blow.faults.as_slice() else { panic!("{blow:?}") };
        assert_eq!((rule.action.as_str(), rule.region.as_str(), rule.fault), ("*", "us-east-1", Fault::LostBefore));
        assert!(matches!(rule.when, When::Span { length, .. } if length == 60.0), "{rule}");
    }
    let trial = run(&script, 3, &schedule, Some(&profile), Arc::new(AsIs)).expect("runs");
    assert_eq!(trial.broken, None);
    assert!(trial.struck().keys().all(|fault| *fault == Fault::LostBefore));
}

/// Drops every edge of one step that makes something.
struct DroppedEdge;

impl Seams for DroppedEdge {
    fn plan(&self, mut plan: Plan) -> Plan {
        let makes = |step: &&mut globe_model::Step| step.action == Action::Create && !step.after.is_empty();
        if let Some(step) = plan.steps.iter_mut().find(makes) {
            step.after.clear();
        }
        plan
    }
}

#[test]
fn a_dropped_edge_is_found() {
    let broken = calm(&script(TINY), Arc::new(DroppedEdge)).broken.expect("it is found without any fault");
    assert!(matches!(broken.check, Check::Converges | Check::UpstreamFirst), "{broken:?}");
}

/// Calls AWS with another token than the intent's.
struct Forgetful(Arc<dyn Cloud>);

struct MissingToken;

impl Seams for MissingToken {
    fn cloud(&self, cloud: Arc<dyn Cloud>) -> Arc<dyn Cloud> {
        Arc::new(Forgetful(cloud))
    }
}

#[async_trait]
impl Cloud for Forgetful {
    async fn read(&self, address: &Address, id: &str) -> Result<Option<Live>, CallError> {
        self.0.read(address, id).await
    }
    async fn discover(&self, kind: &str, scope: &Scope, wanted: &[Wanted]) -> Result<Vec<Candidate>, CallError> {
        self.0.discover(kind, scope, wanted).await
    }
    async fn create(&self, address: &Address, desired: &Desired, _: &Token) -> Result<String, CallError> {
        self.0.create(address, desired, &Token::random()).await
    }
    async fn update(&self, address: &Address, id: &str, patch: &Patch) -> Result<(), CallError> {
        self.0.update(address, id, patch).await
    }
    async fn delete(&self, address: &Address, id: &str, data: DataPolicy) -> Result<(), CallError> {
        self.0.delete(address, id, data).await
    }
    async fn data_at_risk(&self, address: &Address, id: &str) -> Result<Option<Risk>, CallError> {
        self.0.data_at_risk(address, id).await
    }
}

#[test]
fn a_create_without_its_token_is_found() {
    let script = script(TINY);
    assert_eq!(calm(&script, Arc::new(MissingToken)).broken, None, "where no answer is lost it does not matter");
    let found = seeds(&script, Arc::new(MissingToken), 100).broken.expect("a seed finds it");
    let broken = found.broken.expect("it is broken");
    let duplicate = [Check::OneOfEach, Check::NoOrphan, Check::AsWithoutFaults, Check::Converges];
    assert!(duplicate.contains(&broken.check), "{broken:?}");
}

/// Records the outcome of a change or a delete before the call is made.
struct Hasty(Arc<dyn Journal>);

struct OutcomeBeforeCall;

impl Seams for OutcomeBeforeCall {
    fn journal(&self, journal: Arc<dyn Journal>) -> Arc<dyn Journal> {
        Arc::new(Hasty(journal))
    }
}

#[async_trait]
impl Journal for Hasty {
    async fn intend(&self, lease: &Lease, intent: &Intent) -> Result<(), JournalError> {
        self.0.intend(lease, intent).await?;
        match intent.action {
            IntentAction::Create => Ok(()),
            IntentAction::Update => self.0.conclude(lease, intent, &Outcome::Updated).await,
            IntentAction::Delete => self.0.conclude(lease, intent, &Outcome::Deleting).await,
        }
    }
    async fn conclude(&self, lease: &Lease, intent: &Intent, outcome: &Outcome) -> Result<(), JournalError> {
        match intent.action {
            IntentAction::Create => self.0.conclude(lease, intent, outcome).await,
            _ => Ok(()),
        }
    }
    async fn head(&self, stack: &str) -> Result<Head, JournalError> {
        self.0.head(stack).await
    }
    async fn acquire(&self, request: &LeaseRequest) -> Result<Lease, JournalError> {
        self.0.acquire(request).await
    }
    async fn renew(&self, lease: &Lease, ttl: Duration) -> Result<Timestamp, JournalError> {
        self.0.renew(lease, ttl).await
    }
    async fn release(&self, lease: &Lease) -> Result<(), JournalError> {
        self.0.release(lease).await
    }
    async fn holdings(&self, stack: &str) -> Result<Vec<Holding>, JournalError> {
        self.0.holdings(stack).await
    }
    async fn evict(&self, stack: &str, holding: &Holding) -> Result<bool, JournalError> {
        self.0.evict(stack, holding).await
    }
    async fn begin(&self, lease: &Lease, start: &RunStart) -> Result<(), JournalError> {
        self.0.begin(lease, start).await
    }
    async fn settle(&self, lease: &Lease, run: &str, record: &Record) -> Result<(), JournalError> {
        self.0.settle(lease, run, record).await
    }
    async fn postpone(&self, lease: &Lease, run: &str, departing: &Departing) -> Result<(), JournalError> {
        self.0.postpone(lease, run, departing).await
    }
    async fn forget(&self, lease: &Lease, run: &str, address: &Address, id: &str) -> Result<(), JournalError> {
        self.0.forget(lease, run, address, id).await
    }
    async fn identify(&self, claim: &Claim) -> Result<Identity, JournalError> {
        self.0.identify(claim).await
    }
    async fn settle_intent(&self, lease: &Lease, intent: &Intent, made: Option<&str>) -> Result<(), JournalError> {
        self.0.settle_intent(lease, intent, made).await
    }
    async fn forget_region(&self, lease: &Lease, run: &str, region: &Region) -> Result<(), JournalError> {
        self.0.forget_region(lease, run, region).await
    }
    async fn finish(&self, lease: &Lease, end: &RunEnd) -> Result<(), JournalError> {
        self.0.finish(lease, end).await
    }
    async fn history(&self, stack: &str, limit: u32) -> Result<Vec<HistoryEntry>, JournalError> {
        self.0.history(stack, limit).await
    }
}

#[test]
fn an_outcome_before_its_call_is_found() {
    let broken = calm(&script(TINY), Arc::new(OutcomeBeforeCall)).broken.expect("it is found without any fault");
    assert_eq!(broken.check, Check::IntentFirst, "{broken:?}");
}

#[test]
fn a_small_stack_keeps_its_promises() {
    let tally = seeds(&script(TINY), Arc::new(AsIs), 12);
    assert_eq!(tally.broken.map(|trial| (trial.seed, trial.broken)), None);
    assert_eq!(tally.seeds, 12);
}
