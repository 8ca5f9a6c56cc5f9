//! Records with literal values.

use std::net::{Ipv4Addr, Ipv6Addr};

use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::labels_fault;
use crate::read::{Context, Node, Problem, Read, Reader, Value, integer, invalid, list, one_of, raw_text, wrong_type};

/// The types of record sets that a file can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum RecordType {
    /// IPv4 addresses.
    A,
    /// IPv6 addresses.
    Aaaa,
    /// Another name for the same thing.
    Cname,
    /// Texts, written without quotes.
    Txt,
    /// Mail servers: `10 mail.example.com`.
    Mx,
    /// Certificate authorities: `0 issue "amazon.com"`.
    Caa,
    /// Services: `priority weight port target`.
    Srv,
    /// Name servers of a part of the zone.
    Ns,
}

const TYPES: &[(&str, RecordType)] = &[
    ("A", RecordType::A),
    ("AAAA", RecordType::Aaaa),
    ("CNAME", RecordType::Cname),
    ("TXT", RecordType::Txt),
    ("MX", RecordType::Mx),
    ("CAA", RecordType::Caa),
    ("SRV", RecordType::Srv),
    ("NS", RecordType::Ns),
];

impl RecordType {
    /// As DNS spells it.
    pub fn as_str(self) -> &'static str {
        TYPES.iter().find(|(_, own)| *own == self).map_or("A", |(name, _)| name)
    }

    pub(crate) fn read(cx: &Context<'_>, node: &Node) -> Read<Self> {
        one_of(TYPES)(cx, node)
    }
}

/// What a record with literal values answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Literal {
    /// Type of the record set.
    pub record_type: RecordType,
    /// For how many seconds resolvers keep the answer.
    pub ttl: u32,
    /// The values as the user wrote them; see [`Literal::wire_values`].
    pub values: Vec<String>,
}

/// TTL of a record that does not say, in seconds.
pub(crate) const DEFAULT_TTL: u32 = 300;
/// Longest time to live in DNS, in seconds (RFC 2181).
const TTL_MAX: u32 = 2_147_483_647;

impl Literal {
    pub(crate) fn read(reader: &Reader<'_>) -> Read<Self> {
        let record_type = reader.required("type", RecordType::read);
        let ttl = reader.or("ttl", DEFAULT_TTL, integer(0..=TTL_MAX));
        let values = reader.required("values", |cx, node| match record_type {
            Ok(record_type) => values(cx, node, record_type),
            Err(reported) => Err(reported),
        });
        Ok(Self { record_type: record_type?, ttl: ttl?, values: values? })
    }

    /// The values as Route 53 takes them: texts in quotes, in pieces of at most 255 bytes.
    pub fn wire_values(&self) -> Vec<String> {
        match self.record_type {
            RecordType::Txt => self.values.iter().map(|text| quoted(text)).collect(),
            _ => self.values.clone(),
        }
    }
}

fn quoted(text: &str) -> String {
    let mut pieces: Vec<String> = vec![String::new()];
    for c in text.chars() {
        if pieces.last().is_some_and(|piece| piece.len() + c.len_utf8() > 255) {
            pieces.push(String::new());
        }
        if let Some(piece) = pieces.last_mut() {
            piece.push(c);
        }
    }
    let escape = |piece: &String| format!("\"{}\"", piece.replace('\\', "\\\\").replace('"', "\\\""));
    pieces.iter().map(escape).collect::<Vec<_>>().join(" ")
}

fn values(cx: &Context<'_>, node: &Node, record_type: RecordType) -> Read<Vec<String>> {
    let Value::List(items) = &node.value else { return Err(wrong_type(cx, node, "an array of strings")) };
    if items.is_empty() {
        return Err(cx.report(invalid(node, "the list is empty")));
    }
    let values = list(|cx, node| value(cx, node, record_type))(cx, node)?;
    match record_type == RecordType::Cname && values.len() > 1 {
        true => Err(cx.report(invalid(node, "a CNAME has one value"))),
        false => Ok(values),
    }
}

fn value(cx: &Context<'_>, node: &Node, record_type: RecordType) -> Read<String> {
    let text = raw_text(cx, node)?;
    match fault(record_type, &text) {
        None => Ok(text),
        Some(wanted) => {
            let message = format!("`{text}` is not {wanted}, which a record of type {} holds", record_type.as_str());
            Err(cx.report(hint(invalid(node, message), record_type, &text)))
        }
    }
}

fn hint(problem: Problem, record_type: RecordType, text: &str) -> Problem {
    match record_type {
        RecordType::A if text.parse::<Ipv6Addr>().is_ok() => problem.help("IPv6 addresses are of type AAAA"),
        RecordType::A if is_host(text) => problem.help("a name is of type CNAME"),
        RecordType::Mx => problem.help("write \"10 mail.example.com\""),
        _ => problem,
    }
}

/// What a value should have been, if it is not.
fn fault(record_type: RecordType, text: &str) -> Option<&'static str> {
    let words: Vec<&str> = text.split(' ').collect();
    let number = |word: &str| word.parse::<u16>().is_ok();
    let (right, wanted) = match record_type {
        RecordType::A => (text.parse::<Ipv4Addr>().is_ok(), "an IPv4 address"),
        RecordType::Aaaa => (text.parse::<Ipv6Addr>().is_ok(), "an IPv6 address"),
        RecordType::Cname | RecordType::Ns => (is_host(text), "a domain name"),
        RecordType::Txt => {
            ((1..=4000).contains(&text.len()) && text.is_ascii(), "an ASCII text of 1 to 4000 characters")
        }
        RecordType::Mx => {
            (matches!(words[..], [priority, host] if number(priority) && is_host(host)), "a priority and a domain name")
        }
        RecordType::Caa => (
            matches!(words[..], [flags, "issue" | "issuewild" | "iodef", value]
                if flags.parse::<u8>().is_ok() && value.len() > 1 && value.starts_with('"') && value.ends_with('"')),
            "flags, a tag and a quoted value",
        ),
        RecordType::Srv => (
            matches!(words[..], [priority, weight, port, host]
                if number(priority) && number(weight) && number(port) && is_host(host)),
            "a priority, a weight, a port and a domain name",
        ),
    };
    (!right).then_some(wanted)
}

fn is_host(text: &str) -> bool {
    let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    name.contains('.') && labels_fault(&name, true).is_none() && text.parse::<Ipv4Addr>().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_and_cut_for_the_wire() {
        let literal = |text: String| Literal { record_type: RecordType::Txt, ttl: 60, values: vec![text] };
        assert_eq!(literal("v=spf1 \"x\"".into()).wire_values(), ["\"v=spf1 \\\"x\\\"\""]);
        let long = literal("a".repeat(300)).wire_values();
        assert_eq!(long, [format!("\"{}\" \"{}\"", "a".repeat(255), "a".repeat(45))]);
    }

    #[test]
    fn each_type_takes_its_own_values() {
        let right = [
            (RecordType::A, "192.0.2.1"),
            (RecordType::Aaaa, "2001:db8::1"),
            (RecordType::Cname, "_x.acm-validations.aws."),
            (RecordType::Mx, "10 mail.example.com"),
            (RecordType::Caa, "0 issue \"amazon.com\""),
            (RecordType::Srv, "1 10 5269 xmpp.example.com"),
        ];
        for (own, text) in right {
            assert_eq!(fault(own, text), None, "{text}");
            let others = right.iter().filter(|(other, _)| *other != own);
            others.for_each(|(other, _)| assert!(fault(*other, text).is_some(), "{text} as {other:?}"));
        }
    }
}
