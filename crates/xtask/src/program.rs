//! Which `globe` a task drives.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::workspace::{Workspace, cargo};

/// The choice, on the command line.
#[derive(Default, clap::Args)]
pub struct Choice {
    /// Build globe with optimisation first: slow to build, and several times as fast to run
    #[arg(long, conflicts_with = "globe")]
    release: bool,
    /// A built `globe`; without it, it is built
    #[arg(long, value_name = "FILE")]
    globe: Option<PathBuf>,
}

impl Choice {
    /// The chosen program.
    ///
    /// # Errors
    /// As [`program`].
    pub fn program(&self, workspace: &Workspace) -> Result<PathBuf> {
        program(workspace, self.globe.as_deref(), if self.release { Build::Optimised } else { Build::Plain })
    }
}

/// How the program is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Build {
    /// As for tests.
    Plain,
    /// As it is released.
    Optimised,
}

/// The program that is given, or as cargo builds it.
///
/// # Errors
/// When it cannot be built, or there is none.
pub fn program(workspace: &Workspace, given: Option<&Path>, build: Build) -> Result<PathBuf> {
    match given {
        Some(given) => fs::canonicalize(given).with_context(|| format!("there is no {}", given.display())),
        None => built(workspace, build),
    }
}

fn built(workspace: &Workspace, build: Build) -> Result<PathBuf> {
    let mut command = cargo();
    command.args(["build", "--package", "globe"]).current_dir(workspace.root());
    let folder = match build {
        Build::Plain => "debug",
        Build::Optimised => {
            command.arg("--release");
            "release"
        }
    };
    if !command.status().context("could not run `cargo build`")?.success() {
        bail!("`cargo build --package globe` failed");
    }
    Ok(workspace.target().join(folder).join("globe"))
}
