//! A server that runs while it is needed and no longer.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::python::Python;

/// A server under `tests/opinion/keeper.py`, which stops it and all that it started when its standard input ends: when
/// this value is dropped, and also when this process is killed.
pub struct Server {
    keeper: Child,
    /// Where it listens.
    pub url: String,
}

impl Server {
    /// Starts a command and waits for the address that it prints; what it says goes to `log`.
    ///
    /// # Errors
    /// When it ends before it listens; the error quotes the end of the log.
    pub fn start<A: AsRef<OsStr>>(python: &Python, log: &Path, program: &Path, arguments: &[A]) -> Result<Self> {
        Self::adjusted(python, log, program, arguments, |_| {})
    }

    /// As [`Server::start`], after `adjust` has set the environment.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub fn adjusted<A: AsRef<OsStr>>(
        python: &Python,
        log: &Path,
        program: &Path,
        arguments: &[A],
        adjust: impl FnOnce(&mut Command),
    ) -> Result<Self> {
        let mut command = python.run("keeper.py");
        command.arg("--log").arg(log).arg("--").arg(program).args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        adjust(&mut command);
        let keeper = command.spawn().context("could not run the keeper of a server")?;
        let mut server = Self { keeper, url: String::new() };
        let output = server.keeper.stdout.take().context("the keeper has no output")?;
        BufReader::new(output).read_line(&mut server.url).context("could not read the keeper's output")?;
        server.url.truncate(server.url.trim_end().len());
        if server.url.is_empty() {
            bail!("{} ended before it listened:\n{}", program.display(), last_lines(log));
        }
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // Whatever happened to the keeper, there is nothing left to do here.
        let _ = self.keeper.wait();
    }
}

fn last_lines(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(12)..].join("\n")
}
