//! A program run to its end, with what it cost: as the kernel of Linux tells in `/proc`.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How often a running program is looked at.
const LOOK: Duration = Duration::from_millis(2);
/// Words of a command that an error quotes.
const TOLD: usize = 8;
/// Clock ticks in a second, in which the kernel counts CPU time towards programs: the same on all of Linux.
const TICKS: f64 = 100.0;
/// Fields of `/proc/PID/stat` from the one after the program's name: state, and user and system time.
const STATE: usize = 0;
const TIMES: [usize; 2] = [11, 12];

/// What a run cost, and what it said.
#[derive(Debug)]
pub struct Ran {
    /// From start to end.
    pub wall: Duration,
    /// User and system time, to the hundredth of a second.
    pub cpu: Duration,
    /// The most memory it held at once, in bytes.
    pub peak: u64,
    /// Its standard output.
    pub stdout: String,
}

/// Runs a command to its end; its output goes through files in `folder`, so that it never waits for this program.
///
/// # Errors
/// When it cannot be run or fails; the error quotes the end of what it said.
pub fn run(mut command: Command, folder: &Path) -> Result<Ran> {
    let (out, err) = (folder.join("stdout"), folder.join("stderr"));
    let create = |path: &Path| File::create(path).with_context(|| format!("could not make {}", path.display()));
    command.stdin(Stdio::null()).stdout(create(&out)?).stderr(create(&err)?);
    let began = now();
    let mut child = command.spawn().with_context(|| format!("could not run {}", title(&command)))?;
    let (cpu, peak) = watch(child.id())?;
    let wall = began.elapsed();
    let status = child.wait().context("could not wait for the program")?;
    let read = |path: &Path| fs::read_to_string(path).with_context(|| format!("could not read {}", path.display()));
    let (stdout, stderr) = (read(&out)?, read(&err)?);
    if !status.success() {
        let tail = |text: &str| {
            text.lines().rev().take(8).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("\n")
        };
        bail!("{} failed: {status}\n{}\n{}", title(&command), tail(&stdout), tail(&stderr));
    }
    Ok(Ran { wall, cpu, peak, stdout })
}

/// The command, as far as its first arguments.
fn title(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.take(TOLD).map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Elapsed real time is what is measured here.
pub fn now() -> Instant {
    Instant::now()
}

/// Follows a child until it has ended and only waits for being waited for: then its times are final.
fn watch(process: u32) -> Result<(Duration, u64)> {
    let mut peak = 0;
    loop {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).context("this measure needs Linux's /proc")?;
        let (state, cpu) = parse(&stat).context("could not understand /proc/PID/stat")?;
        peak = peak.max(memory(process).unwrap_or_default());
        if state == "Z" {
            return Ok((cpu, peak));
        }
        sleep(LOOK);
    }
}

/// State and CPU time. The name of the program, in brackets, may hold anything.
fn parse(stat: &str) -> Option<(&str, Duration)> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = TIMES.iter().map(|field| fields.get(*field)?.parse::<f64>().ok()).sum::<Option<f64>>()?;
    Some((fields.get(STATE)?, Duration::from_secs_f64(ticks / TICKS)))
}

/// The peak so far in bytes; nothing once the memory is given back.
fn memory(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_measured_and_a_failing_one_quoted() {
        let folder = tempfile::tempdir().expect("a folder");
        let shell = |script: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            run(command, folder.path())
        };
        let ran = shell("echo fine; sleep 2").expect("runs");
        assert_eq!(ran.stdout, "fine\n");
        assert!(ran.peak > 0, "{ran:?}");
        let error = shell("echo so sorry >&2; exit 3").expect_err("fails").to_string();
        assert!(error.contains("so sorry"), "{error}");
    }

    #[test]
    fn a_program_s_name_may_hold_brackets() {
        let stat = "7 (a) b) S 1 2 3 4 5 6 7 8 9 10 150 50 13";
        assert_eq!(parse(stat), Some(("S", Duration::from_secs(2))));
    }
}
