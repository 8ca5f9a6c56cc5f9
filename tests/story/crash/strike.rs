//! One kill, perhaps a second one during recovery, and what must be true afterwards.

use std::time::Duration;

use serde_json::Value;
use sqlx::{Connection, SqliteConnection};

use super::runtime;
use super::scene::{Boundary, Moment, Scene, count};
use crate::cloud::Cloud;
use crate::globe::{Place, Running, Served, patiently};

/// What a kill hit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// The kind whose call it was.
    pub kind: String,
    /// `create`, `update` or `delete`, as the journal calls the intent.
    pub action: String,
}

/// How one try ended.
#[derive(Default)]
pub struct Struck {
    /// The first kill's, if the call was made: one that was repeated in the clean run because AWS was not ready for it
    /// may not be repeated in another.
    pub hit: Option<Hit>,
    /// Kills.
    pub kills: usize,
}

/// Kills the scene's command at a boundary; and the run after it at its `again`th call, whatever that is. The last run
/// is left alone, and must make good everything.
pub fn strike(scene: &Scene, boundary: &Boundary, again: Option<usize>) -> Struck {
    let mut place = scene.before.copy_for(None);
    let served = Served::beside(&place);
    place.use_aws(&served.url);
    served.fault(&boundary.rule());
    let mut struck = Struck::default();
    if let Some(call) = kill_at(&place, &served, &scene.command(), boundary.moment) {
        struck = Struck { hit: attribute(&place, &call), kills: 1 };
        assert!(struck.hit.is_some(), "{boundary}: no open intent fits {call}");
    }
    served.calm();
    if let Some(nth) = again {
        served.fault(&format!("*:{}:{nth}", if nth % 2 == 0 { "hang-before" } else { "hang-after" }));
        struck.kills += usize::from(kill_at(&place, &served, &scene.command(), Moment::After).is_some());
        served.calm();
    }
    let what = format!("{}, killed at {boundary}, then at call {again:?}", scene.name);
    converges(scene, &place, &served, &what);
    struck
}

/// Runs a command until a call hangs, and kills it there. `None` when none did.
fn kill_at(place: &Place, served: &Served, command: &[&str], moment: Moment) -> Option<Value> {
    let mut running = Running::start(place.command(command));
    let mut held = None;
    patiently("a call hangs, or the run ends", || {
        held = served.held().pop();
        held.is_some() || running.has_ended()
    });
    if held.is_some() && moment == Moment::Answered {
        answer_while_locked(place, served, running);
    } else {
        running.kill();
    }
    held
}

/// Lets the answer come while nobody can write to the state, and kills.
fn answer_while_locked(place: &Place, served: &Served, running: Running) {
    let path = place.path().join(".globe/state.db").display().to_string();
    runtime().block_on(async {
        let mut state = SqliteConnection::connect(&path).await.expect("opens");
        sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut state).await.expect("locks");
        served.release();
        // Time for the answer to arrive. If it takes longer, the kill is one before the answer, and as harmless.
        tokio::time::sleep(Duration::from_millis(100)).await;
        running.kill();
        sqlx::raw_sql("ROLLBACK").execute(&mut state).await.expect("unlocks");
    });
}

/// Whose call it was: of the intents without an outcome, the one whose token or object is in the request.
fn attribute(place: &Place, call: &Value) -> Option<Hit> {
    let history = place.globe(&["--json", "state", "history", "--limit", "100000"]).exits(0).json();
    let token = |entry: &Value| entry["detail"]["token"].as_str().map(str::to_owned);
    let closed: Vec<String> = history.iter().filter(|entry| entry["what"] != "intent").filter_map(token).collect();
    let open = history
        .iter()
        .filter(|entry| entry["what"] == "intent" && token(entry).is_some_and(|token| !closed.contains(&token)));
    let best = open.map(|intent| (likeness(intent, call), intent)).filter(|(likeness, _)| *likeness > 0);
    let (_, intent) = best.max_by_key(|(likeness, _)| *likeness)?;
    let (kind, _) = kind_of(intent);
    Some(Hit { kind, action: intent["action"].as_str()?.to_owned() })
}

/// The kind in an entry's address, and its service.
fn kind_of(entry: &Value) -> (String, String) {
    let address = entry["address"].as_str().unwrap_or_default();
    let parts: Vec<&str> = address.split('/').collect();
    let part = |index: usize| parts.get(index).copied().unwrap_or_default();
    (format!("{}/{}", part(1), part(2)), part(1).to_owned())
}

fn likeness(intent: &Value, call: &Value) -> u32 {
    let (kind, service) = kind_of(intent);
    let signed = if service == "elbv2" { "elasticloadbalancing" } else { &service };
    if call["service"] != signed {
        return 0;
    }
    let text = call["text"].as_str().unwrap_or_default();
    let carries = |member: &str| intent["detail"][member].as_str().is_some_and(|value| text.contains(value));
    let action = call["action"].as_str().unwrap_or_default().to_lowercase();
    let noun = kind.rsplit('/').next().unwrap_or_default().replace('_', "");
    1 + 4 * u32::from(carries("token")) + 2 * u32::from(action.contains(&noun)) + 3 * u32::from(carries("id"))
}

/// Then the same command, without a flag for what happened, does the rest: one of each, nothing untagged, no question, nothing left to do.
fn converges(scene: &Scene, place: &Place, served: &Served, what: &str) {
    let ended = place.globe(scene.remedy());
    assert_eq!(ended.code(), 0, "{what}: {}", ended.exits(0).stderr);
    let cloud = Cloud::at(&served.url);
    let counted = runtime().block_on(count(&cloud, scene.stack.regions));
    assert_eq!(counted, scene.expected, "{what}: one of each");
    if scene.is_going() {
        assert_eq!(place.globe(&["--json", "state", "list"]).exits(0).stdout, "", "{what}: nothing is recorded");
    } else {
        assert_eq!(place.globe(&["diff", "--exit-code"]).code(), 0, "{what}: nothing is left to do");
        runtime().block_on(nothing_is_untagged(&cloud, scene, what));
    }
}

async fn nothing_is_untagged(cloud: &Cloud, scene: &Scene, what: &str) {
    for region in scene.stack.regions {
        let ec2 = cloud.ec2(region).await;
        let vpcs = ec2.describe_vpcs().send().await.expect("describes").vpcs.unwrap_or_default();
        let subnets = ec2.describe_subnets().send().await.expect("describes").subnets.unwrap_or_default();
        let all = vpcs.iter().map(|vpc| vpc.tags()).chain(subnets.iter().map(|subnet| subnet.tags()));
        for tags in all {
            assert!(tags.iter().any(|tag| tag.key() == Some("globe:stack")), "{what}: {tags:?}");
        }
    }
}
