//! TOML text as a tree that knows where everything is written.

use std::ops::Range;

use indexmap::IndexMap;
use toml::de::{DeTable, DeValue};

use crate::error::Span;

/// A value and its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) value: Value,
}

/// A TOML value.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Text(String),
    /// `None`: more than 64 bits.
    Integer(Option<i64>),
    Float,
    Boolean(bool),
    Datetime,
    List(Vec<Node>),
    Table(Table),
}

impl Value {
    /// The value's type with its article, as an error says it.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Integer(_) => "an integer",
            Self::Float => "a float",
            Self::Boolean(_) => "a boolean",
            Self::Datetime => "a date",
            Self::List(_) => "an array",
            Self::Table(_) => "a table",
        }
    }
}

/// A key's place and its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: Span,
    pub(crate) node: Node,
}

/// Entries in the order of the text.
pub(crate) type Table = IndexMap<String, Entry>;

/// What the TOML parser says about a text that it could not read.
pub(crate) struct SyntaxError {
    pub(crate) message: String,
    pub(crate) span: Option<Range<usize>>,
}

/// Parses as much as can be read, and says what could not.
pub(crate) fn parse(text: &str) -> (Node, Vec<SyntaxError>) {
    let (root, errors) = DeTable::parse_recoverable(text);
    let span = root.span().into();
    let errors =
        errors.iter().map(|error| SyntaxError { message: error.message().to_owned(), span: error.span() }).collect();
    (Node { span, value: Value::Table(table(root.get_ref())) }, errors)
}

fn table(source: &DeTable<'_>) -> Table {
    let mut entries: Vec<(String, Entry)> = source
        .iter()
        .map(|(key, value)| {
            let node = Node { span: value.span().into(), value: convert(value.get_ref()) };
            (key.get_ref().to_string(), Entry { key: key.span().into(), node })
        })
        .collect();
    entries.sort_by_key(|(_, entry)| entry.key);
    entries.into_iter().collect()
}

fn convert(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(integer) => Value::Integer(i64::from_str_radix(integer.as_str(), integer.radix()).ok()),
        DeValue::Float(_) => Value::Float,
        DeValue::Boolean(flag) => Value::Boolean(*flag),
        DeValue::Datetime(_) => Value::Datetime,
        DeValue::Array(items) => Value::List(
            items.iter().map(|item| Node { span: item.span().into(), value: convert(item.get_ref()) }).collect(),
        ),
        DeValue::Table(entries) => Value::Table(table(entries)),
    }
}
