//! What AWS speaks: EC2 query, query, JSON 1.x and REST-XML, to and from trees of values.
//!
//! One tree for all protocols keeps a service a page long: requests arrive as nested members and lists whatever the
//! protocol, answers leave as trees in which a list becomes `<item>`s (EC2), `<member>`s (query), repeated elements
//! (REST-XML) or an array (JSON).

mod cbor;
mod element;
mod incoming;
mod monitoring;
mod query;
mod xml;

use serde_json::Value;

pub use incoming::Incoming;

use crate::call::ApiError;

/// How a service talks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Form-encoded request, XML answer with `<item>` lists.
    Ec2,
    /// Form-encoded request, XML answer with `<member>` lists inside a result element.
    Query,
    /// As `Query`, but each list names its elements: `<Subnets><Subnet>..</Subnet></Subnets>`.
    QueryNamed,
    /// JSON both ways, the operation in a header.
    Json,
    /// Method and path are the operation; XML bodies.
    RestXml,
    /// Smithy's RPC v2: CBOR both ways, the operation in the path.
    Cbor,
}

/// The protocol of a service by its signing name.
pub fn protocol(service: &str) -> Protocol {
    match service {
        "ec2" => Protocol::Ec2,
        "autoscaling" | "elasticloadbalancing" | "iam" | "monitoring" | "sns" | "sts" => Protocol::Query,
        "elasticache" | "rds" => Protocol::QueryNamed,
        "cloudfront" | "route53" | "s3" => Protocol::RestXml,
        _ => Protocol::Json,
    }
}

/// The protocol of one request: CloudWatch speaks three, and says which in its headers.
fn spoken(service: &str, headers: &http::HeaderMap) -> Protocol {
    if headers.get("smithy-protocol").is_some_and(|value| value == "rpc-v2-cbor") {
        return Protocol::Cbor;
    }
    if service == "monitoring" && headers.contains_key("x-amz-target") {
        return Protocol::Json;
    }
    protocol(service)
}

/// A list member: XML cannot tell a list of one from a single value.
pub fn as_list(value: Option<&Value>) -> Vec<Value> {
    match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(items)) => items.clone(),
        Some(Value::String(text)) if text.is_empty() => Vec::new(),
        Some(other) => vec![other.clone()],
    }
}

/// The error that each service gives when it is called too often.
pub fn throttled(service: &str) -> ApiError {
    match service {
        "ec2" => ApiError::new("RequestLimitExceeded", "Request limit exceeded.").status(503),
        "s3" => ApiError::new("SlowDown", "Please reduce your request rate.").status(503),
        "sns" => ApiError::new("Throttled", "Rate exceeded"),
        "acm" | "cloudtrail" | "dynamodb" | "events" | "kms" | "logs" | "secretsmanager" | "ssm" | "wafv2" => {
            ApiError::new("ThrottlingException", "Rate exceeded")
        }
        _ => ApiError::new("Throttling", "Rate exceeded"),
    }
}

/// The error that each service gives to a caller without the permission.
pub fn denied(service: &str, message: String) -> ApiError {
    match service {
        "ec2" => {
            let message = format!("You are not authorized to perform this operation. {message}");
            ApiError::new("UnauthorizedOperation", message).status(403)
        }
        "sns" => ApiError::new("AuthorizationError", message).status(403),
        "acm" | "cloudtrail" | "dynamodb" | "events" | "kms" | "logs" | "secretsmanager" | "ssm" | "wafv2" => {
            ApiError::new("AccessDeniedException", message)
        }
        _ => ApiError::new("AccessDenied", message).status(403),
    }
}

/// The error that each service gives when a quota is exhausted by this operation.
pub fn quota(service: &str, action: &str) -> ApiError {
    let message = "You have reached the quota for this resource.";
    let code = match (service, action) {
        ("ec2", "AllocateAddress") => "AddressLimitExceeded",
        ("ec2", "CreateVpc") => "VpcLimitExceeded",
        ("ec2", "CreateNatGateway") => "NatGatewayLimitExceeded",
        ("ec2", _) => "ResourceLimitExceeded",
        ("elasticloadbalancing", "CreateTargetGroup") => "TooManyTargetGroups",
        ("elasticloadbalancing", "CreateListener") => "TooManyListeners",
        ("elasticloadbalancing", "CreateRule") => "TooManyRules",
        ("elasticloadbalancing", _) => "TooManyLoadBalancers",
        ("route53", "CreateHostedZone") => "TooManyHostedZones",
        ("route53", "CreateHealthCheck") => "TooManyHealthChecks",
        ("route53", _) => "LimitsExceeded",
        ("s3", _) => "TooManyBuckets",
        ("autoscaling", _) => "LimitExceeded",
        ("iam", _) => return ApiError::new("LimitExceeded", message).status(409),
        _ => "LimitExceededException",
    };
    ApiError::new(code, message)
}

/// The error that each service gives to a caller whose session token has expired.
pub fn expired(service: &str) -> ApiError {
    let message = "The security token included in the request is expired";
    match protocol(service) {
        Protocol::Ec2 => ApiError::new("RequestExpired", "Request has expired."),
        Protocol::Json | Protocol::Cbor => ApiError::new("ExpiredTokenException", message),
        _ if service == "s3" => ApiError::new("ExpiredToken", "The provided token has expired."),
        _ => ApiError::new("ExpiredToken", message).status(403),
    }
}
