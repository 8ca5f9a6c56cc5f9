//! What is recorded under another address, and what an earlier globe left open.

use globe_graph::GraphBuilder;
use globe_model::{Action, Address, Cloud, Command, Intent, IntentAction, Journal, Ref, Token};
use serde_json::json;

use crate::kind::{Node, NodeSpec, at};
use crate::stage::Stage;

/// Nodes, each on the one before.
fn chain(names: &[&str], stage: &Stage) -> globe_graph::Graph {
    let mut builder = GraphBuilder::default();
    let mut before: Option<Ref<Node>> = None;
    for name in names {
        let spec = NodeSpec { on: before.into_iter().collect(), soft: "x".into() };
        before = Some(builder.add::<Node>("us-east-1", *name, &spec));
    }
    builder.build(&stage.kinds).expect("a DAG")
}

#[tokio::test]
async fn what_moved_is_neither_deleted_nor_made_whatever_its_tags_say() {
    let stage = Stage::new().await;
    stage.apply(Command::Up, &chain(&["a", "b"], &stage)).await.expect("not crashed");
    let ids: Vec<String> = stage.head().await.records.values().map(|record| record.id.clone()).collect();
    // A new one beside it, so that AWS is searched by tags: those of what moved still say the old address.
    let wanted = chain(&["z", "b", "new"], &stage);
    let plan = stage.plan_after(Command::Up, &wanted, &[(at("a"), at("z"))]).await;
    let steps: Vec<(Action, &str)> = plan.steps.iter().map(|step| (step.action, step.address.name.as_str())).collect();
    assert_eq!((steps, plan.moves.len()), (vec![(Action::Create, "new")], 1));
    let summary = stage.carry_out(plan).await.expect("not crashed");
    assert!(summary.is_complete(), "{summary:?}");
    let head = stage.head().await;
    assert_eq!((&head.records[&at("z")].id, &head.records[&at("b")].id), (&ids[0], &ids[1]));
    assert_eq!(head.records[&at("b")].spec.json().expect("JSON")["on"], json!([at("z")]));
    assert_eq!(stage.world.names(), ["a", "b", "new"], "AWS was not told");
    let again = stage.plan_after(Command::Up, &wanted, &[(at("a"), at("z"))]).await;
    assert!(again.is_empty() && again.moves.is_empty(), "{again:?}");
    assert_eq!(stage.verify().await, Vec::<String>::new());
    let summary = stage.apply(Command::Down, &chain(&[], &stage)).await.expect("not crashed");
    assert!(summary.is_complete() && stage.world.names().is_empty(), "users went first: {summary:?}");
}

#[tokio::test]
async fn a_create_that_an_earlier_globe_left_open_is_found_as_its_successor() {
    let stage = Stage::new().await;
    let stop = globe_engine::Stop::default();
    for (name, made) in [("made", true), ("lost", false)] {
        let tenure = stage.tenure(&stop).await;
        let address = Address::new("us-east-1", "test/old", name);
        let request = json!({ "on": [], "soft": "x" });
        let intent = Intent {
            token: Token::random(),
            run: "killed".into(),
            address,
            action: IntentAction::Create,
            id: None,
            spec: serde_json::from_value(request.clone()).ok(),
            request: serde_json::from_value(request.clone()).ok(),
        };
        stage.journal.intend(tenure.lease(), &intent).await.expect("intends");
        if made {
            stage
                .world
                .create(&at(name), &serde_json::from_value(request.clone()).expect("JSON"), &intent.token)
                .await
                .expect("is made");
        }
        stage.journal.release(tenure.lease()).await.expect("is held");
    }
    stage.settle().await.expect("settles");
    let head = stage.head().await;
    let recorded: Vec<String> = head.records.keys().map(ToString::to_string).collect();
    assert_eq!((recorded, head.open.len()), (vec!["us-east-1/test/old/made".to_owned()], 0), "under its own address");
    let plan = stage.plan_after(Command::Up, &chain(&["made"], &stage), &[]).await;
    assert!(plan.steps.iter().all(|step| step.action == Action::Adopt), "{plan:?}");
    let summary = stage.carry_out(plan).await.expect("not crashed");
    assert!(summary.is_complete(), "{summary:?}");
    let head = stage.head().await;
    assert_eq!(head.records.keys().collect::<Vec<_>>(), [&at("made")]);
    assert_eq!(stage.world.names(), ["made"]);
}
