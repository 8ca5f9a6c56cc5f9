//! Which permission a refused call lacked, and what to add to the policy.

use serde_json::json;

use crate::{CallError, ErrorClass};

/// A permission that AWS found missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// `ec2:CreateTags`, as IAM spells it. One call may need several; this is the one that AWS names.
    pub action: String,
    /// Whether a statement denies it: another one that allows it would not help.
    pub denied: bool,
}

impl Missing {
    /// What `error` lacked; `None` if it is no refusal of a permission.
    ///
    /// AWS names the action in its message, "... is not authorized to perform: ec2:CreateTags on resource: ..." (IAM
    /// User Guide, "Troubleshoot access denied error messages"); where it does not, it is the call's own.
    pub fn of(error: &CallError) -> Option<Self> {
        if error.class != ErrorClass::Denied {
            return None;
        }
        let named = error.message.split("not authorized to perform: ").nth(1);
        let named = named.and_then(|rest| rest.split_whitespace().next()).filter(|action| is_action(action));
        let denied = error.message.contains("with an explicit deny");
        Some(Self { action: named.unwrap_or(&error.operation).to_owned(), denied })
    }

    /// The policy statement to add.
    pub fn statement(&self) -> String {
        json!({"Effect": "Allow", "Action": self.action, "Resource": "*"}).to_string()
    }

    /// What to do, in words.
    pub fn advice(&self) -> String {
        let action = &self.action;
        if self.denied {
            return format!(
                "a policy denies `{action}` explicitly: take that away, allowing it elsewhere does not help"
            );
        }
        format!(
            "the credentials lack `{action}`: add {} to their policy, or what `globe policy` prints",
            self.statement()
        )
    }
}

fn is_action(text: &str) -> bool {
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    text.split_once(':').is_some_and(|(service, name)| plain(service) && plain(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(message: &str) -> Option<Missing> {
        Missing::of(&CallError::new(ErrorClass::Denied, "ec2:CreateVpc", message))
    }

    #[test]
    fn the_action_is_the_one_that_aws_names() {
        let found = missing(
            "User: arn:aws:iam::1:user/x is not authorized to perform: ec2:CreateTags on resource: arn:x because no identity-based policy allows the ec2:CreateTags action",
        );
        let found = found.expect("a refusal");
        assert_eq!((found.action.as_str(), found.denied), ("ec2:CreateTags", false));
        assert_eq!(found.statement(), r#"{"Effect":"Allow","Action":"ec2:CreateTags","Resource":"*"}"#);
        assert!(found.advice().contains(&found.statement()), "{}", found.advice());
    }

    #[test]
    fn without_one_it_is_the_calls_own() {
        assert_eq!(missing("Access Denied").map(|found| found.action).as_deref(), Some("ec2:CreateVpc"));
        let other = CallError::new(ErrorClass::Quota, "ec2:CreateVpc", "not authorized to perform: ec2:CreateVpc");
        assert_eq!(Missing::of(&other), None);
    }

    #[test]
    fn what_is_denied_explicitly_is_not_to_be_allowed_again() {
        let found =
            missing("x is not authorized to perform: ec2:CreateVpc with an explicit deny in a service control policy");
        let found = found.expect("a refusal");
        assert!(found.denied && !found.advice().contains("Allow"), "{}", found.advice());
    }
}
