//! States that earlier versions wrote: they come along, with every AWS id.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use sqlx::{Connection, Row, SqliteConnection};

use crate::globe::{Place, Ran};

/// One of the states in `tests/states`.
fn unpacked(name: &str) -> Place {
    let place = Place::new("", None);
    let archive = Path::new(env!("CARGO_MANIFEST_DIR")).join("states/version-1.tar.gz");
    let mut tar = Command::new("tar");
    tar.arg("-xzf").arg(archive).arg("--strip-components=1").arg("-C").arg(place.path()).arg(name);
    assert!(tar.status().expect("tar is installed").success());
    place
}

fn run(place: &Place, arguments: &[&str]) -> Ran {
    place.globe(&[&["--sandbox", "--time", "virtual"][..], arguments].concat())
}

/// Address and id of all that the state holds, by the words of the version that wrote it.
async fn held(place: &Place) -> Vec<(String, String)> {
    let path = place.path().join(".globe/sandbox/state.db");
    let mut connection = SqliteConnection::connect(&path.display().to_string()).await.expect("opens");
    let rows = sqlx::query("SELECT address, id FROM resources WHERE deposed = 0").fetch_all(&mut connection).await;
    let held = rows.expect("reads").iter().map(|row| (row.get("address"), row.get("id"))).collect();
    connection.close().await.expect("closes");
    held
}

/// Scope and id of all that is recorded, by the words of this version.
fn recorded(place: &Place) -> BTreeSet<(String, String)> {
    let lines = run(place, &["--json", "state", "list"]).exits(0).json();
    let text = |line: &Value, key: &str| line[key].as_str().expect("a text").to_owned();
    let scope = |address: String| address.split('/').next().unwrap_or_default().to_owned();
    let resources = lines.iter().filter(|line| line["type"] == "resource");
    resources.map(|line| (scope(text(line, "address")), text(line, "id"))).collect()
}

/// What stands for an object of a kind that is no more: the last part of its id for a replica, its name for a record.
fn still_known(recorded: &BTreeSet<(String, String)>, address: &str, id: &str) -> bool {
    let scope = address.split('/').next().unwrap_or_default();
    if recorded.contains(&(scope.to_owned(), id.to_owned())) {
        return true;
    }
    let parts: Vec<&str> = match address {
        _ if address.contains("/dynamodb/replica/") => id.split('/').skip(1).collect(),
        _ if address.contains("/route53/record/") => id.split([' ', '/', '|']).take(2).collect(),
        _ => return false,
    };
    recorded.iter().any(|(at, id)| at == scope && parts.iter().all(|part| id.contains(part)))
}

async fn comes_along(name: &str) {
    let place = unpacked(name);
    let before = held(&place).await;
    assert!(before.len() > 50, "{name} holds {} objects", before.len());
    // Brings the database up to date, and settles what was left open.
    run(&place, &["gc"]).exits(0);
    for looked in [recorded(&place), {
        let plan = run(&place, &["--json", "diff"]).exits(0).json_of("plan");
        for step in plan["steps"].as_array().expect("steps") {
            assert!(step["action"] != "delete" && step["action"] != "forget", "{name}: {step}");
        }
        assert_eq!(plan["refused"], false, "{name}");
        // What only moves is recorded without a question.
        let yes: &[&str] = if name == "killed" { &["--yes"] } else { &[] };
        run(&place, &[&["up"], yes].concat()).exits(0);
        recorded(&place)
    }] {
        for (address, id) in &before {
            assert!(still_known(&looked, address, id), "{name}: {address} ({id}) is lost");
        }
    }
    run(&place, &["diff", "--exit-code"]).exits(0);
    run(&place, &["state", "verify"]).exits(0);
}

#[tokio::test]
async fn a_stack_that_is_up() {
    comes_along("up").await;
}

#[tokio::test]
async fn a_stack_with_a_region_down() {
    comes_along("region-down").await;
}

#[tokio::test]
async fn a_stack_whose_making_was_killed() {
    comes_along("killed").await;
}
