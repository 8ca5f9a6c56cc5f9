//! AWS's error codes, classed once.

use std::error::Error;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;
use globe_model::{CallError, ErrorClass};

/// Turns an SDK error of `operation` (`ec2:CreateSubnet`, as IAM spells it) into a classed one, in AWS's own words.
pub fn failed<E>(operation: &'static str) -> impl Fn(SdkError<E, HttpResponse>) -> CallError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    move |error| {
        let request_id = error.request_id().map(str::to_owned);
        let status = error.raw_response().map(|response| response.status().as_u16());
        let code = error.code().map(str::to_owned);
        let message = error.message().map_or_else(|| chain(&error), str::to_owned);
        let class = match (&error, code.as_deref()) {
            (_, Some(code)) => by_code(operation, code, &message, status),
            (SdkError::TimeoutError(_) | SdkError::ResponseError(_), None) => ErrorClass::Ambiguous,
            (SdkError::DispatchFailure(failure), None)
                if failure.is_io() || failure.is_timeout() || broke_off(&message) =>
            {
                ErrorClass::Ambiguous
            }
            (SdkError::ServiceError(_), None) => by_status(status),
            _ => ErrorClass::Broken,
        };
        CallError { class, operation: operation.to_owned(), code, message, request_id }
    }
}

/// A failure that AWS reports inside a successful answer, classed like any other.
pub fn unsuccessful(operation: &'static str, code: Option<String>, message: Option<String>) -> CallError {
    let message = message.unwrap_or_default();
    let class = code.as_deref().map_or(ErrorClass::Broken, |code| by_code(operation, code, &message, None));
    CallError { class, operation: operation.to_owned(), code, message, request_id: None }
}

/// Reads what a kind knows better than the table.
pub trait Reclass {
    /// The same error, in `class` if its code is one of `codes`.
    #[must_use]
    fn reclass(self, codes: &[&str], class: ErrorClass) -> Self;
    /// Success where AWS says that the object is not there: what a delete wants.
    ///
    /// # Errors
    /// Any other failure.
    fn unless_gone(self) -> Result<(), CallError>;
}

impl<T> Reclass for Result<T, CallError> {
    fn reclass(self, codes: &[&str], class: ErrorClass) -> Self {
        self.map_err(|mut error| {
            if codes.iter().any(|code| error.code.as_deref().is_some_and(|have| have.eq_ignore_ascii_case(code))) {
                error.class = class;
            }
            error
        })
    }

    fn unless_gone(self) -> Result<(), CallError> {
        match self {
            Err(error) if error.class != ErrorClass::Gone => Err(error),
            _ => Ok(()),
        }
    }
}

/// Whether the connection ended while a request was under way. The HTTP client has no kind of its own for that: a
/// connection closed before the answer is "other" to it, as missing credentials are.
fn broke_off(message: &str) -> bool {
    message.contains("client error (SendRequest)")
}

/// The whole chain of causes in one line: an SDK error alone says only "dispatch failure".
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

fn by_status(status: Option<u16>) -> ErrorClass {
    match status {
        Some(404) => ErrorClass::Gone,
        Some(401 | 403) => ErrorClass::Denied,
        Some(429) => ErrorClass::Throttled,
        Some(500..=599) => ErrorClass::Ambiguous,
        _ => ErrorClass::Invalid,
    }
}

/// Whether a refusal means that there were too many requests.
pub(crate) fn says_throttled(code: &str, message: &str, status: Option<u16>) -> bool {
    let listed = THROTTLED.iter().any(|name| name.eq_ignore_ascii_case(code));
    listed || message.contains("Rate exceeded") || status == Some(429)
}

/// Facts: EC2 spells one resource's codes several ways, so endings are matched without regard to case.
fn by_code(operation: &str, code: &str, message: &str, status: Option<u16>) -> ErrorClass {
    let lower = code.to_ascii_lowercase();
    let is = |names: &[&str]| names.contains(&lower.as_str());
    let ends = |endings: &[&str]| endings.iter().any(|ending| lower.ends_with(ending));
    if says_throttled(code, message, status) {
        return ErrorClass::Throttled;
    }
    // DynamoDB uses these two for "another operation is running"; elsewhere they mean a dependent, or a quota.
    if operation.starts_with("dynamodb:") && is(&["resourceinuseexception", "limitexceededexception"]) {
        return ErrorClass::Conflict;
    }
    if is(CONFLICT) {
        return ErrorClass::Conflict;
    }
    if is(DEPENDENCY) {
        return ErrorClass::Dependency;
    }
    if is(EXISTS) || ends(&[".duplicate", "alreadyexists", "alreadyexistsexception"]) || lower.starts_with("duplicate")
    {
        return ErrorClass::AlreadyExists;
    }
    if lower == "bucketnotempty" {
        return ErrorClass::HoldsData;
    }
    if is(DENIED) || lower.starts_with("accessdenied") || lower.starts_with("unauthorized") {
        return ErrorClass::Denied;
    }
    if ends(&["notfound", "notfoundexception", "notfoundfault"]) || lower.starts_with("nosuch") {
        return ErrorClass::Gone;
    }
    if is(QUOTA) || ends(&["limitexceeded", "limitexceededexception", "limitexceededfault"]) {
        return ErrorClass::Quota;
    }
    match status {
        Some(500..=599) => ErrorClass::Ambiguous,
        _ => ErrorClass::Invalid,
    }
}

/// Source: fact sheet "network + compute" 0.6, names to retry with back-off.
const THROTTLED: &[&str] = &[
    "throttling",
    "throttlingexception",
    "throttledexception",
    "requestthrottled",
    "requestthrottledexception",
    "requestlimitexceeded",
    "ec2throttledexception",
    "toomanyrequests",
    "toomanyrequestsexception",
    "slowdown",
    "bandwidthlimitexceeded",
    "provisionedthroughputexceededexception",
];

const CONFLICT: &[&str] = &[
    "operationaborted",
    "conflictexception",
    "incorrectstate",
    "resourcecontention",
    "scalingactivityinprogress",
    "priorrequestnotcomplete",
    "concurrentmodification",
    "concurrentmodificationexception",
    "concurrenttagaccess",
    "transactioninprogressexception",
    "replicatedwriteconflictexception",
];

const DEPENDENCY: &[&str] = &[
    "dependencyviolation",
    "resourceinuse",
    "resourceinuseexception",
    "deleteconflict",
    "hostedzonenotempty",
    "invalidipaddress.inuse",
    "healthcheckinuse",
];

const EXISTS: &[&str] = &[
    "entityalreadyexists",
    "bucketalreadyownedbyyou",
    "bucketalreadyexists",
    "invalidlaunchtemplatename.alreadyexistsexception",
    "hostedzonealreadyexists",
    "healthcheckalreadyexists",
    "conflictingdomainexists",
    "resource.alreadyassociated",
    "routealreadyexists",
    "invalidsubnet.conflict",
    "priorityinuse",
];

const DENIED: &[&str] = &[
    "authfailure",
    "optinrequired",
    "expiredtoken",
    "expiredtokenexception",
    "invalidclienttokenid",
    "unrecognizedclientexception",
    "signaturedoesnotmatch",
    "requestexpired",
];

const QUOTA: &[&str] =
    &["addresslimitexceeded", "toomanybuckets", "toomanyhostedzones", "toomanyhealthchecks", "limitsexceeded"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_classed_as_the_fact_sheets_say() {
        use ErrorClass::*;
        for (operation, code, class) in [
            ("ec2:DeleteVpc", "DependencyViolation", Dependency),
            ("ec2:CreateRoute", "InvalidRouteTableID.NotFound", Gone),
            ("ec2:CreateRoute", "InvalidRouteTableId.NotFound", Gone),
            ("ec2:CreateVpc", "VpcLimitExceeded", Quota),
            ("ec2:CreateVpc", "RequestLimitExceeded", Throttled),
            ("ec2:CreateVpc", "UnauthorizedOperation", Denied),
            ("ec2:CreateSecurityGroup", "InvalidGroup.Duplicate", AlreadyExists),
            ("dynamodb:UpdateTable", "ResourceInUseException", Conflict),
            ("acm:DeleteCertificate", "ResourceInUseException", Dependency),
            ("acm:RequestCertificate", "LimitExceededException", Quota),
            ("route53:ChangeResourceRecordSets", "PriorRequestNotComplete", Conflict),
            ("iam:CreateRole", "EntityAlreadyExists", AlreadyExists),
            ("iam:DeleteRole", "NoSuchEntity", Gone),
            ("s3:DeleteBucket", "BucketNotEmpty", HoldsData),
            ("elasticloadbalancing:CreateListener", "DuplicateListener", AlreadyExists),
            ("autoscaling:CreateAutoScalingGroup", "ValidationError", Invalid),
        ] {
            assert_eq!(by_code(operation, code, "", Some(400)), class, "{operation} {code}");
        }
        assert_eq!(by_code("ec2:CreateVpc", "InternalError", "", Some(500)), Ambiguous);
    }
}
