//! Certificates.

use globe_aws::kinds::acm::{Certificate, CertificateSpec};
use globe_model::{Address, Scope};
use globe_sandbox::world::Object;
use serde_json::{Value, json};

use crate::bench::{ACCOUNT, Bench, REGION, tags};

/// Kinds whose story this file tells.
pub const KINDS: &[&str] = &["acm/certificate"];
/// Those of its stories that need every action its kinds declare.
pub const STORIES: &[fn()] = &[a_certificate_is_requested_proven_and_replaced_by_name];

/// Puts an object into the account, as another file's story would have made it.
pub fn plant(bench: &Bench, region: &str, kind: &str, id: &str, body: Value) {
    let now = bench.sandbox().clock().now();
    let Value::Object(body) = body else { panic!("a body is an object") };
    let object = Object {
        account: ACCOUNT.into(),
        region: region.into(),
        kind: kind.into(),
        id: id.into(),
        body,
        hidden: Default::default(),
        tags: Default::default(),
        needs: Default::default(),
        later: Vec::new(),
        stalled: None,
        created: now,
        visible: now,
    };
    bench.sandbox().inspect(|world| world.put(object));
}

/// The validation records that AWS shows for a certificate, as (name, value).
pub async fn records(bench: &Bench, region: &str, arn: &str) -> Vec<(String, String)> {
    let acm = bench.scoped(region).aws.acm;
    let answer = acm.describe_certificate().certificate_arn(arn).send().await.expect("describes");
    let options = answer.certificate.expect("a certificate").domain_validation_options.unwrap_or_default();
    let records = options.into_iter().map(|option| option.resource_record.expect("a record"));
    records.map(|record| (record.name, record.value)).collect()
}

/// Puts a certificate's validation records into DNS.
pub async fn validate(bench: &Bench, region: &str, arn: &str) {
    for (name, value) in records(bench, region, arn).await {
        let body = json!({"Name": name, "Type": "CNAME", "TTL": 300, "ResourceRecords": [{"Value": value}]});
        plant(bench, "aws-global", "route53/record", &format!("Z1/{name}/CNAME"), body);
    }
}

fn spec() -> CertificateSpec {
    CertificateSpec { domains: vec!["example.com".into(), "*.example.com".into()], tags: tags("site") }
}

#[tokio::test(start_paused = true)]
pub async fn a_certificate_is_requested_proven_and_replaced_by_name() {
    let mut bench = Bench::new();
    let certificate = Address::new(REGION, "acm/certificate", "site");
    bench.start::<Certificate>(&certificate, &spec()).await;
    validate(&bench, REGION, &bench.id(&certificate)).await;
    bench.settle::<Certificate>(&certificate, &spec()).await;
    bench.patches::<Certificate>(&certificate, &CertificateSpec { tags: tags("renamed"), ..spec() }).await;
    let turned = CertificateSpec { domains: spec().domains.into_iter().rev().collect(), ..spec() };
    // The new one is proved by the records that are there, and the old one goes after.
    bench.replace::<Certificate>(&certificate, &turned, "domain").await;
    let fewer = CertificateSpec { domains: vec!["example.com".into()], ..spec() };
    bench.replaces::<Certificate>(&certificate, &fewer, "names").await;
    bench.down().await;
}

#[tokio::test(start_paused = true)]
async fn one_record_proves_a_name_its_wildcard_and_all_regions() {
    let mut bench = Bench::new();
    let here = Address::new(REGION, "acm/certificate", "site");
    let there = Address::new(Scope::region("us-east-1"), "acm/certificate", "site");
    bench.start::<Certificate>(&here, &spec()).await;
    let shown = records(&bench, REGION, &bench.id(&here)).await;
    assert_eq!(shown.len(), 2);
    assert_eq!(shown[0], shown[1], "a name and its wildcard share a record");
    validate(&bench, REGION, &bench.id(&here)).await;
    // No record is planted for the second region.
    bench.up::<Certificate>(&there, &spec()).await;
    assert_eq!(records(&bench, "us-east-1", &bench.id(&there)).await, shown);
    assert_ne!(bench.id(&here), bench.id(&there));
    bench.down().await;
}

#[tokio::test(start_paused = true)]
async fn a_certificate_stays_pending_without_its_record() {
    let mut bench = Bench::new();
    let certificate = Address::new(REGION, "acm/certificate", "site");
    bench.start::<Certificate>(&certificate, &spec()).await;
    let arn = bench.id(&certificate);
    plant(
        &bench,
        "aws-global",
        "route53/record",
        "Z1/wrong/CNAME",
        json!({"Name": records(&bench, REGION, &arn).await[0].0, "Type": "CNAME", "ResourceRecords": [{"Value": "elsewhere."}]}),
    );
    tokio::time::sleep(std::time::Duration::from_secs(600)).await;
    let acm = bench.scoped(REGION).aws.acm;
    let status = async || {
        let answer = acm.describe_certificate().certificate_arn(&arn).send().await.expect("describes");
        answer.certificate.and_then(|certificate| certificate.status).map(|status| status.as_str().to_owned())
    };
    assert_eq!(status().await.as_deref(), Some("PENDING_VALIDATION"));
    validate(&bench, REGION, &arn).await;
    assert_eq!(status().await.as_deref(), Some("PENDING_VALIDATION"), "DNS takes its time");
    bench.settle::<Certificate>(&certificate, &spec()).await;
    // Once issued it stays so, whatever becomes of the record.
    let names = records(&bench, REGION, &arn).await;
    bench.sandbox().inspect(|world| {
        let key = (ACCOUNT.into(), "aws-global".into(), "route53/record".into(), format!("Z1/{}/CNAME", names[0].0));
        world.remove(&key).expect("it was planted");
    });
    assert_eq!(status().await.as_deref(), Some("ISSUED"));
    bench.down().await;
}
