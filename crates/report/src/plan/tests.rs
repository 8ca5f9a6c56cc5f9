use std::time::Duration;

use globe_model::{Action, CallError, Cause, Command, ErrorClass, Notice, Plan, PlanReport, Step};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::sample;
use crate::style::Detail;

const TIME: Option<Duration> = Some(Duration::from_secs(370));

type Renderer = fn(&Plan, &PlanReport, Option<Duration>, Style) -> String;

fn shown((plan, report): &(Plan, PlanReport)) -> String {
    plan_text(plan, report, TIME, Style::PLAIN)
}

#[test]
fn a_first_up_is_short() {
    insta::assert_snapshot!(shown(&sample::create_many()), @r"
    Plan to bring up stack acme in account 123456789012

    global         + 4  ~ 0  -/+ 0  - 0
      +   iam/role        web
      +   route53/record  main/www/A/eu-central-1 main/www/A/us-east-1
      +   route53/zone    main

    eu-central-1   + 11  ~ 0  -/+ 0  - 0
      +   ec2/subnet           main-data-a main-data-b main-data-c main-private-a
                               main-private-b main-private-c main-public-a
                               main-public-b main-public-c
      +   ec2/vpc              main
      +   elbv2/load_balancer  web

    us-east-1      + 11  ~ 0  -/+ 0  - 0
      +   ec2/subnet           main-data-a main-data-b main-data-c main-private-a
                               main-private-b main-private-c main-public-a
                               main-public-b main-public-c
      +   ec2/vpc              main
      +   elbv2/load_balancer  web

    Plan: 26 to create, 0 to change, 0 to replace, 0 to delete; 0 unchanged
    In global and 2 regions; about 6 min 10 s if nothing but AWS limits it.
    ");
}

#[test]
fn hundreds_of_creations_fit_on_a_page() {
    let regions = ["us-east-1", "us-west-2", "eu-central-1", "ap-southeast-1"];
    let kinds = ["ec2/subnet", "ec2/route_table", "ec2/nat_gateway", "s3/bucket", "iam/role", "autoscaling/group"];
    let names = |kind: &str| (0..11).map(|number| format!("{kind}/main-{number}")).collect::<Vec<_>>();
    let of = |region: &str| kinds.iter().flat_map(|kind| names(kind)).map(|name| format!("{region}/{name}")).collect();
    let addresses: Vec<String> = regions.iter().flat_map(|region: &&str| -> Vec<String> { of(region) }).collect();
    let steps: Vec<Step> = addresses.iter().map(|address| sample::step(Action::Create, address)).collect();
    assert_eq!(steps.len(), 264);
    let lines = shown(&(sample::plan(Command::Up, steps), PlanReport::default())).lines().count();
    assert!(lines <= 66, "{lines} lines");
}

#[test]
fn an_estimate_of_nothing_is_no_estimate() {
    let (plan, report) = sample::down();
    assert!(plan_text(&plan, &report, TIME, Style::PLAIN).contains("about 6 min 10 s"));
    assert!(!plan_text(&plan, &report, Some(Duration::ZERO), Style::PLAIN).contains("about"));
}

#[test]
fn changes_name_their_fields_and_causes() {
    insta::assert_snapshot!(shown(&sample::mixed()), @r#"
    Plan to bring up stack acme in account 123456789012

    eu-central-1   + 0  ~ 1  -/+ 1  - 0
      ~   autoscaling/group    web
            desired: 5 -> 3  (drift)
            launch_template: "lt-0aa1" -> known after apply  (upstream)
            tags.owner: "sre@example.com" -> "web@example.com"  (file)
            tags.tier: (none) -> "gold"  (file)
      -/+ ec2/launch_template  web (the new one is made first)
            instance_type: "m6i.large" -> "m7i.large"  (file)
            db_password: (sensitive) -> (sensitive)  (file)

    us-east-1      + 0  ~ 2  -/+ 0  - 1  = 1  . 1
      .   ec2/nat_gateway  main-a (deleted behind globe's back)
      ~   ec2/subnet       main-public-a main-public-b
            map_public_ip: false -> true  (drift)
      =   ec2/vpc          main [id-of-main]
      -   s3/bucket        logs (not in the file any more)

    ap-southeast-1 cannot be reached since 12:00 UTC (ec2:DescribeVpcs: no answer
      within 10 s): 2 resources there are left as they are.
    Though not selected, in the plan because eu-central-1/autoscaling/group/web
      needs it: us-east-1/ec2/vpc/main
    Not selected in us-west-2, so left as it is: 2 to create and 1 to update.

    Plan: 0 to create, 3 to change, 1 to replace, 1 to delete, 1 to adopt, 1 to
    forget; 40 unchanged
    In 2 regions; about 6 min 10 s if nothing but AWS limits it.
    Not complete: 2 resources in ap-southeast-1 could not be read.
    "#);
}

#[test]
fn a_region_taken_down() {
    insta::assert_snapshot!(shown(&sample::down()), @r#"
    Plan to take down stack acme in account 123456789012

    global         + 0  ~ 1  -/+ 0  - 0
      ~   dynamodb/table  user-sessions
            replicas[]: "eu-central-1" -> (none)  (file)

    eu-central-1   + 0  ~ 0  -/+ 0  - 4
      -   ec2/subnet  main-a main-b main-c
      -   ec2/vpc     main

    Plan: 0 to create, 1 to change, 0 to replace, 4 to delete; 180 unchanged
    In global and eu-central-1; about 6 min 10 s if nothing but AWS limits it.
    Afterwards eu-central-1 stays down until `globe up --region` names it.
    "#);
}

#[test]
fn a_refusal_says_why() {
    insta::assert_snapshot!(shown(&sample::refused()), @r"
    Plan to take down stack acme in account 123456789012

    Refused, for 1 reason; nothing will be done:
      us-east-1/s3/bucket/assets: it is the primary region's bucket and holds 12
        objects; empty it, or give --delete-data
    ");
}

#[test]
fn every_step_on_its_own_in_full() {
    let (mut plan, report) = sample::create_many();
    plan.steps.retain(|step| step.address.kind == "ec2/subnet" && step.address.name.ends_with("-a"));
    plan.steps.truncate(2);
    let style = Style { unicode: true, detail: Detail::Full, ..Style::PLAIN };
    insta::assert_snapshot!(plan_text(&plan, &report, None, style), @r#"
    Plan to bring up stack acme in account 123456789012

    eu-central-1   + 2  ~ 0  -/+ 0  - 0
      +   ec2/subnet  main-data-a
            vpc: known after apply
            cidr: "10.0.0.0/20"
            tags: {"owner":"sre@example.com"}
      +   ec2/subnet  main-private-a
            vpc: known after apply
            cidr: "10.0.0.0/20"
            tags: {"owner":"sre@example.com"}

    Plan: 2 to create, 0 to change, 0 to replace, 0 to delete; 0 unchanged
    In eu-central-1.
    "#);
}

#[test]
fn nothing_to_do_says_so() {
    let last = |command, unchanged, notices| {
        let text = shown(&(sample::plan(command, Vec::new()), PlanReport { unchanged, notices }));
        text.lines().last().expect("a line").to_owned()
    };
    let address = || sample::address("us-west-2/ec2/vpc/main");
    let skipped = Notice::NotSelected { address: address(), action: Action::Create };
    let dark = Notice::Unreadable {
        address: address(),
        error: CallError::new(ErrorClass::Ambiguous, "ec2:DescribeVpcs", "no answer"),
    };
    assert_eq!(last(Command::Up, 251, vec![]), "Nothing to do: 251 resources are as the file says.");
    assert_eq!(last(Command::Up, 1, vec![]), "Nothing to do: 1 resource is as the file says.");
    assert_eq!(
        last(Command::Up, 2, vec![skipped]),
        "Nothing to do in what was selected: 2 resources are as the file says."
    );
    assert_eq!(
        last(Command::Up, 2, vec![dark]),
        "Nothing to do as far as AWS could be read: 2 resources are as the file says."
    );
    assert_eq!(last(Command::Down, 0, vec![]), "Nothing to do: nothing is left to take down.");
}

#[test]
fn a_lone_half_of_a_replacement_is_what_it_is() {
    let mut half = sample::step(Action::Delete, "eu-central-1/ec2/vpc/main");
    half.replacement = true;
    let text = shown(&(sample::plan(Command::Up, vec![half]), PlanReport::default()));
    assert!(text.contains("  -   ec2/vpc  main\n"), "{text}");
}

#[test]
fn a_deposed_object_is_no_half_of_a_later_replacement() {
    let (mut plan, report) = sample::mixed();
    let mut deposed = sample::step(Action::Delete, "eu-central-1/ec2/launch_template/web");
    deposed.replacement = true;
    deposed.reason = Some("was replaced, and is still to be removed".into());
    plan.steps.push(deposed);
    let text = shown(&(plan, report));
    assert!(text.contains("-/+ ec2/launch_template  web (the new one is made first)\n"), "{text}");
    assert!(text.contains("-   ec2/launch_template  web (was replaced, and is still to be removed)\n"), "{text}");
}

#[test]
fn secrets_are_never_shown() {
    let (plan, report) = sample::mixed();
    let full = Style { detail: Detail::Full, ..Style::PLAIN };
    let all = [(plan_text as Renderer, Style::PLAIN), (plan_text, full), (plan_markdown, Style::PLAIN)]
        .map(|(render, style)| render(&plan, &report, None, style));
    assert!(all.iter().all(|text| text.contains("(sensitive)") && !text.contains("hunter2")), "{all:?}");
}

#[test]
fn a_pull_request_gets_a_table_and_a_diff() {
    let (plan, report) = sample::mixed();
    insta::assert_snapshot!(plan_markdown(&plan, &report, TIME, Style { color: true, ..Style::PLAIN }), @r#"
    ### Plan to bring up stack acme in account 123456789012

    | region | + create | ~ update | -/+ replace | - delete | = adopt | . forget |
    |---|--:|--:|--:|--:|--:|--:|
    | eu-central-1 | 0 | 1 | 1 | 0 | 0 | 0 |
    | us-east-1 | 0 | 2 | 0 | 1 | 1 | 1 |
    | **all** | 0 | 3 | 1 | 1 | 1 | 1 |

    <details><summary>Every change</summary>

    ```diff
    @@ eu-central-1   + 0  ~ 1  -/+ 1  - 0 @@
    !   autoscaling/group    web
          desired: 5 -> 3  (drift)
          launch_template: "lt-0aa1" -> known after apply  (upstream)
          tags.owner: "sre@example.com" -> "web@example.com"  (file)
          tags.tier: (none) -> "gold"  (file)
    -/+ ec2/launch_template  web (the new one is made first)
          instance_type: "m6i.large" -> "m7i.large"  (file)
          db_password: (sensitive) -> (sensitive)  (file)
    @@ us-east-1      + 0  ~ 2  -/+ 0  - 1  = 1  . 1 @@
    .   ec2/nat_gateway  main-a (deleted behind globe's back)
    !   ec2/subnet       main-public-a main-public-b
          map_public_ip: false -> true  (drift)
    =   ec2/vpc          main [id-of-main]
    -   s3/bucket        logs (not in the file any more)
    ```

    </details>

    ```text
    ap-southeast-1 cannot be reached since 12:00 UTC (ec2:DescribeVpcs: no answer
      within 10 s): 2 resources there are left as they are.
    Though not selected, in the plan because eu-central-1/autoscaling/group/web
      needs it: us-east-1/ec2/vpc/main
    Not selected in us-west-2, so left as it is: 2 to create and 1 to update.

    Plan: 0 to create, 3 to change, 1 to replace, 1 to delete, 1 to adopt, 1 to
    forget; 40 unchanged
    In 2 regions; about 6 min 10 s if nothing but AWS limits it.
    Not complete: 2 resources in ap-southeast-1 could not be read.
    ```
    "#);
}

#[test]
fn no_value_can_end_the_block() {
    let mut step = sample::step(Action::Update, "eu-central-1/ec2/vpc/main");
    step.changes = vec![sample::change("note", json!("a"), json!("````\n<script>"), Cause::File)];
    let plan = sample::plan(Command::Up, vec![step]);
    let text = plan_markdown(&plan, &PlanReport::default(), None, Style::PLAIN);
    assert!(text.contains("\n`````diff\n") && text.contains("\n`````\n"), "{text}");
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i32>().prop_map(Value::from),
        "[ -~]{0,70}".prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
        Just(json!("⟨id of eu-central-1/ec2/vpc/main⟩")),
    ];
    leaf.prop_recursive(2, 8, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-z_]{1,12}", inner), 0..4)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

fn any_step() -> impl Strategy<Value = Step> {
    let action =
        prop::sample::select(vec![Action::Create, Action::Update, Action::Adopt, Action::Delete, Action::Forget]);
    let address = ("(global|eu-central-1|us-east-1)", "[a-z0-9]{2,14}/[a-z_]{3,30}", "[a-z/-]{1,45}[a-z]");
    let cause = prop::sample::select(vec![Cause::File, Cause::Drift, Cause::Upstream]);
    let change = ("[a-z_]{1,30}", any_value(), any_value(), cause)
        .prop_map(|(field, from, to, cause)| sample::change(&field, from, to, cause));
    let changes = prop::collection::vec(change, 0..3);
    let reason = prop::option::of("[a-z\n\u{1b} ]{1,60}");
    (action, address, any::<bool>(), changes, reason, prop::option::of(any_value())).prop_map(
        |(action, (scope, kind, name), replacement, changes, reason, desired)| {
            let address = globe_model::Address::new(scope.as_str(), kind, name);
            let step = sample::step(action, "global/x/y/z");
            Step { address, replacement, changes, reason, desired: desired.map(globe_model::Desired::of), ..step }
        },
    )
}

fn any_plan() -> impl Strategy<Value = (Plan, PlanReport)> {
    let notice = ("[a-z-]{1,50}", "\\PC{0,80}", 0..4).prop_map(|(name, words, which)| {
        let address = globe_model::Address::new("eu-central-1", "ec2/vpc", name);
        match which {
            0 => {
                Notice::Unreadable { address, error: CallError::new(ErrorClass::Ambiguous, "ec2:DescribeVpcs", words) }
            }
            1 => Notice::NotSelected { address, action: Action::Update },
            2 => Notice::PulledIn { needed_by: address.clone(), address },
            _ => Notice::Refused { address, reason: words },
        }
    });
    (prop::collection::vec(any_step(), 0..12), prop::collection::vec(notice, 0..4), any::<bool>()).prop_map(
        |(mut steps, notices, twins)| {
            if twins {
                let halves = |step: &Step| {
                    [Action::Create, Action::Delete].map(|action| Step { action, replacement: true, ..step.clone() })
                };
                steps = steps.iter().flat_map(halves).collect();
            }
            (sample::plan(Command::Up, steps), PlanReport { unchanged: 3, notices })
        },
    )
}

fn any_style() -> impl Strategy<Value = Style> {
    let detail = prop::sample::select(vec![Detail::Compact, Detail::Full]);
    let style = |(width, unicode, detail)| Style { color: false, width, unicode, detail };
    (40_usize..160, any::<bool>(), detail).prop_map(style)
}

/// What is left when a terminal has obeyed the colours.
fn without_colours(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('m').map_or(part, |(_, rest)| rest))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn no_line_is_too_long_unless_one_word_is((plan, report) in any_plan(), style in any_style()) {
        for line in plan_text(&plan, &report, TIME, style).lines() {
            let one_word = line.trim().split(' ').count() == 1;
            prop_assert!(one_word || line.chars().count() <= style.width, "{} > {}: {line}", line.chars().count(), style.width);
        }
    }

    #[test]
    fn colours_change_nothing_but_colour((plan, report) in any_plan(), style in any_style()) {
        let plain = plan_text(&plan, &report, TIME, style);
        let colourful = plan_text(&plan, &report, TIME, Style { color: true, ..style });
        prop_assert!(!plain.chars().any(|c| c.is_control() && c != '\n'), "{plain:?}");
        prop_assert_eq!(without_colours(&colourful), plain);
    }

    #[test]
    fn every_step_is_in_the_text((plan, report) in any_plan(), style in any_style()) {
        let text = plan_text(&plan, &report, TIME, style);
        let words: std::collections::HashSet<&str> = text.split_whitespace().collect();
        for step in &plan.steps {
            prop_assert!(words.contains(step.address.name.as_str()), "{} is missing in {text}", step.address);
        }
    }
}

#[test]
fn moves_and_what_may_have_moved_are_said() {
    let (mut plan, mut report) =
        (sample::plan(Command::Up, Vec::new()), PlanReport { unchanged: 12, ..Default::default() });
    let moved = |from: &str, to: &str| {
        let (spec, desired, outputs) = (globe_model::Spec::of(()), globe_model::Desired::of(()), None);
        let record = globe_model::Record {
            address: sample::address(to),
            id: "vpc-1".into(),
            spec,
            desired,
            outputs,
            at: globe_model::Timestamp(0),
        };
        globe_model::Move { from: sample::address(from), record }
    };
    plan.moves = vec![moved("us-east-1/ec2/vpc/main", "us-east-1/ec2/vpc/core")];
    report.notices.push(Notice::MayHaveMoved {
        address: sample::address("us-east-1/dynamodb/table/purchases"),
        from: sample::address("us-east-1/dynamodb/table/orders"),
        line: "\"table.orders\" = \"table.purchases\"".into(),
    });
    insta::assert_snapshot!(shown(&(plan.clone(), report.clone())), @r#"
    Plan to bring up stack acme in account 123456789012

    1 record moves to another address; nothing in AWS changes with that:
      us-east-1/ec2/vpc/main -> us-east-1/ec2/vpc/core (vpc-1)

      us-east-1/dynamodb/table/orders goes and us-east-1/dynamodb/table/purchases,
        its equal, is made. If it is the same, add to the file:
          [moved]
          "table.orders" = "table.purchases"

    Nothing to do: 12 resources are as the file says. 1 move is to be recorded.
    "#);
    let line: Value = serde_json::from_str(&crate::plan_json(&plan, &report, None)).expect("JSON");
    assert_eq!(
        line["moves"][0],
        json!({"from": "us-east-1/ec2/vpc/main", "to": "us-east-1/ec2/vpc/core", "id": "vpc-1"})
    );
    assert_eq!(line["notices"][0]["notice"], "may_have_moved");
    plan.moves = vec![moved("us-east-1/ec2/vpc/main", "us-east-1/ec2/vpc/core"); 50];
    assert!(shown(&(plan, report)).contains("and 10 more"), "a long list is cut");
}
