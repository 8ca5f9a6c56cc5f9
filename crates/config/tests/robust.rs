//! Whatever the text is, there is an answer: a stack, or errors that point into the text.

use globe_config::{parse, starter};
use proptest::prelude::*;

const REFERENCE: &str = include_str!("../../../config/globe.toml");

/// Reads a text and renders what is wrong with it.
fn answers(text: &str) {
    let Err(errors) = parse("globe.toml", text) else { return };
    assert!(errors.iter().len() > 0, "an error without errors");
    for error in errors.iter() {
        assert!(error.span.start <= error.span.end && error.span.end <= text.len(), "{error}");
        assert!(error.line >= 1 && error.column >= 1, "{error}");
        assert!(text[error.span.start..error.span.end] == error.text, "{error}");
    }
    assert!(!errors.render(text, false).is_empty());
}

/// Pieces that change the meaning of a file.
fn piece() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "\"",
        "'",
        "[",
        "]",
        "{",
        "}",
        "=",
        ".",
        ",",
        "\n",
        "#",
        "[[",
        "]]",
        "0",
        "-1",
        "99999999999999999999",
        "1.5",
        "true",
        "1979-05-27",
        "for",
        "primary",
        "\"\"\"",
        "us-east-1",
        "eu",
        "*",
        "\u{fe0f}",
        "é",
        "\r",
        "\t",
        "\\u0041",
        "inf",
        "0x",
        "\"a\" = 1\n",
        "[network]\n",
        "stack = []\n",
        "regions = 1\n",
    ]);
    prop_oneof![token.prop_map(str::to_owned), ".{0,8}"]
}

fn boundary(text: &str, at: prop::sample::Index) -> usize {
    let at = at.index(text.len() + 1);
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_text_has_an_answer(text in "(?s).{0,200}") {
        answers(&text);
    }

    #[test]
    fn text_of_toml_pieces_has_an_answer(pieces in prop::collection::vec(piece(), 0..40)) {
        answers(&pieces.concat());
    }

    #[test]
    fn a_good_file_with_pieces_put_in_and_cut_out_has_an_answer(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0usize..20, piece()), 1..5), small: bool
    ) {
        let mut text = if small { starter().to_owned() } else { REFERENCE.to_owned() };
        for (at, length, piece) in edits {
            let start = boundary(&text, at);
            let end = (start..=(start + length).min(text.len())).rev().find(|at| text.is_char_boundary(*at));
            text.replace_range(start..end.unwrap_or(start), &piece);
        }
        answers(&text);
    }

    #[test]
    fn a_good_file_with_lines_in_disorder_has_an_answer(lines in Just(REFERENCE.lines().collect::<Vec<_>>()).prop_shuffle()) {
        answers(&lines.join("\n"));
    }

    #[test]
    fn a_good_file_with_values_exchanged_has_an_answer(
        from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>()
    ) {
        let mut lines: Vec<String> = REFERENCE.lines().map(str::to_owned).collect();
        let values: Vec<(usize, String)> = lines
            .iter()
            .enumerate()
            .filter_map(|(at, line)| Some((at, line.split_once('=')?.1.to_owned())))
            .collect();
        let ((at, _), (_, value)) = (&values[from.index(values.len())], &values[to.index(values.len())]);
        let key = lines[*at].split_once('=').map(|(key, _)| key.to_owned()).unwrap_or_default();
        lines[*at] = format!("{key}={value}");
        answers(&lines.join("\n"));
    }
}
