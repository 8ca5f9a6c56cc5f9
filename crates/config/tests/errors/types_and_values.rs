//! Values of the wrong type, and values that cannot be right.

use insta::assert_snapshot;

use super::changed;

#[test]
fn a_wrong_type() {
    assert_snapshot!(changed("port = 8080", "port = \"8080\""), @r#"
    error: wrong type: expected an integer, found a string
      --> globe.toml:18:8
       |
    18 | port = "8080"
       |        ^^^^^^ expected an integer
       |
       = help: write it without quotes: 8080

    1 error
    "#);
}

#[test]
fn an_account_without_quotes() {
    assert_snapshot!(changed("\"123456789012\"", "123456789012"), @r#"
    error: wrong type: expected a string, found an integer
     --> globe.toml:2:11
      |
    2 | account = 123456789012
      |           ^^^^^^^^^^^^ expected a string
      |
      = help: write it in quotes: "123456789012"

    1 error
    "#);
}

#[test]
fn an_account_that_is_short() {
    assert_snapshot!(changed("123456789012", "12345678901"), @r#"
    error: `12345678901` is not an AWS account: it must have 12 digits
     --> globe.toml:2:11
      |
    2 | account = "12345678901"
      |           ^^^^^^^^^^^^^
      |
      = help: `aws sts get-caller-identity` shows yours

    1 error
    "#);
}

#[test]
fn a_stack_name_that_cannot_be() {
    assert_snapshot!(changed("\"acme\"", "\"Acme_Prod\""), @r#"
    error: `Acme_Prod` cannot be a stack's name
     --> globe.toml:1:11
      |
    1 | stack   = "Acme_Prod"
      |           ^^^^^^^^^^^
      |
      = help: a lower-case letter, then up to 23 lower-case letters, digits and hyphens

    1 error
    "#);
}

#[test]
fn a_stack_name_that_aws_reserves() {
    assert_snapshot!(changed("\"acme\"", "\"internal\""), @r#"
    error: AWS refuses names of load balancers that start with `internal-`
     --> globe.toml:1:11
      |
    1 | stack   = "internal"
      |           ^^^^^^^^^^
      |
      = help: the stack's name starts every name: choose another

    1 error
    "#);
}

#[test]
fn a_choice_that_is_not_one() {
    assert_snapshot!(changed("zones = 3", "nat = \"perzone\""), @r#"
    error: `perzone` is not a choice here
      --> globe.toml:12:7
       |
    12 | nat = "perzone"
       |       ^^^^^^^^^
       |
       = help: did you mean `per-zone`?

    1 error
    "#);
}

#[test]
fn a_number_out_of_range() {
    assert_snapshot!(changed("zones = 3", "zones = 7"), @r#"
    error: out of range: it must be from 1 to 6
      --> globe.toml:12:9
       |
    12 | zones = 7
       |         ^

    1 error
    "#);
}

#[test]
fn instances_in_disorder() {
    assert_snapshot!(changed("desired = 2", "desired = 5"), @r#"
    error: min <= desired <= max does not hold: 1, 5, 4
      --> globe.toml:21:13
       |
    21 | instances = { min = 1, desired = 5, max = 4 }
       |             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    1 error
    "#);
}

#[test]
fn a_placeholder() {
    assert_snapshot!(changed("\"example.com\"\n[cert", "\"<your-domain>\"\n[cert"), @r#"
    error: `<your-domain>` looks like a placeholder
      --> globe.toml:23:10
       |
    23 | domain = "<your-domain>"
       |          ^^^^^^^^^^^^^^^
       |
       = help: put the real value here

    1 error
    "#);
}

#[test]
fn a_pasted_url() {
    assert_snapshot!(changed("domain = \"example.com\"", "domain = \"https://Example.com/\""), @r#"
    error: `https://Example.com/` is not a domain name: labels hold lower-case letters, digits and hyphens
      --> globe.toml:23:10
       |
    23 | domain = "https://Example.com/"
       |          ^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: write "example.com"

    1 error
    "#);
}

#[test]
fn an_image_that_is_none() {
    assert_snapshot!(changed("ssm:/aws/service/al2023", "al2023"), @r#"
    error: `al2023` is not a machine image
      --> globe.toml:19:9
       |
    19 | image = "al2023"
       |         ^^^^^^^^
       |
       = help: write "ssm:/aws/service/..." or an AMI id, `ami-` and 17 hexadecimal digits

    1 error
    "#);
}

#[test]
fn one_ami_in_two_regions() {
    assert_snapshot!(changed("ssm:/aws/service/al2023", "ami-0123456789abcdef0"), @r#"
    error: `ami-0123456789abcdef0` cannot be in both eu-west-1 and us-east-1: an AMI id belongs to one region
      --> globe.toml:19:9
       |
    19 | image = "ami-0123456789abcdef0"
       |         ^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: use "ssm:...", or set it in `[service.web.for.<region>]`

    1 error
    "#);
}

#[test]
fn a_key_type_that_is_none() {
    assert_snapshot!(changed("id:S", "id:string"), @r#"
    error: a key is `name:type` with the type S (string), N (number) or B (binary), not `id:string`
      --> globe.toml:32:17
       |
    32 | partition_key = "id:string"
       |                 ^^^^^^^^^^^
       |
       = help: write "id:S"

    1 error
    "#);
}

#[test]
fn a_ttl_on_the_key() {
    assert_snapshot!(changed("\"id:S\"", "\"id:N\"\nttl = \"id\""), @r#"
    error: a key attribute never changes, so it cannot say when an item expires
      --> globe.toml:33:7
       |
    33 | ttl = "id"
       |       ^^^^

    1 error
    "#);
}

#[test]
fn settings_without_effect() {
    assert_snapshot!(changed("replicate = \"mesh\"", "time_control = true"), @r#"
    error: `time_control` has no effect: nothing is replicated
      --> globe.toml:34:16
       |
    34 | time_control = true
       |                ^^^^
       |
       = help: set `replicate` to "mesh" or "from-primary", or remove it

    1 error
    "#);
}

#[test]
fn a_reserved_tag() {
    assert_snapshot!(changed("[regions.us-east-1]", "[tags]\n\"aws:cost\" = \"x\"\n[regions.us-east-1]"), @r#"
    error: tag keys that start with `aws:` or `globe:` are reserved
     --> globe.toml:6:1
      |
    6 | "aws:cost" = "x"
      | ^^^^^^^^^^

    1 error
    "#);
}
