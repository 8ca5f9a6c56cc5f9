//! Long files and long functions, tests apart: figures for release notes, and one limit.

mod functions;
mod mask;

use std::fs;

use anyhow::{Context, Result, bail};

use crate::console;
use crate::workspace::Workspace;
use functions::Function;

/// Lines of a file above which it is listed.
const LONG_FILE: usize = 500;
/// Lines of a file above which the task fails.
const LONGEST_FILE: usize = 900;
/// Lines of a function above which it is listed.
const LONG_FUNCTION: usize = 100;

/// What was measured of one file, without its tests.
struct Measured {
    path: String,
    lines: usize,
    functions: Vec<Function>,
}

/// Prints the table.
///
/// # Errors
/// When a file has more than 900 lines, or cannot be read.
pub fn run(workspace: &Workspace) -> Result<()> {
    let measured = measure_all(workspace)?;
    table(&measured).iter().for_each(|line| console::result(line));
    match measured.iter().filter(|file| file.lines > LONGEST_FILE).count() {
        0 => Ok(()),
        count => bail!("{count} file(s) over {LONGEST_FILE} lines: find the rooms they hide and split them"),
    }
}

fn measure_all(workspace: &Workspace) -> Result<Vec<Measured>> {
    let files = workspace.rust_files()?;
    let paths = files.iter().map(|file| (file, workspace.relative(file))).filter(|(_, path)| !is_test(path));
    paths
        .map(|(file, path)| {
            let text = fs::read_to_string(file).with_context(|| format!("could not read {path}"))?;
            Ok(measure(path, &text))
        })
        .collect()
}

/// Whether a whole file belongs to the tests.
fn is_test(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.split('/').any(|part| part == "tests" || part == "benches")
}

fn measure(path: String, text: &str) -> Measured {
    let (code, test_lines) = functions::without_tests(&mask::mask(text));
    Measured { path, lines: text.lines().count() - test_lines, functions: functions::functions(&code) }
}

fn table(measured: &[Measured]) -> Vec<String> {
    let functions = || measured.iter().flat_map(|file| file.functions.iter().map(move |function| (file, function)));
    let mut rows: Vec<_> = measured
        .iter()
        .filter(|file| file.lines > LONG_FILE)
        .map(|file| (file.lines, format!("file      {}", file.path)))
        .chain(functions().filter(|(_, function)| function.lines > LONG_FUNCTION).map(|(file, function)| {
            (function.lines, format!("function  {}:{} {}", file.path, function.line, function.name))
        }))
        .collect();
    rows.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    let mut lines: Vec<_> = rows.into_iter().map(|(lines, what)| format!("{lines:>5}  {what}")).collect();
    let total: usize = measured.iter().map(|file| file.lines).sum();
    lines.push(format!("{total:>5}  lines in {} files and {} functions", measured.len(), functions().count()));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(lines: usize) -> String {
        format!("fn long() {{\n{}}}\n", "    step();\n".repeat(lines - 2))
    }

    #[test]
    fn long_files_and_functions_are_listed_longest_first() {
        let measured = [
            measure("a.rs".to_owned(), &format!("{}{}", function(101), function(100))),
            measure("b.rs".to_owned(), &"// why\n".repeat(501)),
            measure("c.rs".to_owned(), &"// why\n".repeat(500)),
        ];
        assert_eq!(
            table(&measured),
            ["  501  file      b.rs", "  101  function  a.rs:1 long", " 1202  lines in 3 files and 2 functions",]
        );
    }

    #[test]
    fn tests_do_not_count() {
        let text = format!("fn short() {{}}\n#[cfg(test)]\nmod tests {{\n{}}}\n", function(800));
        let measured = measure("a.rs".to_owned(), &text);
        assert_eq!((measured.lines, measured.functions.len()), (1, 1));
        assert!(is_test("crates/a/tests/all.rs") && is_test("crates/a/src/plan/tests.rs"));
        assert!(!is_test("crates/a/src/contests.rs"));
    }
}
