//! Functions and tests in masked source text (see [`super::mask`]).

const TESTS: &str = "#[cfg(test)]";

/// One function with a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The line of its `fn`, from 1.
    pub line: usize,
    /// Lines from its `fn` to its closing brace.
    pub lines: usize,
}

/// `code` with every item under `#[cfg(test)]` blanked out, and how many lines these items had.
pub fn without_tests(code: &str) -> (String, usize) {
    let (mut left, mut lines) = (code.to_owned(), 0);
    while let Some(start) = left.find(TESTS) {
        let end = item_end(&left, start + TESTS.len()).map_or(left.len(), |(_, end)| end);
        let item = &left[start..end];
        lines += item.matches('\n').count() + 1;
        let blank: String = item.chars().map(|char| if char == '\n' { '\n' } else { ' ' }).collect();
        left.replace_range(start..end, &blank);
    }
    (left, lines)
}

/// All functions with a body, those within others too.
pub fn functions(code: &str) -> Vec<Function> {
    code.match_indices("fn ").filter_map(|(at, _)| function(code, at)).collect()
}

fn function(code: &str, at: usize) -> Option<Function> {
    let in_word = code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_');
    let rest = code[at + 2..].trim_start();
    let name: String = rest.chars().take_while(|char| char.is_alphanumeric() || *char == '_').collect();
    if in_word || name.is_empty() {
        return None;
    }
    let (has_body, end) = item_end(code, at)?;
    let line = code[..at].matches('\n').count() + 1;
    has_body.then(|| Function { name, line, lines: code[at..end].matches('\n').count() + 1 })
}

/// Whether the item that begins at `start` has a body in braces, and where it ends: after its closing brace or its
/// semicolon.
fn item_end(code: &str, start: usize) -> Option<(bool, usize)> {
    let (mut braces, mut brackets) = (0_usize, 0_usize);
    for (offset, char) in code[start..].char_indices() {
        match char {
            '(' | '[' => brackets += 1,
            ')' | ']' => brackets = brackets.saturating_sub(1),
            '{' => braces += 1,
            '}' if braces <= 1 => return Some((true, start + offset + 1)),
            '}' => braces -= 1,
            ';' if braces == 0 && brackets == 0 => return Some((false, start + offset + 1)),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(code: &str) -> Vec<(String, usize, usize)> {
        functions(code).into_iter().map(|function| (function.name, function.line, function.lines)).collect()
    }

    #[test]
    fn a_function_goes_from_its_fn_to_its_closing_brace() {
        let code = "impl A {\n    pub fn one(&self) {\n        if x { y } else { z }\n    }\n\n    fn two() {}\n}\n";
        assert_eq!(found(code), [("one".into(), 2, 3), ("two".into(), 6, 1)]);
    }

    #[test]
    fn declarations_and_pointers_are_no_functions() {
        let code = "trait A { fn declared(x: [u8; 4]) -> u8; }\ntype B = fn (u8);\nstruct Often { my_fn : u8 }\n";
        assert_eq!(found(code), []);
    }

    #[test]
    fn a_signature_over_many_lines_and_functions_within_functions_count() {
        let code = "fn outer<T>(\n    x: [u8; 4],\n) -> T\nwhere\n    T: A,\n{\n    fn inner() {\n    }\n}\n";
        assert_eq!(found(code), [("outer".into(), 1, 9), ("inner".into(), 7, 2)]);
    }

    #[test]
    fn tests_are_taken_out_and_what_follows_stays() {
        let code = "#[cfg(test)]\nuse a;\n#[cfg(test)]\nmod tests {\n    fn t() {}\n}\nfn left() {}\n";
        let (left, lines) = without_tests(code);
        assert_eq!(lines, 6);
        assert_eq!(found(&left), [("left".into(), 7, 1)]);
    }
}
