//! The engine on a made-up AWS: fail, lose, crash and repeat at every call.

mod dream;
mod kind;
mod lease;
mod ledger;
mod moves;
mod robber;
mod slow;
mod stage;
mod world;

use std::collections::BTreeSet;

use globe_graph::{Graph, GraphBuilder};
use globe_model::{Action, Command, ErrorClass, Ref, Summary};
use kind::{IN_TURN, Node, NodeSpec, at};
use slow::Remembered;
use stage::Stage;
use world::Trap;

/// a <- b <- c, a <- d; e alone.
fn graph(size: usize, kinds: &globe_model::KindTable) -> Graph {
    soft(size, "x", kinds)
}

/// The same, with this in the field that changes in place.
fn soft(size: usize, soft: &str, kinds: &globe_model::KindTable) -> Graph {
    let edges: [(&str, &[&str]); 5] = [("a", &[]), ("b", &["a"]), ("c", &["b"]), ("d", &["a"]), ("e", &[])];
    let mut builder = GraphBuilder::default();
    for (name, on) in edges.iter().take(size) {
        let spec = NodeSpec { on: on.iter().map(|name| Ref::to("us-east-1", *name)).collect(), soft: soft.into() };
        builder.add::<Node>("us-east-1", *name, &spec);
    }
    builder.build(kinds).expect("a DAG")
}

fn names(summary: &Summary) -> (BTreeSet<&str>, BTreeSet<&str>, BTreeSet<&str>) {
    let done = summary.done.iter().map(|(address, _)| address.name.as_str()).collect();
    let failed = summary.failed.iter().map(|failure| failure.address.name.as_str()).collect();
    let not_tried = summary.not_tried.iter().map(|(address, _)| address.name.as_str()).collect();
    (done, failed, not_tried)
}

#[tokio::test]
async fn everything_comes_up_upstream_first_and_goes_dependents_first() {
    let stage = Stage::new().await;
    let summary = stage.apply(Command::Up, &graph(5, &stage.kinds)).await.expect("not crashed");
    assert!(summary.is_complete(), "{summary:?}");
    assert_eq!(stage.world.names(), ["a", "b", "c", "d", "e"]);
    let order = stage.world.created();
    let place = |name: &str| order.iter().position(|made| made == name);
    assert!(place("a") < place("b") && place("b") < place("c") && place("a") < place("d"), "{order:?}");

    let again = stage.plan(Command::Up, &graph(5, &stage.kinds)).await;
    assert!(again.is_empty(), "nothing is left to do: {again:?}");

    let summary = stage.apply(Command::Down, &graph(0, &stage.kinds)).await.expect("not crashed");
    assert!(summary.is_complete(), "{summary:?}");
    assert!(stage.world.names().is_empty());
    assert!(stage.head().await.records.is_empty());
}

#[tokio::test]
async fn a_failure_stops_what_depends_on_it_and_nothing_else() {
    let stage = Stage::new().await;
    stage.world.refuse("b", ErrorClass::Denied);
    let summary = stage.apply(Command::Up, &graph(5, &stage.kinds)).await.expect("not crashed");
    let (done, failed, not_tried) = names(&summary);
    assert_eq!(done, BTreeSet::from(["a", "d", "e"]));
    assert_eq!(failed, BTreeSet::from(["b"]));
    assert_eq!(not_tried, BTreeSet::from(["c"]));
    assert!(summary.not_tried[0].1.contains("us-east-1/test/node/b"), "{:?}", summary.not_tried);

    stage.world.allow("b");
    let plan = stage.plan(Command::Up, &graph(5, &stage.kinds)).await;
    let rest: Vec<_> = plan.steps.iter().map(|step| (step.address.name.as_str(), step.action)).collect();
    assert_eq!(rest, [("b", Action::Create), ("c", Action::Create)]);
    let summary = stage.apply(Command::Up, &graph(5, &stage.kinds)).await.expect("not crashed");
    assert!(summary.is_complete());
}

/// Every mutating call of an up, an update and a down, numbered; a trap on each, one at a time.
#[tokio::test]
async fn whatever_happens_at_whichever_call_the_next_run_converges() {
    for trap in [Trap::HangBefore, Trap::HangAfter, Trap::LoseAnswer, Trap::Throttle, Trap::Lag] {
        for call in 0..10 {
            let stage = Stage::new().await;
            let everything = graph(5, &stage.kinds);
            stage.world.set_trap(call, trap);
            // A crash leaves no summary; the next run settles what is open, and finishes.
            let first = stage.apply(Command::Up, &everything).await;
            if first.is_none_or(|summary| !summary.is_complete()) {
                let summary = stage.apply(Command::Up, &everything).await.expect("one crash only");
                assert!(summary.is_complete(), "{trap:?} at {call}: {summary:?}");
            }
            assert_eq!(
                stage.world.names(),
                ["a", "b", "c", "d", "e"],
                "{trap:?} at call {call}: no orphan, no duplicate"
            );
            let plan = stage.plan(Command::Up, &everything).await;
            assert!(plan.is_empty(), "{trap:?} at {call}: {plan:?}");

            stage.world.set_trap(stage.world.calls() + call % 5, trap);
            let nothing = graph(0, &stage.kinds);
            if stage.apply(Command::Down, &nothing).await.is_none_or(|summary| !summary.is_complete()) {
                let summary = stage.apply(Command::Down, &nothing).await.expect("one crash only");
                assert!(summary.is_complete(), "{trap:?} at {call} of down: {summary:?}");
            }
            assert!(stage.world.names().is_empty(), "{trap:?} at {call} of down");
            let head = stage.head().await;
            assert!(head.records.is_empty() && head.deposed.is_empty() && head.open.is_empty(), "{head:?}");
        }
    }
}

/// The world refuses to make one while another is not finished.
#[tokio::test]
async fn what_is_made_one_at_a_time_is_made_in_turn() {
    let stage = Stage::new().await;
    let mut builder = GraphBuilder::default();
    let root = builder.add::<Node>("us-east-1", "a", &NodeSpec { on: Vec::new(), soft: "x".into() });
    for name in ["b", "c", "d", "e"] {
        let spec = NodeSpec { on: vec![root.clone()], soft: format!("{IN_TURN}{name}") };
        builder.add::<Node>("us-east-1", name, &spec);
    }
    let graph = builder.build(&stage.kinds).expect("a DAG");
    stage.world.refuse("c", ErrorClass::Denied);
    let summary = stage.apply(Command::Up, &graph).await.expect("not crashed");
    let (done, failed, not_tried) = names(&summary);
    assert_eq!(
        (done, failed),
        (BTreeSet::from(["a", "b", "d", "e"]), BTreeSet::from(["c"])),
        "a failed one ends its turn"
    );
    assert!(not_tried.is_empty());
}

#[tokio::test]
async fn drift_is_mended_in_place() {
    let stage = Stage::new().await;
    let everything = graph(3, &stage.kinds);
    stage.apply(Command::Up, &everything).await.expect("not crashed");
    stage.world.drift("b", "y");
    let plan = stage.plan(Command::Up, &everything).await;
    assert_eq!(plan.steps.iter().map(|step| step.action).collect::<Vec<_>>(), [Action::Update]);
    stage.apply(Command::Up, &everything).await.expect("not crashed");
    assert!(stage.plan(Command::Up, &everything).await.is_empty());
}

#[tokio::test]
async fn two_objects_of_one_intent_stop_everything() {
    let stage = Stage::new().await;
    stage.world.set_trap(0, Trap::HangAfter);
    assert!(stage.apply(Command::Up, &graph(1, &stage.kinds)).await.is_none(), "it crashed");
    stage.world.duplicate("a");
    let error = stage.settle().await.expect_err("globe does not guess");
    assert!(error.to_string().contains("does not guess"), "{error}");
    assert_eq!(stage.world.names(), ["a", "a"], "nothing was changed");
    assert_eq!(at("a").name, "a");
}

#[tokio::test]
async fn what_was_just_made_and_is_not_visible_yet_is_not_made_again() {
    let stage = Stage::new().await;
    let one = graph(1, &stage.kinds);
    stage.world.set_trap(0, Trap::HangAfter);
    assert!(stage.apply(Command::Up, &one).await.is_none(), "it crashed");
    stage.settle().await.expect("the object is found by its nonce");
    stage.world.hide(3);
    let plan = stage.plan(Command::Up, &one).await;
    assert_eq!(plan.steps.iter().map(|step| step.action).collect::<Vec<_>>(), [Action::Adopt], "{plan:?}");
}

#[tokio::test]
async fn what_its_token_made_is_waited_for_until_aws_can_say_what_it_is() {
    let stage = Stage::new().await;
    let mut builder = GraphBuilder::default();
    builder.add::<Remembered>("us-east-1", "a", &NodeSpec { on: Vec::new(), soft: "x".into() });
    let one = builder.build(&stage.kinds).expect("a DAG");
    stage.world.set_trap(0, Trap::HangAfter);
    assert!(stage.apply(Command::Up, &one).await.is_none(), "it crashed");
    stage.world.hide(4);
    stage.settle().await.expect("the same token gives the same object, if not at once");
    let record = stage.head().await.records.into_values().next().expect("it is recorded");
    assert_eq!(record.id, "id-1");
    assert_eq!(stage.world.names(), ["a"]);
}

#[tokio::test]
async fn what_never_becomes_ready_fails_and_the_next_run_goes_on_waiting() {
    let stage = Stage::new().await;
    let stuck = soft(2, "stuck", &stage.kinds);
    let summary = stage.apply(Command::Up, &stuck).await.expect("not crashed");
    let (_, failed, not_tried) = names(&summary);
    assert_eq!((failed, not_tried), (BTreeSet::from(["a"]), BTreeSet::from(["b"])));
    assert!(summary.failed[0].error.message.contains("state stuck"), "{summary:?}");
    let summary = stage.apply(Command::Up, &soft(2, "fine", &stage.kinds)).await.expect("not crashed");
    assert!(summary.is_complete(), "{summary:?}");
    assert_eq!(stage.world.names(), ["a", "b"]);
}
