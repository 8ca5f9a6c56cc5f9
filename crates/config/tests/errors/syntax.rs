//! Texts that are not TOML, and several errors at once.

use insta::assert_snapshot;

use super::{GOOD, changed, rendered};

#[test]
fn a_text_without_its_end() {
    assert_snapshot!(changed("stack   = \"acme\"", "stack   = \"acme"), @r#"
    error: not TOML: invalid basic string, expected `"`
     --> globe.toml:1:16
      |
    1 | stack   = "acme
      |                ^

    1 error
    "#);
}

#[test]
fn a_key_twice() {
    assert_snapshot!(changed("zones = 3", "zones = 3\nzones = 2"), @r#"
    error: not TOML: duplicate key
      --> globe.toml:13:1
       |
    13 | zones = 2
       | ^^^^^

    1 error
    "#);
}

#[test]
fn an_empty_file() {
    assert_snapshot!(rendered(""), @r#"
    error: missing key `account` in the file
     --> globe.toml:1:1
      |
    1 |
      | ^
      |
      = help: add `account = ...`

    error: missing key `primary` in the file
     --> globe.toml:1:1
      |
    1 |
      | ^
      |
      = help: add `primary = ...`

    error: missing key `regions` in the file
     --> globe.toml:1:1
      |
    1 |
      | ^
      |
      = help: add `[regions.us-east-1]` with `cidr = "10.0.0.0/16"`

    error: missing key `stack` in the file
     --> globe.toml:1:1
      |
    1 |
      | ^
      |
      = help: add `stack = ...`

    4 errors
    "#);
}

#[test]
fn every_error_at_once() {
    assert_snapshot!(rendered(&GOOD.replace("zones = 3", "zones = \"3\"").replace("latency", "latincy").replace("id:S", "id:X")), @r#"
    error: wrong type: expected an integer, found a string
      --> globe.toml:12:9
       |
    12 | zones = "3"
       |         ^^^ expected an integer
       |
       = help: write it without quotes: 3

    error: `latincy` is not a routing policy
      --> globe.toml:30:9
       |
    30 | route = "latincy"
       |         ^^^^^^^^^
       |
       = help: did you mean `latency`?

    error: a key is `name:type` with the type S (string), N (number) or B (binary), not `id:X`
      --> globe.toml:32:17
       |
    32 | partition_key = "id:X"
       |                 ^^^^^^
       |
       = help: write "id:S"

    3 errors
    "#);
}
