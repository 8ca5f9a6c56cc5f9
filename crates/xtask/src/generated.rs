//! Files that are generated and checked in: written anew, or compared with what would be written.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::console;

/// What to do with a generated file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Write it.
    Write,
    /// Write nothing; fail if it is not current.
    Check,
}

impl Mode {
    /// The mode that `--check` chooses.
    pub fn new(check: bool) -> Self {
        if check { Self::Check } else { Self::Write }
    }
}

/// Writes `wanted` to `path`, or checks that it is what `path` holds; `task` is the command that writes it.
///
/// # Errors
/// In [`Mode::Check`] when the file is absent or differs, naming the first line that does; else when it cannot be
/// written.
pub fn settle(mode: Mode, path: &Path, wanted: &str, task: &str) -> Result<()> {
    let present = fs::read_to_string(path).ok();
    if present.as_deref() == Some(wanted) {
        return Ok(());
    }
    match mode {
        Mode::Write => {
            fs::write(path, wanted).with_context(|| format!("could not write {}", path.display()))?;
            console::note(&format!("wrote {}", path.display()));
            Ok(())
        }
        Mode::Check => {
            let place = present.map_or_else(|| "is absent".to_owned(), |present| difference(&present, wanted));
            bail!("{} {place}; run `cargo xtask {task}` and commit the result", path.display())
        }
    }
}

/// Where `present` leaves `wanted`.
fn difference(present: &str, wanted: &str) -> String {
    let same = present.lines().zip(wanted.lines()).take_while(|(present, wanted)| present == wanted).count();
    let line =
        |text: &str| text.lines().nth(same).map_or_else(|| "the end of the file".to_owned(), |l| format!("`{l}`"));
    format!("is not current: line {} is {}, should be {}", same + 1, line(present), line(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_writes_nothing_and_names_the_line_and_the_command() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("made.txt");
        fs::write(&path, "one\ntwo\n").expect("written");
        let error = settle(Mode::Check, &path, "one\nTWO\n", "make").expect_err("it differs").to_string();
        assert!(error.contains("line 2 is `two`, should be `TWO`; run `cargo xtask make`"), "{error}");
        assert_eq!(fs::read_to_string(&path).expect("read"), "one\ntwo\n");
    }

    #[test]
    fn an_absent_file_is_reported_by_a_check_and_made_by_a_write() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("made.txt");
        let error = settle(Mode::Check, &path, "one\n", "make").expect_err("it is absent").to_string();
        assert!(error.contains("made.txt is absent"), "{error}");
        settle(Mode::Write, &path, "one\n", "make").expect("written");
        settle(Mode::Check, &path, "one\n", "make").expect("current");
    }

    #[test]
    fn a_missing_or_surplus_end_is_a_difference() {
        assert_eq!(difference("one\n", "one\ntwo\n"), "is not current: line 2 is the end of the file, should be `two`");
        assert_eq!(difference("one\ntwo\n", "one\n"), "is not current: line 2 is `two`, should be the end of the file");
    }
}
