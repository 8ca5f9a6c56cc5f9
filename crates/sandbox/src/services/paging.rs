//! Lists in pages, as the JSON and query services cut them: a limit with bounds, a token, and the next token.

use serde_json::{Value, json};

use crate::call::{Answer, ApiError, Call};

/// How a list is cut.
#[derive(Clone, Copy, Debug)]
pub struct Paging {
    /// Member of the request that limits a page; empty if the size is fixed.
    pub limit: &'static str,
    /// Page size if the request names none.
    pub default: i64,
    /// Largest page.
    pub most: i64,
    /// Member that carries the token in.
    pub token: &'static str,
    /// Member that carries the next token out.
    pub next: &'static str,
    /// Code of the error for a limit beyond the bounds.
    pub refusal: &'static str,
}

/// Where a service's requests carry the token of the next page, and its error for one that it never gave.
fn token_of(service: &str) -> Option<(&'static str, &'static str)> {
    Some(match service {
        "acm" => ("NextToken", "ValidationException"),
        "autoscaling" | "monitoring" | "ssm" => ("NextToken", "InvalidNextToken"),
        "cloudtrail" | "secretsmanager" => ("NextToken", "InvalidNextTokenException"),
        "ec2" => ("NextToken", "InvalidParameterValue"),
        "elasticache" | "rds" => ("Marker", "InvalidParameterValue"),
        "elasticloadbalancing" | "iam" => ("Marker", "ValidationError"),
        "events" => ("NextToken", "ValidationException"),
        "kms" => ("Marker", "InvalidMarkerException"),
        "logs" => ("nextToken", "InvalidParameterException"),
        "sns" => ("NextToken", "InvalidParameter"),
        "wafv2" => ("NextMarker", "WAFInvalidParameterException"),
        _ => return None,
    })
}

/// Refuses a token that no page of the sandbox's ever ended with.
///
/// # Errors
/// In the service's own words.
pub fn check_token(service: &str, call: &Call<'_>) -> Result<(), ApiError> {
    // The two ends of a log stream have tokens of their own.
    let Some((member, code)) = token_of(service).filter(|_| call.action != "GetLogEvents") else { return Ok(()) };
    match call.text(member) {
        Some(token) if !token.is_empty() && !is_page(token) => {
            Err(ApiError::new(code, format!("Unable to parse pagination token: {token}")))
        }
        _ => Ok(()),
    }
}

fn is_page(token: &str) -> bool {
    token.strip_prefix("page-").is_some_and(|at| at.parse::<usize>().is_ok())
}

/// One page of `items` as `member` of the answer.
///
/// # Errors
/// For a limit beyond the bounds.
pub fn listing(call: &Call<'_>, member: &str, items: Vec<Value>, paging: Paging) -> Answer {
    let limit = call.number(paging.limit).unwrap_or(paging.default);
    if !(1..=paging.most).contains(&limit) {
        let message = format!("Value '{limit}' at '{}' must be between 1 and {}", paging.limit, paging.most);
        return Err(ApiError::new(paging.refusal, message));
    }
    let (page, next) = call.page(items, Some(limit), call.text(paging.token));
    let mut answer = json!({member: page});
    if let Some(next) = next {
        answer[paging.next] = next.into();
    }
    Ok(answer.into())
}
