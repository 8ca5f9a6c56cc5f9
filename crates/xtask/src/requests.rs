//! Requests that AWS would take: what `up`, `diff` and `down` of the reference stack send is recorded by a proxy and
//! held against the service models that AWS publishes in botocore.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::python::succeed;
use crate::trial::{ACCOUNT, Trial};
use crate::workspace::Workspace;

/// Sandbox seconds per second.
const SPEED: &str = "200";
/// One after the other.
const COMMANDS: [&[&str]; 3] = [
    &["up", "--regions", "all", "--yes"],
    &["diff", "--exit-code"],
    &["down", "--regions", "all", "--yes", "--delete-data", "*"],
];

/// Runs the reference stack with `globe`, or with the program that cargo builds, and checks what was sent.
///
/// # Errors
/// When a command fails, or AWS would refuse a request.
pub fn run(workspace: &Workspace, globe: Option<PathBuf>) -> Result<()> {
    let trial = Trial::ready(workspace, "requests", globe)?;
    let outcome = check(workspace, &trial);
    trial.end(outcome)
}

fn check(workspace: &Workspace, trial: &Trial) -> Result<()> {
    let sandbox = trial.sandbox(&["--speed", SPEED])?;
    let proxy = trial.recorder(&sandbox)?;
    fs::copy(workspace.root().join("config/globe.toml"), trial.folder.join("globe.toml"))
        .context("could not copy the reference stack")?;
    for arguments in COMMANDS {
        succeed(globe(trial, &proxy.url).args(arguments)).with_context(|| format!("globe {}", arguments.join(" ")))?;
    }
    drop(proxy);
    trial.check_requests()
}

/// The program, with no other AWS in reach than the one behind the proxy.
fn globe(trial: &Trial, url: &str) -> Command {
    let mut command = Command::new(&trial.globe);
    command.current_dir(&trial.folder).env_clear().stdin(Stdio::null()).stdout(Stdio::null());
    command.env("HOME", &trial.folder).env("GLOBE_TIME_FACTOR", SPEED).env("AWS_ENDPOINT_URL", url);
    command.env("AWS_ACCESS_KEY_ID", ACCOUNT).env("AWS_SECRET_ACCESS_KEY", "sandbox").arg("--quiet");
    command
}
