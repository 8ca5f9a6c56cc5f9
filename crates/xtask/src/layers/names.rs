//! Names of files that say nothing about what is in them.

use super::violation::Violation;

const EMPTY: [&str; 3] = ["util", "utils", "common"];

/// Refuses files and folders of such a name; `files` are paths from the root on.
pub fn check(files: &[String]) -> Vec<Violation> {
    files.iter().filter(|file| parts(file).any(|part| EMPTY.contains(&part))).map(|file| violation(file)).collect()
}

/// The names on a path, without the extension.
fn parts(file: &str) -> impl Iterator<Item = &str> {
    file.strip_suffix(".rs").unwrap_or(file).split('/')
}

fn violation(file: &str) -> Violation {
    Violation {
        place: file.to_owned(),
        problem: "the name does not say what is in the file".to_owned(),
        remedy: "name it after the one thing it holds, or move each part to the module that uses it".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_folders_that_could_hold_anything_are_refused() {
        let files = [
            "crates/a/src/utils.rs",
            "crates/a/src/common/mod.rs",
            "crates/a/tests/common.rs",
            "crates/a/src/commonplace.rs",
            "crates/a/src/tags.rs",
        ];
        let found: Vec<_> = check(&files.map(str::to_owned)).into_iter().map(|violation| violation.place).collect();
        assert_eq!(found, files[..3]);
    }
}
