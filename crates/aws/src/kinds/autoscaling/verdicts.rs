//! What Auto Scaling's refusals mean.
//!
//! Fact sheet "network + compute" 17: one code, `ValidationError`, stands for "not found", for a fresh instance
//! profile and for plain mistakes, and `AlreadyExists` stands also for a group that is on its way out. Only the text
//! tells them apart, so these four phrases, and no others, are looked for.

use globe_model::{CallError, ErrorClass};

/// The same error in the class that its text means.
pub fn by_text(mut error: CallError) -> CallError {
    let says = |phrase: &str| error.message.contains(phrase);
    let class = match error.code.as_deref() {
        Some("ValidationError") if says("Invalid IAM Instance Profile") => ErrorClass::NotYetConsistent,
        Some("ValidationError" | "AlreadyExists" | "AlreadyExistsFault") if says("pending delete") => {
            ErrorClass::Conflict
        }
        Some("ValidationError") if says("Group") && says("not found") => ErrorClass::Gone,
        // HTTP 500, and yet no doubt about what happened: another update of the group is pending.
        Some("ResourceContention" | "ResourceContentionFault") => ErrorClass::Conflict,
        _ => error.class,
    };
    error.class = class;
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_code_means_four_things() {
        let class = |code: &str, message: &str| {
            let error = CallError::new(ErrorClass::Invalid, "autoscaling:CreateAutoScalingGroup", message);
            by_text(CallError { code: Some(code.into()), ..error }).class
        };
        let fresh = "You must use a valid fully-formed launch template. Invalid IAM Instance Profile name";
        assert_eq!(class("ValidationError", fresh), ErrorClass::NotYetConsistent);
        assert_eq!(class("AlreadyExists", "it exists and is pending delete"), ErrorClass::Conflict);
        assert_eq!(class("AlreadyExists", "it exists"), ErrorClass::Invalid, "as the table classed it");
        assert_eq!(class("ValidationError", "AutoScalingGroup name not found - web"), ErrorClass::Gone);
        assert_eq!(class("ValidationError", "Min bound, 3, must be less than max"), ErrorClass::Invalid);
    }
}
