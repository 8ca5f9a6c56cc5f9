//! What several services' kinds need beyond the table of error codes.

use aws_smithy_types::error::operation::BuildError;
use globe_model::{CallError, ErrorClass};

/// A request that lacks a required member: a defect of globe's, never AWS's answer.
pub fn unbuilt(operation: &'static str) -> impl Fn(BuildError) -> CallError {
    move |error| CallError::new(ErrorClass::Broken, operation, error.to_string())
}

/// Reads the message where a service uses one code for several things.
pub trait Says {
    /// The same error, in `class` if it has this code and its message contains `text`, whatever its case.
    #[must_use]
    fn says(self, code: &str, text: &str, class: ErrorClass) -> Self;
}

impl<T> Says for Result<T, CallError> {
    fn says(self, code: &str, text: &str, class: ErrorClass) -> Self {
        self.map_err(|mut error| {
            let said = error.message.to_ascii_lowercase().contains(&text.to_ascii_lowercase());
            if said && error.code.as_deref() == Some(code) {
                error.class = class;
            }
            error
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: &str, message: &str) -> Result<(), CallError> {
        let error = CallError::new(ErrorClass::Invalid, "s3:PutReplicationConfiguration", message);
        Err(CallError { code: Some(code.into()), ..error })
    }

    #[test]
    fn an_error_changes_class_only_when_code_and_text_fit() {
        let class = |result: Result<(), CallError>| {
            let said = result.says("InvalidRequest", "versioning", ErrorClass::NotYetConsistent);
            said.err().map(|error| error.class)
        };
        let text = "Versioning must be 'Enabled' on the bucket";
        assert_eq!(class(refused("InvalidRequest", text)), Some(ErrorClass::NotYetConsistent));
        assert_eq!(class(refused("InvalidArgument", text)), Some(ErrorClass::Invalid));
        assert_eq!(class(refused("InvalidRequest", "The role is malformed")), Some(ErrorClass::Invalid));
    }
}
