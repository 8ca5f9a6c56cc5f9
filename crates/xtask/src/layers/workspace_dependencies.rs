//! Every dependency of the workspace says why it is there.

use super::violation::Violation;

/// Checks the lines of `[workspace.dependencies]`. A comment at the end of a line or right above it speaks for that
/// line, a comment at the head of a block for the whole block, up to the next empty line. A heading (`# ── AWS ──`)
/// says what, not why, and speaks for nothing. Members of the workspace need no reason.
pub fn check(manifest: &str) -> Vec<Violation> {
    let mut block = Block::default();
    let mut found = Vec::new();
    let lines = manifest.lines().enumerate().skip_while(|(_, line)| line.trim() != "[workspace.dependencies]").skip(1);
    for (index, line) in lines.take_while(|(_, line)| !line.starts_with('[')) {
        let unexplained = block.take(line);
        found.extend(unexplained.map(|name| violation(index + 1, name)));
    }
    found
}

/// What has been said so far in a block of lines without an empty one between them.
#[derive(Default)]
struct Block {
    begun: bool,
    explained: bool,
    next_explained: bool,
}

impl Block {
    /// Takes the next line; the dependency's name if nothing explains it.
    fn take<'a>(&mut self, line: &'a str) -> Option<&'a str> {
        if line.trim().is_empty() {
            *self = Self::default();
        }
        if line.starts_with('#') {
            let says_why = !line.starts_with("# ──");
            self.next_explained |= says_why;
            self.explained |= says_why && !self.begun;
        }
        let name = name(line)?;
        self.begun = true;
        let above = std::mem::take(&mut self.next_explained);
        let explained = self.explained || above || comments(line) || line.contains("path = ");
        (!explained).then_some(name)
    }
}

/// The key of a line that begins an entry.
fn name(line: &str) -> Option<&str> {
    let (key, _) = line.split_once('=')?;
    let name = key.trim_end().split('.').next()?;
    let begins = line.starts_with(|first: char| first.is_ascii_alphanumeric());
    begins.then_some(name)
}

/// Whether a line ends in a comment; a `#` within quotes is none.
fn comments(line: &str) -> bool {
    let mut quoted = false;
    line.chars().any(|char| {
        quoted ^= char == '"';
        char == '#' && !quoted
    })
}

fn violation(line: usize, name: &str) -> Violation {
    Violation {
        place: format!("Cargo.toml:{line}"),
        problem: format!("nothing says why the workspace depends on {name}"),
        remedy: format!("end the line in a comment: `{name} = ... # why`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(dependencies: &str) -> Vec<String> {
        let manifest = format!(
            "[workspace]\nresolver = \"3\"\n\n[workspace.dependencies]\n{dependencies}\n[profile.dev]\ndebug = 1\n"
        );
        check(&manifest).into_iter().map(|violation| violation.place).collect()
    }

    #[test]
    fn a_reason_stands_at_the_end_of_a_line_or_right_above_it() {
        assert_eq!(places("a = \"1\" # for this\n# for that\nb = \"2\"\n"), Vec::<String>::new());
    }

    #[test]
    fn a_line_without_a_reason_is_named() {
        assert_eq!(
            places("a = \"1\" # for this\nb = { version = \"2#3\" }\nc.version = \"1\"\n"),
            ["Cargo.toml:6", "Cargo.toml:7"]
        );
        let found = check("[workspace.dependencies]\nserde = \"1\"\n");
        assert_eq!(found[0].problem, "nothing says why the workspace depends on serde");
    }

    #[test]
    fn a_comment_at_the_head_speaks_for_its_block_alone() {
        assert_eq!(places("# ── AWS ──\n# the SDK\na = \"1\"\nb = \"1\"\n\nc = \"1\"\n"), ["Cargo.toml:10"]);
    }

    #[test]
    fn a_comment_in_the_middle_of_a_block_speaks_for_one_line() {
        assert_eq!(places("a = \"1\" # this\n# for b\nb = \"1\"\nc = \"1\"\n"), ["Cargo.toml:8"]);
    }

    #[test]
    fn a_heading_speaks_for_nothing_and_members_need_no_reason() {
        assert_eq!(places("# ── ours ──\nm = { path = \"crates/m\" }\nd = \"1\"\n"), ["Cargo.toml:7"]);
    }

    #[test]
    fn the_lines_of_a_long_entry_are_not_entries() {
        assert_eq!(places("a = { version = \"1\", features = [ # for this\n    \"x=y\",\n] }\n"), Vec::<String>::new());
    }
}
