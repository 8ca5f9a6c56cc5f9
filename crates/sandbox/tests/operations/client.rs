//! A caller without an SDK.

use std::time::Duration;

use bytes::Bytes;
use globe_sandbox::{Options, Sandbox};
use http::Request;
use serde_json::Value;

/// Seconds of a day.
pub const DAY: u64 = 86_400;

/// A caller in one region.
pub struct Client {
    pub sandbox: Sandbox,
    pub region: &'static str,
}

impl Client {
    pub fn new() -> Self {
        Self { sandbox: Sandbox::open(Options::default()).expect("a sandbox in memory"), region: "us-east-1" }
    }

    /// The same world from another region.
    pub fn from(&self, region: &'static str) -> Self {
        Self { sandbox: self.sandbox.clone(), region }
    }

    pub async fn send(
        &self,
        service: &str,
        headers: &[(&str, &str)],
        path: &str,
        method: &str,
        body: String,
    ) -> (u16, Bytes) {
        let scope = format!(
            "AWS4-HMAC-SHA256 Credential=123456789012/20260101/{}/{service}/aws4_request, Signature=x",
            self.region
        );
        let mut request = Request::builder().method(method).uri(path).header("authorization", scope);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Bytes::from(body)).expect("a request");
        let response = self.sandbox.handle(request).await.expect("an answer");
        (response.status().as_u16(), response.into_body())
    }

    /// A JSON call: its answer, or its error code.
    pub async fn json(&self, service: &str, action: &str, input: Value) -> Result<Value, String> {
        let target = format!("X.{action}");
        let (status, body) = self.send(service, &[("x-amz-target", &target)], "/", "POST", input.to_string()).await;
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        match status {
            200 => Ok(body),
            _ => Err(body["__type"].as_str().expect("a code").to_owned()),
        }
    }

    /// A query call: the answer's text.
    pub async fn query(&self, service: &str, form: &str) -> (u16, String) {
        let (status, body) = self.send(service, &[], "/", "POST", form.to_owned()).await;
        (status, String::from_utf8(body.to_vec()).expect("text"))
    }
}

/// Lets time pass.
pub async fn pass(seconds: u64) {
    tokio::time::advance(Duration::from_secs(seconds)).await;
}
