//! Running the built binary.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

/// The account of all stories.
pub const ACCOUNT: &str = "123456789012";
/// Sandbox seconds per second: ten minutes of AWS take three seconds.
const SPEED: &str = "200";

/// The binary that `cargo build -p globe` makes, beside the test's own; or `GLOBE_BINARY`.
fn binary() -> PathBuf {
    if let Some(given) = std::env::var_os("GLOBE_BINARY") {
        return given.into();
    }
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
    /// How it ended, where two ways are right.
    pub fn code(&self) -> i32 {
        self.0.code
    }

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

    /// The same file, state and sandbox once more, for the AWS at `url`.
    pub fn copy_for(&self, url: Option<&str>) -> Self {
        let copy = Self::new("", url);
        copy_folder(self.path(), copy.path());
        copy
    }

    /// From now on for the AWS at `url`.
    pub fn use_aws(&mut self, url: &str) {
        self.url = Some(url.to_owned());
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
        Self::serving(command)
    }

    /// The AWS that a place keeps in its sandbox.
    pub fn beside(place: &Place) -> Self {
        let mut command = Command::new(binary());
        command.args(["sandbox", "serve", "--port", "0", "--speed", SPEED]).current_dir(place.path());
        Self::serving(command)
    }

    fn serving(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("is piped");
        BufReader::new(stdout).read_line(&mut line).expect("says where it listens");
        let url = line.split_whitespace().last().expect("ends with its URL").to_owned();
        assert!(url.starts_with("http://127.0.0.1:"), "{line}");
        Self { child, url }
    }

    /// All requests so far, as the sandbox logged them.
    pub fn calls(&self) -> Vec<Value> {
        serde_json::from_str(&self.get("/_sandbox/calls")).expect("the log is JSON")
    }

    /// Requests that change something, so far.
    pub fn writes(&self) -> Vec<Value> {
        let is_read =
            |action: &str| ["Describe", "Get", "List", "Head"].iter().any(|prefix| action.starts_with(prefix));
        self.calls().into_iter().filter(|call| call["action"].as_str().is_some_and(|action| !is_read(action))).collect()
    }

    /// How many requests have changed something, once no more are coming.
    pub fn settled_writes(&self) -> usize {
        let mut before = self.writes().len();
        loop {
            std::thread::sleep(Duration::from_millis(700));
            let now = self.writes().len();
            if now == before {
                return now;
            }
            before = now;
        }
    }

    /// Requests that hang now.
    pub fn held(&self) -> Vec<Value> {
        serde_json::from_str(&self.get("/_sandbox/held")).expect("a list")
    }

    /// Lets them go on.
    pub fn release(&self) {
        self.get("/_sandbox/release");
    }

    /// Makes one thing more go wrong from now on.
    pub fn fault(&self, rule: &str) {
        assert_eq!(self.get(&format!("/_sandbox/fault?{rule}")), "", "{rule}");
    }

    /// From now on nothing goes wrong.
    pub fn calm(&self) {
        self.get("/_sandbox/calm");
    }

    /// Waits until a request hangs.
    #[track_caller]
    pub fn wait_for_held(&self, action: &str) {
        patiently(action, || self.held().iter().any(|call| call["action"] == action));
    }

    fn get(&self, path: &str) -> String {
        let host = self.url.trim_start_matches("http://");
        let mut stream = std::net::TcpStream::connect(host).expect("listens");
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("sends");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("reads");
        answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Both fail only when it is gone already.
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// A command under way.
pub struct Running {
    child: Child,
    said: [Arc<Mutex<String>>; 2],
    readers: Vec<JoinHandle<()>>,
}

impl Running {
    /// Starts it.
    pub fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
        let said = [Arc::default(), Arc::default()];
        let stdout = listen(child.stdout.take().expect("is piped"), &said[0]);
        let stderr = listen(child.stderr.take().expect("is piped"), &said[1]);
        Self { child, said, readers: vec![stdout, stderr] }
    }

    /// Its process number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has said on both channels.
    pub fn so_far(&self) -> String {
        self.said.iter().map(|text| text.lock().expect("no reader panics").clone()).collect()
    }

    /// Waits until it has said something.
    #[track_caller]
    pub fn until(&self, text: &str) {
        patiently(text, || self.so_far().contains(text));
    }

    /// Where it reads, if that was piped.
    pub fn take_stdin(&mut self) -> std::process::ChildStdin {
        self.child.stdin.take().expect("is piped")
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("can be asked").is_some()
    }

    /// Sends a signal, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.id().to_string()]).status();
        assert!(sent.expect("`kill` is there").success(), "{name}");
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        // Fails only when it has ended by itself.
        let _ended = self.child.kill();
        self.child.wait().expect("is reaped");
    }

    /// Waits for its end.
    #[track_caller]
    pub fn end(mut self) -> Ran {
        let deadline = Instant::now() + PATIENCE;
        while !self.has_ended() {
            if Instant::now() > deadline {
                let said = self.so_far();
                self.kill();
                panic!("it does not end; it has said:\n{said}");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let status = self.child.wait().expect("has ended");
        self.readers.drain(..).for_each(|reader| reader.join().expect("reads to the end"));
        let [stdout, stderr] = self.said.each_ref().map(|text| text.lock().expect("no reader panics").clone());
        Ran(Said { stdout, stderr, code: status.code().unwrap_or(-1) })
    }
}

fn listen(mut from: impl Read + Send + 'static, to: &Arc<Mutex<String>>) -> JoinHandle<()> {
    let to = to.clone();
    std::thread::spawn(move || {
        let mut part = [0; 4096];
        while let Ok(count) = from.read(&mut part)
            && count > 0
        {
            to.lock().expect("no reader panics").push_str(&String::from_utf8_lossy(&part[..count]));
        }
    })
}

/// How long something may take to come about: the sandbox is fast, the machine may not be.
const PATIENCE: Duration = Duration::from_secs(120);

/// Waits until `done`.
#[track_caller]
pub fn patiently(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("can be made");
    for entry in std::fs::read_dir(from).expect("is a folder") {
        let entry = entry.expect("is readable");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("has a type").is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("copies");
        }
    }
}
