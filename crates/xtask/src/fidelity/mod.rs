//! How faithful the sandbox is: a probe of what AWS does, run against it, beside the figures of other emulators.
//!
//! The probe is a folder with `run.py`, which takes `--endpoint URL --json FILE`. It is not part of this repository.

mod held;
mod table;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::console;
use crate::python::succeed;
use crate::trial::Trial;
use crate::workspace::Workspace;
use held::Held;

/// What to run, and what to do with the answer.
#[derive(Debug, Default, clap::Args)]
pub struct Arguments {
    /// The probe's folder [default: ../shared/probe beside the checkout]
    #[arg(long, value_name = "DIR")]
    probe: Option<PathBuf>,
    /// Write all results to a file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Fail unless exactly the checks of fidelity/held.toml fail
    #[arg(long)]
    check: bool,
    /// A built `globe`; without it, it is built
    #[arg(long, value_name = "FILE")]
    globe: Option<PathBuf>,
}

/// There is no probe to run.
#[derive(Debug)]
pub struct NoProbe(PathBuf);

impl std::fmt::Display for NoProbe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "there is no probe in {}: name its folder with --probe", self.0.display())
    }
}

impl std::error::Error for NoProbe {}

/// One check of the probe, and how it ended.
#[derive(Clone, Debug, Deserialize)]
struct Outcome {
    service: String,
    op: String,
    status: String,
    note: String,
}

impl Outcome {
    fn is_ok(&self) -> bool {
        self.status == "ok"
    }
}

/// Runs the probe and prints the table.
///
/// # Errors
/// [`NoProbe`]; when the probe cannot be run; with `--check` when something else fails than what is expected to.
pub fn run(workspace: &Workspace, arguments: Arguments) -> Result<()> {
    let probe = arguments.probe.unwrap_or_else(|| beside(workspace));
    if !probe.join("run.py").is_file() {
        return Err(NoProbe(probe).into());
    }
    let held = Held::read()?;
    let trial = Trial::ready(workspace, "fidelity", arguments.globe)?;
    let outcomes = ask(&trial, &probe, arguments.json.as_deref());
    let outcomes = trial.end(outcomes)?;
    table::lines(&outcomes, &held).iter().for_each(|line| console::result(line));
    if arguments.check { held.check(&outcomes) } else { Ok(()) }
}

/// Checks with the probe beside the checkout.
///
/// # Errors
/// As [`run`].
pub fn check(workspace: &Workspace) -> Result<()> {
    run(workspace, Arguments { check: true, ..Arguments::default() })
}

/// Whether there is a probe beside the checkout.
pub fn has_probe(workspace: &Workspace) -> bool {
    beside(workspace).join("run.py").is_file()
}

fn beside(workspace: &Workspace) -> PathBuf {
    workspace.root().join("../shared/probe")
}

fn ask(trial: &Trial, probe: &Path, json: Option<&Path>) -> Result<Vec<Outcome>> {
    let sandbox = trial.sandbox(&[])?;
    let file = trial.folder.join("outcomes.json");
    let mut run = trial.python.command();
    run.current_dir(probe).args(["run.py", "--endpoint", &sandbox.url]).arg("--json").arg(&file).stdout(Stdio::null());
    succeed(&mut run).context("the probe broke")?;
    let text = fs::read_to_string(&file).context("could not read the probe's results")?;
    if let Some(json) = json {
        fs::write(json, &text).with_context(|| format!("could not write {}", json.display()))?;
    }
    let outcomes: Vec<Outcome> = serde_json::from_str(&text).context("could not understand the probe's results")?;
    if outcomes.is_empty() {
        bail!("the probe checked nothing");
    }
    Ok(outcomes)
}
