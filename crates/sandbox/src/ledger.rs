//! The sandbox's state between commands: one JSON line per change, written before the answer leaves, so that killing
//! the process loses nothing that a client was told.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use crate::world::{Line, Seconds, World};

/// Lines after which a ledger is rewritten when it is opened.
const COMPACT_AFTER: usize = 20_000;

/// An append-only file of [`Line`]s.
#[derive(Debug)]
pub struct Ledger {
    file: File,
}

impl Ledger {
    /// Opens the ledger at `path`, replays it into `world`, and returns the last moment it knows.
    ///
    /// # Errors
    /// When the file cannot be read or written, or a line other than an unfinished last one is damaged.
    pub fn open(path: &Path, world: &mut World) -> io::Result<(Self, Option<Seconds>)> {
        if let Some(folder) = path.parent() {
            private_folder(folder)?;
        }
        let (lines, last) = replay(path, world)?;
        world.settle();
        if lines > COMPACT_AFTER {
            compact(path, world, last.unwrap_or_default())?;
        }
        let file = private_file().append(true).open(path)?;
        Ok((Self { file }, last))
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

fn encode(lines: &[Line]) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    for line in lines {
        serde_json::to_writer(&mut text, line)?;
        text.push(b'\n');
    }
    Ok(text)
}

fn replay(path: &Path, world: &mut World) -> io::Result<(usize, Option<Seconds>)> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((0, None)),
        Err(error) => return Err(error),
    };
    let (mut count, mut last, mut damaged) = (0, None, None);
    for line in BufReader::new(file).lines() {
        if let Some(error) = damaged {
            return Err(error);
        }
        count += 1;
        match serde_json::from_str::<Line>(&line?) {
            Ok(line) => last = world.replay(line).or(last),
            Err(error) => damaged = Some(io::Error::new(io::ErrorKind::InvalidData, error)),
        }
    }
    if damaged.is_some() {
        // The process was killed while writing the last line: what it held was never answered.
        compact(path, world, last.unwrap_or_default())?;
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
