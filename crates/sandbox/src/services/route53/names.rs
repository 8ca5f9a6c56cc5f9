//! Domain names as Route 53 keeps and sorts them.

/// Lower case, trailing dot, octal escapes for all but letters, digits, `-`, `_` and `.`.
pub fn canonical(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 1);
    for byte in name.bytes() {
        match byte.to_ascii_lowercase() {
            // A backslash begins an escape that the caller wrote.
            plain @ (b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'\\') => text.push(char::from(plain)),
            other => text.push_str(&format!("\\{other:03o}")),
        }
    }
    if !text.ends_with('.') {
        text.push('.');
    }
    text
}

/// What names are sorted by: their labels from the right.
pub fn order(name: &str) -> Vec<String> {
    name.trim_end_matches('.').rsplit('.').map(str::to_owned).collect()
}

/// Whether a canonical name is a zone's own or below it.
pub fn within(name: &str, zone: &str) -> bool {
    name == zone || name.strip_suffix(zone).is_some_and(|rest| rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kept_as_route_53_shows_them() {
        assert_eq!(canonical("*.Example.com"), r"\052.example.com.");
        assert_eq!(canonical(r"\052.example.com."), r"\052.example.com.");
        assert_eq!(canonical("_x.example.com"), "_x.example.com.");
    }

    #[test]
    fn names_sort_by_labels_from_the_right_and_lie_in_zones() {
        let mut names = ["www.example.com.", "example.com.", "a.www.example.com.", "api.example.com."];
        names.sort_by_key(|name| order(name));
        assert_eq!(names, ["example.com.", "api.example.com.", "www.example.com.", "a.www.example.com."]);
        assert!(within("www.example.com.", "example.com."));
        assert!(!within("www.badexample.com.", "example.com."));
    }
}
