//! Form-encoded members: `TagSpecification.1.Tag.2.Key=x` as a tree.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

/// Decodes `a=b&c=d`.
pub fn pairs(text: &str) -> BTreeMap<String, String> {
    let decode = |part: &str| percent_decode_str(&part.replace('+', " ")).decode_utf8_lossy().into_owned();
    let split = |pair: &str| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(key), decode(value))
    };
    text.split('&').filter(|pair| !pair.is_empty()).map(split).collect()
}

/// Nests dotted members; numbered members become lists, `member` and `entry` levels vanish.
pub fn tree(pairs: &BTreeMap<String, String>) -> Value {
    lists(nested(pairs), |name, inner| matches!(name, "member" | "entry") && inner.is_object())
}

/// The same where each list names its elements, as in `SubnetIds.SubnetIdentifier.1`: that level vanishes, whatever its
/// name. Nothing else is numbered there, so the level above numbers is always the element's.
pub fn named_tree(pairs: &BTreeMap<String, String>) -> Value {
    lists(nested(pairs), |_, inner| is_numbered(inner))
}

fn nested(pairs: &BTreeMap<String, String>) -> Value {
    let mut root = Map::new();
    for (path, value) in pairs {
        if path != "Action" && path != "Version" {
            insert(&mut root, path, value);
        }
    }
    Value::Object(root)
}

fn is_numbered(value: &Value) -> bool {
    value.as_object().is_some_and(|map| !map.is_empty() && map.keys().all(|key| key.parse::<u32>().is_ok()))
}

fn insert(map: &mut Map<String, Value>, path: &str, value: &str) {
    let Some((part, rest)) = path.split_once('.') else {
        map.insert(path.to_owned(), Value::String(value.to_owned()));
        return;
    };
    let child = map.entry(part.to_owned()).or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(child) = child {
        insert(child, rest, value);
    }
}

/// Turns numbered members into lists; a level that `vanishes` (its name, what is in it) is left out.
fn lists(value: Value, vanishes: fn(&str, &Value) -> bool) -> Value {
    let numbered = is_numbered(&value);
    let Value::Object(map) = value else { return value };
    if map.len() == 1
        && let Some((name, inner)) = map.iter().next()
        && vanishes(name, inner)
    {
        return lists(inner.clone(), vanishes);
    }
    if numbered {
        let mut items: Vec<(u32, Value)> =
            map.into_iter().filter_map(|(key, value)| Some((key.parse().ok()?, lists(value, vanishes)))).collect();
        items.sort_by_key(|(index, _)| *index);
        return Value::Array(items.into_iter().map(|(_, value)| value).collect());
    }
    Value::Object(map.into_iter().map(|(key, value)| (key, lists(value, vanishes))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn dotted_members_nest_and_numbers_make_lists() {
        let body =
            "Action=X&Filter.1.Name=vpc-id&Filter.1.Value.1=a&Filter.1.Value.2=b%2Fc&Filter.10.Name=z&Filter.2.Name=y";
        assert_eq!(
            tree(&pairs(body)),
            json!({"Filter": [{"Name": "vpc-id", "Value": ["a", "b/c"]}, {"Name": "y"}, {"Name": "z"}]})
        );
    }

    #[test]
    fn member_levels_vanish() {
        assert_eq!(tree(&pairs("Names.member.1=a&Names.member.2=b+c")), json!({"Names": ["a", "b c"]}));
    }

    #[test]
    fn element_names_vanish_where_lists_have_them() {
        let body = "SubnetIds.SubnetIdentifier.1=a&Filters.Filter.1.Name=n&Filters.Filter.1.Values.Value.1=v\
                    &Logs.EnableLogTypes.member.1=slow";
        assert_eq!(
            named_tree(&pairs(body)),
            json!({
                "SubnetIds": ["a"], "Filters": [{"Name": "n", "Values": ["v"]}], "Logs": {"EnableLogTypes": ["slow"]},
            })
        );
    }
}
