//! Domain names and paths, as DNS and load balancers take them.

use crate::read::{Context, Node, Read, invalid, text};

/// Longest domain name, in characters without the last dot (RFC 1035).
pub(crate) const DOMAIN_MAX: usize = 253;

/// A domain of at least two labels.
pub(crate) fn domain(cx: &Context<'_>, node: &Node) -> Read<String> {
    let name = text(cx, node)?;
    match domain_fault(&name) {
        None => Ok(name),
        Some(fault) => {
            let problem = invalid(node, format!("`{name}` is not a domain name: {fault}"));
            let tidy = tidied(&name);
            Err(cx.report(match tidy != name && domain_fault(&tidy).is_none() {
                true => problem.help(format!("write \"{tidy}\"")),
                false => problem,
            }))
        }
    }
}

/// A domain whose first label may be `*`.
pub(crate) fn certificate_domain(cx: &Context<'_>, node: &Node) -> Read<String> {
    let name = text(cx, node)?;
    match name.strip_prefix("*.") {
        Some(rest) if domain_fault(rest).is_none() => Ok(name),
        _ => domain(cx, node),
    }
}

/// What people paste around a domain: a scheme, a path, the last dot, capitals.
fn tidied(name: &str) -> String {
    let name = name.trim();
    let name = name.split_once("://").map_or(name, |(_, rest)| rest);
    name.split('/').next().unwrap_or(name).trim_end_matches('.').to_ascii_lowercase()
}

/// What is wrong with a domain name, if anything.
pub(crate) fn domain_fault(name: &str) -> Option<&'static str> {
    if !name.contains('.') {
        return Some("it has no dot");
    }
    if name.rsplit('.').next().is_some_and(|last| !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit())) {
        return Some("it ends with a number");
    }
    labels_fault(name, false)
}

/// What is wrong with the labels of a name; `underscores` are for names of records only.
pub(crate) fn labels_fault(name: &str, underscores: bool) -> Option<&'static str> {
    if name.len() > DOMAIN_MAX {
        return Some("it is longer than 253 characters");
    }
    name.split('.').find_map(|label| {
        let allowed = |c: char| c.is_ascii_digit() || c.is_ascii_lowercase() || c == '-' || (underscores && c == '_');
        if label.is_empty() {
            Some("a label between its dots is empty")
        } else if label.len() > 63 {
            Some("a label is longer than 63 characters")
        } else if label.starts_with('-') || label.ends_with('-') {
            Some("a label starts or ends with a hyphen")
        } else if !label.chars().all(allowed) {
            Some("labels hold lower-case letters, digits and hyphens")
        } else {
            None
        }
    })
}

/// Whether `name` is `domain` or lies below it.
pub(crate) fn is_within(name: &str, domain: &str) -> bool {
    name == domain || name.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

/// A path or path pattern of at most `max` characters (Elastic Load Balancing and Route 53 API references).
pub(crate) fn path(max: usize) -> impl Fn(&Context<'_>, &Node) -> Read<String> {
    move |cx, node| {
        let path = text(cx, node)?;
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_-.$/~\"'@:+&*?=%#,;()!".contains(c);
        if !path.starts_with('/') {
            let message = format!("`{path}` is not a path: it must start with `/`");
            return Err(cx.report(invalid(node, message).help(format!("write \"/{path}\""))));
        }
        if path.len() > max {
            return Err(cx.report(invalid(node, format!("the path is longer than {max} characters"))));
        }
        match path.chars().find(|c| !allowed(*c)) {
            Some(wrong) => Err(cx.report(invalid(node, format!("a path cannot hold {wrong:?}")))),
            None => Ok(path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_told_from_what_people_paste() {
        assert_eq!(domain_fault("example.com"), None);
        for wrong in ["example", "example.com.", "a..b", "-a.com", "ex ample.com", "10.0.0.1", "Example.com", ".", ""] {
            assert!(domain_fault(wrong).is_some(), "{wrong}");
        }
        assert_eq!(tidied("https://Example.com/path"), "example.com");
    }

    #[test]
    fn within_means_whole_labels() {
        assert!(is_within("example.com", "example.com") && is_within("a.example.com", "example.com"));
        assert!(!is_within("badexample.com", "example.com") && !is_within("com", "example.com"));
    }
}
