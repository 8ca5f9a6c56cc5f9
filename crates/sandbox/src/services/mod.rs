//! The services, one file (or folder) each.

mod acm;
mod autoscaling;
mod by_arn;
mod cloudfront;
mod cloudtrail;
mod cloudwatch;
mod dynamodb;
mod ec2;
mod elasticache;
mod elbv2;
mod events;
mod iam;
mod kms;
mod logs;
mod paging;
mod placement;
mod rds;
mod route53;
mod s3;
mod secrets;
mod shelf;
mod sns;
mod ssm;
mod sts;
mod wafv2;

use std::collections::BTreeMap;

use http::HeaderMap;

use crate::call::{Answer, ApiError, Call};

/// Hands a call to its service, by the service's signing name.
pub fn dispatch(service: &str, call: &mut Call<'_>) -> Answer {
    paging::check_token(service, call)?;
    answer(service, call).map_err(|error| absent_member(service, error))
}

/// Each service says in its own way that a member is missing.
fn absent_member(service: &str, error: ApiError) -> ApiError {
    if error.code != "MissingParameter" {
        return error;
    }
    let code = match service {
        "autoscaling" | "elasticloadbalancing" | "iam" => "ValidationError",
        "acm" | "dynamodb" | "events" | "kms" | "secretsmanager" | "ssm" => "ValidationException",
        "logs" => "InvalidParameterException",
        "route53" => "InvalidInput",
        "sns" => "InvalidParameter",
        "wafv2" => "WAFInvalidParameterException",
        _ => return error,
    };
    ApiError { code: code.to_owned(), ..error }
}

fn answer(service: &str, call: &mut Call<'_>) -> Answer {
    match service {
        "acm" => acm::handle(call),
        "autoscaling" => autoscaling::handle(call),
        "cloudfront" => cloudfront::handle(call),
        "cloudtrail" => cloudtrail::handle(call),
        "dynamodb" => dynamodb::handle(call),
        "ec2" => ec2::dispatch(call),
        "elasticache" => elasticache::handle(call),
        "elasticloadbalancing" => elbv2::handle(call),
        "events" => events::handle(call),
        "iam" => iam::handle(call),
        "kms" => kms::handle(call),
        "logs" => logs::handle(call),
        "monitoring" => cloudwatch::handle(call),
        "rds" => rds::handle(call),
        "route53" => route53::handle(call),
        "s3" => s3::handle(call),
        "secretsmanager" => secrets::handle(call),
        "sns" => sns::handle(call),
        "ssm" => ssm::handle(call),
        "sts" => sts::handle(call),
        "wafv2" => wafv2::handle(call),
        other => Err(ApiError::new(
            "NotImplemented",
            format!("The sandbox has no service that signs as `{other}`; it was asked for {}.", call.action),
        )
        .status(501)),
    }
}

/// The operation that a REST request means: what the other protocols carry in a field, REST spells in method and path.
pub fn rest_action(
    service: &str,
    method: &str,
    path: &str,
    query: &BTreeMap<String, String>,
    headers: &HeaderMap,
) -> String {
    match service {
        "cloudfront" => cloudfront::action(method, path, query),
        "route53" => route53::action(method, path, query, headers),
        _ => s3::action(method, path, query, headers),
    }
}

/// Bucket and key of an S3 request's path.
pub fn s3_path(path: &str) -> (String, String) {
    s3::split(path)
}

/// An operation that the sandbox does not have.
pub fn unknown_operation(call: &Call<'_>) -> ApiError {
    ApiError::new("InvalidAction", format!("The sandbox does not know the operation {}.", call.action)).status(501)
}
