//! Running the built binary.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

/// The account of all stories.
pub const ACCOUNT: &str = "123456789012";
/// Sandbox seconds per second: ten minutes of AWS take three seconds.
const SPEED: &str = "200";

/// The binary that `cargo build -p globe` makes, beside the test's own.
fn binary() -> PathBuf {
    let test = std::env::current_exe().expect("the test knows itself");
    let folder = test.ancestors().nth(2).expect("target/debug/deps/story");
    let binary = folder.join("globe");
    assert!(
        binary.exists(),
        "{} is missing: run `cargo build -p globe` first, or `cargo xtask test`",
        binary.display()
    );
    binary
}

/// A command that has run.
#[must_use = "check how it ended"]
pub struct Ran(Said);

impl Ran {
    /// Insists on an exit code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Said {
        let Self(said) = self;
        assert_eq!(said.code, code, "stdout:\n{}\nstderr:\n{}", said.stdout, said.stderr);
        said
    }
}

/// What a command said, and how it ended.
#[derive(Debug)]
pub struct Said {
    pub stdout: String,
    pub stderr: String,
    pub code: i32,
}

impl Said {
    pub fn of(output: &Output) -> Ran {
        Ran(Self {
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            code: output.status.code().unwrap_or(-1),
        })
    }

    /// Standard output as JSON lines.
    #[track_caller]
    pub fn json(&self) -> Vec<Value> {
        let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"));
        self.stdout.lines().map(parse).collect()
    }

    /// The first JSON line of a type.
    #[track_caller]
    pub fn json_of(&self, kind: &str) -> Value {
        let line = self.json().into_iter().find(|line| line["type"] == kind);
        line.unwrap_or_else(|| panic!("no {kind} in {}", self.stdout))
    }
}

/// A folder with a `globe.toml`, and an AWS to use it on.
pub struct Place {
    folder: tempfile::TempDir,
    url: Option<String>,
}

impl Place {
    /// A folder with this file, for the AWS at `url`.
    pub fn new(text: &str, url: Option<&str>) -> Self {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let place = Self { folder, url: url.map(str::to_owned) };
        place.write(text);
        place
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes the file anew.
    pub fn write(&self, text: &str) {
        std::fs::write(self.path().join("globe.toml"), text).expect("writes");
    }

    /// A command, not yet run.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.args(arguments).current_dir(self.path()).stdin(Stdio::null()).env_clear();
        command.env("HOME", self.path()).env("GLOBE_TIME_FACTOR", SPEED);
        command.env("AWS_ACCESS_KEY_ID", ACCOUNT).env("AWS_SECRET_ACCESS_KEY", "sandbox");
        if let Some(url) = &self.url {
            command.env("AWS_ENDPOINT_URL", url);
        }
        command
    }

    /// Runs it.
    pub fn globe(&self, arguments: &[&str]) -> Ran {
        Said::of(&self.command(arguments).output().expect("starts"))
    }
}

/// Every story ends with a check: what is recorded follows from the events.
impl Drop for Place {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        for state in [".globe/state.db", ".globe/sandbox/state.db"] {
            if self.path().join(state).exists() {
                self.globe(&["--state", state, "state", "verify"]).exits(0);
            }
        }
    }
}

/// `globe sandbox serve`, killed when dropped.
pub struct Served {
    child: Child,
    pub url: String,
}

impl Served {
    /// An empty AWS in memory.
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// The same, in which these things go wrong.
    pub fn with(faults: &[&str]) -> Self {
        let mut command = Command::new(binary());
        command.args(["sandbox", "serve", "--port", "0", "--in-memory", "--speed", SPEED]);
        faults.iter().for_each(|fault| {
            command.args(["--fault", fault]);
        });
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("is piped");
        BufReader::new(stdout).read_line(&mut line).expect("says where it listens");
        let url = line.split_whitespace().last().expect("ends with its URL").to_owned();
        assert!(url.starts_with("http://127.0.0.1:"), "{line}");
        Self { child, url }
    }
}

impl Served {
    /// All requests so far, as the sandbox logged them.
    pub fn calls(&self) -> Vec<Value> {
        let host = self.url.trim_start_matches("http://");
        let mut stream = std::net::TcpStream::connect(host).expect("listens");
        let request = format!("GET /_sandbox/calls HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("sends");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("reads");
        let body = answer.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
        serde_json::from_str(body).expect("the log is JSON")
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Both fail only when it is gone already.
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}
