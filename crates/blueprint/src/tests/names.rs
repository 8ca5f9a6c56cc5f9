//! Names are made once: whatever the rules say later, what stands keeps the one it has.

use globe_config::names::{Naming, RolePurpose};
use globe_config::{Component, Moved};
use globe_model::{Head, Notice, Record, Timestamp, Upstream};

use super::*;
use crate::{Recorded, expand_named, moved, proposals};

/// Every rule another one.
struct Other;

impl Naming for Other {
    fn load_balancer(&self, _: &str, component: &str) -> String {
        format!("other-lb-{component}")
    }
    fn target_group(&self, _: &str, component: &str, immutable: &[&str]) -> String {
        format!("other-tg-{component}-{}", immutable.join("-"))
    }
    fn bucket(&self, _: &str, component: &str, _: &str, region: &Region) -> String {
        format!("other-bucket-{component}-{region}")
    }
    fn role(&self, _: &str, component: &str, _: RolePurpose, region: &Region) -> String {
        format!("other-role-{component}-{region}")
    }
    fn table(&self, _: &str, component: &str) -> String {
        format!("other-table-{component}")
    }
    fn launch_template(&self, _: &str, component: &str) -> String {
        format!("other-template-{component}")
    }
    fn auto_scaling_group(&self, _: &str, component: &str) -> String {
        format!("other-group-{component}")
    }
    fn scaling_policy(&self, group: &str, measure: &str) -> String {
        format!("other-policy-{group}-{measure}")
    }
    fn security_group(&self, _: &str, component: &str, role: &str) -> String {
        format!("other-sg-{component}-{role}")
    }
    fn replication_rule(&self, component: &str, receiver: &Region) -> String {
        format!("other-rule-{component}-{receiver}")
    }
}

/// The state after this graph was made.
fn recorded(graph: &Graph) -> Head {
    let kinds = kind_table();
    let outputs = |address: &Address| kinds.get(&address.kind).map(|kind| kind.unknown(address));
    let record = |resource: &globe_graph::Resource| {
        let address = resource.address.clone();
        let kind = kinds.get(&address.kind).expect("a kind");
        let desired = kind.lower(&address, &resource.spec, &Upstream::new(&outputs)).expect("is known");
        let outputs = outputs(&address).expect("a kind");
        let id = outputs.json().expect("JSON")["vpc_id"].as_str().map_or_else(|| address.to_string(), str::to_owned);
        (
            address.clone(),
            Record { address, id, spec: resource.spec.clone(), desired, outputs: Some(outputs), at: Timestamp(0) },
        )
    };
    Head { records: graph.resources().map(record).collect(), ..Head::default() }
}

/// What differs, by kind.
fn differing(one: &Graph, other: &Graph) -> BTreeSet<String> {
    assert_eq!(one.len(), other.len());
    let differs = |resource: &&globe_graph::Resource| {
        other.get(&resource.address).is_none_or(|other| other.spec != resource.spec)
    };
    one.resources().filter(differs).map(|resource| resource.address.kind.clone()).collect()
}

#[test]
fn no_rule_renames_what_stands() {
    let stack = reference();
    let first = graph(&stack);
    let kinds = kind_table();
    let unrecorded = expand_named(&stack, &Facts::nominal(&stack), &kinds, &Other).expect("expands");
    let named = [
        "autoscaling/group",
        "autoscaling/policy",
        "dynamodb/table",
        "ec2/launch_template",
        "ec2/security_group",
        "elbv2/load_balancer",
        "elbv2/target_group",
        "iam/instance_profile",
        "iam/role",
        "s3/bucket",
        "s3/replication",
    ];
    assert_eq!(differing(&first, &unrecorded), named.map(str::to_owned).into(), "what has a name is named by a rule");
    let head = recorded(&first);
    let facts = Recorded::read(&stack, &head).assumed(&stack);
    let second = expand_named(&stack, &facts, &kinds, &Other).expect("expands");
    assert_eq!(differing(&first, &second), BTreeSet::new());
}

#[test]
fn a_target_group_is_named_anew_exactly_when_it_must_stand_beside_the_old_one() {
    let stack = reference();
    let mut head = recorded(&graph(&stack));
    let name = |stack: &Stack, head: &Head| -> String {
        let facts = Recorded::read(stack, head).assumed(stack);
        let graph = expand_named(stack, &facts, &kind_table(), &Other).expect("expands");
        let group = Address::new("us-east-1", "elbv2/target_group", "web");
        graph.get(&group).expect("a target group").spec.json().expect("JSON")["name"]
            .as_str()
            .expect("a name")
            .to_owned()
    };
    let standing = name(&stack, &head);
    assert!(standing.starts_with("acme-web-"), "{standing}");
    let text = include_str!("../../../../config/globe.toml");
    let edited = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        globe_config::parse("globe.toml", &text.replace(from, to)).expect("is valid")
    };
    assert_ne!(name(&edited("port          = 8080", "port = 8081"), &head), standing);
    assert_ne!(name(&edited("10.0.0.0/16", "10.9.0.0/16"), &head), standing);
    // Killed once the new VPC stood: the group is still the old one's.
    let vpc = Address::new("us-east-1", "ec2/vpc", "main");
    head.records.get_mut(&vpc).expect("a VPC").id = "vpc-new".into();
    assert_ne!(name(&stack, &head), standing);
}

/// The component under another name, with the line that says so.
fn with_move(stack: &Stack, component: Component, from: &str, to: &str) -> Stack {
    let mut renamed = stack.renamed(component, from, to);
    renamed.moved.push(Moved::Component { component, from: from.into(), to: to.into() });
    renamed
}

#[test]
fn a_component_takes_all_its_resources_along() {
    let stack = reference();
    let before = graph(&stack);
    for component in Component::ALL {
        let from = stack.names(component).next().expect("the reference has one").to_owned();
        let renamed = with_move(&stack, component, &from, "other");
        let after = graph(&renamed);
        let pairs = moved(&renamed, &Facts::nominal(&renamed)).expect("expands");
        let old: BTreeSet<&Address> = before.resources().map(|resource| &resource.address).collect();
        let new: BTreeSet<&Address> = after.resources().map(|resource| &resource.address).collect();
        let left: BTreeSet<&Address> = pairs.iter().map(|(from, _)| from).collect();
        let reached: BTreeSet<&Address> = pairs.iter().map(|(_, to)| to).collect();
        assert_eq!(left, old.difference(&new).copied().collect(), "{component:?}");
        assert_eq!(reached, new.difference(&old).copied().collect(), "{component:?}");
        assert!(pairs.iter().all(|(from, to)| (&from.scope, &from.kind) == (&to.scope, &to.kind)));
    }
}

#[test]
fn an_equal_component_under_a_new_name_is_proposed_as_a_move() {
    let stack = reference();
    let head = recorded(&graph(&stack));
    let kinds = kind_table();
    let proposed = |stack: &Stack| -> Vec<String> {
        let facts = Recorded::read(stack, &head).assumed(stack);
        let whole = expand(stack, &facts, &kinds).expect("expands");
        let notices = proposals(stack, &facts, &kinds, (&head, &whole));
        let line = |notice: Notice| match notice {
            Notice::MayHaveMoved { line, .. } => line,
            other => panic!("{other:?}"),
        };
        notices.into_iter().map(line).collect()
    };
    assert_eq!(proposed(&stack), Vec::<String>::new());
    for component in Component::ALL.into_iter().filter(|component| *component != Component::Record) {
        let from = stack.names(component).next().expect("the reference has one").to_owned();
        let key = component.key();
        let renamed = stack.renamed(component, &from, "other");
        assert_eq!(proposed(&renamed), [format!("\"{key}.{from}\" = \"{key}.other\"")]);
    }
    let mut edited = stack.renamed(Component::Table, "user-sessions", "other");
    edited.tables["other"].ttl = Some("another".into());
    assert_eq!(proposed(&edited), Vec::<String>::new(), "what is not equal is not the same");
}

#[test]
fn a_new_component_under_an_old_name_gets_names_of_its_own() {
    let stack = reference();
    let head = recorded(&graph(&stack));
    let old = stack.names(Component::Table).next().expect("the reference has one").to_owned();
    let mut renamed = with_move(&stack, Component::Table, &old, "archive");
    let pairs = moved(&renamed, &Facts::nominal(&renamed)).expect("expands");
    let records = head.records.values().cloned().map(|mut record| {
        if let Some((_, to)) = pairs.iter().find(|(from, _)| *from == record.address) {
            record.address = to.clone();
        }
        (record.address.clone(), record)
    });
    let head = Head { records: records.collect(), ..Head::default() };
    let table = renamed.tables["archive"].clone();
    renamed.tables.insert(old.clone(), table);
    let facts = Recorded::read(&renamed, &head).assumed(&renamed);
    let graph = expand(&renamed, &facts, &kind_table()).expect("expands");
    let name = |component: &str| {
        let named =
            graph.resources().find(|table| table.address.kind == "dynamodb/table" && table.address.name == component);
        named.expect("a table").spec.json().expect("JSON")["name"].as_str().expect("a name").to_owned()
    };
    assert_eq!((name("archive"), name(&old)), (format!("acme-{old}"), format!("acme-{old}-2")));
}
