//! XML to and from trees.

use quick_xml::Reader;
use quick_xml::escape::escape;
use quick_xml::events::Event;
use serde_json::{Map, Value};

/// How a list is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lists {
    /// `<set><item>..</item></set>`.
    Item,
    /// `<List><member>..</member></List>`.
    Member,
    /// `<Subnets><Subnet>..</Subnet></Subnets>`: the list's name says the element's.
    Named,
    /// The element is repeated.
    Repeat,
}

/// Writes the members of `value` as elements.
pub fn write(value: &Value, lists: Lists) -> String {
    let mut text = String::new();
    body(&mut text, value, lists);
    text
}

fn body(text: &mut String, value: &Value, lists: Lists) {
    match value {
        Value::Object(map) => map.iter().for_each(|(name, value)| element(text, name, value, lists)),
        Value::Array(items) => items.iter().for_each(|item| element(text, inner_name(lists), item, lists)),
        Value::String(string) => text.push_str(&escape(string.as_str())),
        Value::Null => {}
        other => text.push_str(&other.to_string()),
    }
}

fn inner_name(lists: Lists) -> &'static str {
    if lists == Lists::Item { "item" } else { "member" }
}

fn element(text: &mut String, name: &str, value: &Value, lists: Lists) {
    match value {
        Value::Null => {}
        // `<entry>` is how the query protocol writes maps: repeated, like every element of REST-XML.
        Value::Array(items) if lists == Lists::Repeat || name == "entry" => {
            items.iter().for_each(|item| wrapped(text, name, item, lists));
        }
        Value::Array(items) if lists == Lists::Named => {
            let element = super::element::name(name);
            text.push_str(&format!("<{name}>"));
            items.iter().for_each(|item| wrapped(text, element, item, lists));
            text.push_str(&format!("</{name}>"));
        }
        other => wrapped(text, name, other, lists),
    }
}

fn wrapped(text: &mut String, name: &str, value: &Value, lists: Lists) {
    // `@xmlns` and the like: attributes of the element, first members of its object.
    let (attributes, rest) = split_attributes(value);
    text.push('<');
    text.push_str(name);
    text.push_str(&attributes);
    text.push('>');
    body(text, rest.as_ref().unwrap_or(value), lists);
    text.push_str("</");
    text.push_str(name);
    text.push('>');
}

fn split_attributes(value: &Value) -> (String, Option<Value>) {
    let Value::Object(map) = value else { return (String::new(), None) };
    if !map.keys().any(|key| key.starts_with('@')) {
        return (String::new(), None);
    }
    let mut attributes = String::new();
    let mut rest = Map::new();
    for (key, value) in map {
        match key.strip_prefix('@') {
            Some(name) => attributes.push_str(&format!(" {name}=\"{}\"", escape(value.as_str().unwrap_or_default()))),
            None => {
                rest.insert(key.clone(), value.clone());
            }
        }
    }
    (attributes, Some(Value::Object(rest)))
}

/// Reads a document; the answer is the content of its root element. Attributes are dropped, repeated elements become
/// lists, leaves are texts. `None` if it is not well-formed.
pub fn parse(text: &str) -> Option<(String, Value)> {
    let mut reader = Reader::from_str(text);
    let mut stack: Vec<(String, Map<String, Value>, String)> = Vec::new();
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => stack.push((local(start.local_name().as_ref()), Map::new(), String::new())),
            Event::Empty(start) => {
                let name = local(start.local_name().as_ref());
                match stack.last_mut() {
                    Some((_, members, _)) => add(members, name, Value::String(String::new())),
                    None => return Some((name, Value::Null)),
                }
            }
            Event::End(_) => {
                let (name, members, leaf) = stack.pop()?;
                let value = if members.is_empty() { Value::String(leaf) } else { Value::Object(members) };
                match stack.last_mut() {
                    Some((_, parent, _)) => add(parent, name, value),
                    None => return Some((name, value)),
                }
            }
            Event::Text(piece) => {
                if let Some((_, _, leaf)) = stack.last_mut() {
                    leaf.push_str(&piece);
                }
            }
            Event::GeneralRef(entity) => {
                if let Some((_, _, leaf)) = stack.last_mut() {
                    leaf.push_str(&entity_text(&entity)?);
                }
            }
            Event::Eof => return None,
            _ => {}
        }
    }
}

fn entity_text(name: &str) -> Option<String> {
    quick_xml::escape::unescape(&format!("&{name};")).ok().map(|text| text.into_owned())
}

fn local(name: &str) -> String {
    name.to_owned()
}

fn add(members: &mut Map<String, Value>, name: String, value: Value) {
    match members.get_mut(&name) {
        None => {
            members.insert(name, value);
        }
        Some(Value::Array(items)) => items.push(value),
        Some(single) => {
            let first = single.take();
            *single = Value::Array(vec![first, value]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn documents_become_trees() {
        let text = r#"<?xml version="1.0"?><R xmlns="u"><A>1 &amp; 2</A><B><C>x</C><C>y</C></B><D/></R>"#;
        let (root, tree) = parse(text).expect("well-formed");
        assert_eq!(root, "R");
        assert_eq!(tree, json!({"A": "1 & 2", "B": {"C": ["x", "y"]}, "D": ""}));
        assert_eq!(parse("<R><A></R>"), None);
    }

    #[test]
    fn lists_are_written_as_the_protocol_wants() {
        let tree = json!({"vpcSet": [{"vpcId": "a<b"}, {"vpcId": "c"}]});
        assert_eq!(
            write(&tree, Lists::Item),
            "<vpcSet><item><vpcId>a&lt;b</vpcId></item><item><vpcId>c</vpcId></item></vpcSet>"
        );
        assert_eq!(
            write(&tree, Lists::Repeat),
            "<vpcSet><vpcId>a&lt;b</vpcId></vpcSet><vpcSet><vpcId>c</vpcId></vpcSet>"
        );
        let groups = json!({"DBInstances": [{"ReadReplicaDBInstanceIdentifiers": ["a"]}, {"Other": [1]}]});
        assert_eq!(
            write(&groups, Lists::Named),
            "<DBInstances><DBInstance><ReadReplicaDBInstanceIdentifiers><ReadReplicaDBInstanceIdentifier>a\
             </ReadReplicaDBInstanceIdentifier></ReadReplicaDBInstanceIdentifiers></DBInstance>\
             <DBInstance><Other><member>1</member></Other></DBInstance></DBInstances>"
        );
        assert_eq!(write(&json!({"X": {"@xmlns": "u", "Y": 1}}), Lists::Member), "<X xmlns=\"u\"><Y>1</Y></X>");
    }
}
