//! Reads single values: texts, numbers, choices, references.

use std::fmt::Display;
use std::ops::RangeInclusive;

use globe_model::Region;

use super::context::{Component, Context};
use super::reader::{Read, Reader};
use super::sink::{Problem, Reported};
use super::tree::{Node, Table, Value};
use super::unbuilt;
use crate::error::{ErrorKind, Span};

/// Reports a value of another type than wanted.
pub(crate) fn wrong_type(cx: &Context<'_>, node: &Node, wanted: &str) -> Reported {
    let message = format!("wrong type: expected {wanted}, found {}", node.value.type_name());
    let problem = Problem::new(ErrorKind::WrongType, node.span, message).label(format!("expected {wanted}"));
    let scalar = matches!(node.value, Value::Integer(_) | Value::Float | Value::Boolean(_));
    let problem = match cx.sink.text_of(node.span) {
        Some(text) if scalar && wanted == "a string" => problem.help(format!("write it in quotes: \"{text}\"")),
        Some(text) if matches!(&node.value, Value::Text(_)) && bare(wanted, text) => {
            problem.help(format!("write it without quotes: {}", text.trim_matches(['"', '\''])))
        }
        Some(text) if wanted.starts_with("an array") && !text.contains('\n') => {
            problem.help(format!("write it in brackets: [{text}]"))
        }
        _ => problem,
    };
    cx.report(problem)
}

/// A table where people write something shorter; `help` shows the table.
pub(crate) fn table_or<'n>(cx: &Context<'_>, node: &'n Node, help: impl FnOnce() -> String) -> Read<&'n Table> {
    let Value::Table(table) = &node.value else {
        let message = format!("wrong type: expected a table, found {}", node.value.type_name());
        return Err(cx.report(Problem::new(ErrorKind::WrongType, node.span, message).help(help())));
    };
    Ok(table)
}

/// Whether a quoted text would be right without its quotes.
fn bare(wanted: &str, text: &str) -> bool {
    let text = text.trim_matches(['"', '\'']);
    match wanted {
        "an integer" => text.parse::<i64>().is_ok(),
        "a boolean" => matches!(text, "true" | "false"),
        _ => false,
    }
}

/// Reports a value that has the right type and cannot be right.
pub(crate) fn invalid(node: &Node, message: impl Into<String>) -> Problem {
    Problem::new(ErrorKind::InvalidValue, node.span, message)
}

/// A text, exactly as written.
pub(crate) fn raw_text(cx: &Context<'_>, node: &Node) -> Read<String> {
    match &node.value {
        Value::Text(text) => Ok(text.clone()),
        _ => Err(wrong_type(cx, node, "a string")),
    }
}

/// A text that somebody has filled in.
pub(crate) fn text(cx: &Context<'_>, node: &Node) -> Read<String> {
    let text = raw_text(cx, node)?;
    if text.trim().is_empty() {
        return Err(cx.report(invalid(node, "the value is empty")));
    }
    match placeholder(&text) {
        true => {
            Err(cx.report(invalid(node, format!("`{text}` looks like a placeholder")).help("put the real value here")))
        }
        false => Ok(text),
    }
}

/// Marks that templates leave behind: `${x}`, `{{x}}`, `<x>`, `CHANGEME`.
fn placeholder(text: &str) -> bool {
    let upper = text.to_uppercase();
    let word = upper.split(|c: char| !c.is_alphanumeric()).any(|word| matches!(word, "CHANGEME" | "TODO" | "FIXME"));
    let angle = text.find('<').is_some_and(|open| text[open..].contains('>'));
    word || angle || text.contains("${") || text.contains("{{") || upper.contains("CHANGE-ME")
}

pub(crate) fn boolean(cx: &Context<'_>, node: &Node) -> Read<bool> {
    match node.value {
        Value::Boolean(flag) => Ok(flag),
        _ => Err(wrong_type(cx, node, "a boolean")),
    }
}

/// An integer within a range.
pub(crate) fn integer<T>(range: RangeInclusive<T>) -> impl Fn(&Context<'_>, &Node) -> Read<T>
where
    T: TryFrom<i64> + PartialOrd + Display + Copy,
{
    move |cx, node| {
        let Value::Integer(value) = node.value else { return Err(wrong_type(cx, node, "an integer")) };
        let value = value.and_then(|value| T::try_from(value).ok()).filter(|value| range.contains(value));
        value.ok_or_else(|| {
            let message = format!("out of range: it must be from {} to {}", range.start(), range.end());
            cx.report(invalid(node, message))
        })
    }
}

/// One word out of a few.
pub(crate) fn one_of<T: Copy>(choices: &'static [(&'static str, T)]) -> impl Fn(&Context<'_>, &Node) -> Read<T> {
    move |cx, node| {
        let word = text(cx, node)?;
        match choices.iter().find(|(name, _)| *name == word) {
            Some((_, value)) => Ok(*value),
            None => {
                let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
                Err(cx.report(invalid(node, format!("`{word}` is not a choice here")).meant(&word, &names)))
            }
        }
    }
}

/// An array; every item is read, so every item's error is reported. The same item twice is an error.
pub(crate) fn list<T: PartialEq>(
    item: impl Fn(&Context<'_>, &Node) -> Read<T>,
) -> impl Fn(&Context<'_>, &Node) -> Read<Vec<T>> {
    move |cx, node| {
        let Value::List(items) = &node.value else { return Err(wrong_type(cx, node, "an array")) };
        let mut values: Vec<T> = Vec::new();
        let mut failed = None;
        for entry in items {
            match item(cx, entry) {
                Ok(value) if values.contains(&value) => {
                    failed = Some(cx.report(Problem::new(ErrorKind::Duplicate, entry.span, "listed twice")));
                }
                Ok(value) => values.push(value),
                Err(reported) => failed = Some(reported),
            }
        }
        failed.map_or(Ok(values), Err)
    }
}

/// An array with at least one item.
pub(crate) fn some<T: PartialEq>(
    item: impl Fn(&Context<'_>, &Node) -> Read<T>,
) -> impl Fn(&Context<'_>, &Node) -> Read<Vec<T>> {
    let list = list(item);
    move |cx, node| {
        let values = list(cx, node)?;
        match values.is_empty() {
            true => Err(cx.report(invalid(node, "the list is empty"))),
            false => Ok(values),
        }
    }
}

pub(crate) fn table<'n>(cx: &Context<'_>, node: &'n Node) -> Read<&'n Table> {
    match &node.value {
        Value::Table(table) => Ok(table),
        _ => Err(wrong_type(cx, node, "a table")),
    }
}

/// An inner table, read key by key.
pub(crate) fn inner<T>(
    cx: &Context<'_>,
    node: &Node,
    title: &str,
    read: impl FnOnce(&Reader<'_>) -> Read<T>,
) -> Read<T> {
    let table = table(cx, node)?;
    read(&Reader::new(cx, table, node.span, title))
}

/// One of the stack's regions.
pub(crate) fn region(cx: &Context<'_>, node: &Node) -> Read<Region> {
    cx.region(&text(cx, node)?, node.span)
}

/// The name of a component of one kind: `main`.
pub(crate) fn reference(component: Component) -> impl Fn(&Context<'_>, &Node) -> Read<String> {
    move |cx, node| {
        let name = text(cx, node)?;
        if let Some(bare) = name.strip_prefix(component.key()).and_then(|rest| rest.strip_prefix('.')) {
            let message = format!("`{name}`: this key takes the bare name of a {}", component.key());
            return Err(cx.report(invalid(node, message).help(format!("write \"{bare}\""))));
        }
        declared(cx, component, &name, node.span)
    }
}

/// A component of one kind that the file has.
pub(crate) fn declared(cx: &Context<'_>, component: Component, name: &str, span: Span) -> Read<String> {
    if cx.declares(component, name) {
        return Ok(name.to_owned());
    }
    let names = cx.declared(component);
    let kind = component.key();
    let message = format!("there is no `{kind}.{name}` in this file");
    let problem = Problem::new(ErrorKind::UnknownReference, span, message);
    let others = Component::ALL.into_iter().find(|other| cx.declares(*other, name));
    Err(cx.report(match others {
        Some(other) if names.is_empty() => {
            let message = format!("`{}.{name}` is not a {kind}", other.key());
            Problem::new(ErrorKind::WrongReference, span, message).help(format!("add `[{kind}.{name}]`"))
        }
        _ if names.is_empty() => problem.help(format!("add `[{kind}.{name}]`")),
        _ => problem.meant(name, &names),
    }))
}

/// A reference with its kind, `load_balancer.web`, to a component of one kind.
pub(crate) fn full_reference(component: Component) -> impl Fn(&Context<'_>, &Node) -> Read<String> {
    move |cx, node| {
        let whole = text(cx, node)?;
        let wanted = component.key();
        let Some((kind, name)) = whole.split_once('.') else {
            let message = format!("`{whole}` is not a reference to a component");
            return Err(cx.report(invalid(node, message).help(format!("write \"{wanted}.<name>\""))));
        };
        if kind == wanted {
            return declared(cx, component, name, node.span);
        }
        if let Some(what) = unbuilt::component(kind) {
            return Err(cx.report(unbuilt::problem(node.span, &format!("`{whole}`"), what)));
        }
        let problem = if Component::ALL.iter().any(|other| other.key() == kind) {
            let message = format!("`{whole}` is a {kind}; this key takes a {wanted}");
            Problem::new(ErrorKind::WrongReference, node.span, message)
        } else {
            Problem::new(ErrorKind::WrongReference, node.span, format!("`{kind}` is not a kind of component"))
        };
        let references: Vec<String> = cx.declared(component).iter().map(|name| format!("{wanted}.{name}")).collect();
        Err(cx.report(problem.meant(&whole, &references)))
    }
}
