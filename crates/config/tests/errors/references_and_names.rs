//! References between components, and names that AWS refuses.

use insta::assert_snapshot;

use super::{added, changed};

#[test]
fn a_reference_to_nothing() {
    assert_snapshot!(changed("network = \"main\"", "network = \"mian\""), @r#"
    error: there is no `network.mian` in this file
      --> globe.toml:14:11
       |
    14 | network = "mian"
       |           ^^^^^^
       |
       = help: did you mean `main`?

    1 error
    "#);
}

#[test]
fn a_reference_to_a_component_of_another_kind() {
    assert_snapshot!(changed("target = \"load_balancer.web\"", "target = \"service.web\""), @r#"
    error: `service.web` is a service; this key takes a load_balancer
      --> globe.toml:29:10
       |
    29 | target = "service.web"
       |          ^^^^^^^^^^^^^
       |
       = help: there is only `load_balancer.web`

    1 error
    "#);
}

#[test]
fn a_bare_reference_with_a_kind() {
    assert_snapshot!(changed("network = \"main\"", "network = \"network.main\""), @r#"
    error: `network.main`: this key takes the bare name of a network
      --> globe.toml:14:11
       |
    14 | network = "network.main"
       |           ^^^^^^^^^^^^^^
       |
       = help: write "main"

    1 error
    "#);
}

#[test]
fn a_reference_to_a_later_component() {
    assert_snapshot!(changed("target = \"load_balancer.web\"", "target = \"cdn.site\""), @r#"
    error: `cdn.site` is not built yet: this globe has no CloudFront distributions
      --> globe.toml:29:10
       |
    29 | target = "cdn.site"
       |          ^^^^^^^^^^ not built yet
       |
       = help: remove it; globe never ignores what a file asks for

    1 error
    "#);
}

#[test]
fn a_load_balancer_name_too_long() {
    assert_snapshot!(added("[load_balancer.customer-facing-web-portal-europe]\nnetwork = \"main\"\n"), @r#"
    error: the name of the load balancer would be 38 characters long; AWS allows 32
      --> globe.toml:35:16
       |
    35 | [load_balancer.customer-facing-web-portal-europe]
       |                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ too long
       |
       = help: it becomes `acme-customer-facing-web-portal-europe`: shorten the component or the stack by 6 characters

    1 error
    "#);
}

#[test]
fn a_bucket_name_too_long() {
    assert_snapshot!(added("[bucket.quarterly-financial-reports-and-their-archive]\n"), @r#"
    error: the name of the IAM role would be 72 characters long; AWS allows 64
      --> globe.toml:35:9
       |
    35 | [bucket.quarterly-financial-reports-and-their-archive]
       |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ too long
       |
       = help: it becomes `acme-quarterly-financial-reports-and-their-archive-replication-eu-west-1`: shorten the component or the stack by 8 characters

    error: the name of the bucket would be 73 characters long; AWS allows 63
      --> globe.toml:35:9
       |
    35 | [bucket.quarterly-financial-reports-and-their-archive]
       |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ too long
       |
       = help: it becomes `acme-quarterly-financial-reports-and-their-archive-123456789012-eu-west-1`: shorten the component or the stack by 10 characters

    2 errors
    "#);
}

#[test]
fn two_services_on_one_path() {
    assert_snapshot!(added("[service.api]\nload_balancer = \"web\"\nport = 80\nimage = \"ssm:/a/b\"\ninstance_type = \"t3.small\"\ninstances = { min = 1, desired = 1, max = 1 }\n"), @r#"
    error: `service.web` and `service.api` both answer `/*` on `web`
      --> globe.toml:35:10
       |
    16 | [service.web]
       |          --- the first
    ...
    35 | [service.api]
       |          ^^^
       |
       = help: give one of them another path

    1 error
    "#);
}

#[test]
fn a_certificate_outside_its_zone() {
    assert_snapshot!(changed("domains = [\"example.com\"]", "domains = [\"example.com\", \"*.example.org\"]"), @r#"
    error: `*.example.org` is not within `example.com`, the domain of `zone.main`
      --> globe.toml:25:11
       |
    23 | domain = "example.com"
       |          ------------- the zone
    24 | [certificate.site]
    25 | domains = ["example.com", "*.example.org"]
       |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: ACM could not validate it there

    1 error
    "#);
}

#[test]
fn two_zones_for_one_domain() {
    assert_snapshot!(added("[zone.other]\ndomain = \"example.com\"\n"), @r#"
    error: two zones for `example.com`
      --> globe.toml:36:10
       |
    23 | domain = "example.com"
       |          ------------- the first
    ...
    36 | domain = "example.com"
       |          ^^^^^^^^^^^^^
       |
       = help: put all records of the domain into one zone

    1 error
    "#);
}
