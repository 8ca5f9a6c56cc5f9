//! One check.

use std::ffi::{OsStr, OsString};
use std::fmt;

use anyhow::{Context, Result, bail};

use crate::workspace::{Workspace, cargo};

/// One check, and what to do when it fails.
pub struct Step {
    /// What is checked, in a word.
    pub title: &'static str,
    /// How.
    pub action: Action,
    /// What to do when it fails.
    pub help: &'static str,
}

impl Step {
    /// A check that cargo makes.
    pub fn cargo(title: &'static str, command: Cargo, help: &'static str) -> Self {
        Self { title, action: Action::Cargo(command), help }
    }

    /// A check of this program; `command` runs it alone.
    pub fn own(
        title: &'static str,
        command: &'static str,
        check: fn(&Workspace) -> Result<()>,
        help: &'static str,
    ) -> Self {
        Self { title, action: Action::Own { command, check }, help }
    }
}

/// How a check is made; shown as the command that makes it alone.
pub enum Action {
    /// By cargo.
    Cargo(Cargo),
    /// By this program.
    Own {
        /// The command that makes it alone.
        command: &'static str,
        /// The check.
        check: fn(&Workspace) -> Result<()>,
    },
}

impl Action {
    /// Makes the check.
    ///
    /// # Errors
    /// When it does not pass, or cargo cannot be run.
    pub fn run(&self, workspace: &Workspace) -> Result<()> {
        match self {
            Self::Cargo(command) => command.run(workspace),
            Self::Own { check, .. } => check(workspace),
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cargo(command) => command.fmt(f),
            Self::Own { command, .. } => f.write_str(command),
        }
    }
}

/// One command of cargo, run in the workspace with this program's own input and output.
pub struct Cargo {
    arguments: Vec<String>,
    environment: Vec<(&'static str, OsString)>,
}

impl Cargo {
    /// The subcommand.
    pub fn new(subcommand: &str) -> Self {
        Self { arguments: vec![subcommand.to_owned()], environment: Vec::new() }
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: Into<String>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Sets a variable of the environment.
    #[must_use]
    pub fn env(mut self, name: &'static str, value: impl AsRef<OsStr>) -> Self {
        self.environment.push((name, value.as_ref().to_owned()));
        self
    }

    fn run(&self, workspace: &Workspace) -> Result<()> {
        let mut command = cargo();
        command.args(&self.arguments).current_dir(workspace.root());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        let status = command.status().with_context(|| format!("could not run `{self}`"))?;
        if !status.success() {
            bail!("`{self}` failed: {status}");
        }
        Ok(())
    }
}

impl fmt::Display for Cargo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cargo {}", self.arguments.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_of_cargo_that_fails_is_named() {
        let workspace = Workspace::read().expect("cargo metadata");
        Action::Cargo(Cargo::new("--version").args(["--quiet"])).run(&workspace).expect("passes");
        let failing = Action::Cargo(Cargo::new("pkgid").args(["no-such-package-in-a-test"]));
        let error = failing.run(&workspace).expect_err("no such package").to_string();
        assert!(error.starts_with("`cargo pkgid no-such-package-in-a-test` failed: "), "{error}");
    }
}
