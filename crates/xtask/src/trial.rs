//! What every trial of the program from outside needs: the program, a Python, and a folder for what they write.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::program::{Build, program};
use crate::python::{Python, succeed};
use crate::server::Server;
use crate::workspace::Workspace;

/// The account of all trials; emulators take it from the access key.
pub const ACCOUNT: &str = "123456789012";

/// One trial.
pub struct Trial {
    /// The built program.
    pub globe: PathBuf,
    /// Python with its packages.
    pub python: Python,
    /// An empty folder of its own.
    pub folder: PathBuf,
}

impl Trial {
    /// Builds the program unless one is given, and makes the rest ready; `name` names the folder.
    ///
    /// # Errors
    /// When something of it cannot be made.
    pub fn ready(workspace: &Workspace, name: &str, globe: Option<PathBuf>) -> Result<Self> {
        let globe = program(workspace, globe.as_deref(), Build::Plain)?;
        let python = Python::ready(workspace)?;
        let folder = workspace.target().join("opinion").join(format!("{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).with_context(|| format!("could not make {}", folder.display()))?;
        Ok(Self { globe, python, folder })
    }

    /// An empty sandbox in memory, served with further `options`.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub fn sandbox(&self, options: &[&str]) -> Result<Server> {
        let arguments = [&["sandbox", "serve", "--in-memory", "--port", "0"], options].concat();
        Server::start(&self.python, &self.folder.join("sandbox.log"), &self.globe, &arguments)
    }

    /// A proxy in front of `upstream` that writes every request down.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub fn recorder(&self, upstream: &Server) -> Result<Server> {
        let recorder = self.python.program_file("recorder.py");
        let (to, requests) = (upstream.url.as_ref(), self.requests());
        let arguments = [recorder.as_os_str(), "--to".as_ref(), to, "--log".as_ref(), requests.as_os_str()];
        let python = self.python.installed("python");
        Server::start(&self.python, &self.folder.join("recorder.log"), &python, &arguments)
    }

    /// Holds what the recorder wrote down against AWS's published models.
    ///
    /// # Errors
    /// When AWS would refuse a request.
    pub fn check_requests(&self) -> Result<()> {
        succeed(self.python.run("check_requests.py").arg(self.requests())).context("AWS would refuse a request")
    }

    fn requests(&self) -> PathBuf {
        self.folder.join("requests.jsonl")
    }

    /// Removes the folder after a success; after a failure says that it is there to be looked at.
    ///
    /// # Errors
    /// The outcome's own.
    pub fn end<T>(self, outcome: Result<T>) -> Result<T> {
        let folder = self.folder.display().to_string();
        if outcome.is_ok() {
            fs::remove_dir_all(&self.folder).with_context(|| format!("could not remove {folder}"))?;
        }
        outcome.with_context(|| format!("logs and state are in {folder}"))
    }
}
