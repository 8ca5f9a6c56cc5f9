//! `--explain-calls`, held against what AWS's side of the wire has logged.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::globe::{Place, Served};

const REFERENCE: &str = include_str!("../../config/globe.toml");

/// Calls by service, operation and region.
type Table = BTreeMap<(String, String, String), u64>;

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_else(|| panic!("no {key} in {value}")).to_owned()
}

/// What globe says.
fn told(calls: &Value) -> Table {
    let rows = calls["calls"].as_array().expect("calls have rows");
    let row = |row: &Value| {
        let key = (text(row, "service"), text(row, "operation"), text(row, "region"));
        (key, row["calls"].as_u64().expect("a count"))
    };
    let table: Table = rows.iter().map(row).collect();
    assert_eq!(table.len(), rows.len(), "a row for each");
    assert_eq!(table.values().sum::<u64>(), calls["total"].as_u64().expect("a sum"));
    table
}

/// What the sandbox has seen since its log had `from` entries, and how much of it was throttled.
fn seen(served: &Served, from: usize) -> (Table, u64, usize) {
    let log = served.calls();
    let (mut table, mut throttles) = (Table::new(), 0);
    for call in &log[from..] {
        *table.entry((text(call, "service"), text(call, "action"), text(call, "region"))).or_default() += 1;
        throttles += u64::from(
            call["code"].as_str().is_some_and(|code| code.contains("Throttl") || code.contains("RequestLimit")),
        );
    }
    (table, throttles, log.len())
}

#[test]
fn the_calls_explained_are_the_calls_made() {
    let served = Served::with(&["CreateVpc:throttled:1:2", "DescribeSubnets:throttled", "CreateRole:lost-after"]);
    let place = Place::new(REFERENCE, Some(&served.url));
    let mut from = 0;
    for (arguments, repeated) in [
        (vec!["--json", "up", "--yes", "--explain-calls"], true),
        (vec!["--json", "diff", "--explain-calls"], false),
        (vec!["--json", "down", "--regions", "all", "--yes", "--delete-data", "*", "--explain-calls"], false),
    ] {
        let said = place.globe(&arguments).exits(0);
        let calls = said.json_of("calls");
        let (table, throttles, now) = seen(&served, from);
        assert_eq!(told(&calls), table, "{arguments:?}");
        assert_eq!(calls["throttles"].as_u64(), Some(throttles), "{arguments:?}");
        if repeated {
            assert!(throttles >= 3, "the faults struck");
            assert!(calls["retries"].as_u64() >= Some(4), "{}", calls["retries"]);
        }
        from = now;
    }
}

#[test]
fn a_refused_command_explains_its_calls_too() {
    let served = Served::start();
    let place = Place::new(REFERENCE, Some(&served.url));
    place.globe(&["up", "--region", "us-east-1", "--yes"]).exits(0);
    let refused = place.globe(&["down", "--regions", "all", "--yes", "--explain-calls"]).exits(4);
    assert!(refused.stderr.contains("ec2 DescribeVpcs"), "{}", refused.stderr);
}

/// Virtual time: the limiter and AWS count by the same clock, and nothing but the limits themselves decides.
#[test]
fn the_reference_comes_up_without_a_throttle() {
    let place = Place::new(REFERENCE, None);
    let up = ["--sandbox", "--time", "virtual", "--json", "up", "--regions", "all", "--yes", "--explain-calls"];
    let calls = place.globe(&up).exits(0).json_of("calls");
    assert_eq!(calls["throttles"], 0, "{calls}");
    assert!(calls["total"].as_u64() > Some(500), "{}", calls["total"]);
}
