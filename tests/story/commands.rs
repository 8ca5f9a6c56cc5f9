//! What a new user tries.

use crate::globe::Place;
use crate::stops::SMALL;

#[test]
fn init_validates_and_is_not_overwritten() {
    let place = Place::new("", None);
    place.globe(&["init"]).exits(1);
    place.globe(&["init", "--force"]).exits(0);
    place.globe(&["validate"]).exits(0);
    let schema = place.globe(&["schema"]).exits(0).stdout;
    let beside =
        std::fs::read_to_string(place.path().join("globe.schema.json")).expect("editors find it beside the file");
    assert_eq!(schema.trim_end(), beside.trim_end());
    let said = place.globe(&["--json", "validate"]).exits(0);
    assert_eq!(said.json_of("valid")["valid"], true);
}

#[test]
fn errors_of_a_file_come_all_at_once_with_their_lines() {
    let place = Place::new(&SMALL.replace("zones", "zonse").replace("\"single\"", "\"one\""), None);
    let said = place.globe(&["validate"]).exits(1);
    for expected in ["globe.toml:10", "did you mean `zones`", "one"] {
        assert!(said.stderr.contains(expected), "{expected} is missing:\n{}", said.stderr);
    }
    assert_eq!(said.stdout, "");
}

#[test]
fn nothing_is_changed_without_a_yes() {
    let place = Place::new(SMALL, None);
    let said = place.globe(&["--sandbox", "up"]).exits(4);
    assert!(said.stderr.contains("--yes"), "{}", said.stderr);
    place.globe(&["--sandbox", "down"]).exits(64);
    place.globe(&["--sandbox", "up", "--regions", "us-est-1", "--yes"]).exits(64);
    place.globe(&["upp"]).exits(64);
}

#[test]
fn diff_writes_no_state() {
    let place = Place::new(SMALL, None);
    place.globe(&["--sandbox", "diff", "--exit-code"]).exits(2);
    assert!(!place.path().join(".globe/sandbox/state.db").exists(), "no state is made");
    let world = std::fs::read_to_string(place.path().join(".globe/sandbox/world.jsonl")).unwrap_or_default();
    assert_eq!(world, "", "nothing was made in AWS");
}

#[test]
fn another_account_is_refused() {
    let served = crate::globe::Served::start();
    let place = Place::new(&SMALL.replace("123456789012", "210987654321"), Some(&served.url));
    let said = place.globe(&["up", "--yes"]).exits(4);
    assert!(said.stderr.contains("123456789012") && said.stderr.contains("210987654321"), "{}", said.stderr);
}

#[test]
fn a_plan_file_is_carried_out_once() {
    let place = Place::new(SMALL, None);
    place.globe(&["--sandbox", "diff", "--out", "plan.json"]).exits(0);
    place.globe(&["--sandbox", "up", "--plan", "plan.json", "--yes"]).exits(0);
    let said = place.globe(&["--sandbox", "up", "--plan", "plan.json", "--yes"]).exits(4);
    assert!(said.stderr.contains("new plan"), "{}", said.stderr);
    place.globe(&["--sandbox", "diff", "--exit-code"]).exits(0);
}

#[test]
fn state_status_graph_and_completions_say_something() {
    let place = Place::new(SMALL, None);
    place.globe(&["--sandbox", "--time", "virtual", "up", "--yes"]).exits(0);
    let listed = place.globe(&["--sandbox", "state", "list"]).exits(0).stdout;
    assert!(listed.contains("us-east-1/ec2/vpc/main"), "{listed}");
    let shown = place.globe(&["--sandbox", "--json", "state", "show", "us-east-1/ec2/vpc/main"]).exits(0);
    assert_eq!(shown.json_of("resource")["outputs"]["cidr"], "10.0.0.0/16");
    place.globe(&["--sandbox", "state", "show", "us-east-1/ec2/vpc/other"]).exits(64);
    assert!(place.globe(&["--sandbox", "state", "history"]).exits(0).stdout.contains("run_finished"));
    assert!(place.globe(&["--sandbox", "status"]).exits(0).stdout.contains("us-east-1"));
    assert!(place.globe(&["graph"]).exits(0).stdout.starts_with("digraph"));
    assert!(place.globe(&["graph", "--format", "mermaid"]).exits(0).stdout.contains("flowchart"));
    for shell in ["bash", "zsh", "fish"] {
        assert!(place.globe(&["completions", shell]).exits(0).stdout.contains("globe"));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let rights = std::fs::metadata(place.path().join(".globe")).expect("is there").permissions().mode() & 0o777;
        assert_eq!(rights, 0o700, "the state is its owner's alone");
    }
    place.globe(&["sandbox", "reset"]).exits(0);
    assert!(place.globe(&["--sandbox", "state", "list"]).exits(0).stdout.is_empty());
}
