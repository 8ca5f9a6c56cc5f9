//! EC2 and its neighbours over the wire: states over time, tokens, conflicts, and what one region sees of another.
#![allow(clippy::expect_used, reason = "a test says what it expects")]

mod endpoints;
mod flow_logs;
mod instances;
mod networks;
mod peering;
mod resource_policies;

use std::time::Duration;

use bytes::Bytes;
use globe_sandbox::{Options, Sandbox};
use http::Request;

/// Region of most tests.
const HOME: &str = "us-east-1";
/// Another one.
const AWAY: &str = "eu-central-1";

/// A sandbox on virtual time, spoken to in form-encoded requests.
struct Aws(Sandbox);

impl Aws {
    fn new() -> Self {
        Self(Sandbox::open(Options::default()).expect("opens in memory"))
    }

    async fn send(&self, service: &str, region: &str, target: Option<&str>, body: &str) -> String {
        let credential = format!("AWS4-HMAC-SHA256 Credential=123456789012/20260101/{region}/{service}/aws4_request");
        let mut request = Request::builder().method("POST").uri("/").header("authorization", credential);
        if let Some(target) = target {
            request = request.header("x-amz-target", target);
        }
        let request = request.body(Bytes::copy_from_slice(body.as_bytes())).expect("a request");
        let answer = self.0.handle(request).await.expect("an answer");
        String::from_utf8(answer.into_body().to_vec()).expect("text")
    }

    /// The answer of an EC2 operation in [`HOME`].
    async fn ec2(&self, query: &str) -> String {
        self.ec2_in(HOME, query).await
    }

    async fn ec2_in(&self, region: &str, query: &str) -> String {
        self.send("ec2", region, None, &format!("Version=2016-11-15&Action={query}")).await
    }

    /// A VPC in a region; its id.
    async fn vpc(&self, region: &str, cidr: &str) -> String {
        first(&self.ec2_in(region, &format!("CreateVpc&CidrBlock={cidr}")).await, "vpcId")
    }

    async fn pass(&self, seconds: u64) {
        tokio::time::advance(Duration::from_secs(seconds)).await;
    }
}

/// The texts of all elements of a name.
fn all(answer: &str, element: &str) -> Vec<String> {
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    let rest = answer.split(open.as_str()).skip(1);
    rest.filter_map(|part| part.split(close.as_str()).next()).map(str::to_owned).collect()
}

/// The text of the first element of a name; empty if there is none.
fn first(answer: &str, element: &str) -> String {
    all(answer, element).into_iter().next().unwrap_or_default()
}
