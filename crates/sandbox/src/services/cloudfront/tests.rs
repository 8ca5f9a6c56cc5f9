use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};

use crate::{Options, Sandbox};

const BEHAVIOR: &str = "<TargetOriginId>o</TargetOriginId><ViewerProtocolPolicy>https-only</ViewerProtocolPolicy><CachePolicyId>4135ea2d-6df8-44a3-9df3-4b5a84be39ad</CachePolicyId>";

fn distribution(reference: &str, enabled: bool, behavior: &str) -> String {
    format!(
        "<DistributionConfig><CallerReference>{reference}</CallerReference><Comment></Comment><Enabled>{enabled}</Enabled><Origins><Quantity>1</Quantity><Items><Origin><Id>o</Id><DomainName>b.s3.us-east-1.amazonaws.com</DomainName><S3OriginConfig><OriginAccessIdentity></OriginAccessIdentity></S3OriginConfig></Origin></Items></Origins><DefaultCacheBehavior>{behavior}</DefaultCacheBehavior></DistributionConfig>"
    )
}

async fn send(sandbox: &Sandbox, line: (&str, &str), version: &str, body: &str) -> Response<Bytes> {
    let request = Request::builder()
        .method(line.0)
        .uri(format!("/2020-05-31/{}", line.1))
        .header("authorization", "AWS4-HMAC-SHA256 Credential=123456789012/20261123/us-east-1/cloudfront/aws4_request")
        .header("if-match", version)
        .body(Bytes::copy_from_slice(body.as_bytes()))
        .expect("a request");
    sandbox.handle(request).await.expect("an answer")
}

fn header(answer: &Response<Bytes>, name: &str) -> String {
    answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

fn says(answer: &Response<Bytes>, element: &str) -> String {
    let text = String::from_utf8_lossy(answer.body()).into_owned();
    let inner =
        text.split_once(&format!("<{element}>")).and_then(|(_, rest)| rest.split_once(&format!("</{element}>")));
    inner.map(|(inner, _)| inner.to_owned()).unwrap_or_default()
}

fn fresh() -> Sandbox {
    Sandbox::open(Options::default()).expect("in memory")
}

#[tokio::test(start_paused = true)]
async fn a_distribution_goes_only_when_disabled_and_deployed() {
    let sandbox = fresh();
    let made = send(&sandbox, ("POST", "distribution"), "", &distribution("a", true, BEHAVIOR)).await;
    assert_eq!((made.status().as_u16(), says(&made, "Status")), (201, "InProgress".to_owned()));
    let (id, first) = (says(&made, "Id"), header(&made, "etag"));
    let (one, config) = (format!("distribution/{id}"), format!("distribution/{id}/config"));

    tokio::time::sleep(Duration::from_secs(600)).await;
    let read = send(&sandbox, ("GET", &one), "", "").await;
    assert_eq!((says(&read, "Status"), header(&read, "etag")), ("Deployed".to_owned(), first.clone()));
    let enabled = send(&sandbox, ("DELETE", &one), &first, "").await;
    assert_eq!(says(&enabled, "Code"), "DistributionNotDisabled");

    let disabled = send(&sandbox, ("PUT", &config), &first, &distribution("a", false, BEHAVIOR)).await;
    let second = header(&disabled, "etag");
    let early = send(&sandbox, ("DELETE", &one), &second, "").await;
    assert_eq!(says(&early, "Code"), "DistributionNotDisabled");
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(says(&send(&sandbox, ("DELETE", &one), &first, "").await, "Code"), "PreconditionFailed");
    assert_eq!(says(&send(&sandbox, ("DELETE", &one), "", "").await, "Code"), "InvalidIfMatchVersion");
    assert_eq!(send(&sandbox, ("DELETE", &one), &second, "").await.status(), 204);
    assert_eq!(says(&send(&sandbox, ("GET", &one), "", "").await, "Code"), "NoSuchDistribution");

    let again = send(&sandbox, ("POST", "distribution"), "", &distribution("a", true, BEHAVIOR)).await;
    assert_eq!(again.status(), 201, "a reference is free once its distribution is gone");
}

#[tokio::test(start_paused = true)]
async fn what_contradicts_itself_is_refused() {
    let sandbox = fresh();
    let methods = "<AllowedMethods><Quantity>1</Quantity><Items><Method>GET</Method></Items></AllowedMethods>";
    let count = "<AllowedMethods><Quantity>3</Quantity><Items><Method>GET</Method></Items></AllowedMethods>";
    let cases = [
        (format!("{BEHAVIOR}{methods}"), "InvalidArgument"),
        (format!("{BEHAVIOR}{count}"), "InconsistentQuantities"),
        (format!("{BEHAVIOR}<MinTTL>0</MinTTL>"), "InvalidArgument"),
        (BEHAVIOR.replace(">o<", ">p<"), "NoSuchOrigin"),
        (BEHAVIOR.replace("4135", "0000"), "NoSuchCachePolicy"),
    ];
    for (behavior, code) in cases {
        let answer = send(&sandbox, ("POST", "distribution"), "", &distribution("a", true, &behavior)).await;
        assert_eq!(says(&answer, "Code"), code, "{behavior}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_policy_waits_for_its_distribution() {
    let sandbox = fresh();
    let policy = "<CachePolicyConfig><Name>p</Name><MinTTL>1</MinTTL></CachePolicyConfig>";
    let made = send(&sandbox, ("POST", "cache-policy"), "", policy).await;
    let (id, etag) = (says(&made, "Id"), header(&made, "etag"));
    let behavior = BEHAVIOR.replace("4135ea2d-6df8-44a3-9df3-4b5a84be39ad", &id);
    let user = send(&sandbox, ("POST", "distribution"), "", &distribution("a", true, &behavior)).await;
    let path = format!("cache-policy/{id}");
    assert_eq!(says(&send(&sandbox, ("DELETE", &path), &etag, "").await, "Code"), "CachePolicyInUse");
    let config = format!("distribution/{}/config", says(&user, "Id"));
    send(&sandbox, ("PUT", &config), &header(&user, "etag"), &distribution("a", true, BEHAVIOR)).await;
    assert_eq!(send(&sandbox, ("DELETE", &path), &etag, "").await.status(), 204, "no deployment is waited for");
}
