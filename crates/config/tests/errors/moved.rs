//! `[moved]`: each line must lead to one place that is there.

use globe_config::{Component, Moved, parse};

use super::GOOD;

/// The errors of `[moved]` with these lines: line and column within the table, counted from its first line, and message.
fn errors(lines: &str) -> Vec<(usize, usize, String)> {
    let before = GOOD.lines().count() + 1;
    let errors = parse("globe.toml", &format!("{GOOD}[moved]\n{lines}\n")).expect_err("is refused");
    errors.iter().map(|error| (error.line - before, error.column, error.message.clone())).collect()
}

#[test]
fn a_wrong_line_is_named_with_its_place() {
    for (lines, place, message) in [
        ("\"table.people\" = \"table.userz\"", (1, 18), "`table.userz` is not in the file"),
        ("\"table.people\" = \"bucket.files\"", (1, 18), "a table cannot become a bucket"),
        (
            "\"table.people\" = \"global/iam/role/x\"",
            (1, 18),
            "a component moves to a component, an address to an address",
        ),
        ("\"tabel.people\" = \"table.users\"", (1, 1), "unknown component `tabel`"),
        ("\"people\" = \"table.users\"", (1, 1), "`people` names nothing that could move"),
        ("table.people = \"table.users\"", (1, 1), "a name in `[moved]` is written in quotes"),
        ("\"table.users\" = \"table.users\"", (1, 17), "the old name and the new one are the same"),
        ("\"zone.main\" = \"zone.prod\"", (1, 15), "`zone.prod` is not in the file"),
        ("\"us-east-1/ec2/vpc/a\" = \"us-east-1/ec2/subnet/a\"", (1, 25), "a ec2/vpc cannot become a ec2/subnet"),
        (
            "\"us-east-1/ec2/vpc/a\" = \"eu-west-1/ec2/vpc/a\"",
            (1, 25),
            "nothing moves from us-east-1 to eu-west-1: AWS would have to make it anew",
        ),
        ("\"us-east-1/ec2/vpc\" = \"us-east-1/ec2/vpc/a\"", (1, 1), "`us-east-1/ec2/vpc` is not an address"),
        (
            "\"table.a\" = \"table.users\"\n\"table.b\" = \"table.users\"",
            (2, 13),
            "two things cannot move to one place",
        ),
        ("\"table.people\" = 3", (1, 18), "wrong type: expected a string, found an integer"),
    ] {
        let found = errors(lines);
        let [(line, column, words)] = found.as_slice() else { panic!("{lines}: {found:?}") };
        assert_eq!((*line, *column), place, "{lines}: {words}");
        assert!(words.starts_with(message), "{lines}: {words}");
    }
    let circle = errors("\"table.a\" = \"table.users\"\n\"table.users\" = \"table.a\"");
    assert!(circle.iter().all(|(_, _, words)| words == "these moves lead in a circle"), "{circle:?}");
    let kept = format!("{GOOD}[table.people]\npartition_key = \"id:S\"\n[moved]\n\"table.people\" = \"table.users\"\n");
    let error = parse("globe.toml", &kept).expect_err("is refused");
    assert!(error.to_string().contains("`table.people` is to have moved, and is still in the file"), "{error}");
}

#[test]
fn a_line_says_where_something_stands_now() {
    let lines =
        "\"table.a\" = \"table.b\"\n\"table.b\" = \"table.users\"\n\"global/iam/role/a\" = \"global/iam/role/b\"";
    let stack = parse("globe.toml", &format!("{GOOD}[moved]\n{lines}\n")).expect("is right");
    let shown: Vec<String> = stack.moved.iter().map(Moved::to_string).collect();
    assert_eq!(shown.join("\n"), lines, "and is shown as it is written");
    assert_eq!(stack.present_name(Component::Table, "b"), "users", "an older line is led on");
    let renamed = stack.renamed(Component::LoadBalancer, "web", "edge").renamed(Component::Zone, "main", "prod");
    assert!(renamed.load_balancers.contains_key("edge") && renamed.zones.contains_key("prod"));
    assert!(renamed.services["web"].iter().all(|(_, service)| service.load_balancer == "edge"));
    assert_eq!((renamed.records["www"].zone.as_str(), renamed.certificates["site"].zone.as_str()), ("prod", "prod"));
}
