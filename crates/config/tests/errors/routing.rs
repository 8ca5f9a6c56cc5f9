//! DNS records that contradict themselves or each other.

use insta::assert_snapshot;

use super::{added, changed};

#[test]
fn contradictory_policies() {
    assert_snapshot!(added("[record.site]\nname = \"www\"\nzone = \"main\"\ntarget = \"load_balancer.web\"\nroute = \"simple\"\n"), @r#"
    error: contradictory routing for `www.example.com`: latency and simple; Route 53 takes one policy per name
      --> globe.toml:35:9
       |
    27 | [record.www]
       |         --- the first
    ...
    35 | [record.site]
       |         ^^^^
       |
       = help: keep one of the two, or set another `name`

    1 error
    "#);
}

#[test]
fn a_record_twice() {
    assert_snapshot!(added("[record.site]\nname = \"www\"\nzone = \"main\"\ntarget = \"load_balancer.web\"\nroute = \"latency\"\n"), @r#"
    error: two records of type A for `www.example.com`
      --> globe.toml:35:9
       |
    27 | [record.www]
       |         --- the first
    ...
    35 | [record.site]
       |         ^^^^
       |
       = help: keep one of the two, or set another `name`

    1 error
    "#);
}

#[test]
fn a_cname_beside_another() {
    assert_snapshot!(added("[record.site]\nname = \"www\"\nzone = \"main\"\ntype = \"CNAME\"\nvalues = [\"example.org\"]\n"), @r#"
    error: a CNAME for `www.example.com` excludes every other record of that name
      --> globe.toml:35:9
       |
    27 | [record.www]
       |         --- the first
    ...
    35 | [record.site]
       |         ^^^^
       |
       = help: keep one of the two, or set another `name`

    1 error
    "#);
}

#[test]
fn a_geolocation_to_a_region_outside() {
    assert_snapshot!(changed("\"latency\"", "{ geolocation = { \"*\" = \"us-east-1\", EU = \"eu-central-1\" } }"), @r#"
    error: `eu-central-1` is not one of this stack's regions
      --> globe.toml:30:51
       |
    30 | route = { geolocation = { "*" = "us-east-1", EU = "eu-central-1" } }
       |                                                   ^^^^^^^^^^^^^^ not in `[regions]`
       |
       = help: add `[regions.eu-central-1]`, or use `us-east-1` or `eu-west-1`

    1 error
    "#);
}

#[test]
fn a_location_that_is_none() {
    assert_snapshot!(changed("\"latency\"", "{ geolocation = { \"*\" = \"us-east-1\", UK = \"eu-west-1\" } }"), @r#"
    error: `UK` is not a location of Route 53
      --> globe.toml:30:46
       |
    30 | route = { geolocation = { "*" = "us-east-1", UK = "eu-west-1" } }
       |                                              ^^
       |
       = help: write GB

    1 error
    "#);
}

#[test]
fn a_failover_to_itself() {
    assert_snapshot!(changed("\"latency\"", "{ failover = [\"us-east-1\", \"us-east-1\"] }"), @r#"
    error: us-east-1 cannot stand by for itself
      --> globe.toml:30:36
       |
    30 | route = { failover = ["us-east-1", "us-east-1"] }
       |                       -----------  ^^^^^^^^^^^
       |                       |
       |                       the primary
       |
       = help: name another region

    1 error
    "#);
}

#[test]
fn a_failover_of_three() {
    assert_snapshot!(changed("\"latency\"", "{ failover = [\"us-east-1\", \"eu-west-1\", \"us-east-1\"] }"), @r#"
    error: failover takes two regions, a primary and a standby, not 3
      --> globe.toml:30:22
       |
    30 | route = { failover = ["us-east-1", "eu-west-1", "us-east-1"] }
       |                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    1 error
    "#);
}

#[test]
fn weights_that_are_all_zero() {
    assert_snapshot!(changed("\"latency\"", "{ weighted = { us-east-1 = 0, eu-west-1 = 0 } }"), @r#"
    error: all weights are 0: Route 53 would then answer with every region alike
      --> globe.toml:30:22
       |
    30 | route = { weighted = { us-east-1 = 0, eu-west-1 = 0 } }
       |                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: give at least one region a weight from 1 to 255

    1 error
    "#);
}

#[test]
fn a_weight_out_of_range() {
    assert_snapshot!(changed("\"latency\"", "{ weighted = { us-east-1 = 256 } }"), @r#"
    error: out of range: it must be from 0 to 255
      --> globe.toml:30:36
       |
    30 | route = { weighted = { us-east-1 = 256 } }
       |                                    ^^^

    1 error
    "#);
}

#[test]
fn two_policies() {
    assert_snapshot!(changed("\"latency\"", "{ weighted = { us-east-1 = 1 }, failover = [\"us-east-1\", \"eu-west-1\"] }"), @r#"
    error: a record has one routing policy
      --> globe.toml:30:9
       |
    30 | route = { weighted = { us-east-1 = 1 }, failover = ["us-east-1", "eu-west-1"] }
       |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: keep one; a record under another name can hold the other

    1 error
    "#);
}

#[test]
fn a_policy_without_its_regions() {
    assert_snapshot!(changed("\"latency\"", "\"failover\""), @r#"
    error: `failover` must say which regions
      --> globe.toml:30:9
       |
    30 | route = "failover"
       |         ^^^^^^^^^^
       |
       = help: write route = { failover = ["us-east-1", "us-west-2"] }

    1 error
    "#);
}

#[test]
fn a_missing_route() {
    assert_snapshot!(changed("route = \"latency\"\n", ""), @r#"
    error: missing key `route` in `record.www`: which of the regions answers?
      --> globe.toml:27:9
       |
    27 | [record.www]
       |         ^^^
       |
       = help: one of "simple" (the primary), "latency", { geolocation = {..} }, { failover = [..] }, { weighted = {..} }

    1 error
    "#);
}

#[test]
fn a_target_and_values() {
    assert_snapshot!(changed("route = \"latency\"", "values = [\"192.0.2.1\"]"), @r#"
    error: a record has either a `target` or `values`
      --> globe.toml:30:10
       |
    30 | values = ["192.0.2.1"]
       |          ^^^^^^^^^^^^^

    1 error
    "#);
}

#[test]
fn a_value_of_another_type() {
    assert_snapshot!(added("[record.a]\nzone = \"main\"\ntype = \"A\"\nvalues = [\"2001:db8::1\"]\n"), @r#"
    error: `2001:db8::1` is not an IPv4 address, which a record of type A holds
      --> globe.toml:38:11
       |
    38 | values = ["2001:db8::1"]
       |           ^^^^^^^^^^^^^
       |
       = help: IPv6 addresses are of type AAAA

    1 error
    "#);
}

#[test]
fn a_whole_name_in_a_zone() {
    assert_snapshot!(changed("route = \"latency\"", "route = \"latency\"\nname = \"www.example.com\""), @r#"
    error: the zone adds `.example.com`: this would be `www.example.com.example.com`
      --> globe.toml:31:8
       |
    31 | name = "www.example.com"
       |        ^^^^^^^^^^^^^^^^^
       |
       = help: write name = "www"

    1 error
    "#);
}

#[test]
fn a_geolocation_without_a_default() {
    assert_snapshot!(changed("\"latency\"", "{ geolocation = { EU = \"eu-west-1\" } }"), @r#"
    error: the geolocation has no default: all others get no answer
      --> globe.toml:30:25
       |
    30 | route = { geolocation = { EU = "eu-west-1" } }
       |                         ^^^^^^^^^^^^^^^^^^^^
       |
       = help: add "*" = "us-east-1"

    1 error
    "#);
}
