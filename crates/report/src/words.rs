//! Durations, counts and times in words.

use std::time::Duration;

use globe_model::Timestamp;

/// `0.4 s`, `12 s`, `6 min 10 s`, `1 h 5 min`, `2 d 3 h`: two units at most, the smaller one cut off below.
///
/// ```
/// # use std::time::Duration;
/// assert_eq!(globe_report::duration_words(Duration::from_secs(370)), "6 min 10 s");
/// ```
pub fn duration_words(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 if duration.is_zero() => "0 s".to_owned(),
        // tenths, but never "0.0 s" for something that took time
        0 => format!("0.{} s", (duration.subsec_millis() / 100).max(1)),
        1..60 => format!("{seconds} s"),
        60..3_600 => two(seconds / 60, "min", seconds % 60, "s"),
        3_600..86_400 => two(seconds / 3_600, "h", seconds % 3_600 / 60, "min"),
        _ => two(seconds / 86_400, "d", seconds % 86_400 / 3_600, "h"),
    }
}

fn two(large: u64, large_unit: &str, small: u64, small_unit: &str) -> String {
    match small {
        0 => format!("{large} {large_unit}"),
        _ => format!("{large} {large_unit} {small} {small_unit}"),
    }
}

/// `1 region`, `4 regions`: a count with its noun in the right number.
pub fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A moment as RFC 3339 in UTC, to the second: `2026-03-01T12:00:00Z`.
///
/// A moment that RFC 3339 cannot write (a damaged record, outside the years -9999 to 9999) is given as microseconds.
pub fn rfc3339(at: Timestamp) -> String {
    moment(at, "%Y-%m-%dT%H:%M:%SZ")
}

/// [`rfc3339`] to the millisecond, for machines: `2026-03-01T12:00:00.123Z`.
pub(crate) fn rfc3339_millis(at: Timestamp) -> String {
    moment(at, "%Y-%m-%dT%H:%M:%S.%3fZ")
}

fn moment(at: Timestamp, format: &str) -> String {
    match jiff::Timestamp::from_microsecond(at.0) {
        Ok(moment) => moment.strftime(format).to_string(),
        Err(_) => format!("{} microseconds since 1970", at.0),
    }
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_two_units_at_most() {
        let text = |millis| duration_words(Duration::from_millis(millis));
        let texts = [0, 1, 450, 1_999, 59_999, 60_000, 370_000, 3_600_000, 3_900_000, 90_000_000].map(text);
        let wanted = ["0 s", "0.1 s", "0.4 s", "1 s", "59 s", "1 min", "6 min 10 s", "1 h", "1 h 5 min", "1 d 1 h"];
        assert_eq!(texts, wanted);
    }

    #[test]
    fn one_is_singular_and_nothing_else_is() {
        assert_eq!([0, 1, 2].map(|count| counted(count, "region", "regions")), ["0 regions", "1 region", "2 regions"]);
    }

    #[test]
    fn times_are_utc_and_a_damaged_one_is_no_panic() {
        assert_eq!(rfc3339(Timestamp(1_772_366_400_123_456)), "2026-03-01T12:00:00Z");
        assert_eq!(rfc3339_millis(Timestamp(1_772_366_400_123_456)), "2026-03-01T12:00:00.123Z");
        assert_eq!(rfc3339(Timestamp(i64::MAX)), "9223372036854775807 microseconds since 1970");
    }

    #[test]
    fn lists_end_with_and() {
        let list = |items: &[&str]| listed(&items.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!([list(&[]), list(&["a"]), list(&["a", "b", "c"])], ["", "a", "a, b and c"]);
    }
}
