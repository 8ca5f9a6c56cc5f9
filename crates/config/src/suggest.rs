//! "Did you mean": which of the right words is closest to a wrong one.

/// The candidates that resemble `word`, best first, at most three.
pub(crate) fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let wanted = fold(word);
    let mut scored: Vec<(f64, &str)> = candidates
        .into_iter()
        .map(|candidate| (score(&wanted, &fold(candidate)), candidate))
        .filter(|(score, _)| *score >= 0.6)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    scored.dedup_by(|a, b| a.1 == b.1);
    // Beside a very close word the others are noise.
    let best = scored.first().map_or(0.0, |(score, _)| *score);
    scored.retain(|(score, _)| best - score < 0.15);
    scored.into_iter().take(3).map(|(_, candidate)| candidate.to_owned()).collect()
}

/// "did you mean `a`, `b` or `c`?", or nothing without candidates.
pub(crate) fn question(candidates: &[String]) -> Option<String> {
    (!candidates.is_empty()).then(|| format!("did you mean {}?", list(candidates, "or")))
}

/// "`a`, `b` or `c`".
pub(crate) fn list<S: AsRef<str>>(words: &[S], last: &str) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{}`", word.as_ref())).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((end, start)) => format!("{} {last} {end}", start.join(", ")),
    }
}

/// Hyphens, underscores and case are what people mix up most; they do not count as differences.
fn fold(word: &str) -> String {
    word.chars().filter(|c| *c != '-' && *c != '_').flat_map(char::to_lowercase).collect()
}

/// 1 for the same word, 0 for nothing in common. A candidate that only continues the word (or the other way round)
/// counts as close: people shorten.
fn score(word: &str, candidate: &str) -> f64 {
    let typing = strsim::normalized_damerau_levenshtein(word, candidate);
    let shorter = word.len().min(candidate.len());
    let continues = shorter >= 3 && (candidate.starts_with(word) || word.starts_with(candidate));
    if continues { typing.max(0.7) } else { typing }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_word_comes_first_and_strangers_do_not_come() {
        let words = ["instance_type", "instances", "image", "port"];
        assert_eq!(closest("instance-typ", words), ["instance_type"]);
        assert_eq!(closest("Instances", words), ["instances"]);
        assert_eq!(closest("colour", words), Vec::<String>::new());
    }

    #[test]
    fn lists_read_as_sentences() {
        assert_eq!(question(&[]), None);
        assert_eq!(list(&["a"], "or"), "`a`");
        assert_eq!(list(&["a", "b", "c"], "and"), "`a`, `b` and `c`");
    }
}
