//! Regions, address ranges and overrides.

use insta::assert_snapshot;

use super::{GOOD, added, changed, rendered};

#[test]
fn a_region_that_aws_has_not() {
    assert_snapshot!(changed("[regions.eu-west-1]", "[regions.eu-wst-1]"), @r#"
    error: AWS has no region `eu-wst-1`
     --> globe.toml:7:10
      |
    7 | [regions.eu-wst-1]
      |          ^^^^^^^^ unknown region
      |
      = help: did you mean `eu-west-1`, `eu-west-2` or `eu-west-3`?

    1 error
    "#);
}

#[test]
fn a_region_outside_the_stack() {
    assert_snapshot!(changed("id:S\"", "id:S\"\nregions = [\"us-east-1\", \"us-west-2\"]"), @r#"
    error: `us-west-2` is not one of this stack's regions
      --> globe.toml:33:25
       |
    33 | regions = ["us-east-1", "us-west-2"]
       |                         ^^^^^^^^^^^ not in `[regions]`
       |
       = help: add `[regions.us-west-2]`, or use `us-east-1` or `eu-west-1`

    1 error
    "#);
}

#[test]
fn a_primary_that_is_no_region() {
    assert_snapshot!(changed("primary = \"us-east-1\"", "primary = \"us-west-1\""), @r#"
    error: `primary` is `us-west-1`, which is not one of the regions
     --> globe.toml:3:11
      |
    3 | primary = "us-west-1"
      |           ^^^^^^^^^^^
      |
      = help: did you mean `eu-west-1` or `us-east-1`?

    1 error
    "#);
}

#[test]
fn overlapping_ranges() {
    assert_snapshot!(changed("10.1.0.0/16", "10.0.128.0/17"), @r#"
    error: the ranges of eu-west-1 and us-east-1 overlap: 10.0.128.0/17 and 10.0.0.0/16
     --> globe.toml:8:8
      |
    6 | cidr = "10.0.0.0/16"
      |        ------------- us-east-1
    7 | [regions.eu-west-1]
    8 | cidr = "10.0.128.0/17"
      |        ^^^^^^^^^^^^^^^ overlaps
      |
      = help: 10.1.0.0/17 is free

    1 error
    "#);
}

#[test]
fn a_range_with_host_bits() {
    assert_snapshot!(changed("10.1.0.0/16", "10.1.2.3/16"), @r#"
    error: 10.1.2.3/16 is not the first address of its range
     --> globe.toml:8:8
      |
    8 | cidr = "10.1.2.3/16"
      |        ^^^^^^^^^^^^^
      |
      = help: write "10.1.0.0/16"

    1 error
    "#);
}

#[test]
fn a_range_too_wide() {
    assert_snapshot!(changed("10.1.0.0/16", "10.0.0.0/8"), @r#"
    error: a VPC's range is from /16 to /28, not /8
     --> globe.toml:8:8
      |
    8 | cidr = "10.0.0.0/8"
      |        ^^^^^^^^^^^^

    1 error
    "#);
}

#[test]
fn subnets_that_do_not_fit() {
    assert_snapshot!(changed("10.1.0.0/16", "10.1.0.0/24"), @r#"
    error: the subnets of `network.main` do not fit in eu-west-1: 10.1.0.0/24 has room for 2 zones, not for 3
      --> globe.toml:12:9
       |
     8 | cidr = "10.1.0.0/24"
       |        ------------- the range of eu-west-1
    ...
    12 | zones = 3
       |         ^
       |
       = help: widen it to /23, or use fewer zones

    1 error
    "#);
}

#[test]
fn one_zone_under_a_load_balancer() {
    assert_snapshot!(changed("zones = 3", "zones = 1"), @r#"
    error: `load_balancer.web` needs two zones; `network.main` has one in eu-west-1
      --> globe.toml:14:11
       |
    12 | zones = 1
       |         - the network's zones
    13 | [load_balancer.web]
    14 | network = "main"
       |           ^^^^^^
       |
       = help: set `zones` to 2 or more

    1 error
    "#);
}

#[test]
fn a_selector_that_matches_nothing() {
    assert_snapshot!(added("[network.main.for.eu-west-2]\nzones = 2\n"), @r#"
    error: `for.eu-west-2` matches no region of this stack
      --> globe.toml:35:19
       |
    35 | [network.main.for.eu-west-2]
       |                   ^^^^^^^^^ matches nothing
       |
       = help: did you mean `eu-west-1`?

    1 error
    "#);
}

#[test]
fn a_jurisdiction_that_matches_nothing() {
    assert_snapshot!(added("[network.main.for.uk]\nzones = 2\n"), @r#"
    error: `for.uk` matches no region of this stack
      --> globe.toml:35:19
       |
    35 | [network.main.for.uk]
       |                   ^^ matches nothing
       |
       = help: one of `primary`, `secondary`, `eu`, `us-east-1` or `eu-west-1`

    1 error
    "#);
}

#[test]
fn an_unknown_key_in_an_override() {
    assert_snapshot!(added("[network.main.for.eu]\nzone = 2\n"), @r#"
    error: unknown key `zone` in `network.main`
      --> globe.toml:36:1
       |
    36 | zone = 2
       | ^^^^ not a key of `network`
       |
       = help: did you mean `zones`?

    1 error
    "#);
}

#[test]
fn a_key_that_cannot_differ() {
    assert_snapshot!(added("[bucket.files.for.eu]\nreplicate = \"none\"\n"), @r#"
    error: `replicate` of a bucket cannot differ between regions
      --> globe.toml:36:1
       |
    36 | replicate = "none"
       | ^^^^^^^^^
       |
       = help: set it once, outside `for`

    1 error
    "#);
}

#[test]
fn overrides_of_what_is_global() {
    assert_snapshot!(added("[table.users.for.eu]\nttl = \"x\"\n"), @r#"
    error: a table is the same in all regions
      --> globe.toml:35:14
       |
    35 | [table.users.for.eu]
       |              ^^^
       |
       = help: remove `for`

    1 error
    "#);
}

#[test]
fn a_key_missing_in_one_region() {
    assert_snapshot!(changed("port = 8080", "for.primary.port = 8080"), @r#"
    error: missing key `port` in `service.web` for eu-west-1
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
fn a_misspelt_region_is_one_error_however_often_it_is_meant() {
    let text = GOOD
        .replace("[regions.eu-west-1]", "[regions.eu-wst-1]")
        .replace("\"latency\"", "{ failover = [\"us-east-1\", \"eu-west-1\"] }")
        .replace("primary = \"us-east-1\"", "primary = \"eu-west-1\"");
    assert_snapshot!(rendered(&format!("{text}[network.main.for.eu-west-1]\nzones = 2\n")), @r#"
    error: AWS has no region `eu-wst-1`
     --> globe.toml:7:10
      |
    7 | [regions.eu-wst-1]
      |          ^^^^^^^^ unknown region
      |
      = help: did you mean `eu-west-1`, `eu-west-2` or `eu-west-3`?

    1 error
    "#);
}
