//! Components under other names: what stands stays.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::globe::Place;

const VIRTUAL: [&str; 3] = ["--sandbox", "--time", "virtual"];

/// Names of the components, by kind.
type Names<'a> = BTreeMap<&'a str, &'a str>;

fn names() -> Names<'static> {
    BTreeMap::from([
        ("network", "main"),
        ("load_balancer", "web"),
        ("service", "shop"),
        ("table", "orders"),
        ("bucket", "files"),
        ("zone", "public"),
        ("certificate", "site"),
        ("record", "www"),
    ])
}

/// A stack of two regions with every component under these names.
fn file(names: &Names<'_>, moved: &str) -> String {
    let [network, balancer, service, table] = ["network", "load_balancer", "service", "table"].map(|key| names[key]);
    let [bucket, zone, certificate, record] = ["bucket", "zone", "certificate", "record"].map(|key| names[key]);
    format!(
        r#"
stack = "acme"
account = "123456789012"
primary = "us-east-1"
[regions.us-east-1]
cidr = "10.0.0.0/16"
[regions.eu-west-1]
cidr = "10.1.0.0/16"
[network.{network}]
zones = 2
nat = "single"
endpoints = ["s3"]
[load_balancer.{balancer}]
network = "{network}"
certificate = "{certificate}"
[service.{service}]
load_balancer = "{balancer}"
port = 8080
image = "ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
instance_type = "m6i.large"
instances = {{ min = 1, desired = 1, max = 2 }}
scale_on = {{ cpu = 60 }}
[table.{table}]
partition_key = "id:S"
regions = "all"
[bucket.{bucket}]
replicate = "mesh"
[zone.{zone}]
domain = "example.com"
[certificate.{certificate}]
domains = ["example.com"]
zone = "{zone}"
[record.{record}]
zone = "{zone}"
name = "www"
target = "load_balancer.{balancer}"
route = "latency"
health_check = "/healthz"
{moved}
"#
    )
}

fn run(place: &Place, arguments: &[&str]) -> crate::globe::Ran {
    place.globe(&[&VIRTUAL[..], arguments].concat())
}

/// Scope, kind and AWS id of everything recorded, and its address.
fn recorded(place: &Place) -> BTreeMap<String, String> {
    let listed = run(place, &["--json", "state", "list"]).exits(0).json();
    let of = |record: &Value| {
        let address = record["address"].as_str().expect("an address").to_owned();
        let place: Vec<&str> = address.splitn(4, '/').take(3).collect();
        (format!("{} {}", place.join("/"), record["id"]), address.clone())
    };
    listed.iter().filter(|line| line["type"] == "resource").map(of).collect()
}

/// Insists that a plan changes nothing but tags that carry names.
#[track_caller]
fn renames_only_tags(plan: &Value, what: &str) {
    for step in plan["steps"].as_array().expect("steps") {
        assert_eq!(step["action"], "update", "{what}: {step}");
        for change in step["changes"].as_array().expect("changes") {
            let field = change["field"].as_str().expect("a field");
            assert!(field.ends_with("tags.Name") || field == "launch_tags", "{what}: {change}");
        }
    }
}

#[test]
fn every_component_is_renamed_and_renamed_back_and_nothing_is_made_anew() {
    let place = Place::new(&file(&names(), ""), None);
    run(&place, &["up", "--yes"]).exits(0);
    let before = recorded(&place);
    for (component, name) in names() {
        let mut other = names();
        other.insert(component, "other");
        for (to, lines) in [(&other, (name, "other")), (&names(), ("other", name))] {
            let what = format!("{component}: {lines:?}");
            let moved = format!("[moved]\n\"{component}.{}\" = \"{component}.{}\"", lines.0, lines.1);
            place.write(&file(to, &moved));
            let plan = run(&place, &["--json", "diff"]).exits(0).json_of("plan");
            renames_only_tags(&plan, &what);
            assert!(component == "record" || plan["moves"] != Value::Array(Vec::new()), "{what}");
            let ahead = recorded(&place);
            assert!(before.keys().eq(ahead.keys()), "{what}: every id is recorded, under its present address");
            // Now from a file, now afresh.
            run(&place, &["diff", "--out", "plan.json"]).exits(0);
            let plan: &[&str] = if lines.1 == "other" { &["--plan", "plan.json"] } else { &[] };
            run(&place, &[&["up", "--yes"], plan].concat()).exits(0);
            assert_eq!(recorded(&place), ahead, "{what}");
            let after = run(&place, &["--json", "diff", "--exit-code"]).exits(0).json_of("plan");
            assert_eq!(after["moves"], Value::Array(Vec::new()), "{what}: once is enough");
            place.write(&file(to, ""));
            run(&place, &["diff", "--exit-code"]).exits(0);
        }
        assert_eq!(recorded(&place), before, "{component} is back");
    }
    run(&place, &["state", "verify"]).exits(0);
    run(&place, &["down", "--regions", "all", "--yes", "--delete-data"]).exits(0);
}

#[test]
fn a_move_is_proposed_recorded_by_hand_and_refused_where_it_cannot_be() {
    let place = Place::new(&file(&names(), ""), None);
    run(&place, &["up", "--yes"]).exits(0);
    let before = recorded(&place);
    let mut other = names();
    other.insert("table", "purchases");
    place.write(&file(&other, ""));
    let said = run(&place, &["diff"]).exits(0).stdout;
    assert!(said.contains("[moved]") && said.contains("\"table.orders\" = \"table.purchases\""), "{said}");
    assert_eq!(recorded(&place), before, "nothing is done by itself");

    run(&place, &["state", "mv", "table.nothing", "table.purchases"]).exits(1);
    run(&place, &["state", "mv", "table.orders", "bucket.files"]).exits(64);
    run(&place, &["state", "mv", "us-east-1/ec2/vpc/main", "eu-west-1/ec2/vpc/core"]).exits(4);
    let taken = run(&place, &["state", "mv", "us-east-1/ec2/subnet/main-data-a", "us-east-1/ec2/subnet/main-data-b"]);
    assert!(taken.exits(4).stderr.contains("another object"), "it is taken");
    assert_eq!(recorded(&place), before);

    let said = run(&place, &["state", "mv", "table.orders", "table.purchases"]).exits(0).stdout;
    assert!(said.contains("us-east-1/dynamodb/table/orders -> us-east-1/dynamodb/table/purchases"), "{said}");
    let plan = run(&place, &["--json", "diff"]).exits(0).json_of("plan");
    renames_only_tags(&plan, "by hand");
    assert!(recorded(&place).keys().eq(before.keys()));
    assert!(run(&place, &["state", "history"]).exits(0).stdout.contains("moved"));

    let lost = "[moved]\n\"us-east-1/ec2/vpc/main\" = \"us-east-1/ec2/vpc/nowhere\"";
    place.write(&file(&other, lost));
    let refused = run(&place, &["up", "--yes"]).exits(4);
    assert!(refused.stderr.contains("describes nothing"), "{}{}", refused.stdout, refused.stderr);
    assert!(recorded(&place).keys().eq(before.keys()));
}
