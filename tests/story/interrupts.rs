//! Ctrl-C and SIGTERM, at every moment of a command's life; and a runner that sends SIGKILL when it has waited enough.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::cloud::Cloud;
use crate::globe::{Place, Running, Said, Served};
use crate::stops::SMALL;

const SIGNALS: [&str; 2] = ["INT", "TERM"];

fn up(place: &Place) -> Running {
    Running::start(place.command(&["up", "--yes"]))
}

/// The next run needs no flag, leaves one of each, and nothing to do.
async fn the_next_run_converges(place: &Place, served: &Served) {
    place.globe(&["up", "--yes"]).exits(0);
    place.globe(&["diff", "--exit-code"]).exits(0);
    let census = Cloud::at(&served.url).census("us-east-1").await;
    assert_eq!((census.vpcs, census.subnets, census.nat_gateways, census.addresses), (1, 6, 1, 1));
}

fn says(said: &Said, expected: &str) {
    assert!(said.stderr.contains(expected), "{expected} is missing:\n{}", said.stderr);
}

fn open_intents(place: &Place) -> Value {
    place.globe(&["--json", "status"]).exits(0).json_of("status")["open_intents"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_flight_is_settled_and_what_remains_is_said() {
    for signal in SIGNALS {
        let served = Served::start();
        let place = Place::new(SMALL, Some(&served.url));
        served.fault("CreateSubnet:hang-after");
        let running = up(&place);
        served.wait_for_held("CreateSubnet");
        running.signal(signal);
        running.until("Stopping: nothing new is started");
        served.release();
        let said = running.end().exits(3);
        assert!(said.stdout.contains("Interrupted after") && said.stdout.contains("Not tried"), "{}", said.stdout);
        assert!(said.stdout.contains("ec2/nat_gateway/main-a"), "what remains is named: {}", said.stdout);
        assert_eq!(open_intents(&place), 0, "all that was in flight is settled");
        let made = |action: &str| served.writes().iter().any(|call| call["action"] == action);
        assert!(!made("CreateNatGateway"), "nothing new was started");
        the_next_run_converges(&place, &served).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_signal_aborts_and_nothing_is_lost() {
    for signal in SIGNALS {
        let served = Served::start();
        let place = Place::new(SMALL, Some(&served.url));
        served.fault("CreateVpc:hang-after");
        let running = up(&place);
        served.wait_for_held("CreateVpc");
        running.signal(signal);
        running.until("Stopping");
        running.signal(signal);
        // The call still hangs: waiting for it would never end.
        let said = running.end().exits(3);
        says(&said, "Aborted. Nothing is lost");
        assert_ne!(open_intents(&place), 0, "the call in flight is left to the next run");
        the_next_run_converges(&place, &served).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_that_terminates_and_then_kills_loses_nothing() {
    let served = Served::start();
    let place = Place::new(SMALL, Some(&served.url));
    served.fault("CreateNatGateway:hang-after");
    let running = up(&place);
    served.wait_for_held("CreateNatGateway");
    running.signal("TERM");
    running.until("Stopping");
    running.kill();
    the_next_run_converges(&place, &served).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn planning_ends_at_once_and_has_changed_nothing() {
    for signal in SIGNALS {
        let served = Served::start();
        let place = Place::new(SMALL, Some(&served.url));
        served.fault("DescribeVpcs:hang-before");
        let running = up(&place);
        served.wait_for_held("DescribeVpcs");
        running.signal(signal);
        let said = running.end().exits(3);
        says(&said, "interrupted while planning; nothing was changed");
        assert_eq!(served.writes(), Vec::<Value>::new());
        the_next_run_converges(&place, &served).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_another_run_ends_at_once() {
    for signal in SIGNALS {
        let served = Served::start();
        let place = Place::new(SMALL, Some(&served.url));
        served.fault("CreateVpc:hang-after");
        let holder = up(&place);
        served.wait_for_held("CreateVpc");
        let waiting = up(&place);
        waiting.until("Waiting up to 60 s");
        waiting.signal(signal);
        says(&waiting.end().exits(3), "interrupted while waiting for another run; nothing was changed");
        served.release();
        holder.end().exits(0);
        the_next_run_converges(&place, &served).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_settles_what_it_has_begun_with() {
    for signal in SIGNALS {
        let served = Served::start();
        let place = Place::new(SMALL, Some(&served.url));
        served.fault("CreateVpc:hang-after");
        let killed = up(&place);
        served.wait_for_held("CreateVpc");
        killed.kill();
        let open = open_intents(&place);
        served.fault("DescribeVpcs:hang-before");
        let running = up(&place);
        served.wait_for_held("DescribeVpcs");
        running.signal(signal);
        running.until("Stopping");
        served.release();
        says(&running.end().exits(3), "interrupted");
        assert!(open_intents(&place).as_u64() < open.as_u64(), "it finished the one it had begun with");
        the_next_run_converges(&place, &served).await;
    }
}

/// On a terminal, as a person presses the keys.
#[cfg(target_os = "linux")]
#[test]
fn the_question_can_be_left_with_ctrl_c() {
    let served = Served::start();
    let place = Place::new(SMALL, Some(&served.url));
    let plain = place.command(&["up"]);
    let globe = plain.get_program().to_str().expect("UTF-8").to_owned();
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--flush", "--command", &format!("exec {globe} up"), "/dev/null"]);
    command.current_dir(place.path()).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?)))).stdin(Stdio::piped());
    let mut running = Running::start(command);
    running.until("Only `yes` goes ahead");
    // Open until the end: a keyboard that goes away is an answer too.
    let mut keyboard = running.take_stdin();
    keyboard.write_all(b"\x03").expect("types Ctrl-C");
    let said = running.end().exits(3);
    assert!(said.stdout.contains("interrupted while it waited for an answer; nothing was changed"), "{}", said.stdout);
    assert_eq!(served.writes(), Vec::<Value>::new());
}
