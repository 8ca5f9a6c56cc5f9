//! JSON values as a reader should see them: what changed in them, short, and without secrets.

use std::collections::{BTreeMap, BTreeSet};

use globe_model::{FieldChange, is_unknown, mentions_unknown};
use serde_json::{Map, Value};

use crate::style::Style;

/// What is shown in place of a secret.
const SENSITIVE: &str = "(sensitive)";
/// What is shown in place of a value that AWS will choose.
const UNKNOWN: &str = "known after apply";

/// Whether the value of a field of this name is never shown. `http_tokens` of EC2's instance metadata options is a mode
/// (`required`, `optional`), and a reader must see when it drifts.
fn is_sensitive(name: &str) -> bool {
    let name = name.to_lowercase().replace("http_tokens", "").replace("httptokens", "");
    ["password", "secret", "token"].iter().any(|word| name.contains(word))
}

/// A copy without secrets: values under a sensitive name, and the value of a pair whose `name` or `key` is sensitive.
pub(crate) fn redacted(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(redacted).collect(),
        Value::Object(map) => {
            let pair = ["name", "key", "Name", "Key"].iter().filter_map(|field| map.get(*field)?.as_str());
            let secret_pair = pair.into_iter().any(is_sensitive);
            let hide = |name: &str| is_sensitive(name) || (secret_pair && name.eq_ignore_ascii_case("value"));
            let shown = |(name, value): (&String, &Value)| (name.clone(), redacted_field(hide(name), value));
            Value::Object(map.iter().map(shown).collect())
        }
        other => other.clone(),
    }
}

fn redacted_field(hide: bool, value: &Value) -> Value {
    match value {
        // nothing, and whether something is on, give no secret away
        Value::Null | Value::Bool(_) => value.clone(),
        _ if hide => SENSITIVE.into(),
        _ => redacted(value),
    }
}

/// [`redacted`] for a value that stands under `name`.
pub(crate) fn redacted_as(name: &str, value: &Value) -> Value {
    redacted_field(is_sensitive(name), value)
}

/// One place inside a field that differs; `Null` on a side where nothing is there.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Leaf {
    /// `tags.owner`, `routes[]`.
    pub(crate) path: String,
    pub(crate) from: Value,
    pub(crate) to: Value,
}

/// The places where a change differs, without secrets: two long objects that differ in one key give that key.
pub(crate) fn leaves(change: &FieldChange) -> Vec<Leaf> {
    let (from, to) = (redacted_as(&change.field, &change.from), redacted_as(&change.field, &change.to));
    let mut found = Vec::new();
    descend(&change.field, &from, &to, &mut found);
    if found.is_empty() {
        found.push(Leaf { path: change.field.clone(), from, to });
    }
    found
}

fn descend(path: &str, from: &Value, to: &Value, found: &mut Vec<Leaf>) {
    match (from, to) {
        _ if from == to => {}
        (Value::Object(old), Value::Object(new)) => descend_object(path, old, new, found),
        (Value::Array(old), Value::Array(new)) if let Some((old, new)) = by_id(old).zip(by_id(new)) => {
            descend_ids(path, &old, &new, found);
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                descend(&format!("{path}[{index}]"), old, new, found);
            }
        }
        (Value::Array(old), Value::Array(new)) => descend_set(path, old, new, found),
        _ => found.push(Leaf { path: path.to_owned(), from: from.clone(), to: to.clone() }),
    }
}

fn descend_object(path: &str, old: &Map<String, Value>, new: &Map<String, Value>, found: &mut Vec<Leaf>) {
    let added = new.keys().filter(|key| !old.contains_key(*key));
    for key in old.keys().chain(added) {
        let side = |map: &Map<String, Value>| map.get(key).cloned().unwrap_or(Value::Null);
        descend(&format!("{path}.{key}"), &side(old), &side(new), found);
    }
}

/// The items of an array by their `id`, if each has one of its own.
fn by_id(items: &[Value]) -> Option<BTreeMap<&str, &Value>> {
    let ids = items.iter().map(|item| Some((item.get("id")?.as_str()?, item)));
    let items_by_id: BTreeMap<_, _> = ids.collect::<Option<_>>()?;
    (items_by_id.len() == items.len()).then_some(items_by_id)
}

fn descend_ids(path: &str, old: &BTreeMap<&str, &Value>, new: &BTreeMap<&str, &Value>, found: &mut Vec<Leaf>) {
    let ids: BTreeSet<&&str> = old.keys().chain(new.keys()).collect();
    for id in ids {
        let side = |items: &BTreeMap<&str, &Value>| items.get(*id).map_or(Value::Null, |item| (*item).clone());
        descend(&format!("{path}[{id}]"), &side(old), &side(new), found);
    }
}

/// Arrays of different lengths: what went, then what came. Order is not looked at, for AWS has mostly sets.
fn descend_set(path: &str, old: &[Value], new: &[Value], found: &mut Vec<Leaf>) {
    let path = format!("{path}[]");
    let gone = old.iter().filter(|item| !new.contains(item)).map(|item| (item.clone(), Value::Null));
    let come = new.iter().filter(|item| !old.contains(item)).map(|item| (Value::Null, item.clone()));
    found.extend(gone.chain(come).map(|(from, to)| Leaf { path: path.clone(), from, to }));
}

/// The longest a value may be.
fn limit(style: Style) -> usize {
    if style.is_full() { 240 } else { 48 }
}

/// A value on one line, cut to what the style allows.
pub(crate) fn shown(value: &Value, style: Style) -> String {
    cut(&text(value), 0, style)
}

/// Both sides of a change; where they begin alike for long, the beginning is left out so that the difference shows.
pub(crate) fn shown_pair(leaf: &Leaf, style: Style) -> (String, String) {
    let (from, to) = (text(&leaf.from), text(&leaf.to));
    let longest = from.chars().count().max(to.chars().count());
    let alike = from.chars().zip(to.chars()).take_while(|(from, to)| from == to).count();
    let skip = if longest > limit(style) { alike.saturating_sub(limit(style) / 4) } else { 0 };
    (cut(&from, skip, style), cut(&to, skip, style))
}

fn cut(text: &str, skip: usize, style: Style) -> String {
    let rest: String = text.chars().skip(skip).collect();
    let head = if skip > 0 { style.ellipsis() } else { "" };
    match rest.char_indices().nth(limit(style)) {
        Some((end, _)) => format!("{head}{}{}", &rest[..end], style.ellipsis()),
        None => format!("{head}{rest}"),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "(none)".to_owned(),
        Value::String(text) if is_unknown(text) => UNKNOWN.to_owned(),
        Value::String(text) if text == SENSITIVE => SENSITIVE.to_owned(),
        value if mentions_unknown(value) => without_unknown(value).to_string(),
        value => value.to_string(),
    }
}

fn without_unknown(value: &Value) -> Value {
    match value {
        Value::String(text) if is_unknown(text) => UNKNOWN.into(),
        Value::Array(items) => items.iter().map(without_unknown).collect(),
        Value::Object(map) => {
            let shown = |key: &String| if is_unknown(key) { UNKNOWN.to_owned() } else { key.clone() };
            Value::Object(map.iter().map(|(key, value)| (shown(key), without_unknown(value))).collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use globe_model::{Address, Cause, unknown};
    use serde_json::json;

    use super::*;

    fn texts(from: Value, to: Value) -> Vec<String> {
        let change = FieldChange { field: "field".into(), from, to, cause: Cause::File };
        let text = |leaf: &Leaf| {
            let (from, to) = shown_pair(leaf, Style::PLAIN);
            format!("{}: {from} -> {to}", leaf.path)
        };
        leaves(&change).iter().map(text).collect()
    }

    #[test]
    fn only_what_differs_is_shown() {
        let (old, new) =
            (json!({"a": 1, "b": {"c": [1, 2]}, "gone": "x"}), json!({"a": 1, "b": {"c": [1, 3]}, "new": true}));
        assert_eq!(
            texts(old, new),
            ["field.b.c[1]: 2 -> 3", "field.gone: \"x\" -> (none)", "field.new: (none) -> true"]
        );
        assert_eq!(
            texts(json!(["a", "b"]), json!(["b", "c", "d"])),
            ["field[]: \"a\" -> (none)", "field[]: (none) -> \"c\"", "field[]: (none) -> \"d\""]
        );
        assert_eq!(texts(json!(1), json!(1)), ["field: 1 -> 1"], "a change is never swallowed");
    }

    #[test]
    fn items_with_ids_are_compared_by_id() {
        assert_eq!(
            texts(json!([{"id": "a", "n": 1}, {"id": "b", "n": 2}]), json!([{"id": "b", "n": 3}])),
            [r#"field[a]: {"id":"a","n":1} -> (none)"#, "field[b].n: 2 -> 3"]
        );
    }

    #[test]
    fn long_values_are_cut_where_they_still_differ() {
        let script = |end: &str| json!(format!("{}{end}", "#!/bin/sh ".repeat(20)));
        assert_eq!(texts(script("old"), script("new")), ["field: ...h #!/bin/sh old\" -> ...h #!/bin/sh new\""]);
        assert_eq!(shown(&json!("x".repeat(100)), Style::PLAIN), format!("\"{}...", "x".repeat(47)));
    }

    #[test]
    fn stand_ins_are_known_after_apply() {
        let vpc = unknown(&Address::new("eu-central-1", "ec2/vpc", "main"), "id");
        assert_eq!(texts(json!("vpc-1"), json!(vpc)), ["field: \"vpc-1\" -> known after apply"]);
        assert_eq!(shown(&json!({"vpc": vpc, "n": [1]}), Style::PLAIN), r#"{"vpc":"known after apply","n":[1]}"#);
    }

    #[test]
    fn secrets_are_hidden_wherever_they_stand() {
        let value = json!({
            "master_password": "hunter2", "ClientSecret": {"deep": "hunter2"}, "plain": "seen", "auth_token": null,
            "secret_pin": 1234, "rotate_secret": true, "http_tokens": "required", "metadata.HttpTokens": "optional",
            "environment": [{"name": "DB_PASSWORD", "value": "hunter2"}, {"name": "PORT", "value": "80"}],
        });
        assert_eq!(
            redacted(&value),
            json!({
                "master_password": "(sensitive)", "ClientSecret": "(sensitive)", "plain": "seen", "auth_token": null,
                "secret_pin": "(sensitive)", "rotate_secret": true, "http_tokens": "required",
                "metadata.HttpTokens": "optional",
                "environment": [{"name": "DB_PASSWORD", "value": "(sensitive)"}, {"name": "PORT", "value": "80"}],
            })
        );
        let change = FieldChange { field: "Password".into(), from: json!("old"), to: json!("new"), cause: Cause::File };
        let found = leaves(&change);
        assert_eq!(shown_pair(&found[0], Style::PLAIN), ("(sensitive)".into(), "(sensitive)".into()));
    }
}
