//! What a run says is so: what could not be read is neither unchanged nor done, what is refused is carried out by no
//! way, and what is lost is lost because the command said so.

use crate::globe::{Place, Said};

/// Two tables' worth of data in three regions, replicated both ways.
const SHOP: &str = r#"
stack = "shop"
account = "123456789012"
primary = "us-east-1"

[tags]
team = "a"

[regions.us-east-1]
cidr = "10.0.0.0/16"
[regions.us-west-2]
cidr = "10.1.0.0/16"
[regions.eu-central-1]
cidr = "10.2.0.0/16"

[bucket.assets]
replicate = "mesh"
"#;

/// One bucket and one table in one region.
const SMALL_DATA: &str = r#"
stack = "small"
account = "123456789012"
primary = "us-east-1"

[regions.us-east-1]
cidr = "10.0.0.0/16"

[bucket.files]
replicate = "none"

[table.sessions]
partition_key = "id:S"
deletion_protection = false
"#;

const DARK: [&str; 2] = ["--fault", "*@eu-central-1:unavailable:0s:1000000s"];

fn globe(place: &Place, arguments: &[&str]) -> crate::globe::Ran {
    place.globe(&[&["--sandbox", "--time", "virtual"], arguments].concat())
}

fn dark(place: &Place, arguments: &[&str]) -> crate::globe::Ran {
    globe(place, &[&DARK[..], arguments].concat())
}

#[track_caller]
fn names_the_region_on_its_last_line(said: &Said) {
    let last = said.stdout.trim_end().lines().last().unwrap_or_default();
    assert!(last.contains("Not complete") && last.contains("eu-central-1"), "{}", said.stdout);
}

#[test]
fn what_could_not_be_read_is_never_unchanged() {
    let place = Place::new(SHOP, None);
    globe(&place, &["up", "--yes"]).exits(0);
    names_the_region_on_its_last_line(&dark(&place, &["diff", "--exit-code"]).exits(3));
    names_the_region_on_its_last_line(&dark(&place, &["diff"]).exits(0));
    let denied = ["--fault", "*@eu-central-1:denied:0s:1000000s", "diff", "--exit-code"];
    names_the_region_on_its_last_line(&globe(&place, &denied).exits(3));

    place.write(&SHOP.replace("\"a\"", "\"b\""));
    dark(&place, &["diff", "--exit-code"]).exits(3);
    for _ in 0..2 {
        let said = dark(&place, &["--json", "up", "--yes"]).exits(3);
        let plan = said.json_of("plan");
        assert_eq!((&plan["complete"], &plan["unread"][0]["scope"]), (&false.into(), &"eu-central-1".into()));
        let lines = said.stdout.lines().filter(|line| line.contains("\"type\":\"summary\"")).count();
        if lines > 0 {
            assert_eq!(said.json_of("summary")["complete"], false);
        }
    }
    globe(&place, &["up", "--yes"]).exits(0);
    globe(&place, &["diff", "--exit-code"]).exits(0);
}

#[test]
fn a_dark_region_that_is_taken_down_is_not_done_and_stays_wanted_down() {
    let place = Place::new(SHOP, None);
    globe(&place, &["up", "--yes"]).exits(0);
    let down = ["down", "--region", "eu-central-1", "--yes"];
    for _ in 0..2 {
        let said = dark(&place, &down).exits(3);
        assert!(said.stdout.contains("eu-central-1/s3/bucket/assets") || said.stdout.contains("Not complete"));
        assert!(!said.stdout.contains("Done"), "{}", said.stdout);
    }
    let listed = globe(&place, &["state", "list"]).exits(0).stdout;
    let role = "global/iam/role/assets-replication-eu-central-1";
    assert!(listed.contains(role), "a replication that stands keeps its role:\n{listed}");
    let said = globe(&place, &["up", "--yes"]).exits(0);
    assert!(said.stderr.contains("is being taken down") && said.stderr.contains("still stand"), "{}", said.stderr);
    let json = globe(&place, &["--json", "diff"]).exits(0).json_of("plan");
    assert_eq!(json["steps"].as_array().map(Vec::len), Some(0), "nothing of it is made again: {json}");
    globe(&place, &down).exits(0);
    let left = globe(&place, &["state", "list"]).exits(0).stdout;
    assert!(!left.contains("eu-central-1"), "{left}");
    globe(&place, &["diff", "--exit-code"]).exits(0);
}

#[test]
fn a_first_up_goes_on_without_a_dark_region() {
    let network = format!("{SHOP}\n[network.main]\nzones = 2\nnat = \"none\"\n");
    let place = Place::new(&network, None);
    dark(&place, &["up", "--region", "us-west-2", "--yes"]).exits(0);
    dark(&place, &["up", "--regions", "all", "--yes"]).exits(3);
    let listed = globe(&place, &["state", "list"]).exits(0).stdout;
    assert!(listed.contains("us-east-1/ec2/vpc/main") && !listed.contains("eu-central-1/ec2"), "{listed}");
    globe(&place, &["up", "--yes"]).exits(0);
    globe(&place, &["diff", "--exit-code"]).exits(0);
}

/// The regions that a command asked something of.
fn asked(said: &Said, service: &str) -> Vec<String> {
    let calls = said.json_of("calls");
    let rows = calls["calls"].as_array().expect("rows").iter().filter(|row| row["service"] == service);
    let mut regions: Vec<String> = rows.filter_map(|row| row["region"].as_str().map(str::to_owned)).collect();
    regions.sort();
    regions.dedup();
    regions
}

#[test]
fn a_command_reads_what_it_is_about_and_nothing_else() {
    let alone = SHOP.replace("mesh", "none");
    let place = Place::new(&format!("{alone}\n[network.main]\nzones = 2\nnat = \"none\"\n"), None);
    globe(&place, &["up", "--yes"]).exits(0);
    let said = globe(&place, &["--json", "diff", "--region", "us-west-2", "--explain-calls"]).exits(0);
    assert_eq!((asked(&said, "ec2"), asked(&said, "s3")), (vec!["us-west-2".into()], vec!["us-west-2".into()]));
    let only = ["--json", "diff", "--only", "eu-central-1/s3/bucket/assets", "--explain-calls"];
    let said = globe(&place, &only).exits(0);
    assert_eq!((asked(&said, "ec2"), asked(&said, "s3")), (Vec::<String>::new(), vec!["eu-central-1".to_owned()]));
    let said = globe(&place, &["diff", "--only", "nothing/*"]).exits(64);
    assert!(said.stderr.contains("no address matches `nothing/*`"), "{}", said.stderr);
}

#[test]
fn consent_is_in_the_command_and_never_in_the_file() {
    let place = Place::new(SMALL_DATA, None);
    globe(&place, &["up", "--yes"]).exits(0);
    place.write(&SMALL_DATA[..SMALL_DATA.find("[table").expect("a table")]);
    let address = "us-east-1/dynamodb/table/sessions";
    let said = globe(&place, &["diff", "-o", "p.plan"]).exits(0);
    assert!(said.stderr.contains(&format!("--delete-data '{address}'")), "{}", said.stderr);
    globe(&place, &["up", "--plan", "p.plan", "--yes"]).exits(4);
    globe(&place, &["up", "--plan", "p.plan", "--yes", "--delete-data", "us-east-1/s3/*"]).exits(64);
    globe(&place, &["up", "--yes", "--delete-data", "*/other"]).exits(64);
    assert!(globe(&place, &["state", "list"]).exits(0).stdout.contains(address));
    globe(&place, &["up", "--plan", "p.plan", "--yes", "--delete-data", address]).exits(0);
    assert!(!globe(&place, &["state", "list"]).exits(0).stdout.contains(address));
    // Said once more, as after an interruption, it is no mistake.
    globe(&place, &["up", "--yes", "--delete-data", address]).exits(0);
}

#[test]
fn what_is_protected_yields_to_no_flag() {
    let protected = SMALL_DATA.replace("[table.sessions]", "[table.sessions]\nprotect = true");
    let place = Place::new(SMALL_DATA, None);
    globe(&place, &["up", "--yes"]).exits(0);
    place.write(&protected);
    globe(&place, &["up", "--yes"]).exits(0);
    let without = &SMALL_DATA[..SMALL_DATA.find("[table").expect("a table")];
    place.write(without);
    let said = globe(&place, &["up", "--yes", "--delete-data", "*"]).exits(4);
    assert!(said.stderr.contains("table.sessions is protected"), "{}", said.stderr);
    globe(&place, &["diff", "-o", "p.plan", "--delete-data", "*"]).exits(4);
    assert!(!place.path().join("p.plan").exists(), "what is refused is not written");
    globe(&place, &["down", "--regions", "all", "--yes", "--delete-data", "*"]).exits(4);
    // Saying nothing lifts nothing.
    place.write(SMALL_DATA);
    globe(&place, &["down", "--regions", "all", "--yes", "--delete-data", "*"]).exits(4);
    place.write(&SMALL_DATA.replace("[table.sessions]", "[table.sessions]\nprotect = false"));
    globe(&place, &["up", "--yes"]).exits(0);
    place.write(without);
    globe(&place, &["up", "--yes", "--delete-data", "*/table/sessions"]).exits(0);
}

#[test]
fn a_plan_of_one_region_outlives_a_run_in_another() {
    let alone = SHOP.replace("mesh", "none");
    let place = Place::new(&alone, None);
    globe(&place, &["up", "--yes"]).exits(0);
    place.write(&alone.replace("\"a\"", "\"b\""));
    globe(&place, &["diff", "--region", "us-west-2", "-o", "west.plan"]).exits(0);
    globe(&place, &["diff", "--region", "eu-central-1", "-o", "eu.plan"]).exits(0);
    globe(&place, &["up", "--region", "eu-central-1", "--yes"]).exits(0);
    globe(&place, &["up", "--plan", "west.plan", "--yes"]).exits(0);
    let said = globe(&place, &["up", "--plan", "eu.plan", "--yes"]).exits(4);
    assert!(said.stderr.contains("eu-central-1 has changed"), "{}", said.stderr);
}

#[test]
fn a_plan_file_is_what_was_written_or_is_refused() {
    let place = Place::new(SMALL_DATA, None);
    globe(&place, &["diff", "-o", "p.plan"]).exits(0);
    let path = place.path().join("p.plan");
    let text = std::fs::read_to_string(&path).expect("reads");
    let up = ["up", "--plan", "p.plan", "--yes"];
    for (changed, words) in [
        (text.replace("sessions", "sessionz"), "was changed after it was written"),
        (text[..text.len() / 2].to_owned(), "damaged or cut short"),
        (SMALL_DATA.to_owned(), "is not a plan file"),
    ] {
        std::fs::write(&path, changed).expect("writes");
        let said = globe(&place, &up).exits(4);
        assert!(said.stderr.contains(words), "{}", said.stderr);
    }
    std::fs::write(&path, &text).expect("writes");
    globe(&place, &up).exits(0);
    let said = globe(&place, &["diff", "-o", "missing/p.plan"]).exits(1);
    assert_eq!(said.stdout, "", "no plan is made that cannot be kept");
}

#[test]
fn an_open_change_in_a_dark_region_stops_no_other() {
    let alone = SHOP.replace("mesh", "none");
    let place = Place::new(&alone, None);
    // The first look finds nothing; whether the lost create made something cannot be asked.
    let lost = ["--fault", "CreateBucket@eu-central-1:lost-after:1:999"];
    let look = ["--fault", "GetBucketTagging@eu-central-1:unavailable:2:999"];
    globe(&place, &[&lost[..], &look, &["up", "--yes"]].concat()).exits(3);
    assert_eq!(globe(&place, &["--json", "status"]).exits(0).json_of("status")["open_intents"], 1);
    dark(&place, &["up", "--region", "us-west-2", "--yes"]).exits(0);
    dark(&place, &["up", "--yes"]).exits(3);
    globe(&place, &["up", "--yes"]).exits(0);
    globe(&place, &["diff", "--exit-code"]).exits(0);
}
