//! Small plans, events and records as the tests of this crate show them.

use std::time::Duration;

use globe_graph::{Graph, GraphBuilder};
use globe_model::{
    Action, Address, CallError, Cause, Change, Command, Desired, Durations, Edge, ErrorClass, Event, Failure,
    FieldChange, Highlight, Kind, KindTable, Link, Need, Notice, Outputs, Pending, Plan, PlanReport, Readiness, Record,
    Recovery, Ref, Spec, Step, Summary, Timestamp, Unread, Upstream, Verdict, erased, unknown,
};
use serde_json::{Value, json};

/// 2026-03-01T12:00:00Z
pub(crate) const NOON: Timestamp = Timestamp(1_772_366_400_000_000);

pub(crate) fn address(text: &str) -> Address {
    text.parse().expect("is an address")
}

pub(crate) fn plan(command: Command, mut steps: Vec<Step>) -> Plan {
    steps.sort_by(|a, b| a.address.cmp(&b.address));
    Plan {
        version: Plan::VERSION,
        stack: "acme".into(),
        account: "123456789012".into(),
        command,
        parent: 41,
        leaves_down: [].into(),
        leaves_up: [].into(),
        moves: Vec::new(),
        protects: [].into(),
        unread: Vec::new(),
        roles: Default::default(),
        steps,
        known: [].into(),
    }
}

pub(crate) fn step(action: Action, text: &str) -> Step {
    let made = matches!(action, Action::Create);
    let id = (!made).then(|| format!("id-of-{}", text.rsplit('/').next().unwrap_or_default()));
    Step::bare(address(text), action, id)
}

pub(crate) fn change(field: &str, from: Value, to: Value, cause: Cause) -> FieldChange {
    FieldChange { field: field.into(), from, to, cause }
}

/// A first `up` of two regions.
pub(crate) fn create_many() -> (Plan, PlanReport) {
    let mut steps = vec![step(Action::Create, "global/iam/role/web"), step(Action::Create, "global/route53/zone/main")];
    for region in ["us-east-1", "eu-central-1"] {
        let vpc = address(&format!("{region}/ec2/vpc/main"));
        for tier in ["public", "private", "data"] {
            for zone in ["a", "b", "c"] {
                let mut subnet = step(Action::Create, &format!("{region}/ec2/subnet/main-{tier}-{zone}"));
                subnet.desired = Some(Desired::of(json!({
                    "vpc": unknown(&vpc, "id"), "cidr": "10.0.0.0/20", "ipv6_cidr": null, "tags": {"owner": "sre@example.com"},
                })));
                steps.push(subnet);
            }
        }
        steps.push(step(Action::Create, &format!("{region}/ec2/vpc/main")));
        steps.push(step(Action::Create, &format!("{region}/elbv2/load_balancer/web")));
        steps.push(step(Action::Create, &format!("global/route53/record/main/www/A/{region}")));
    }
    (plan(Command::Up, steps), PlanReport::default())
}

/// An `up` with everything in it: file, drift and upstream causes, a replacement, a delete, an adoption, notices.
pub(crate) fn mixed() -> (Plan, PlanReport) {
    let mut group = step(Action::Update, "eu-central-1/autoscaling/group/web");
    let template = unknown(&address("eu-central-1/ec2/launch_template/web"), "id");
    group.changes = vec![
        change("desired", json!(5), json!(3), Cause::Drift),
        change("launch_template", json!("lt-0aa1"), json!(template), Cause::Upstream),
        change(
            "tags",
            json!({"owner": "sre@example.com", "cost-center": "platform"}),
            json!({"owner": "web@example.com", "cost-center": "platform", "tier": "gold"}),
            Cause::File,
        ),
    ];
    let mut template = step(Action::Create, "eu-central-1/ec2/launch_template/web");
    template.replacement = true;
    template.changes = vec![
        change("instance_type", json!("m6i.large"), json!("m7i.large"), Cause::File),
        change("db_password", json!("hunter2"), json!("hunter23"), Cause::File),
    ];
    let mut old = step(Action::Delete, "eu-central-1/ec2/launch_template/web");
    old.replacement = true;
    old.after = vec![Link { step: 1, need: Need::Ready }];
    let mut subnets = ["a", "b"].map(|zone| {
        let mut subnet = step(Action::Update, &format!("us-east-1/ec2/subnet/main-public-{zone}"));
        subnet.changes = vec![change("map_public_ip", json!(false), json!(true), Cause::Drift)];
        subnet
    });
    let mut gone = step(Action::Delete, "us-east-1/s3/bucket/logs");
    gone.reason = Some("not in the file any more".into());
    let mut steps = vec![group, template, old, gone, step(Action::Adopt, "us-east-1/ec2/vpc/main")];
    steps.extend(subnets.iter_mut().map(|subnet| subnet.clone()));
    let mut forgotten = step(Action::Forget, "us-east-1/ec2/nat_gateway/main-a");
    forgotten.reason = Some("deleted behind globe's back".into());
    steps.push(forgotten);
    let mut plan = plan(Command::Up, steps);
    for notice in notices() {
        if let Notice::Unreadable { address, error } = &notice {
            Unread::note(&mut plan.unread, address, error, NOON);
        }
    }
    (plan, PlanReport { unchanged: 40, notices: notices() })
}

fn notices() -> Vec<Notice> {
    let dark = |name: &str| Notice::Unreadable {
        address: address(&format!("ap-southeast-1/ec2/{name}")),
        error: CallError::new(ErrorClass::Ambiguous, "ec2:DescribeVpcs", "no answer within 10 s"),
    };
    let skipped = |name: &str, action| Notice::NotSelected { address: address(name), action };
    vec![
        dark("vpc/main"),
        dark("subnet/main-a"),
        skipped("us-west-2/ec2/vpc/main", Action::Create),
        skipped("us-west-2/ec2/subnet/main-a", Action::Create),
        skipped("us-west-2/s3/bucket/assets", Action::Update),
        Notice::PulledIn {
            address: address("us-east-1/ec2/vpc/main"),
            needed_by: address("eu-central-1/autoscaling/group/web"),
        },
    ]
}

/// A `down` that is refused.
pub(crate) fn refused() -> (Plan, PlanReport) {
    let reason = "it is the primary region's bucket and holds 12 objects; empty it, or give --delete-data";
    let notice = Notice::Refused { address: address("us-east-1/s3/bucket/assets"), reason: reason.into() };
    (plan(Command::Down, Vec::new()), PlanReport { unchanged: 0, notices: vec![notice] })
}

/// A `down` of one region.
pub(crate) fn down() -> (Plan, PlanReport) {
    let mut steps: Vec<Step> =
        ["a", "b", "c"].map(|zone| step(Action::Delete, &format!("eu-central-1/ec2/subnet/main-{zone}"))).into();
    steps.push(step(Action::Delete, "eu-central-1/ec2/vpc/main"));
    let mut table = step(Action::Update, "global/dynamodb/table/user-sessions");
    table.changes = vec![change("replicas", json!(["eu-central-1", "us-west-2"]), json!(["us-west-2"]), Cause::File)];
    steps.push(table);
    let mut plan = plan(Command::Down, steps);
    plan.leaves_down = [globe_model::Region::new("eu-central-1")].into();
    (plan, PlanReport { unchanged: 180, notices: Vec::new() })
}

pub(crate) fn failure() -> Failure {
    let error = CallError {
        class: ErrorClass::Quota,
        operation: "ec2:CreateNatGateway".into(),
        code: Some("NatGatewayLimitExceeded".into()),
        message: "Performing this operation would exceed the limit of 5 NAT gateways in this Availability Zone".into(),
        request_id: Some("7a62c49f-347e-4fc4-9331-6e8eEXAMPLE".into()),
    };
    let hint = Some("ask AWS for a higher quota of NAT gateways per Availability Zone in eu-central-1".into());
    Failure { address: address("eu-central-1/ec2/nat_gateway/main-a"), action: Action::Create, error, hint }
}

pub(crate) fn summary() -> Summary {
    let behind = |name: &str| {
        (
            address(&format!("eu-central-1/{name}")),
            "waits for eu-central-1/ec2/nat_gateway/main-a, which did not finish".to_owned(),
        )
    };
    Summary {
        done: vec![(address("eu-central-1/ec2/vpc/main"), Action::Create)],
        failed: vec![failure()],
        not_tried: vec![
            behind("ec2/route_table/main-private-b"),
            behind("ec2/route_table/main-private-a"),
            behind("autoscaling/group/web"),
        ],
        interrupted: false,
        ..Summary::default()
    }
}

pub(crate) fn highlights() -> Vec<Highlight> {
    let of = |label: &str, value: &str| Highlight { label: label.into(), value: value.into() };
    vec![
        of("load balancer web, eu-central-1", "acme-web-1234567890.eu-central-1.elb.amazonaws.com"),
        of("name servers of example.com", "ns-1.awsdns-01.com ns-2.awsdns-02.net"),
        of("www", "https://www.example.com/"),
    ]
}

/// One of each event, in an order that a run could have.
pub(crate) fn events() -> Vec<Event> {
    let group = || address("eu-central-1/autoscaling/group/web");
    let nat = || address("eu-central-1/ec2/nat_gateway/main-a");
    let error = |class, message: &str| CallError::new(class, "autoscaling:UpdateAutoScalingGroup", message);
    let after = Duration::from_millis(1_500);
    vec![
        Event::RunStarted { run: "run-1".into(), command: Command::Up, steps: 9 },
        Event::Recovered { address: nat(), finding: "it exists as nat-0c2d".into() },
        Event::Started { address: group(), action: Action::Update },
        Event::Started { address: nat(), action: Action::Create },
        Event::Waiting { address: nat(), what: "state pending".into() },
        Event::Retrying { address: group(), error: error(ErrorClass::Throttled, "Rate exceeded"), after },
        Event::Retrying { address: group(), error: error(ErrorClass::Conflict, "Scaling is in progress"), after },
        Event::Done { address: group(), action: Action::Update, id: Some("acme-web".into()), elapsed: after },
        Event::Failed(failure()),
        Event::Stopping { in_flight: 1 },
        Event::RunFinished { summary: summary() },
    ]
}

pub(crate) fn records() -> Vec<Record> {
    let record = |name: &str, id: &str, outputs| Record {
        address: address(name),
        id: id.into(),
        spec: Spec::of(json!({"cidr": "10.2.0.0/16", "auth_token": "hunter2"})),
        desired: Desired::of(json!({"cidr": "10.2.0.0/16"})),
        outputs,
        at: NOON,
    };
    vec![
        record("eu-central-1/ec2/vpc/main", "vpc-0f3e", Some(Outputs::of(json!({"id": "vpc-0f3e"})))),
        record("global/acm/certificate/site", "arn:aws:acm:us-east-1:123456789012:certificate/5f0c", None),
    ]
}

struct Node;

impl Kind for Node {
    const NAME: &'static str = "ec2/node";
    const RECOVERY: Recovery = Recovery::Name;
    const DURATIONS: Durations = Durations::secs(1, 1);
    type Spec = Vec<(Ref<Node>, Need)>;
    type Desired = ();
    type Live = ();
    type Patch = ();
    type Outputs = ();
    fn refs(spec: &Self::Spec, visit: &mut dyn FnMut(Edge)) {
        spec.iter().for_each(|(to, need)| visit(Edge { address: to.address().clone(), need: *need }));
    }
    fn lower(_: &Self::Spec, _: &Upstream<'_>) -> Result<(), Pending> {
        Ok(())
    }
    fn diff((): &(), (): &()) -> Verdict<()> {
        Verdict::Replace { changes: Vec::<Change>::new() }
    }
    fn ready((): &()) -> Readiness {
        Readiness::Ready
    }
    fn outputs((): &()) -> Option<()> {
        Some(())
    }
    fn unknown(_: &Address) {}
}

/// Two scopes, a dashed edge, and a name that wants escaping.
pub(crate) fn graph() -> Graph {
    let mut builder = GraphBuilder::default();
    let vpc = builder.add::<Node>("eu-central-1", "vpc", &Vec::new());
    let subnet = builder.add::<Node>("eu-central-1", "subnet \"a\" \\ #1", &vec![(vpc.clone(), Need::Exists)]);
    builder.add::<Node>(
        "global",
        "record",
        &vec![(vpc, Need::Ready), (subnet.clone(), Need::Exists), (subnet, Need::Ready)],
    );
    builder.build(&KindTable::new([erased::<Node>()])).expect("is a DAG")
}
