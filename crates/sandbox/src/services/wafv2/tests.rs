use std::time::Duration;

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use crate::{Options, Sandbox};

async fn send(sandbox: &Sandbox, region: &str, action: &str, input: Value) -> Value {
    let scope = format!("AWS4-HMAC-SHA256 Credential=123456789012/20261123/{region}/wafv2/aws4_request");
    let request = Request::builder()
        .method("POST")
        .uri("/")
        .header("authorization", scope)
        .header("x-amz-target", format!("AWSWAF_20190729.{action}"))
        .body(Bytes::from(input.to_string()))
        .expect("a request");
    let answer = sandbox.handle(request).await.expect("an answer");
    serde_json::from_slice(answer.body()).expect("a document")
}

fn ip_set(name: &str, scope: &str) -> Value {
    json!({"Name": name, "Scope": scope, "IPAddressVersion": "IPV4", "Addresses": ["192.0.2.0/24"]})
}

fn acl(set: &str) -> Value {
    let metrics = json!({"SampledRequestsEnabled": true, "CloudWatchMetricsEnabled": true, "MetricName": "m"});
    let rule = json!({
        "Name": "r", "Priority": 0, "Action": {"Block": {}}, "VisibilityConfig": metrics,
        "Statement": {"NotStatement": {"Statement": {"IPSetReferenceStatement": {"ARN": set}}}}});
    json!({
        "Name": "a", "Scope": "REGIONAL", "DefaultAction": {"Allow": {}}, "VisibilityConfig": metrics,
        "Rules": [rule]})
}

#[tokio::test(start_paused = true)]
async fn a_name_is_taken_in_one_region_and_scope() {
    let sandbox = Sandbox::open(Options::default()).expect("in memory");
    for (region, scope, refused) in [
        ("us-east-1", "REGIONAL", None),
        ("us-east-1", "REGIONAL", Some("WAFDuplicateItemException")),
        ("us-east-1", "CLOUDFRONT", None),
        ("us-west-2", "REGIONAL", None),
        ("us-west-2", "CLOUDFRONT", Some("WAFInvalidParameterException")),
    ] {
        let answer = send(&sandbox, region, "CreateIPSet", ip_set("s", scope)).await;
        assert_eq!(answer["__type"].as_str(), refused, "{region} {scope}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_fresh_is_unavailable_to_others_until_reads_see_it() {
    let options = Options { lag: Duration::from_secs(10), ..Options::default() };
    let sandbox = Sandbox::open(options).expect("in memory");
    let made = send(&sandbox, "us-east-1", "CreateIPSet", ip_set("s", "REGIONAL")).await;
    let set = made["Summary"]["ARN"].as_str().unwrap_or_default().to_owned();
    let early = send(&sandbox, "us-east-1", "CreateWebACL", acl(&set)).await;
    assert_eq!(early["__type"], "WAFUnavailableEntityException");
    tokio::time::sleep(Duration::from_secs(11)).await;
    let later = send(&sandbox, "us-east-1", "CreateWebACL", acl(&set)).await;
    assert!(later["Summary"]["LockToken"].is_string(), "{later}");
    let unknown = send(&sandbox, "us-east-1", "CreateWebACL", acl("arn:aws:wafv2:none")).await;
    assert_eq!(unknown["__type"], "WAFNonexistentItemException");

    let mut lost = json!({"Name": "s", "Scope": "REGIONAL", "Id": made["Summary"]["Id"]});
    lost["LockToken"] = made["Summary"]["LockToken"].clone();
    let held = send(&sandbox, "us-east-1", "DeleteIPSet", lost.clone()).await;
    assert_eq!(held["__type"], "WAFAssociatedItemException");
    lost["LockToken"] = "stale".into();
    let stale = send(&sandbox, "us-east-1", "DeleteIPSet", lost).await;
    assert_eq!(stale["__type"], "WAFOptimisticLockException");
}
