//! The built program, a folder for its stacks, and how it is run.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::child::{self, Ran};
use crate::program::{Build, program};
use crate::trial::ACCOUNT;
use crate::workspace::Workspace;

/// What everything is measured with.
pub struct Ground {
    globe: PathBuf,
    folder: PathBuf,
    reference: String,
}

/// One stack in a folder of its own.
pub struct Stage<'a> {
    ground: &'a Ground,
    folder: PathBuf,
}

/// A sandbox over HTTP, ended when it is dropped.
pub struct Serving {
    child: Child,
    /// Where it listens.
    pub url: String,
}

impl Ground {
    /// Builds the program unless one is given.
    ///
    /// # Errors
    /// When it cannot be built, or there is none.
    pub fn ready(workspace: &Workspace, globe: Option<PathBuf>) -> Result<Self> {
        let globe = program(workspace, globe.as_deref(), Build::Optimised)?;
        let folder = workspace.target().join("bench").join(std::process::id().to_string());
        fs::create_dir_all(&folder).with_context(|| format!("could not make {}", folder.display()))?;
        let reference = fs::read_to_string(workspace.root().join("config/globe.toml"));
        Ok(Self { globe, folder, reference: reference.context("could not read the reference stack")? })
    }

    /// A folder with the reference stack.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn reference(&self, name: &str) -> Result<Stage<'_>> {
        self.stage(name, &self.reference)
    }

    /// A folder with a stack.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn stage(&self, name: &str, text: &str) -> Result<Stage<'_>> {
        let folder = self.folder.join(name);
        fs::create_dir_all(&folder).with_context(|| format!("could not make {}", folder.display()))?;
        fs::write(folder.join("globe.toml"), text)
            .with_context(|| format!("could not write into {}", folder.display()))?;
        Ok(Stage { ground: self, folder })
    }

    /// Removes what was written.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn end(self) -> Result<()> {
        fs::remove_dir_all(&self.folder).with_context(|| format!("could not remove {}", self.folder.display()))
    }
}

impl Stage<'_> {
    /// Runs the program in this folder.
    ///
    /// # Errors
    /// As [`child::run`].
    pub fn run(&self, arguments: &[&str]) -> Result<Ran> {
        child::run(self.globe(arguments), &self.folder)
    }

    /// Runs it in the sandbox inside the process, in virtual time; the answer is what it printed.
    ///
    /// # Errors
    /// As [`child::run`].
    pub fn virtually(&self, arguments: &[&str]) -> Result<Answers> {
        let sandbox = ["--sandbox", "--time", "virtual", "--json"];
        // After the subcommand, where all other flags are: a flag that requires another looks for it beside itself.
        Ok(Answers::of(&self.run(&[arguments, &sandbox].concat())?.stdout))
    }

    /// Runs it against a sandbox over HTTP that runs `speed` times as fast as a clock.
    ///
    /// # Errors
    /// As [`child::run`].
    pub fn against(&self, serving: &Serving, speed: u32, arguments: &[&str]) -> Result<Ran> {
        let mut command = self.globe(arguments);
        command.env("AWS_ENDPOINT_URL", &serving.url).env("GLOBE_TIME_FACTOR", speed.to_string());
        command.env("AWS_ACCESS_KEY_ID", ACCOUNT).env("AWS_SECRET_ACCESS_KEY", "sandbox");
        child::run(command, &self.folder)
    }

    /// Serves the sandbox of this folder, or an empty one with `--in-memory`.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn serve(&self, arguments: &[&str]) -> Result<Serving> {
        let mut command = self.globe(&[&["sandbox", "serve", "--port", "0"], arguments].concat());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().context("could not serve the sandbox")?;
        let output = child.stdout.take().context("the sandbox has no output")?;
        let mut line = String::new();
        let read = BufReader::new(output).read_line(&mut line);
        let url = line.trim_end().rsplit_once(' ').map(|(_, url)| url.to_owned());
        match (read, url) {
            (Ok(_), Some(url)) => Ok(Serving { child, url }),
            _ => {
                // It has ended already, or is of no use.
                let _ended = child.kill().and_then(|()| child.wait());
                bail!("the sandbox did not start: {line}")
            }
        }
    }

    fn globe(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.ground.globe);
        command.current_dir(&self.folder).env_clear().env("HOME", &self.folder).args(arguments);
        command
    }
}

impl Serving {
    /// All calls that it has answered, as it logged them.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub fn calls(&self) -> Result<Vec<Value>> {
        let address = self.url.strip_prefix("http://").unwrap_or(&self.url);
        let mut stream = std::net::TcpStream::connect(address).context("could not reach the sandbox")?;
        stream.set_read_timeout(Some(Duration::from_secs(60))).context("could not set a timeout")?;
        std::io::Write::write_all(&mut stream, b"GET /_sandbox/calls HTTP/1.0\r\n\r\n").context("could not ask")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).context("could not read the sandbox's log")?;
        let (_, body) = answer.split_once("\r\n\r\n").context("the sandbox's answer has no body")?;
        serde_json::from_str(body).context("the sandbox's log is not JSON")
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // One that has ended by itself needs no end.
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}

/// The JSON lines that a command printed.
pub struct Answers(Vec<Value>);

impl Answers {
    /// Reads them; what is no JSON is left out.
    pub fn of(text: &str) -> Self {
        Self(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
    }

    /// The last line of a type.
    ///
    /// # Errors
    /// When there is none.
    pub fn last(&self, kind: &str) -> Result<&Value> {
        let found = self.0.iter().rev().find(|line| line["type"] == kind);
        found.with_context(|| format!("globe printed no line of type {kind}"))
    }

    /// All lines of a type.
    pub fn all<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.0.iter().filter(move |line| line["type"] == kind)
    }

    /// A number of the last line of a type.
    ///
    /// # Errors
    /// When there is none.
    pub fn number(&self, kind: &str, key: &str) -> Result<f64> {
        self.last(kind)?[key].as_f64().with_context(|| format!("the line of type {kind} has no number {key}"))
    }
}
