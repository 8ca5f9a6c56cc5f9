//! Policy documents: URL-encoded on the wire, and equal in meaning long before they are equal in text.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// The document behind IAM's URL-encoded text (RFC 3986); what is no JSON comes back as a text.
pub fn decode(encoded: &str) -> Value {
    let text = percent_decoded(encoded);
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}

/// Whether two documents mean the same.
///
/// Fact sheet "edge, global, operations" 3.1, drift: one text equals a list of one, the order of lists does not matter,
/// actions have no case, and an account number stands for its root.
pub fn same(one: &Value, other: &Value) -> bool {
    canonical(one) == canonical(other)
}

/// The trust document that lets these services assume a role.
pub fn trust(services: &BTreeSet<String>) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": services}, "Action": "sts:AssumeRole"}],
    })
}

fn canonical(document: &Value) -> Value {
    members(document, |name, value| match name {
        "Statement" => Value::Array(list(value).iter().map(statement).collect()),
        _ => value.clone(),
    })
}

fn statement(value: &Value) -> Value {
    members(value, |name, value| match name {
        "Action" | "NotAction" => texts(value, str::to_ascii_lowercase),
        "Resource" | "NotResource" => texts(value, str::to_owned),
        // A bare "*" is no object and stays: it equals {"AWS": "*"} in resource policies only.
        "Principal" | "NotPrincipal" => members(value, |_, ids| texts(ids, principal)),
        "Condition" => members(value, |_, keys| members(keys, |_, values| texts(values, str::to_owned))),
        _ => value.clone(),
    })
}

fn principal(id: &str) -> String {
    let account = id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit());
    if account { format!("arn:aws:iam::{id}:root") } else { id.to_owned() }
}

/// The same object with every member changed; anything else as it is. Objects compare without regard to order.
fn members(value: &Value, change: impl Fn(&str, &Value) -> Value) -> Value {
    match value {
        Value::Object(map) => {
            Value::Object(map.iter().map(|(name, value)| (name.clone(), change(name, value))).collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

/// One scalar or many as a sorted list of texts: IAM takes `true` and `"true"` for the same.
fn texts(value: &Value, spell: impl Fn(&str) -> String) -> Value {
    let text = |item: &Value| item.as_str().map_or_else(|| spell(&item.to_string()), &spell);
    json!(list(value).iter().map(text).collect::<BTreeSet<_>>())
}

fn list(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items.clone(),
        single => vec![single.clone()],
    }
}

fn percent_decoded(text: &str) -> String {
    let (mut decoded, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some((first, tail)) = rest.split_first() {
        let digits = tail.get(..2).filter(|digits| *first == b'%' && digits.iter().all(u8::is_ascii_hexdigit));
        let byte = digits.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        decoded.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_come_back_url_encoded() {
        assert_eq!(decode("%7B%22Sid%22%3A%22a%2Bb%20%C3%A4%22%7D"), json!({"Sid": "a+b ä"}));
        assert_eq!(decode("{\"a\": \"+\"}"), json!({"a": "+"}), "a plus is no blank");
        assert_eq!(decode("100%"), json!("100%"));
        assert_eq!(decode("%zz%2"), json!("%zz%2"));
    }

    #[test]
    fn spellings_of_one_policy_are_the_same() {
        let one = json!({"Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Action": "S3:GetObject", "Resource": ["b", "a"],
            "Principal": {"AWS": "123456789012"}, "Condition": {"Bool": {"aws:SecureTransport": true}}}});
        let other = json!({"Statement": [{
            "Principal": {"AWS": ["arn:aws:iam::123456789012:root"]}, "Resource": ["a", "b"],
            "Action": ["s3:getobject"], "Condition": {"Bool": {"aws:SecureTransport": ["true"]}},
            "Effect": "Allow"}], "Version": "2012-10-17"});
        assert!(same(&one, &other));
    }

    #[test]
    fn another_meaning_is_not_the_same() {
        let policy = |action: &str, resource: &str, principal: Value| json!({"Statement": [{"Action": action, "Resource": resource, "Principal": principal}]});
        let base = policy("s3:GetObject", "arn:aws:s3:::A", json!("*"));
        assert!(!same(&base, &policy("s3:PutObject", "arn:aws:s3:::A", json!("*"))));
        assert!(!same(&base, &policy("s3:GetObject", "arn:aws:s3:::a", json!("*"))), "resources have case");
        assert!(!same(&base, &policy("s3:GetObject", "arn:aws:s3:::A", json!({"AWS": "*"}))));
    }
}
