//! An IAM policy that every request is held against, as AWS does: nothing is allowed unless a statement says so, and a
//! `Deny` wins.
//!
//! Actions, resources and the two condition keys that the sandbox can tell (`aws:RequestedRegion`,
//! `iam:PassedToService`) are judged. Of what it cannot tell it takes the lenient view: a resource that a request does
//! not name fits, and a condition on another key holds for `Allow` and does not for `Deny`.

mod check;
mod document;
mod operation;
mod resource;

use std::str::FromStr;

pub use check::Check;
use document::{Document, Effect, Statement};

use crate::call::ApiError;
use crate::wire::{self, Incoming};

/// A policy document that was understood.
#[derive(Clone, Debug)]
pub struct Policy(Vec<Statement>);

/// A text that is no policy document.
#[derive(Debug, thiserror::Error)]
#[error("not an IAM policy document: {0}")]
pub struct PolicyError(#[from] serde_json::Error);

impl FromStr for Policy {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        Ok(Self(serde_json::from_str::<Document>(text)?.statement.into_vec()))
    }
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    /// No statement allows it.
    NotAllowed,
    /// A statement denies it.
    Denied,
}

impl Policy {
    /// Whether `incoming` may go on, for `account`'s caller.
    ///
    /// # Errors
    /// What the service says to a caller without the permission.
    pub fn admit(&self, incoming: &Incoming, account: &str) -> Result<(), ApiError> {
        let refused = Check::all(incoming, account).into_iter().find_map(|check| Some((self.judge(&check)?, check)));
        refused.map_or(Ok(()), |(refusal, check)| Err(answer(incoming, account, &check, refusal)))
    }

    fn judge(&self, check: &Check) -> Option<Refusal> {
        let speaks = |effect: Effect| self.0.iter().any(|statement| statement.speaks_of(effect, check));
        if speaks(Effect::Deny) {
            return Some(Refusal::Denied);
        }
        (!speaks(Effect::Allow)).then_some(Refusal::NotAllowed)
    }
}

/// What a service says to a caller who lacks the permission for its request.
pub fn denied(incoming: &Incoming, account: &str) -> ApiError {
    let check = Check::all(incoming, account).into_iter().next();
    let check = check.unwrap_or_else(|| Check::of(format!("{}:{}", incoming.service, incoming.action)));
    answer(incoming, account, &check, Refusal::NotAllowed)
}

/// AWS's words (IAM User Guide, "Troubleshoot access denied error messages").
fn answer(incoming: &Incoming, account: &str, check: &Check, refusal: Refusal) -> ApiError {
    let Check { action, resource, .. } = check;
    let resource = resource.as_ref().map(|resource| format!(" on resource: {resource}")).unwrap_or_default();
    let why = match refusal {
        Refusal::NotAllowed => format!("because no identity-based policy allows the {action} action"),
        Refusal::Denied => "with an explicit deny in an identity-based policy".to_owned(),
    };
    let message =
        format!("User: arn:aws:iam::{account}:user/sandbox is not authorized to perform: {action}{resource} {why}");
    wire::denied(&incoming.service, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(policy: &str, check: &Check) -> Option<Refusal> {
        policy.parse::<Policy>().expect("a policy").judge(check)
    }

    fn on(action: &str, resource: &str) -> Check {
        Check { resource: Some(resource.to_owned()), ..Check::of(action) }
    }

    #[test]
    fn nothing_is_allowed_unless_said_and_a_deny_wins() {
        let policy = r#"{"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": ["ec2:Describe*", "s3:*"], "Resource": "*"},
            {"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"}
        ]}"#;
        assert_eq!(verdict(policy, &Check::of("ec2:DescribeVpcs")), None);
        assert_eq!(verdict(policy, &Check::of("EC2:describevpcs")), None, "actions know no case");
        assert_eq!(verdict(policy, &Check::of("ec2:CreateVpc")), Some(Refusal::NotAllowed));
        assert_eq!(verdict(policy, &Check::of("s3:CreateBucket")), None);
        assert_eq!(verdict(policy, &Check::of("s3:DeleteBucket")), Some(Refusal::Denied));
    }

    #[test]
    fn resources_and_regions_bound_a_statement() {
        let policy = r#"{"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::a/*",
            "Condition": {"StringEquals": {"aws:RequestedRegion": ["eu-central-1"]}}}}"#;
        let here = |check: Check| check.with("aws:RequestedRegion", "eu-central-1");
        assert_eq!(verdict(policy, &here(on("s3:GetObject", "arn:aws:s3:::a/k"))), None);
        assert_eq!(verdict(policy, &here(on("s3:GetObject", "arn:aws:s3:::b/k"))), Some(Refusal::NotAllowed));
        let elsewhere = on("s3:GetObject", "arn:aws:s3:::a/k").with("aws:RequestedRegion", "us-east-1");
        assert_eq!(verdict(policy, &elsewhere), Some(Refusal::NotAllowed));
    }

    #[test]
    fn everything_but_is_understood_and_nonsense_is_not() {
        let policy = r#"{"Statement": [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}]}"#;
        assert_eq!(verdict(policy, &Check::of("ec2:CreateVpc")), None);
        assert_eq!(verdict(policy, &Check::of("iam:CreateRole")), Some(Refusal::NotAllowed));
        for wrong in ["[]", "{}", r#"{"Statement": [{"Effect": "Perhaps", "Action": "*", "Resource": "*"}]}"#] {
            assert!(wrong.parse::<Policy>().is_err(), "{wrong}");
        }
    }
}
