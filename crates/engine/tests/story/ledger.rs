//! What AWS deletes slowly: `down` does not wait for it, the ledger remembers it, a sweep finishes.

use std::time::Duration;

use globe_graph::{Graph, GraphBuilder};
use globe_model::{Action, Command, Kind, Leaving, Manner, NameHold, Ref};

use crate::kind::{Node, NodeSpec};
use crate::slow::{Key, Named, Pair, Replicated, Secret};
use crate::stage::Stage;
use crate::world::Trap;

/// One `x` of the kind, on the nodes of these names.
fn one<K: Kind<Spec = NodeSpec>>(stage: &Stage, on: &[&str]) -> Graph {
    let mut builder = GraphBuilder::default();
    for name in on {
        builder.add::<Node>("us-east-1", *name, &NodeSpec { on: Vec::new(), soft: "x".into() });
    }
    let on = on.iter().map(|name| Ref::to("us-east-1", *name)).collect();
    builder.add::<K>("us-east-1", "x", &NodeSpec { on, soft: "x".into() });
    builder.build(&stage.kinds).expect("a DAG")
}

fn nothing(stage: &Stage) -> Graph {
    GraphBuilder::default().build(&stage.kinds).expect("empty")
}

async fn complete(stage: &Stage, command: Command, graph: &Graph) {
    let summary = stage.apply(command, graph).await.expect("not crashed");
    assert!(summary.is_complete(), "{summary:?}");
}

fn leaves<K: Kind>() -> Leaving {
    K::LEAVES.expect("it leaves slowly")
}

async fn down_returns_and_a_sweep_finishes<K: Kind<Spec = NodeSpec>>() {
    let stage = Stage::new().await;
    complete(&stage, Command::Up, &one::<K>(&stage, &["a"])).await;
    let before = stage.now();
    complete(&stage, Command::Down, &nothing(&stage)).await;
    assert!(stage.now().since(before) < Duration::from_secs(300), "{}: nobody waits for it", K::NAME);
    let head = stage.head().await;
    assert_eq!((head.records.len(), head.ledger.len(), head.deposed.len()), (0, 1, 0), "{}", K::NAME);
    let entry = &head.ledger[0];
    assert!(entry.due.since(before) >= leaves::<K>().window && entry.name == leaves::<K>().name);
    assert!(stage.plan(Command::Down, &nothing(&stage)).await.is_empty(), "{}: nothing to do until then", K::NAME);
    let summary = stage.sweep().await.expect("not crashed");
    assert_eq!((summary.done.len(), stage.head().await.ledger.len()), (0, 1), "{}: it is not due", K::NAME);

    stage.pass(leaves::<K>().window).await;
    let summary = stage.sweep().await.expect("not crashed");
    assert!(summary.is_complete(), "{summary:?}");
    assert_eq!((stage.world.names().len(), stage.head().await.ledger.len()), (0, 0), "{}: gone", K::NAME);
    let writes = stage.world.calls();
    stage.sweep().await.expect("not crashed");
    assert_eq!(stage.world.calls(), writes, "{}: a sweep may be repeated", K::NAME);
}

#[tokio::test]
async fn whichever_way_it_leaves() {
    down_returns_and_a_sweep_finishes::<Key>().await;
    down_returns_and_a_sweep_finishes::<Secret>().await;
    down_returns_and_a_sweep_finishes::<Replicated>().await;
    down_returns_and_a_sweep_finishes::<Named>().await;
}

/// A trap on every mutating call of the down and of the sweep: afterwards both are run again.
async fn killed_and_repeated<K: Kind<Spec = NodeSpec>>() {
    for trap in [Trap::HangBefore, Trap::HangAfter, Trap::LoseAnswer, Trap::Throttle] {
        for call in 0..4 {
            let stage = Stage::new().await;
            complete(&stage, Command::Up, &one::<K>(&stage, &["a"])).await;
            stage.world.set_trap(stage.world.calls() + call, trap);
            if stage.apply(Command::Down, &nothing(&stage)).await.is_none() {
                complete(&stage, Command::Down, &nothing(&stage)).await;
            }
            assert!(stage.head().await.records.is_empty(), "{} {trap:?} at {call}", K::NAME);
            stage.pass(leaves::<K>().window).await;
            while stage.sweep().await.is_none() {}
            // A delete that had to be repeated after a kill began anew.
            stage.pass(leaves::<K>().window).await;
            stage.sweep().await.expect("one crash only");
            let head = stage.head().await;
            assert!(head.ledger.is_empty() && head.open.is_empty(), "{} {trap:?} at {call}: {head:?}", K::NAME);
            assert_eq!(stage.world.names(), Vec::<String>::new(), "{} {trap:?} at {call}", K::NAME);
            assert_eq!(stage.verify().await, Vec::<String>::new());
        }
    }
}

#[tokio::test]
async fn killed_at_whichever_call_it_is_finished_by_repeating() {
    killed_and_repeated::<Key>().await;
    killed_and_repeated::<Secret>().await;
    killed_and_repeated::<Replicated>().await;
    killed_and_repeated::<Named>().await;
}

#[tokio::test]
async fn aws_is_given_more_time_when_it_is_late() {
    let stage = Stage::new().await;
    complete(&stage, Command::Up, &one::<Key>(&stage, &[])).await;
    stage.world.takes_longer(Duration::from_secs(5 * 60 * 60));
    complete(&stage, Command::Down, &nothing(&stage)).await;
    let first = stage.head().await.ledger.remove(0);
    stage.pass(leaves::<Key>().window).await;
    stage.sweep().await.expect("not crashed");
    let head = stage.head().await;
    assert_eq!(head.ledger.len(), 1, "it is still there");
    assert!(head.ledger[0].due > stage.now() && head.ledger[0].since == first.since, "{:?}", head.ledger);
    stage.pass(Duration::from_secs(6 * 60 * 60)).await;
    stage.sweep().await.expect("not crashed");
    assert_eq!((stage.world.names().len(), stage.head().await.ledger.len()), (0, 0));
}

/// The made-up AWS refuses a name that it keeps for good, so that a create that comes too early fails the run.
#[tokio::test]
async fn a_name_is_not_used_before_it_is_free() {
    let stage = Stage::new().await;
    complete(&stage, Command::Up, &one::<Named>(&stage, &[])).await;
    complete(&stage, Command::Down, &nothing(&stage)).await;
    let due = stage.head().await.ledger[0].due;
    let plan = stage.plan(Command::Up, &one::<Named>(&stage, &[])).await;
    assert_eq!(plan.steps[0].not_before, Some(due), "the plan says how long");
    complete(&stage, Command::Up, &one::<Named>(&stage, &[])).await;
    assert!(stage.now() >= due);
    assert_eq!(stage.world.names(), ["x"]);
    let head = stage.head().await;
    assert_eq!((head.records.len(), stage.verify().await.len()), (1, 0));
    stage.sweep().await.expect("not crashed");
    assert_eq!(stage.world.names(), ["x"], "the sweep strikes out the former one only");
    assert!(stage.head().await.ledger.is_empty());
}

#[tokio::test]
async fn a_free_name_is_used_at_once() {
    let stage = Stage::new().await;
    complete(&stage, Command::Up, &one::<Key>(&stage, &[])).await;
    complete(&stage, Command::Down, &nothing(&stage)).await;
    let due = stage.head().await.ledger[0].due;
    complete(&stage, Command::Up, &one::<Key>(&stage, &[])).await;
    assert!(stage.now() < due && leaves::<Key>().name == NameHold::Free);
    assert_eq!(stage.world.names(), ["x", "x"], "one that leaves, and one in use");
    stage.pass(leaves::<Key>().window).await;
    stage.sweep().await.expect("not crashed");
    assert_eq!(stage.world.names(), ["x"]);
    assert!(stage.plan(Command::Up, &one::<Key>(&stage, &[])).await.is_empty());
}

#[tokio::test]
async fn a_replacement_waits_for_the_name_of_its_predecessor() {
    let stage = Stage::new().await;
    complete(&stage, Command::Up, &one::<Named>(&stage, &["a"])).await;
    let before = stage.now();
    complete(&stage, Command::Up, &one::<Named>(&stage, &["b"])).await;
    assert!(stage.now().since(before) >= leaves::<Named>().window && leaves::<Named>().manner == Manner::Gone);
    assert_eq!(stage.world.names(), ["b", "x"]);
}

#[tokio::test]
async fn what_was_replaced_and_not_removed_is_swept() {
    let stage = Stage::new().await;
    complete(&stage, Command::Up, &one::<Pair>(&stage, &["a"])).await;
    // The new one is made and patched; the process dies when the old one is to be deleted.
    stage.world.die_at_delete_of("x");
    let crashed = stage.apply(Command::Up, &one::<Pair>(&stage, &["a", "b"])).await;
    assert!(crashed.is_none() && stage.head().await.deposed.len() == 1);
    assert_eq!(stage.world.names(), ["a", "b", "x", "x"]);
    let plan = stage.sweep_plan().await;
    assert_eq!(plan.steps.iter().map(|step| step.action).collect::<Vec<_>>(), [Action::Delete]);
    assert!(stage.sweep().await.expect("not crashed").is_complete());
    assert_eq!(stage.world.names(), ["a", "b", "x"]);
    assert!(stage.head().await.deposed.is_empty());
    assert!(stage.plan(Command::Up, &one::<Pair>(&stage, &["a", "b"])).await.is_empty(), "the new one stays");
}

#[tokio::test]
async fn a_delete_that_was_accepted_is_seen_through() {
    let stage = Stage::new().await;
    complete(&stage, Command::Up, &one::<Node>(&stage, &["a"])).await;
    stage.world.die_while_going("x");
    assert!(stage.apply(Command::Down, &nothing(&stage)).await.is_none(), "it dies while it waits");
    let head = stage.head().await;
    assert_eq!((head.records.len(), head.deleting.len(), head.open.len()), (2, 1, 0), "{head:?}");
    let summary = stage.sweep().await.expect("not crashed");
    assert!(summary.is_complete(), "{summary:?}");
    assert_eq!(stage.world.names(), ["a"], "what nobody asked to delete stays");
    let head = stage.head().await;
    assert_eq!((head.records.len(), head.deleting.len()), (1, 0));
}
