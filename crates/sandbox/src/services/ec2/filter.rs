//! EC2's filters: AND between filters, OR between values, wildcards, and tags.

use serde_json::Value;

use super::filter_name;
use crate::call::{ApiError, Call};
use crate::world::Object;

/// The filters of one describe.
pub struct Filters {
    filters: Vec<(String, Vec<String>)>,
    paths: &'static [(&'static str, &'static str)],
}

impl Filters {
    /// Reads `Filter.N.Name` and `Filter.N.Value.M`.
    pub fn of(call: &Call<'_>, paths: &'static [(&'static str, &'static str)]) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let read = |filter: &Value| {
            let name = filter.get("Name").map(text).unwrap_or_default();
            (name, crate::wire::as_list(filter.get("Value")).iter().map(text).collect())
        };
        Self { filters: call.list("Filter").iter().map(read).collect(), paths }
    }

    /// Refuses a filter that describes of this kind do not have.
    ///
    /// # Errors
    /// `InvalidParameterValue`.
    pub fn check(&self, kind: &str) -> Result<(), ApiError> {
        let known = |name: &str| self.paths.iter().any(|(path, _)| *path == name) || filter_name::is_known(kind, name);
        match self.filters.iter().find(|(name, _)| !known(name)) {
            Some((name, _)) => Err(ApiError::new("InvalidParameterValue", format!("The filter '{name}' is invalid"))),
            None => Ok(()),
        }
    }

    /// Whether an object passes all of them.
    pub fn accept(&self, object: &Object) -> bool {
        self.filters.iter().all(|(name, patterns)| {
            let values = self.values(name, object);
            patterns.iter().any(|pattern| values.iter().any(|value| wildcard(pattern, value)))
        })
    }

    fn values(&self, name: &str, object: &Object) -> Vec<String> {
        if let Some(key) = name.strip_prefix("tag:") {
            return object.tags.get(key).cloned().into_iter().collect();
        }
        match name {
            "tag-key" => return object.tags.keys().cloned().collect(),
            "tag-value" => return object.tags.values().cloned().collect(),
            "owner-id" => return vec![object.account.clone()],
            _ => {}
        }
        let known = self.paths.iter().find(|(filter, _)| *filter == name);
        let path = known.map_or_else(|| camel(name), |(_, path)| (*path).to_owned());
        let mut found = Vec::new();
        collect(&Value::Object(object.body.clone()), &path, &mut found);
        found
    }
}

fn collect(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, path, found)),
        Value::Object(map) if !path.is_empty() => {
            let (first, rest) = path.split_once('.').unwrap_or((path, ""));
            if let Some(inner) = map.get(first) {
                collect(inner, rest, found);
            }
        }
        Value::String(text) if path.is_empty() => found.push(text.clone()),
        Value::Bool(_) | Value::Number(_) if path.is_empty() => found.push(value.to_string()),
        _ => {}
    }
}

/// `availability-zone` as `availabilityZone`.
pub fn camel(name: &str) -> String {
    let mut parts = name.split('-');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (first, rest) = part.split_at_checked(1).unwrap_or((part, ""));
        text.push_str(&first.to_ascii_uppercase());
        text.push_str(rest);
    }
    text
}

/// `*` is any text, `?` any character, `\` takes the next one literally.
pub fn wildcard(pattern: &str, text: &str) -> bool {
    fn go(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, _) => text.is_empty(),
            (Some(('*', rest)), _) => (0..=text.len()).any(|skip| text.get(skip..).is_some_and(|tail| go(rest, tail))),
            (Some(('?', rest)), Some((_, tail))) => go(rest, tail),
            (Some(('\\', rest)), Some((have, tail))) => {
                rest.split_first().is_some_and(|(want, rest)| want == have && go(rest, tail))
            }
            (Some((want, rest)), Some((have, tail))) => want == have && go(rest, tail),
            (Some(_), None) => false,
        }
    }
    go(&pattern.chars().collect::<Vec<_>>(), &text.chars().collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_as_ec2_documents() {
        for (pattern, text, expected) in [
            ("acme-*", "acme-main", true),
            ("acme-?", "acme-main", false),
            ("*main*", "the-main-one", true),
            (r"a\*b", "a*b", true),
            (r"a\*b", "axb", false),
            ("", "", true),
            ("a", "", false),
        ] {
            assert_eq!(wildcard(pattern, text), expected, "{pattern} on {text}");
        }
        assert_eq!(camel("availability-zone"), "availabilityZone");
    }
}
