//! The one place where errors become words for a person, hints and exit codes.

use std::error::Error;
use std::process::ExitCode;

use globe_engine::{RecoverError, RunError};
use globe_graph::GraphError;
use globe_model::{CallError, ErrorClass, JournalError, Missing, Summary};
use globe_sandbox::SandboxError;
use serde::Serialize;

use crate::admission::Misfit;
use crate::plan_file::PlanFileError;

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// Done, or nothing to do.
    Done,
    /// Failed; nothing was changed unless said so.
    Failed,
    /// `diff --exit-code` found changes.
    Changes,
    /// Some of it was applied, or not all could be read.
    Partly,
    /// Refused: lease, account, protection, residency.
    Refused,
    /// Wrong usage.
    Usage,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

impl Exit {
    /// How a run ends the process.
    pub fn of(summary: &Summary) -> Self {
        let nothing = summary.done.is_empty() && summary.begun.is_empty() && !summary.interrupted;
        match (summary.is_complete(), nothing && !summary.is_carried_out()) {
            (true, _) => Self::Done,
            (false, true) => Self::Failed,
            (false, false) => Self::Partly,
        }
    }

    /// The process's exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Changes => 2,
            Self::Partly => 3,
            Self::Refused => 4,
            Self::Usage => 64,
        }
    }
}

/// Why a command did not do what it was asked for.
#[derive(Clone, Debug, Serialize)]
pub struct Failure {
    /// How the process ends.
    pub exit: Exit,
    /// What was attempted and what went wrong.
    pub message: String,
    /// The causes behind it, outermost first.
    pub causes: Vec<String>,
    /// What to do next.
    pub hints: Vec<String>,
    /// A text that says it all already, such as configuration errors with their lines.
    #[serde(skip)]
    pub rendered: Option<String>,
    /// The same as data, for `--json`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<serde_json::Value>,
}

impl Failure {
    /// A failure without a cause.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), causes: Vec::new(), hints: Vec::new(), rendered: None, detail: None }
    }

    /// A failure with the chain of an error's causes.
    pub fn from_error(exit: Exit, error: &dyn Error) -> Self {
        let mut failure = Self::new(exit, error.to_string());
        let mut source = error.source();
        while let Some(cause) = source {
            failure.causes.push(cause.to_string());
            source = cause.source();
        }
        failure
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        match &error {
            JournalError::Leased { .. } => Self::from_error(Exit::Refused, &error)
                .hint("wait for that run to end (--lock-timeout); `globe unlock` shows who it is and can take it away"),
            JournalError::Fenced { .. } => Self::from_error(Exit::Refused, &error)
                .hint("let the other run end (`globe unlock` shows it); then run the same command again: it finds out what was done"),
            JournalError::StalePlan { .. } | JournalError::OtherState { .. } => {
                Self::from_error(Exit::Refused, &error).hint("run `globe diff` again, and carry out the new plan")
            }
            JournalError::OtherAccount { .. } => Self::from_error(Exit::Refused, &error)
                .hint("change `account` back, or give the other account a state of its own (--state); nothing was changed"),
            JournalError::OtherWorld { .. } => Self::from_error(Exit::Refused, &error)
                .hint("with `--sandbox` leave --state out: the sandbox keeps a state of its own; nothing was changed"),
            JournalError::Occupied { .. } => Self::from_error(Exit::Refused, &error)
                .hint("one history cannot be put upon another: choose a database without this stack (--to, --state)"),
            JournalError::Database { .. } => Self::from_error(Exit::Failed, &error).hint(
                "no call to AWS goes out without its record: put the database right (is its server up, its disk full, \
                 its file held by another program?), then run the command again",
            ),
            JournalError::Unusable { .. } => Self::from_error(Exit::Failed, &error)
                .hint("`--state` or GLOBE_STATE names another database; `globe state backup` makes copies"),
        }
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        match error {
            RunError::NotBegun(source) => source.into(),
            RunError::CutShort { summary, source } => {
                let mut failure = Self::from(source);
                let hint = match failure.exit {
                    // Fenced: what there is to say is said by the hint of that.
                    Exit::Refused => None,
                    _ => Some("run the same command again once the state can be written: it finds out what was done"),
                };
                if failure.exit != Exit::Refused || !summary.done.is_empty() {
                    failure.exit = Exit::Partly;
                }
                failure.hints.extend(hint.map(str::to_owned));
                failure
            }
        }
    }
}

impl From<RecoverError> for Failure {
    fn from(error: RecoverError) -> Self {
        match error {
            RecoverError::Ambiguous { .. } => Self::from_error(Exit::Refused, &error),
            RecoverError::Journal(source) => source.into(),
            RecoverError::Stopped { .. } => Self::from_error(Exit::Partly, &error)
                .hint("run the same command again: it continues where this stopped"),
        }
    }
}

impl From<PlanFileError> for Failure {
    fn from(error: PlanFileError) -> Self {
        let exit = match &error {
            PlanFileError::Unreadable(..) | PlanFileError::Unwritable(..) => Exit::Failed,
            _ => Exit::Refused,
        };
        let failure = Self::new(exit, error.to_string());
        match exit {
            Exit::Refused => failure.hint("make a new plan with `globe diff --out FILE`"),
            _ => failure,
        }
    }
}

impl From<Misfit> for Failure {
    fn from(error: Misfit) -> Self {
        let failure = Self::new(Exit::Refused, error.to_string());
        match error {
            Misfit::StateOfOtherAccount { .. } => failure.hint(
                "each account needs a state of its own: `--state`, or a folder with its own globe.toml; or change `account` back",
            ),
            _ => failure.hint("make a new plan with `globe diff --out FILE`"),
        }
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        let class = error.class;
        let failure = Self::from_error(Exit::Failed, &error);
        if let Some(missing) = Missing::of(&error) {
            return failure.hint(missing.advice());
        }
        match class {
            ErrorClass::Broken | ErrorClass::Ambiguous => failure.hint(
                "are there credentials (AWS_PROFILE, AWS_ACCESS_KEY_ID, SSO) and a network? `--sandbox` needs neither",
            ),
            _ => failure,
        }
    }
}

impl From<SandboxError> for Failure {
    fn from(error: SandboxError) -> Self {
        match &error {
            SandboxError::InUse { .. } => Self::from_error(Exit::Refused, &error)
                .hint("wait for that command to end; `globe sandbox serve` is one sandbox for several at once"),
            SandboxError::State { .. } => {
                Self::from_error(Exit::Failed, &error).hint("`globe sandbox reset` begins with an empty account")
            }
        }
    }
}

impl From<GraphError> for Failure {
    fn from(error: GraphError) -> Self {
        Self::from_error(Exit::Failed, &error).hint("this is a defect of globe: the file was valid")
    }
}

/// Credentials for another account than the file's.
pub fn wrong_account(file: &str, actual: &str) -> Failure {
    Failure::new(Exit::Refused, format!("the file is for account {file}, and the credentials are for {actual}"))
        .hint("choose other credentials (AWS_PROFILE), or change `account` in the file")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_a_promise() {
        let codes = [Exit::Done, Exit::Failed, Exit::Changes, Exit::Partly, Exit::Refused, Exit::Usage].map(Exit::code);
        assert_eq!(codes, [0, 1, 2, 3, 4, 64]);
    }
}
