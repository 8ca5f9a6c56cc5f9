//! What a task prints: results to stdout, headings to stderr, where cargo's own lines go.
//!
//! A reader that has gone away (`cargo xtask size | head`) is no reason to fail, so write errors are dropped.

use std::io::{Write, stderr, stdout};

/// One line of a task's result.
pub fn result(line: &str) {
    let _ = writeln!(stdout().lock(), "{line}");
}

/// One line about what is going on.
pub fn note(line: &str) {
    let _ = writeln!(stderr().lock(), "{line}");
}
