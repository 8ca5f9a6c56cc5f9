//! A request on the wire, and its answer.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::{Protocol, cbor, monitoring, query, spoken, xml};
use crate::call::{Answer, ApiError, Reply};

/// A decoded request.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// Signing name of the service.
    pub service: String,
    /// Region of the signature.
    pub region: String,
    /// The account that the access key says, if it is twelve digits.
    pub account: Option<String>,
    /// The operation.
    pub action: String,
    /// Its members.
    pub input: Value,
    /// HTTP method.
    pub method: String,
    /// Percent-decoded path.
    pub path: String,
    /// Query parameters.
    pub query: BTreeMap<String, String>,
    /// Headers.
    pub headers: HeaderMap,
    /// Raw body.
    pub body: Bytes,
    /// The request id of the answer.
    pub request_id: String,
}

impl Incoming {
    /// Decodes what can be decoded; what cannot is left to the service to refuse.
    pub fn read(request: Request<Bytes>) -> Self {
        let (parts, body) = request.into_parts();
        let query = query::pairs(parts.uri.query().unwrap_or_default());
        let (account, region, service) = credential(&parts.headers, &query);
        let path = percent_decode_str(parts.uri.path()).decode_utf8_lossy().into_owned();
        let path = bucket_from_host(&service, &parts.uri, &parts.headers)
            .map_or(path.clone(), |bucket| format!("/{bucket}{path}"));
        let mut incoming = Self {
            service,
            region,
            account,
            action: String::new(),
            input: Value::Null,
            method: parts.method.to_string(),
            path,
            query,
            headers: parts.headers,
            body,
            request_id: uuid::Uuid::new_v4().to_string(),
        };
        incoming.decode();
        incoming
    }

    fn protocol(&self) -> Protocol {
        spoken(&self.service, &self.headers)
    }

    fn decode(&mut self) {
        let text = String::from_utf8_lossy(&self.body).into_owned();
        match self.protocol() {
            Protocol::Ec2 | Protocol::Query => {
                let mut pairs = query::pairs(&text);
                pairs.extend(self.query.clone());
                self.action = pairs.get("Action").cloned().unwrap_or_default();
                self.input = query::tree(&pairs);
            }
            Protocol::QueryNamed => {
                let pairs = query::pairs(&text);
                self.action = pairs.get("Action").cloned().unwrap_or_default();
                self.input = query::named_tree(&pairs);
            }
            Protocol::Json => {
                let target = self.headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
                self.action = target.rsplit('.').next().unwrap_or_default().to_owned();
                self.input = serde_json::from_str(&text).unwrap_or(Value::Null);
            }
            Protocol::Cbor => {
                self.action = self.path.rsplit('/').next().unwrap_or_default().to_owned();
                self.input = cbor::decode(&self.body).unwrap_or(Value::Null);
            }
            Protocol::RestXml => {
                self.input = xml::parse(&text).map_or(Value::Null, |(_, value)| value);
                self.action =
                    crate::services::rest_action(&self.service, &self.method, &self.path, &self.query, &self.headers);
            }
        }
    }

    /// Writes an answer as the service's protocol wants it.
    pub fn encode(&self, answer: &Answer) -> Response<Bytes> {
        let (status, mut headers, body, kind) = match answer {
            Ok(reply) => self.success(reply),
            Err(error) => (error.status, Vec::new(), self.failure_bytes(error), self.content_type()),
        };
        if let Err(error) = answer
            && self.protocol() == Protocol::Json
        {
            headers.push(("x-amzn-errortype", error.code.clone()));
        }
        if self.service == "monitoring" {
            headers.extend(monitoring::headers(self.protocol(), answer));
        }
        let mut response = Response::builder().status(status);
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            response = response.header("content-type", kind);
        }
        for (name, value) in headers {
            response = response.header(name, value);
        }
        let id_header = if self.service == "s3" { "x-amz-request-id" } else { "x-amzn-requestid" };
        response = response.header(id_header, self.request_id.as_str());
        let body = if self.method == "HEAD" { Bytes::new() } else { body };
        response.body(body).unwrap_or_else(|_| Response::new(Bytes::new()))
    }

    fn success(&self, reply: &Reply) -> (u16, Vec<(&'static str, String)>, Bytes, &'static str) {
        let status = if reply.status == 0 { 200 } else { reply.status };
        let id = &self.request_id;
        let body = match self.protocol() {
            Protocol::Ec2 => {
                let content = xml::write(&reply.body, xml::Lists::Item);
                let action = &self.action;
                format!(
                    "<{action}Response xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>{id}</requestId>{content}</{action}Response>"
                )
            }
            Protocol::Query | Protocol::QueryNamed => {
                let named = self.protocol() == Protocol::QueryNamed;
                let body = if self.service == "monitoring" {
                    monitoring::dates(&reply.body, false)
                } else {
                    reply.body.clone()
                };
                let content = xml::write(&body, if named { xml::Lists::Named } else { xml::Lists::Member });
                let (action, space) = (&self.action, namespace(&self.service));
                format!(
                    "<{action}Response xmlns=\"{space}\"><{action}Result>{content}</{action}Result><ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata></{action}Response>"
                )
            }
            Protocol::Cbor => {
                let body = if reply.body.is_null() { json!({}) } else { reply.body.clone() };
                let bytes = Bytes::from(cbor::encode(&body, monitoring::is_moment));
                return (status, reply.headers.clone(), bytes, self.content_type());
            }
            Protocol::Json => match &reply.body {
                Value::Null => "{}".to_owned(),
                body => body.to_string(),
            },
            Protocol::RestXml => match &reply.body {
                Value::Null => return (status, reply.headers.clone(), reply.raw.clone(), self.content_type()),
                body => format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{}", xml::write(body, xml::Lists::Repeat)),
            },
        };
        (status, reply.headers.clone(), Bytes::from(body), self.content_type())
    }

    fn failure_bytes(&self, error: &ApiError) -> Bytes {
        if self.protocol() != Protocol::Cbor {
            return self.failure(error).into();
        }
        let body =
            json!({"__type": monitoring::shape(&error.code), "message": error.message, "Message": error.message});
        cbor::encode(&body, monitoring::is_moment).into()
    }

    fn failure(&self, error: &ApiError) -> String {
        let ApiError { code, message, .. } = error;
        let id = &self.request_id;
        let words = json!({"Code": code, "Message": message});
        let words = xml::write(&words, xml::Lists::Repeat);
        match (self.protocol(), self.service.as_str()) {
            (Protocol::Ec2, _) => {
                format!("<Response><Errors><Error>{words}</Error></Errors><RequestID>{id}</RequestID></Response>")
            }
            (Protocol::Json, "monitoring") => {
                json!({"__type": monitoring::shape(code), "message": message, "Message": message}).to_string()
            }
            (Protocol::Json, _) => json!({"__type": code, "message": message, "Message": message}).to_string(),
            (Protocol::RestXml, "s3") => format!("<Error>{words}<RequestId>{id}</RequestId></Error>"),
            (_, service) => {
                let (space, side) = (namespace(service), if error.status < 500 { "Sender" } else { "Receiver" });
                format!(
                    "<ErrorResponse xmlns=\"{space}\"><Error><Type>{side}</Type>{words}</Error><RequestId>{id}</RequestId></ErrorResponse>"
                )
            }
        }
    }

    fn content_type(&self) -> &'static str {
        match self.protocol() {
            Protocol::Json if self.service == "dynamodb" => "application/x-amz-json-1.0",
            Protocol::Json => "application/x-amz-json-1.1",
            Protocol::Ec2 => "text/xml;charset=UTF-8",
            Protocol::Query | Protocol::QueryNamed => "text/xml",
            Protocol::RestXml => "application/xml",
            Protocol::Cbor => "application/cbor",
        }
    }
}

fn namespace(service: &str) -> &'static str {
    match service {
        "elasticloadbalancing" => "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
        "autoscaling" => "http://autoscaling.amazonaws.com/doc/2011-01-01/",
        "cloudfront" => "http://cloudfront.amazonaws.com/doc/2020-05-31/",
        "elasticache" => "http://elasticache.amazonaws.com/doc/2015-02-02/",
        "monitoring" => "http://monitoring.amazonaws.com/doc/2010-08-01/",
        "sns" => "http://sns.amazonaws.com/doc/2010-03-31/",
        "iam" => "https://iam.amazonaws.com/doc/2010-05-08/",
        "rds" => "http://rds.amazonaws.com/doc/2014-10-31/",
        "route53" => "https://route53.amazonaws.com/doc/2013-04-01/",
        _ => "https://sts.amazonaws.com/doc/2011-06-15/",
    }
}

/// (account, region, service) from `Credential=KEY/DATE/REGION/SERVICE/aws4_request`.
fn credential(headers: &HeaderMap, query: &BTreeMap<String, String>) -> (Option<String>, String, String) {
    let header = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let scope = match header.split("Credential=").nth(1) {
        Some(rest) => rest.split([',', ' ']).next().unwrap_or_default().to_owned(),
        None => query.get("X-Amz-Credential").cloned().unwrap_or_default(),
    };
    let mut parts = scope.split('/');
    let key = parts.next().unwrap_or_default();
    let account = (key.len() == 12 && key.bytes().all(|byte| byte.is_ascii_digit())).then(|| key.to_owned());
    let region = parts.nth(1).unwrap_or("us-east-1").to_owned();
    let service = parts.next().unwrap_or("s3").to_owned();
    (account, region, service)
}

/// The bucket of a virtual-host style S3 request: `assets.s3.eu-central-1.amazonaws.com`.
fn bucket_from_host(service: &str, uri: &http::Uri, headers: &HeaderMap) -> Option<String> {
    if service != "s3" {
        return None;
    }
    let header = headers.get("host").and_then(|value| value.to_str().ok());
    let host = uri.host().or(header)?;
    let bucket = host.split(".s3.").next().filter(|bucket| bucket.len() < host.len());
    bucket.or_else(|| host.split(".s3-").next().filter(|bucket| bucket.len() < host.len())).map(str::to_owned)
}
