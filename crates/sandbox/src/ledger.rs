//! The sandbox's state between commands: one JSON line per change, written before the answer leaves, so that killing
//! the process loses nothing that a client was told.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use crate::error::SandboxError;
use crate::world::{Line, Seconds, World};

/// Lines after which a ledger is rewritten when it is opened.
const COMPACT_AFTER: usize = 20_000;

/// An append-only file of [`Line`]s, open in one process at a time.
#[derive(Debug)]
pub struct Ledger {
    file: File,
    /// Locked as long as the process lives, however it ends.
    _lock: File,
}

impl Ledger {
    /// Opens the ledger at `path`, replays it into `world`, and returns the last moment it knows.
    ///
    /// # Errors
    /// [`SandboxError::InUse`] while another process has it open; [`SandboxError::State`] when the file cannot be read or
    /// written, or a line other than an unfinished last one is damaged.
    pub fn open(path: &Path, world: &mut World) -> Result<(Self, Option<Seconds>), SandboxError> {
        let failed = |source| SandboxError::State { path: path.to_owned(), source };
        let lock = lock(path)?;
        let (file, last) = load(path, world).map_err(failed)?;
        Ok((Self { file, _lock: lock }, last))
    }

    /// Appends lines in one write.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn append(&mut self, lines: &[Line]) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        self.file.write_all(&encode(lines)?)
    }
}

/// Keeps other processes from opening the ledger at `path`, until the answer is dropped. What is locked is a file beside
/// it: the ledger itself is replaced when it is compacted.
///
/// # Errors
/// [`SandboxError::InUse`] while another process has it open.
pub fn lock(path: &Path) -> Result<File, SandboxError> {
    let beside = path.with_extension("lock");
    if let Some(folder) = path.parent() {
        private_folder(folder).map_err(|source| SandboxError::State { path: folder.to_owned(), source })?;
    }
    let failed = |source| SandboxError::State { path: beside.clone(), source };
    let mut file = private_file().read(true).write(true).open(&beside).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let process = std::fs::read_to_string(&beside).unwrap_or_default().trim().to_owned();
            return Err(SandboxError::InUse { folder: path.parent().unwrap_or(path).to_owned(), process });
        }
        Err(TryLockError::Error(source)) => return Err(failed(source)),
    }
    let written = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
    written.map_err(failed)?;
    Ok(file)
}

fn load(path: &Path, world: &mut World) -> io::Result<(File, Option<Seconds>)> {
    let (lines, last) = replay(path, world)?;
    world.settle();
    if lines > COMPACT_AFTER {
        compact(path, world, last.unwrap_or_default())?;
    }
    Ok((private_file().append(true).open(path)?, last))
}

fn encode(lines: &[Line]) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    for line in lines {
        serde_json::to_writer(&mut text, line)?;
        text.push(b'\n');
    }
    Ok(text)
}

fn replay(path: &Path, world: &mut World) -> io::Result<(usize, Option<Seconds>)> {
    let mut file = match File::open(path) {
        Ok(file) => BufReader::new(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((0, None)),
        Err(error) => return Err(error),
    };
    let (mut count, mut last, mut text) = (0, None, Vec::new());
    while file.read_until(b'\n', &mut text)? > 0 {
        count += 1;
        match serde_json::from_slice::<Line>(&text) {
            Ok(line) => last = world.replay(line).or(last),
            // The process was killed while writing the last line: what it held was never answered.
            Err(_) if !text.ends_with(b"\n") => compact(path, world, last.unwrap_or_default())?,
            Err(error) => {
                return Err(io::Error::new(io::ErrorKind::InvalidData, format!("line {count}: {error}")));
            }
        }
        text.clear();
    }
    Ok((count, last))
}

fn compact(path: &Path, world: &World, now: Seconds) -> io::Result<()> {
    let draft: PathBuf = path.with_extension("draft");
    private_file().write(true).truncate(true).open(&draft)?.write_all(&encode(&world.to_lines(now))?)?;
    std::fs::rename(draft, path)
}

/// A folder that only its owner may enter, with those above it that are missing: it stands beside the state.
fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Options for making a file that only its owner may read.
fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(path: &Path) -> Result<(Ledger, Option<Seconds>), SandboxError> {
        Ledger::open(path, &mut World::default())
    }

    #[test]
    fn one_process_at_a_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("world.jsonl");
        let first = open(&path).expect("opens");
        let Err(SandboxError::InUse { process, .. }) = open(&path) else { panic!("a second one opened") };
        assert_eq!(process, std::process::id().to_string());
        drop(first);
        open(&path).expect("opens once the first has ended");
    }

    #[test]
    fn an_unfinished_last_line_is_dropped_and_a_damaged_one_is_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("world.jsonl");
        std::fs::write(&path, "{\"cut").expect("written");
        open(&path).expect("a process killed while it wrote leaves this");
        std::fs::write(&path, "this is no ledger\n").expect("written");
        let Err(SandboxError::State { source, .. }) = open(&path) else { panic!("taken for an empty AWS") };
        assert!(source.to_string().starts_with("line 1: "), "{source}");
    }
}
