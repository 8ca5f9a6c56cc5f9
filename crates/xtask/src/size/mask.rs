//! Source text without what could be mistaken for code: comments, strings and characters become blanks.

/// `text` with the same lines and the same length in characters, but only code left in it.
pub fn mask(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut masked = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = match blank(&chars[at..], at.checked_sub(1).map(|before| chars[before])) {
            0 => {
                masked.push(chars[at]);
                at += 1;
                continue;
            }
            length => (at + length).min(chars.len()),
        };
        masked.extend(chars[at..end].iter().map(|char| if *char == '\n' { '\n' } else { ' ' }));
        at = end;
    }
    masked
}

/// How many characters of `rest` are no code; 0 if it begins with code. `before` is the character before it.
fn blank(rest: &[char], before: Option<char>) -> usize {
    let in_word = before.is_some_and(|char| char.is_alphanumeric() || char == '_');
    match rest {
        ['/', '/', ..] => rest.iter().position(|char| *char == '\n').unwrap_or(rest.len()),
        ['/', '*', ..] => block_comment(rest),
        ['r', '"' | '#', ..] if !in_word => raw_string(&rest[1..]).map_or(0, |length| length + 1),
        ['b' | 'c', 'r', '"' | '#', ..] if !in_word => raw_string(&rest[2..]).map_or(0, |length| length + 2),
        ['"', ..] => quoted(rest, '"'),
        ['\'', '\\', ..] | ['\'', _, '\'', ..] => quoted(rest, '\''),
        _ => 0,
    }
}

/// The length of a block comment; they nest.
fn block_comment(rest: &[char]) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at + 1 < rest.len() {
        match (rest[at], rest[at + 1]) {
            ('/', '*') => depth += 1,
            ('*', '/') => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

/// The length of a raw string after its `r`; `None` for a raw identifier.
fn raw_string(rest: &[char]) -> Option<usize> {
    let hashes = rest.iter().take_while(|char| **char == '#').count();
    if rest.get(hashes) != Some(&'"') {
        return None;
    }
    let closes = |at: usize| rest[at] == '"' && rest[at + 1..].iter().take_while(|c| **c == '#').count() >= hashes;
    Some((hashes + 1..rest.len()).find(|at| closes(*at)).map_or(rest.len(), |at| at + 1 + hashes))
}

/// The length of a string or character with escapes.
fn quoted(rest: &[char], quote: char) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != quote {
        at += if rest[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

#[cfg(test)]
mod tests {
    use super::mask;

    #[test]
    fn only_code_is_left_and_it_stays_in_its_place() {
        for text in [
            "a // {\nb",
            "a /* { /* { */ } */ b",
            "a \"{ \\\" {\" b",
            "a r#\"{ \" {\"# b",
            "a br\"{\" b",
            "a '{' b",
            "a '\\'' b",
            "a \"one\ntwo\" b",
        ] {
            let masked = mask(text);
            assert_eq!(masked.split_whitespace().collect::<Vec<_>>(), ["a", "b"], "{text}");
            assert_eq!(masked.find('b'), text.rfind('b'), "{text}");
            assert_eq!(masked.find('\n'), text.find('\n'), "{text}");
        }
    }

    #[test]
    fn lifetimes_raw_identifiers_and_words_that_end_in_r_are_code() {
        for text in ["fn f<'a>(x: &'a str) -> &'a str { x }", "r#type + 1", "'outer: loop {}"] {
            assert_eq!(mask(text), text);
        }
        assert_eq!(mask("for\"x\""), "for   ");
    }

    #[test]
    fn what_is_never_closed_ends_with_the_text() {
        for text in ["a /* {", "a \"{", "a r#\"{", "a '\\"] {
            assert_eq!(mask(text).trim_end(), "a", "{text}");
            assert_eq!(mask(text).chars().count(), text.chars().count(), "{text}");
        }
    }
}
