//! Plans for small worlds of one made-up kind.

use std::collections::BTreeMap;

use globe_graph::GraphBuilder;
use globe_model::{
    Action, Cause, Desired, Durations, Edge, Kind, Live, Observation, Pending, Readiness, Record, Recovery, Ref,
    ReplaceOrder, Scope, Step, Timestamp, Upstream, Verdict, changes, erased, unknown,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::*;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Spec {
    on: Vec<Ref<Node>>,
    fixed: String,
    soft: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct State {
    on: Vec<String>,
    fixed: String,
    soft: String,
}

struct Node;

impl Kind for Node {
    const NAME: &'static str = "test/node";
    const RECOVERY: Recovery = Recovery::Name;
    const REPLACE: ReplaceOrder = ReplaceOrder::DeleteFirst;
    const DURATIONS: Durations = Durations::secs(1, 1);
    type Spec = Spec;
    type Desired = State;
    type Live = State;
    type Patch = ();
    type Outputs = String;
    fn refs(spec: &Spec, visit: &mut dyn FnMut(Edge)) {
        spec.on.iter().for_each(|reference| visit(Edge::ready(reference)));
    }
    fn lower(spec: &Spec, upstream: &Upstream<'_>) -> Result<State, Pending> {
        let on = spec.on.iter().map(|reference| upstream.of(reference)).collect::<Result<_, _>>()?;
        Ok(State { on, fixed: spec.fixed.clone(), soft: spec.soft.clone() })
    }
    fn diff(desired: &State, live: &State) -> Verdict<()> {
        let fixed = changes().field("fixed", &live.fixed, &desired.fixed).field("on", &live.on, &desired.on);
        if !fixed.is_empty() {
            return Verdict::Replace { changes: fixed.done() };
        }
        Verdict::patch_if(changes().field("soft", &live.soft, &desired.soft), ())
    }
    fn ready(_: &State) -> Readiness {
        Readiness::Ready
    }
    fn outputs(live: &State) -> Option<String> {
        Some(format!("id-{}", live.fixed))
    }
    fn unknown(address: &Address) -> String {
        unknown(address, "id")
    }
}

/// The kind of most worlds here.
pub(crate) fn node() -> Box<dyn globe_model::ErasedKind> {
    erased::<Node>()
}

/// A record: clients go on using it for a while after it is gone.
struct Sign;

impl Kind for Sign {
    const NAME: &'static str = "test/sign";
    const LINGERS: std::time::Duration = std::time::Duration::from_secs(60);
    const RECOVERY: Recovery = Recovery::Name;
    const DURATIONS: Durations = Durations::secs(1, 1);
    type Spec = Vec<Ref<Node>>;
    type Desired = ();
    type Live = ();
    type Patch = ();
    type Outputs = ();
    fn refs(spec: &Self::Spec, visit: &mut dyn FnMut(Edge)) {
        spec.iter().for_each(|reference| visit(Edge::ready(reference)));
    }
    fn lower(_: &Self::Spec, _: &Upstream<'_>) -> Result<(), Pending> {
        Ok(())
    }
    fn diff((): &(), (): &()) -> Verdict<()> {
        Verdict::Same
    }
    fn ready((): &()) -> Readiness {
        Readiness::Ready
    }
    fn outputs((): &()) -> Option<()> {
        Some(())
    }
    fn unknown(_: &Address) {}
}

/// A world: what the file says, what the journal says, what AWS says.
#[derive(Default)]
struct Case {
    wanted: Vec<(&'static str, Spec)>,
    head: Head,
    moves: Vec<Move>,
    inventory: Inventory,
    selection: Selection,
    down: bool,
}

fn at(name: &str) -> Address {
    let (scope, name) = name.split_once(':').unwrap_or(("us-east-1", name));
    Address::new(scope, "test/node", name)
}

fn reference(name: &str) -> Ref<Node> {
    let address = at(name);
    Ref::to(address.scope, address.name)
}

fn spec(fixed: &str, soft: &str, on: &[&str]) -> Spec {
    Spec { on: on.iter().map(|name| reference(name)).collect(), fixed: fixed.into(), soft: soft.into() }
}

impl Case {
    fn wants(mut self, name: &'static str, spec: Spec) -> Self {
        self.wanted.push((name, spec));
        self
    }

    /// Recorded and live as this spec says.
    fn has(mut self, name: &str, spec: Spec) -> Self {
        let ids = spec.on.iter().map(|on| match self.inventory.get(on.address()) {
            Some(Observation::Live { live, .. }) => format!("id-{}", live.open::<State>().expect("a state").fixed),
            _ => String::new(),
        });
        let state = State { on: ids.collect(), fixed: spec.fixed.clone(), soft: spec.soft.clone() };
        let record = Record {
            address: at(name),
            id: format!("aws-{name}"),
            spec: globe_model::Spec::of(spec.clone()),
            desired: Desired::of(state.clone()),
            outputs: Some(Outputs::of(format!("id-{}", spec.fixed))),
            at: Timestamp::default(),
        };
        let live = Observation::Live { id: record.id.clone(), live: Live::of(state), discovered: false };
        self.inventory.seen.insert(at(name), live);
        self.head.records.insert(at(name), record);
        self
    }

    /// Recorded and live, on these nodes.
    fn has_sign(mut self, name: &str, on: &[&str]) -> Self {
        let address = Address::new("global", "test/sign", name);
        let record = Record {
            address: address.clone(),
            id: format!("aws-{name}"),
            spec: globe_model::Spec::of(on.iter().map(|name| reference(name)).collect::<Vec<Ref<Node>>>()),
            desired: Desired::of(()),
            outputs: Some(Outputs::of(())),
            at: Timestamp::default(),
        };
        let live = Observation::Live { id: record.id.clone(), live: Live::of(()), discovered: false };
        self.inventory.seen.insert(address.clone(), live);
        self.head.records.insert(address, record);
        self
    }

    fn drifts(mut self, name: &str, member: &str, value: &str) -> Self {
        if let Some(Observation::Live { live, .. }) = self.inventory.seen.get_mut(&at(name)) {
            let mut state = live.json().expect("JSON");
            state[member] = json!(value);
            *live = serde_json::from_value(state).expect("JSON");
        }
        self
    }

    fn plan(&self) -> (Plan, PlanReport) {
        let kinds = KindTable::new([erased::<Node>(), erased::<Sign>()]);
        let mut builder = GraphBuilder::default();
        for (name, spec) in &self.wanted {
            builder.add_boxed(at(name), globe_model::Spec::of(spec.clone()));
        }
        let graph = builder.build(&kinds).expect("a DAG");
        let input = Input {
            stack: "acme",
            account: "123456789012",
            command: if self.down { Command::Down } else { Command::Up },
            kinds: &kinds,
            wanted: &graph,
            whole: &graph,
            head: &self.head,
            moves: &self.moves,
            inventory: &self.inventory,
            selection: &self.selection,
            leaves_down: BTreeSet::new(),
            leaves_up: BTreeSet::new(),
        };
        let (plan, report) = plan(&input);
        assert_eq!(lint(&plan), [], "{plan:#?}");
        let text = serde_json::to_string(&plan).expect("a plan is JSON");
        assert_eq!(serde_json::from_str::<Plan>(&text).expect("and back"), plan);
        (plan, report)
    }

    /// `action name <- what it waits for`, one line a step.
    fn lines(&self) -> Vec<String> {
        let (plan, _) = self.plan();
        let title = |step: &Step| format!("{:?} {}", step.action, step.address.name).to_lowercase();
        let line = |step: &Step| {
            let after: Vec<String> = step.after.iter().map(|link| title(&plan.steps[link.step])).collect();
            if after.is_empty() { title(step) } else { format!("{} <- {}", title(step), after.join(", ")) }
        };
        plan.steps.iter().map(line).collect()
    }
}

#[test]
fn nothing_there_means_create_upstream_first() {
    let case = Case::default().wants("a", spec("1", "x", &[])).wants("b", spec("1", "x", &["a"]));
    assert_eq!(case.lines(), ["create a", "create b <- create a"]);
}

#[test]
fn as_wanted_means_nothing_to_do() {
    let case = Case::default().has("a", spec("1", "x", &[])).wants("a", spec("1", "x", &[]));
    let (plan, report) = case.plan();
    assert!(plan.is_empty());
    assert_eq!(report.unchanged, 1);
}

#[test]
fn every_change_names_its_cause() {
    let case = Case::default().has("a", spec("1", "x", &[])).wants("a", spec("1", "y", &[]));
    let (plan, _) = case.plan();
    assert_eq!(plan.steps[0].action, Action::Update);
    assert_eq!(plan.steps[0].changes[0].cause, Cause::File);

    let case = Case::default().has("a", spec("1", "x", &[])).drifts("a", "soft", "z").wants("a", spec("1", "x", &[]));
    let (plan, _) = case.plan();
    assert_eq!(plan.steps[0].changes[0].cause, Cause::Drift);
    assert_eq!((&plan.steps[0].changes[0].from, &plan.steps[0].changes[0].to), (&json!("z"), &json!("x")));
}

#[test]
fn a_replacement_carries_its_dependents_along() {
    let case = Case::default()
        .has("a", spec("1", "x", &[]))
        .has("b", spec("1", "x", &["a"]))
        .wants("a", spec("2", "x", &[]))
        .wants("b", spec("1", "x", &["a"]));
    assert_eq!(
        case.lines(),
        ["create a <- delete a", "delete a <- delete b", "create b <- create a, delete b", "delete b"]
    );
    let (plan, _) = case.plan();
    let b = plan.steps.iter().find(|step| step.address == at("b") && step.action == Action::Create).expect("b");
    assert_eq!(b.changes[0].cause, Cause::Upstream);
}

#[test]
fn what_left_the_file_goes_dependents_first() {
    let case = Case::default().has("a", spec("1", "x", &[])).has("b", spec("1", "x", &["a"]));
    assert_eq!(case.lines(), ["delete a <- delete b", "delete b"]);
}

#[test]
fn what_was_deleted_behind_our_back_is_made_again() {
    let mut case = Case::default().has("a", spec("1", "x", &[])).wants("a", spec("1", "x", &[]));
    case.inventory.seen.insert(at("a"), Observation::Gone { id: "aws-a".into() });
    let (plan, _) = case.plan();
    assert_eq!(plan.steps[0].action, Action::Create);
    assert!(plan.steps[0].reason.as_deref().is_some_and(|reason| reason.contains("behind globe's back")));
}

#[test]
fn an_unrecorded_object_is_adopted_and_an_unfinished_one_finished() {
    let mut case = Case::default().has("a", spec("1", "x", &[])).wants("a", spec("1", "x", &[]));
    case.head.records.get_mut(&at("a")).expect("recorded").outputs = None;
    assert_eq!(case.lines(), ["adopt a"]);
    case.head.records.clear();
    assert_eq!(case.lines(), ["adopt a"]);
}

#[test]
fn a_region_that_cannot_be_read_is_unknown_and_nothing_is_planned_for_it() {
    let mut case = Case::default().has("a", spec("1", "x", &[])).wants("a", spec("1", "y", &[]));
    let error = globe_model::CallError::new(globe_model::ErrorClass::Ambiguous, "ec2:DescribeVpcs", "timed out");
    case.inventory.seen.insert(at("a"), Observation::Unknown(error));
    let (plan, report) = case.plan();
    assert!(plan.is_empty());
    assert_eq!(report.notices.len(), 1);
}

#[test]
fn choosing_a_region_pulls_in_what_it_needs_and_names_what_it_leaves() {
    let scopes = Some(BTreeSet::from([Scope::region("eu-central-1")]));
    let case = Case { selection: Selection { scopes, ..Selection::default() }, ..Case::default() }
        .wants("a", spec("1", "x", &[]))
        .wants("z", spec("1", "x", &[]))
        .wants("eu-central-1:b", spec("1", "x", &["a"]));
    let (plan, report) = case.plan();
    let names: Vec<_> = plan.steps.iter().map(|step| step.address.name.as_str()).collect();
    assert_eq!(names, ["b", "a"]);
    let texts: BTreeMap<String, usize> = report.notices.iter().fold(BTreeMap::new(), |mut count, notice| {
        *count.entry(serde_json::to_value(notice).expect("JSON")["notice"].to_string()).or_default() += 1;
        count
    });
    assert_eq!(texts, BTreeMap::from([("\"not_selected\"".to_owned(), 1), ("\"pulled_in\"".to_owned(), 1)]));
}

#[test]
fn two_objects_with_one_address_refuse_the_plan() {
    let candidate = |id: &str| globe_model::Candidate { address: at("a"), id: id.into(), nonce: None };
    let mut case = Case::default().wants("a", spec("1", "x", &[]));
    case.inventory.seen.insert(at("a"), Observation::Ambiguous(vec![candidate("one"), candidate("two")]));
    let (plan, report) = case.plan();
    assert!(plan.is_empty());
    assert_eq!(report.refusals().count(), 1);
}

/// A replaced `db`, and a `web` that was last told of `told`: the old one's output or the new one's.
fn replaced_and_told(told: &str) -> Head {
    let mut case = Case::default().has("db", spec("new", "x", &[])).has("web", spec("w", "x", &["db"]));
    let old = Record {
        id: "aws-old".into(),
        outputs: Some(Outputs::of("id-old".to_owned())),
        ..case.head.records[&at("db")].clone()
    };
    case.head.deposed.push(old);
    if let Some(web) = case.head.records.get_mut(&at("web")) {
        web.desired = Desired::of(State { on: vec![told.into()], fixed: "w".into(), soft: "x".into() });
    }
    case.head
}

fn swept(head: &Head) -> (Plan, Vec<Address>) {
    let kinds = KindTable::new([erased::<Node>()]);
    let (stack, account, now) = ("acme", "123456789012", Timestamp(100));
    let (plan, used) = sweep(&Sweep { stack, account, kinds: &kinds, head, moves: &[], now });
    assert_eq!(lint(&plan), []);
    (plan, used)
}

fn ids(plan: &Plan) -> Vec<&str> {
    plan.steps.iter().filter_map(|step| step.id.as_deref()).collect()
}

#[test]
fn what_was_replaced_is_swept_once_nobody_was_told_of_it_last() {
    let (plan, used) = swept(&replaced_and_told("id-new"));
    assert_eq!((ids(&plan), used), (vec!["aws-old"], Vec::new()));
    let (plan, used) = swept(&replaced_and_told("id-old"));
    assert_eq!((ids(&plan), used), (Vec::new(), vec![at("db")]), "only an up can move its users");
}

#[test]
fn accepted_deletes_are_seen_through_users_first_and_nothing_else_goes() {
    let mut head = replaced_and_told("id-old");
    let web = (at("web"), "aws-web".to_owned());
    head.deleting = [web, (at("db"), "aws-old".to_owned())].into();
    let (plan, used) = swept(&head);
    assert_eq!((ids(&plan), used), (vec!["aws-old", "aws-web"], Vec::new()));
    assert!(plan.steps.iter().all(|step| step.action == Action::Delete && step.not_before.is_none()));
    assert_eq!(plan.steps[0].after.iter().map(|link| link.step).collect::<Vec<_>>(), [1]);
    let rest = without(plan.clone(), &[at("web")].into());
    assert_eq!(ids(&rest), Vec::<&str>::new(), "what stays keeps what it uses");
    assert_eq!(ids(&without(plan, &[at("db")].into())), ["aws-web"]);
}

#[test]
fn the_ledger_is_swept_when_it_is_due() {
    let departing = |id: &str, due| globe_model::Departing {
        address: at("db"),
        id: id.into(),
        since: Timestamp(0),
        due: Timestamp(due),
        name: globe_model::NameHold::Kept,
    };
    let head = Head { ledger: vec![departing("a", 100), departing("b", 101)], ..Head::default() };
    let (plan, _) = swept(&head);
    assert_eq!((ids(&plan), plan.steps[0].not_before), (vec!["a"], Some(Timestamp(100))));
}

#[test]
fn a_region_s_records_go_first_and_the_roots_of_its_deletes_wait_for_them() {
    let mut case = Case { down: true, ..Case::default() }
        .has("a", spec("1", "x", &[]))
        .has("b", spec("1", "x", &["a"]))
        .has("c", spec("1", "x", &["b"]))
        .has("d", spec("1", "x", &[]))
        .has("eu-west-1:e", spec("1", "x", &[]));
    case = case.has_sign("www", &["a"]).has_sign("api", &["a"]);
    assert_eq!(
        case.lines(),
        [
            "delete api",
            "delete www",
            "delete e",
            // The signs are what refers to it; that it waits for the region's draining too follows from `b`.
            "delete a <- delete api, delete www, delete b",
            "delete b <- delete c",
            "delete c <- delete api, delete www",
            "delete d <- delete api, delete www",
        ]
    );
}

#[test]
fn a_plan_that_waits_for_itself_is_refused() {
    let case = Case::default().wants("a", spec("1", "x", &[])).wants("b", spec("1", "x", &["a"]));
    let (mut plan, _) = case.plan();
    plan.steps[0].after.push(globe_model::Link { step: 1, need: globe_model::Need::Ready });
    assert_eq!(lint(&plan), [Flaw::Cycle(vec![at("a"), at("b"), at("a")])]);
}

#[test]
fn moves_are_recorded_where_the_run_acts() {
    let mut case = Case::default();
    for scope in ["us-east-1", "eu-central-1", "global"] {
        let address = Address::new(scope, "test/node", "new");
        let (spec, desired, outputs) = (globe_model::Spec::of(()), Desired::of(()), None);
        let record = Record { address, id: scope.into(), spec, desired, outputs, at: Timestamp(0) };
        case.moves.push(Move { from: Address::new(scope, "test/node", "old"), record });
    }
    let moved = |case: &Case| -> Vec<String> { case.plan().0.moves.into_iter().map(|moved| moved.record.id).collect() };
    assert_eq!(moved(&case), ["us-east-1", "eu-central-1", "global"]);
    assert!(case.plan().0.is_empty(), "nothing is to be done in AWS");
    case.selection.scopes = Some([Scope::region("us-east-1")].into());
    assert_eq!(moved(&case), ["us-east-1", "global"]);
    // A step that is pulled in is recorded under its present address, so its move is too.
    case.wanted =
        vec![("eu-central-1:base", spec("f", "s", &[])), ("us-east-1:user", spec("f", "s", &["eu-central-1:base"]))];
    assert_eq!(moved(&case), ["us-east-1", "eu-central-1", "global"]);
}

#[test]
fn a_plan_that_acts_where_a_record_is_no_more_is_flawed() {
    let (spec, desired, outputs) = (globe_model::Spec::of(()), Desired::of(()), None);
    let record = Record { address: at("new"), id: "1".into(), spec, desired, outputs, at: Timestamp(0) };
    let case = Case { moves: vec![Move { from: at("old"), record }], ..Case::default() };
    let (mut plan, _) = case.plan();
    plan.steps.push(Step::bare(at("old"), Action::Delete, Some("1".into())));
    assert_eq!(lint(&plan), [Flaw::Moved(at("old"))]);
    plan.steps.clear();
    plan.moves[0].from = at("eu-central-1:old");
    assert_eq!(lint(&plan), [Flaw::Moved(at("eu-central-1:old"))]);
}
