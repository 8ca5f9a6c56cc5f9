//! Keys and components that are unknown, missing or not built yet.

use insta::assert_snapshot;

use super::{added, changed};

#[test]
fn an_unknown_key() {
    assert_snapshot!(changed("instance_type =", "instance_typ ="), @r#"
    error: unknown key `instance_typ` in `service.web`
      --> globe.toml:20:1
       |
    20 | instance_typ = "m6i.large"
       | ^^^^^^^^^^^^ not a key of `service`
       |
       = help: did you mean `instance_type`?

    1 error
    "#);
}

#[test]
fn an_unknown_component() {
    assert_snapshot!(added("[loadbalancer.api]\nnetwork = \"main\"\n"), @r#"
    error: unknown component `loadbalancer`
      --> globe.toml:35:2
       |
    35 | [loadbalancer.api]
       |  ^^^^^^^^^^^^
       |
       = help: did you mean `load_balancer`?

    1 error
    "#);
}

#[test]
fn an_unknown_setting() {
    assert_snapshot!(changed("stack   =", "color = 1\nstack ="), @r#"
    error: unknown key `color`
     --> globe.toml:1:1
      |
    1 | color = 1
      | ^^^^^
      |
      = help: one of `stack`, `account`, `primary`, `tags`, `regions`, `moved`, `network`, `load_balancer`, `service`, `table`, `bucket`, `zone`, `certificate` or `record`

    1 error
    "#);
}

#[test]
fn a_component_of_a_later_version() {
    assert_snapshot!(added("[database.main]\nengine = \"postgres\"\n[failover]\nrto = \"5m\"\n"), @r#"
    error: `database.main` is not built yet: this globe has no RDS databases
      --> globe.toml:35:11
       |
    35 | [database.main]
       |           ^^^^ not built yet
       |
       = help: remove it; globe never ignores what a file asks for

    error: `failover` is not built yet: this globe has no recovery objectives
      --> globe.toml:37:2
       |
    37 | [failover]
       |  ^^^^^^^^ not built yet
       |
       = help: remove it; globe never ignores what a file asks for

    2 errors
    "#);
}

#[test]
fn a_key_of_a_later_version() {
    assert_snapshot!(changed("zones = 3", "zones = 3\nflow_logs = \"30d\""), @r#"
    error: `flow_logs` of `network.main` is not built yet: this globe has no VPC flow logs
      --> globe.toml:13:1
       |
    13 | flow_logs = "30d"
       | ^^^^^^^^^ not built yet
       |
       = help: remove it; globe never ignores what a file asks for

    1 error
    "#);
}

#[test]
fn a_missing_key() {
    assert_snapshot!(changed("port = 8080\n", ""), @r#"
    error: missing key `port` in `service.web`
      --> globe.toml:16:10
       |
    16 | [service.web]
       |          ^^^
       |
       = help: add `port = ...`

    1 error
    "#);
}

#[test]
fn a_missing_setting() {
    assert_snapshot!(changed("account = \"123456789012\"\n", ""), @r#"
    error: missing key `account` in the file
     --> globe.toml:1:1
      |
    1 | stack   = "acme"
      | ^
      |
      = help: add `account = ...`

    1 error
    "#);
}

#[test]
fn a_component_without_a_name() {
    assert_snapshot!(added("[network]\nnat = \"none\"\n"), @r#"
    error: `network` has no name: components are written `[network.<name>]`
      --> globe.toml:36:1
       |
    36 | nat = "none"
       | ^^^
       |
       = help: write `[network.main]` above it

    1 error
    "#);
}

#[test]
fn a_name_that_cannot_be() {
    assert_snapshot!(added("[zone.Main_Zone]\ndomain = \"example.org\"\n"), @r#"
    error: `Main_Zone` cannot be a component's name
      --> globe.toml:35:7
       |
    35 | [zone.Main_Zone]
       |       ^^^^^^^^^
       |
       = help: a lower-case letter, then lower-case letters, digits and hyphens, not ending with a hyphen

    1 error
    "#);
}
