//! The state: moved, copied, cleaned up after, and in trouble.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use sqlx::{Connection, SqliteConnection};

use crate::cloud::Cloud;
use crate::globe::{Place, Said, Served};
use crate::stops::SMALL;

const UP: &[&str] = &["up", "--yes"];
const PATIENCE: Duration = Duration::from_secs(60);

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("there").permissions().mode() & 0o777
}

#[test]
fn a_state_moves_and_the_stack_stays_as_it_is() {
    let served = Served::start();
    let place = Place::new(SMALL, Some(&served.url));
    place.globe(UP).exits(0);
    let said = place.globe(&["--json", "state", "copy", "--to", "other.db"]).exits(0);
    assert!(said.json_of("copied")["events"].as_u64().is_some_and(|events| events > 50), "{}", said.stdout);
    place.globe(&["--state", "other.db", "diff", "--exit-code"]).exits(0);
    let again = place.globe(&["state", "copy", "--to", "other.db"]).exits(4);
    assert!(again.stderr.contains("has a state of stack small already"), "{}", again.stderr);

    place.globe(&["state", "export", "--out", "small.jsonl"]).exits(0);
    assert_eq!(mode(&place.path().join("small.jsonl")), 0o600);
    place.globe(&["state", "export", "--out", "small.jsonl"]).exits(1);
    let shown = place.globe(&["state", "export"]).exits(0).stdout;
    assert_eq!(fs::read_to_string(place.path().join("small.jsonl")).expect("reads"), shown);
    place.globe(&["--state", "third.db", "state", "import", "small.jsonl"]).exits(0);
    place.globe(&["--state", "third.db", "diff", "--exit-code"]).exits(0);
    assert_eq!(mode(&place.path().join("third.db")), 0o600);
    place.globe(&["--state", "third.db", "state", "import", "small.jsonl"]).exits(4);
    let other = Place::new(&SMALL.replace("\"small\"", "\"large\""), None);
    fs::copy(place.path().join("small.jsonl"), other.path().join("small.jsonl")).expect("copies");
    let refused = other.globe(&["state", "import", "small.jsonl"]).exits(4);
    assert!(refused.stderr.contains("small") && refused.stderr.contains("large"), "{}", refused.stderr);
    fs::write(place.path().join("cut.jsonl"), &shown[..shown.len() / 2]).expect("writes");
    let cut = place.globe(&["--state", "fourth.db", "state", "import", "cut.jsonl"]).exits(1);
    assert!(cut.stderr.contains("is damaged") && cut.stderr.contains("nothing was written"), "{}", cut.stderr);
    assert!(!place.path().join("fourth.db").exists());

    place.globe(&["state", "backup", "--to", "copy.db"]).exits(0);
    assert_eq!(mode(&place.path().join("copy.db")), 0o600);
    place.globe(&["--state", "copy.db", "diff", "--exit-code"]).exits(0);
    place.globe(&["state", "backup", "--to", "copy.db"]).exits(1);
    place.globe(&["--state", "third.db", "down", "--regions", "all", "--yes"]).exits(0);
    for state in ["other.db", "third.db", "copy.db"] {
        place.globe(&["--state", state, "state", "verify"]).exits(0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_records_are_named_and_made_anew() {
    let place = Place::new(SMALL, None);
    place.globe(&["--sandbox", "up", "--yes"]).exits(0);
    let state = place.path().join(".globe/sandbox/state.db");
    let mut connection = SqliteConnection::connect(state.to_str().expect("UTF-8")).await.expect("opens");
    sqlx::raw_sql("DELETE FROM resources WHERE address LIKE '%/vpc/%'")
        .execute(&mut connection)
        .await
        .expect("tampers");
    connection.close().await.expect("closes");
    let said = place.globe(&["--sandbox", "state", "verify"]).exits(1);
    assert!(said.stderr.contains("us-east-1/ec2/vpc/main") && said.stderr.contains("state rebuild"), "{}", said.stderr);
    place.globe(&["--sandbox", "state", "rebuild"]).exits(0);
    place.globe(&["--sandbox", "state", "verify"]).exits(0);
    place.globe(&["--sandbox", "diff", "--exit-code"]).exits(0);
}

/// A `down` killed while AWS is deleting a NAT gateway: `gc` sees that through, and nothing else.
#[test]
fn a_killed_down_is_finished_where_aws_had_agreed() {
    let place = Place::new(SMALL, None);
    place.globe(&["--sandbox", "up", "--yes"]).exits(0);
    let nothing = place.globe(&["--sandbox", "gc"]).exits(0);
    assert!(nothing.stderr.contains("Nothing is left to clean up"), "{}", nothing.stderr);
    let mut down = place.command(&["--sandbox", "--time", "real", "down", "--regions", "all", "--yes"]);
    let mut down = down.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts");
    let began = Instant::now();
    let accepted = |said: &Said| {
        let nat = |entry: &serde_json::Value| {
            entry["address"].as_str().is_some_and(|address| address.contains("nat_gateway"))
        };
        said.json().iter().any(|entry| entry["what"] == "deleting" && nat(entry))
    };
    while !accepted(&place.globe(&["--sandbox", "--json", "state", "history"]).exits(0)) {
        assert!(began.elapsed() < PATIENCE, "the delete is asked for soon");
        std::thread::sleep(Duration::from_millis(50));
    }
    down.kill().expect("was running");
    down.wait().expect("is reaped");
    let said = place.globe(&["--sandbox", "status"]).exits(0);
    assert!(said.stderr.contains("`globe gc` finishes"), "{}", said.stderr);
    place.globe(&["--sandbox", "gc"]).exits(0);
    let left = place.globe(&["--sandbox", "state", "list"]).exits(0).stdout;
    assert!(!left.contains("nat_gateway") && left.contains("us-east-1/ec2/vpc/main"), "{left}");
    place.globe(&["--sandbox", "gc"]).exits(0);
    place.globe(&["--sandbox", "up", "--yes"]).exits(0);
    place.globe(&["--sandbox", "diff", "--exit-code"]).exits(0);
}

/// Files may not grow beyond so many blocks, as on a full disk.
fn with_little_room(place: &Place, blocks: u32) -> Said {
    let globe = place.command(UP);
    let mut shell = Command::new("sh");
    // An ignored signal stays ignored in the program that replaces the shell; writing then fails instead of killing it.
    shell.args(["-c", &format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"")]);
    shell.arg(globe.get_program()).args(globe.get_args()).current_dir(place.path()).env_clear();
    shell.envs(globe.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = shell.stdin(Stdio::null()).output().expect("starts");
    let code = output.status.code().expect("is not killed");
    assert!([0, 1, 3].contains(&code), "{code}");
    Said::of(&output).exits(code)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_stops_the_run_and_loses_nothing() {
    let mut stopped_inside = 0;
    for blocks in [100, 300, 400, 500, 700] {
        let served = Served::start();
        let place = Place::new(SMALL, Some(&served.url));
        let said = with_little_room(&place, blocks);
        assert_ne!(said.code, 0, "{blocks}: {}", said.stderr);
        assert!(said.stderr.contains("its disk does not take it"), "{blocks}: {}", said.stderr);
        let cloud = Cloud::at(&served.url);
        if said.code == 1 {
            let census = cloud.census("us-east-1").await;
            assert_eq!((census.vpcs, cloud.buckets().await.len()), (0, 0), "{blocks}: nothing was made");
        } else {
            stopped_inside += 1;
        }
        place.globe(UP).exits(0);
        place.globe(&["diff", "--exit-code"]).exits(0);
        let census = cloud.census("us-east-1").await;
        let counts = (census.vpcs, census.subnets, census.nat_gateways, census.addresses, cloud.buckets().await.len());
        assert_eq!(counts, (1, 6, 1, 1, 1), "{blocks}: one of each");
    }
    assert!(stopped_inside > 0, "some of it stopped in the middle");
}

/// What is wrong with the state is said before AWS is asked anything.
#[track_caller]
fn refused_before_any_call(served: &Served, place: &Place, arguments: &[&str], expected: &[&str]) {
    let before = served.calls().len();
    let said = place.globe(arguments).exits(1);
    for text in expected {
        assert!(said.stderr.contains(text), "{text} is missing:\n{}", said.stderr);
    }
    assert_eq!(served.calls().len(), before, "AWS was not asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_cannot_be_used_is_said_before_any_call() {
    let served = Served::start();
    let place = Place::new(SMALL, Some(&served.url));
    place.globe(UP).exits(0);
    let file = place.path().join(".globe/state.db");
    let whole = fs::read(&file).expect("reads");

    fs::set_permissions(&file, Permissions::from_mode(0o400)).expect("sets");
    refused_before_any_call(&served, &place, UP, &["state.db", "read-only"]);
    place.globe(&["diff", "--exit-code"]).exits(0);
    fs::set_permissions(&file, Permissions::from_mode(0o600)).expect("sets");

    fs::write(&file, &whole[..whole.len() / 2]).expect("writes");
    refused_before_any_call(&served, &place, UP, &["state.db", "damaged, cut short", "globe state backup"]);
    refused_before_any_call(&served, &place, &["diff"], &["damaged, cut short"]);
    fs::write(&file, &whole).expect("writes");

    let mut other = SqliteConnection::connect(file.to_str().expect("UTF-8")).await.expect("opens");
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.expect("locks");
    place.write(&format!("{SMALL}\n[bucket.more]\nreplicate = \"none\"\n"));
    let said = place.globe(UP).exits(1);
    assert_eq!(Cloud::at(&served.url).buckets().await.len(), 1, "nothing was made");
    place.write(SMALL);
    assert!(said.stderr.contains("another process keeps it locked"), "{}", said.stderr);
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.expect("unlocks");
    let later = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (29991231000000, 'later', true, '', 0)";
    sqlx::raw_sql(later).execute(&mut other).await.expect("a later migration");
    other.close().await.expect("closes");
    refused_before_any_call(&served, &place, UP, &["a newer globe has written it", "29991231000000", "upgrade globe"]);
    fs::write(&file, &whole).expect("writes");

    let nobody = ["--state", "postgres://bob:hunter2@127.0.0.1:9/globe?sslmode=disable", "up", "--yes"];
    refused_before_any_call(&served, &place, &nobody, &["postgres://127.0.0.1:9/globe", "refused"]);
    let said = place.globe(&nobody).exits(1);
    assert!(!said.stderr.contains("hunter2"), "{}", said.stderr);
    place.globe(&["diff", "--exit-code"]).exits(0);
}
