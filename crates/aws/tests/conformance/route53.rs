//! Zone, health check and records of every routing.

use aws_sdk_route53::types::{
    Change, ChangeAction, ChangeBatch, ChangeStatus, ResourceRecord, ResourceRecordSet, RrType,
};
use globe_aws::kinds::acm::{Certificate, CertificateOutputs, Validation};
use globe_aws::kinds::elbv2::{LoadBalancer, LoadBalancerOutputs};
use globe_aws::kinds::route53::{
    FailoverRole, HealthCheck, HealthCheckDesired, HealthCheckSpec, Place, Policy, Probe, ProbeTarget, Record,
    RecordContent, RecordSet, RecordSpec, RecordValue, Routed, Zone, ZoneOutputs, ZoneSpec,
};
use globe_aws::{Birth, Driver, failed};
use globe_model::{Address, CallError, DataPolicy, ErrorClass, Kind, Ref, Token};

use crate::bench::{Bench, REGION, tags};

/// Kinds whose story this file tells.
pub const KINDS: &[&str] = &["route53/zone", "route53/health_check", "route53/record"];
/// Those of its stories that need every action its kinds declare.
pub const STORIES: &[fn()] = &[
    a_zone_comes_changes_and_goes,
    records_of_others_keep_a_zone_and_are_named,
    a_health_check_comes_changes_and_goes,
    records_route_by_every_policy,
    a_wildcard_and_a_text_read_back_as_wanted,
];

fn zone() -> Address {
    Address::new("global", "route53/zone", "main")
}

fn zone_spec() -> ZoneSpec {
    ZoneSpec { domain: "Example.com".into(), comment: "the main one".into(), tags: tags("main") }
}

fn record(name: &str) -> Address {
    Address::new("global", "route53/record", name)
}

fn web(region: &str) -> Ref<LoadBalancer> {
    Ref::to(region, "web")
}

fn assume_balancers(bench: &mut Bench, regions: &[&str]) {
    for region in regions {
        let outputs = LoadBalancerOutputs {
            arn: format!("arn:aws:elasticloadbalancing:{region}:123456789012:loadbalancer/app/acme-web/1"),
            dns_name: format!("Acme-Web-1.{region}.elb.amazonaws.com"),
            zone_id: "Z215JYRZR1TBD5".into(),
            full_name: "app/acme-web/1".into(),
        };
        bench.assume::<LoadBalancer>(web(region).address(), &outputs);
    }
}

fn alias(name: &str, region: &str, policy: Policy, health_check: Option<Ref<HealthCheck>>) -> RecordSpec {
    RecordSpec {
        zone: Ref::to("global", "main"),
        content: RecordContent::Alias {
            name: format!("{name}.example.com"),
            record_type: "A".into(),
            target: web(region),
        },
        routed: Some(Routed { set_identifier: region.into(), policy }),
        health_check,
    }
}

fn values(name: &str, record_type: &str, values: &[&str]) -> RecordSpec {
    RecordSpec {
        zone: Ref::to("global", "main"),
        content: RecordContent::Values {
            name: name.into(),
            record_type: record_type.into(),
            ttl: 60,
            values: values.iter().map(ToString::to_string).collect(),
        },
        routed: None,
        health_check: None,
    }
}

#[tokio::test(start_paused = true)]
pub async fn a_zone_comes_changes_and_goes() {
    let mut bench = Bench::new();
    bench.up::<Zone>(&zone(), &zone_spec()).await;
    bench.patches::<Zone>(&zone(), &ZoneSpec { comment: String::new(), tags: tags("renamed"), ..zone_spec() }).await;
    bench.replace::<Zone>(&zone(), &ZoneSpec { domain: "example.org".into(), ..zone_spec() }, "domain").await;

    let id = bench.id(&zone());
    let scoped = bench.scoped("global");
    let live = Zone::read(&scoped, std::slice::from_ref(&id)).await.expect("reads").remove(&id).expect("it is there");
    let outputs = Zone::outputs(&live).expect("a zone has outputs at once");
    assert_eq!((outputs.zone_id.starts_with('Z'), outputs.name_servers.len()), (true, 4));
    bench.down().await;
}

#[tokio::test(start_paused = true)]
pub async fn records_of_others_keep_a_zone_and_are_named() {
    let mut bench = Bench::new();
    bench.up::<Zone>(&zone(), &zone_spec()).await;
    let address = record("hand-made");
    bench.up::<Record>(&address, &values("by-hand.example.com.", "A", &["192.0.2.1", "192.0.2.2"])).await;
    bench.refuses_delete(&zone()).await;
    let refused = Zone::delete(&bench.scoped("global"), &bench.id(&zone()), DataPolicy::Keep).await;
    let error = refused.expect_err("the zone is not empty");
    assert_eq!(error.class, ErrorClass::Dependency);
    assert!(error.message.contains("by-hand.example.com A"), "{error}");
    bench.down().await;
}

#[tokio::test(start_paused = true)]
pub async fn a_health_check_comes_changes_and_goes() {
    let mut bench = Bench::new();
    assume_balancers(&mut bench, &[REGION]);
    let address = Address::new("global", "route53/health_check", "www");
    let spec = HealthCheckSpec {
        target: ProbeTarget::LoadBalancer(web(REGION)),
        probe: Probe::Https,
        port: 443,
        path: "/healthz".into(),
        interval: 30,
        threshold: 3,
        tags: tags("www"),
    };
    bench.up::<HealthCheck>(&address, &spec).await;
    let many = (0..12).fold(tags("www"), |tags, number| tags.with(format!("key-{number}"), "x"));
    let host = ProbeTarget::Host("www.example.com".into());
    let changed = HealthCheckSpec { target: host, path: "/ready".into(), threshold: 5, tags: many, ..spec.clone() };
    bench.patches::<HealthCheck>(&address, &changed).await;
    bench.patches::<HealthCheck>(&address, &HealthCheckSpec { port: 8443, ..spec.clone() }).await;
    bench.replaces::<HealthCheck>(&address, &HealthCheckSpec { interval: 10, ..spec.clone() }, "interval").await;
    bench.replace::<HealthCheck>(&address, &HealthCheckSpec { probe: Probe::Http, ..spec }, "probe").await;
    bench.down().await;
}

#[tokio::test(start_paused = true)]
pub async fn records_route_by_every_policy() {
    let mut bench = Bench::new();
    let regions = [REGION, "us-east-1"];
    assume_balancers(&mut bench, &regions);
    bench.up::<Zone>(&zone(), &zone_spec()).await;
    let check = Address::new("global", "route53/health_check", "www");
    let check_spec = HealthCheckSpec {
        target: ProbeTarget::LoadBalancer(web(REGION)),
        probe: Probe::Https,
        port: 443,
        path: "/healthz".into(),
        interval: 30,
        threshold: 3,
        tags: tags("www"),
    };
    bench.up::<HealthCheck>(&check, &check_spec).await;
    let checked = || Some(Ref::to("global", "www"));
    let policies: [(&str, [Policy; 2]); 4] = [
        ("beta", [Policy::Weighted { weight: 90 }, Policy::Weighted { weight: 10 }]),
        ("api", regions.map(|region| Policy::Latency { region: region.into() })),
        ("admin", [FailoverRole::Primary, FailoverRole::Secondary].map(Policy::Failover)),
        ("www", [Place::Continent("EU".into()), Place::Default].map(Policy::Geolocation)),
    ];
    for (name, pair) in policies {
        for (region, policy) in regions.into_iter().zip(pair) {
            let address = record(&format!("{name}/{region}"));
            bench.up::<Record>(&address, &alias(name, region, policy, checked())).await;
        }
    }
    let beta = record(&format!("beta/{REGION}"));
    bench.patches::<Record>(&beta, &alias("beta", REGION, Policy::Weighted { weight: 0 }, None)).await;
    let latency = Policy::Latency { region: REGION.into() };
    bench.replaces::<Record>(&beta, &alias("beta", REGION, latency, None), "routed").await;
    let aimed =
        RecordContent::Alias { name: "beta.example.com".into(), record_type: "A".into(), target: web("us-east-1") };
    let weight = Policy::Weighted { weight: 0 };
    bench.patches::<Record>(&beta, &RecordSpec { content: aimed, ..alias("beta", REGION, weight, None) }).await;
    bench.down().await;
}

#[tokio::test(start_paused = true)]
async fn a_certificate_is_proved_by_one_record() {
    let mut bench = Bench::new();
    bench.up::<Zone>(&zone(), &zone_spec()).await;
    let certificate: Ref<Certificate> = Ref::to("us-east-1", "site");
    let proof = Validation {
        domain: "example.com".into(),
        name: "_3f1.example.com.".into(),
        value: "_a2b.acm-validations.aws.".into(),
    };
    let outputs = CertificateOutputs { arn: "arn:aws:acm:us-east-1:1:certificate/1".into(), validations: vec![proof] };
    bench.assume::<Certificate>(certificate.address(), &outputs);
    let spec = RecordSpec {
        zone: Ref::to("global", "main"),
        content: RecordContent::Validation { certificate, domain: "*.example.com".into() },
        routed: None,
        health_check: None,
    };
    bench.up::<Record>(&record("site/example.com"), &spec).await;
    let seen = bench.sandbox().inspect(|world| {
        let mut records = world.everywhere("123456789012", "route53/record");
        let found = records.find(|record| record.text("Type") == "CNAME").expect("the CNAME is there");
        (found.text("Name").to_owned(), found.body.get("ResourceRecords").cloned())
    });
    assert_eq!(seen.0, "_3f1.example.com.");
    assert_eq!(seen.1, Some(serde_json::json!([{"Value": "_a2b.acm-validations.aws."}])));
    bench.down().await;
}

#[tokio::test(start_paused = true)]
pub async fn a_wildcard_and_a_text_read_back_as_wanted() {
    let mut bench = Bench::new();
    bench.up::<Zone>(&zone(), &zone_spec()).await;
    bench.up::<Record>(&record("wild"), &values("*.Example.com", "CNAME", &["www.example.com"])).await;
    let text = record("text");
    bench.up::<Record>(&text, &values("example.com", "TXT", &["v=spf1 -all", "proof=1"])).await;
    bench.patches::<Record>(&text, &values("example.com", "TXT", &["proof=2"])).await;
    bench.replaces::<Record>(&text, &values("example.com", "CAA", &["0 issue \"amazon.com\""]), "record_type").await;
    let other = ZoneOutputs { zone_id: "Z0FEDCBA9876".into(), name_servers: Vec::new() };
    bench.assume::<Zone>(&Address::new("global", "route53/zone", "other"), &other);
    let elsewhere = RecordSpec { zone: Ref::to("global", "other"), ..values("example.com", "TXT", &["proof=2"]) };
    bench.replaces::<Record>(&text, &elsewhere, "zone_id").await;
    bench.replace::<Record>(&text, &values("mail.example.com", "TXT", &["proof=2"]), "name").await;
    bench.down().await;
}

#[tokio::test(start_paused = true)]
async fn a_record_is_created_once_and_never_overwritten() {
    let mut bench = Bench::new();
    bench.up::<Zone>(&zone(), &zone_spec()).await;
    let address = record("a");
    bench.up::<Record>(&address, &values("a.example.com", "A", &["192.0.2.1"])).await;
    let scoped = bench.scoped("global");
    let live = Record::read(&scoped, &[bench.id(&address)]).await.expect("reads");
    let same = live.values().next().cloned().expect("it is there");
    let (token, owner) = (Token::random(), scoped.owner.clone());
    let birth = Birth { address: &address, token: &token, owner: &owner };
    let again = Record::create(&scoped, &birth, &same).await.expect("the same is ours");
    assert_eq!(again, bench.id(&address));
    let other = RecordSet { value: RecordValue::Values { ttl: 60, values: ["192.0.2.9".to_owned()].into() }, ..same };
    let refused = Record::create(&scoped, &birth, &other).await.expect_err("it says something else");
    assert_eq!(refused.class, ErrorClass::AlreadyExists);
    bench.down().await;
}

#[tokio::test(start_paused = true)]
async fn many_records_are_read_over_pages() {
    let mut bench = Bench::new();
    bench.up::<Zone>(&zone(), &zone_spec()).await;
    let zone_id = bench.id(&zone());
    let planted: Vec<String> = bench.sandbox().inspect(|world| {
        let made = world.everywhere("123456789012", "route53/record").next().cloned().expect("the zone has records");
        let plant = |number: u32| {
            let mut object = made.clone();
            let name = format!("host-{number:04}.example.com");
            object.id = format!("{zone_id}|{name}.|A|");
            object.set("Name", format!("{name}."));
            object.set("Type", "A");
            object.set("TTL", 60);
            object.set("ResourceRecords", serde_json::json!([{"Value": "192.0.2.1"}]));
            world.put(object);
            format!("{zone_id}|{name}|A|")
        };
        (0..700).map(plant).collect()
    });
    let scoped = bench.scoped("global");
    let before = bench.sandbox().calls().len();
    let found = Record::read(&scoped, &planted).await.expect("reads");
    assert_eq!(found.len(), planted.len());
    assert_eq!(bench.sandbox().calls().len() - before, 3, "702 records in pages of 300");
    let one = Record::read(&scoped, planted.get(350..351).expect("700 are planted")).await.expect("reads");
    assert_eq!(one.len(), 1);
    assert_eq!(bench.sandbox().calls().len() - before, 4, "one record is one call");
}

/// One change of a record set `www.example.com A`, as the SDK says it.
fn change(action: ChangeAction, routing: impl FnOnce(&mut ResourceRecordSet)) -> Change {
    let record = ResourceRecord::builder().value("192.0.2.1").build().expect("complete");
    let set = ResourceRecordSet::builder().name("www.example.com").r#type(RrType::A).ttl(60).resource_records(record);
    let mut set = set.build().expect("complete");
    routing(&mut set);
    Change::builder().action(action).resource_record_set(set).build().expect("complete")
}

fn weighted(identifier: &str) -> impl FnOnce(&mut ResourceRecordSet) {
    move |set| (set.set_identifier, set.weight) = (Some(identifier.to_owned()), Some(1))
}

fn nearest(identifier: &str, region: &str) -> impl FnOnce(&mut ResourceRecordSet) {
    move |set| {
        set.set_identifier = Some(identifier.to_owned());
        set.region = Some(region.into());
    }
}

fn simple(_: &mut ResourceRecordSet) {}

async fn submit(bench: &Bench, changes: Vec<Change>) -> Result<String, CallError> {
    let batch = ChangeBatch::builder().set_changes(Some(changes)).build().expect("complete");
    let request = bench.scoped("global").aws.route53.change_resource_record_sets().change_batch(batch);
    let answer = request.hosted_zone_id(bench.id(&zone())).send().await;
    let answer = answer.map_err(failed("route53:ChangeResourceRecordSets"))?;
    Ok(answer.change_info.expect("it is under way").id)
}

#[tokio::test(start_paused = true)]
async fn contradictory_sets_are_refused_and_a_batch_is_all_or_nothing() {
    use ChangeAction::{Create, Delete};
    let mut bench = Bench::new();
    bench.up::<Zone>(&zone(), &zone_spec()).await;
    submit(&bench, vec![change(Create, weighted("a")), change(Create, weighted("b"))]).await.expect("two weights");
    for (batch, words) in [
        (vec![change(Create, simple)], "cannot be created as other RRSets exist"),
        (vec![change(Create, nearest("c", REGION))], "cannot be created as a non-latency set exists"),
        (vec![change(Create, weighted("a"))], "but it already exists"),
        (vec![change(Delete, weighted("a")), change(Delete, weighted("x"))], "but it was not found"),
        (
            vec![change(Delete, |set| {
                weighted("a")(set);
                set.ttl = Some(61)
            })],
            "do not match the current values",
        ),
    ] {
        let error = submit(&bench, batch).await.expect_err(words);
        assert_eq!(error.code.as_deref(), Some("InvalidChangeBatch"));
        assert!(error.message.contains(words), "{error}");
    }
    let same_region = vec![
        change(Delete, weighted("a")),
        change(Delete, weighted("b")),
        change(Create, nearest("c", REGION)),
        change(Create, nearest("d", REGION)),
    ];
    submit(&bench, same_region).await.expect_err("one set per region");
    let other_policy =
        vec![change(Delete, weighted("a")), change(Delete, weighted("b")), change(Create, nearest("c", REGION))];
    submit(&bench, other_policy).await.expect("the refused batches left both weights");
    submit(&bench, vec![change(Delete, nearest("c", REGION))]).await.expect("it is there");
    bench.down().await;
}

#[tokio::test(start_paused = true)]
async fn a_change_is_in_sync_after_a_while() {
    let mut bench = Bench::new();
    bench.up::<Zone>(&zone(), &zone_spec()).await;
    let id = submit(&bench, vec![change(ChangeAction::Create, simple)]).await.expect("accepted");
    let status = async || {
        let answer = bench.scoped("global").aws.route53.get_change().id(&id).send().await.expect("it is known");
        answer.change_info.expect("it has a status").status
    };
    assert_eq!(status().await, ChangeStatus::Pending);
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    assert_eq!(status().await, ChangeStatus::Insync);
    submit(&bench, vec![change(ChangeAction::Delete, simple)]).await.expect("it is there");
    bench.down().await;
}

#[tokio::test(start_paused = true)]
async fn a_policy_changes_set_by_set_once_the_others_are_gone() {
    let mut bench = Bench::new();
    assume_balancers(&mut bench, &[REGION]);
    bench.up::<Zone>(&zone(), &zone_spec()).await;
    let address = record("beta");
    bench.up::<Record>(&address, &alias("beta", REGION, Policy::Weighted { weight: 1 }, None)).await;
    let scoped = bench.scoped("global");
    let live = Record::read(&scoped, &[bench.id(&address)]).await.expect("reads");
    let live = live.into_values().next().expect("it is there");
    let routed = Routed { set_identifier: "other".into(), policy: Policy::Latency { region: REGION.into() } };
    let other = RecordSet { routed: Some(routed), ..live };
    let (token, owner) = (Token::random(), scoped.owner.clone());
    let birth = Birth { address: &address, token: &token, owner: &owner };
    let early = Record::create(&scoped, &birth, &other).await.expect_err("the weight is still there");
    assert!(early.class.heals(), "{early}");
    Record::delete(&scoped, &bench.id(&address), DataPolicy::Keep).await.expect("it goes");
    let id = Record::create(&scoped, &birth, &other).await.expect("now it can be");
    Record::delete(&scoped, &id, DataPolicy::Keep).await.expect("it goes");
    bench.down().await;
}

#[tokio::test(start_paused = true)]
async fn a_settings_change_does_not_lose_a_repeated_create() {
    let mut bench = Bench::new();
    let address = Address::new("global", "route53/health_check", "www");
    let desired = HealthCheckDesired {
        host: "www.example.com".into(),
        probe: Probe::Https,
        port: 443,
        path: "/healthz".into(),
        interval: 30,
        threshold: 3,
        tags: tags("www"),
    };
    let scoped = bench.scoped("global");
    let (token, owner) = (Token::random(), scoped.owner.clone());
    let birth = Birth { address: &address, token: &token, owner: &owner };
    let id = HealthCheck::create(&scoped, &birth, &desired).await.expect("made");
    let changed = HealthCheckDesired { path: "/ready".into(), ..desired };
    assert_eq!(HealthCheck::create(&scoped, &birth, &changed).await.expect("the same token"), id);
    HealthCheck::delete(&scoped, &id, DataPolicy::Keep).await.expect("it goes");
    let used_up = HealthCheck::create(&scoped, &birth, &changed).await.expect_err("a reference works once");
    assert_eq!(used_up.code.as_deref(), Some("HealthCheckAlreadyExists"));
    bench.down().await;
}
