//! What a user reads when a file is wrong: one change to a good file at a time.

mod in_one_line;
mod keys_and_components;
mod moved;
mod references_and_names;
mod regions_and_networks;
mod routing;
mod syntax;
mod types_and_values;

use globe_config::{ErrorKind, parse};

const GOOD: &str = r#"stack   = "acme"
account = "123456789012"
primary = "us-east-1"

[regions.us-east-1]
cidr = "10.0.0.0/16"
[regions.eu-west-1]
cidr = "10.1.0.0/16"
jurisdiction = "eu"

[network.main]
zones = 3
[load_balancer.web]
network = "main"
certificate = "site"
[service.web]
load_balancer = "web"
port = 8080
image = "ssm:/aws/service/al2023"
instance_type = "m6i.large"
instances = { min = 1, desired = 2, max = 4 }
[zone.main]
domain = "example.com"
[certificate.site]
domains = ["example.com"]
zone = "main"
[record.www]
zone = "main"
target = "load_balancer.web"
route = "latency"
[table.users]
partition_key = "id:S"
[bucket.files]
replicate = "mesh"
"#;

fn rendered(text: &str) -> String {
    match parse("globe.toml", text) {
        Ok(_) => panic!("no error in:\n{text}"),
        Err(errors) => errors.render(text, false),
    }
}

/// The errors of the good file with one piece of its text replaced.
fn changed(from: &str, to: &str) -> String {
    assert_eq!(GOOD.matches(from).count(), 1, "{from}");
    rendered(&GOOD.replace(from, to))
}

/// The errors of the good file with something added at its end.
fn added(text: &str) -> String {
    rendered(&format!("{GOOD}{text}"))
}

#[test]
fn the_good_file_is_good() {
    assert!(parse("globe.toml", GOOD).is_ok_and(|stack| stack.records.len() == 1));
}

#[test]
fn an_error_is_data_with_its_place_and_text() {
    let text = GOOD.replace("route = \"latency\"", "route = \"latincy\"");
    let errors = parse("globe.toml", &text).expect_err("one error");
    let error = errors.iter().next().expect("one error");
    assert_eq!((error.kind, error.line, error.column), (ErrorKind::InvalidValue, 30, 9));
    assert_eq!(error.text, "\"latincy\"");
    assert_eq!(error.candidates, ["latency"]);
    let json = serde_json::to_value(&errors).expect("serialises");
    assert_eq!(json[0]["kind"], "invalid_value");
    assert_eq!(json[0]["file"], "globe.toml");
}

#[test]
fn columns_count_characters_and_colours_are_on_request() {
    let text = GOOD.replace("[regions.us-east-1]", "tags = { \"ключ\" = 1 }\n[regions.us-east-1]");
    let errors = parse("globe.toml", &text).expect_err("one error");
    assert_eq!(errors.iter().map(|error| error.column).collect::<Vec<_>>(), [19]);
    assert!(errors.render(&text, true).contains('\u{1b}') && !errors.render(&text, false).contains('\u{1b}'));
}

#[test]
fn whatever_the_design_has_and_this_version_has_not_is_refused_by_name() {
    let components = [
        "alarm",
        "cache",
        "cdn",
        "dashboard",
        "database",
        "edge_function",
        "event_bus",
        "function",
        "key",
        "residency",
        "topic",
        "trail",
        "web_acl",
    ];
    let blocks: String = components.iter().map(|component| format!("[{component}.x]\n")).collect();
    let text = format!("{GOOD}{blocks}[budget]\n[failover]\n[rollout]\n");
    let errors = parse("globe.toml", &text).expect_err("none is built");
    assert_eq!(errors.iter().len(), components.len() + 3);
    assert!(errors.iter().all(|error| error.kind == ErrorKind::NotBuilt), "{errors}");
    for component in components {
        assert!(errors.iter().any(|error| error.message.contains(&format!("`{component}.x`"))), "{component}");
    }
}
