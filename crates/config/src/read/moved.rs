//! Reads `[moved]`: old names and new ones.

use globe_model::Address;

use super::context::{Component, Context};
use super::reader::Read;
use super::sink::{Problem, Reported};
use super::tree::{Entry, Node, Table, Value};
use super::values;
use crate::Moved;
use crate::error::{ErrorKind, Span};

/// Either side of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Side {
    Component(Component, String),
    Resource(Address),
}

/// A line and where its sides are written.
struct Line {
    from: (Side, Span),
    to: (Side, Span),
}

/// All lines, checked one by one and against each other.
pub(crate) fn moved(cx: &Context<'_>, node: &Node) -> Read<Vec<Moved>> {
    let table = values::table(cx, node)?;
    let lines: Read<Vec<Line>> = table.iter().map(|(key, entry)| line(cx, key, entry)).collect();
    let lines = lines?;
    check(cx, &lines)?;
    lines.into_iter().map(|line| typed(cx, line)).collect()
}

fn line(cx: &Context<'_>, key: &str, entry: &Entry) -> Read<Line> {
    if let Value::Table(inner) = &entry.node.value {
        return Err(cx.report(unquoted(key, entry, inner)));
    }
    let from = (side(cx, key, entry.key)?, entry.key);
    let to = (side(cx, &values::text(cx, &entry.node)?, entry.node.span)?, entry.node.span);
    Ok(Line { from, to })
}

/// `table.orders = ...` without quotes is a table within a table.
fn unquoted(key: &str, entry: &Entry, inner: &Table) -> Problem {
    let name = inner.keys().next().map_or("<name>", String::as_str);
    let message = "a name in `[moved]` is written in quotes";
    Problem::new(ErrorKind::WrongType, entry.key, message).help(format!("write \"{key}.{name}\" = \"...\""))
}

fn side(cx: &Context<'_>, text: &str, span: Span) -> Read<Side> {
    if text.contains('/') {
        return text.parse().map(Side::Resource).map_err(|error: globe_model::AddressError| {
            cx.report(Problem::new(ErrorKind::InvalidValue, span, error.to_string()))
        });
    }
    let keys = Component::ALL.map(Component::key);
    match text.split_once('.') {
        Some((key, name)) if !name.is_empty() => {
            let component = Component::ALL.into_iter().find(|component| component.key() == key);
            component.map(|component| Side::Component(component, name.to_owned())).ok_or_else(|| {
                let problem = Problem::new(ErrorKind::UnknownComponent, span, format!("unknown component `{key}`"));
                cx.report(problem.meant(key, &keys))
            })
        }
        _ => {
            let message = format!("`{text}` names nothing that could move");
            let help = "write a component, `table.orders`, or an address, `eu-central-1/ec2/vpc/main`";
            Err(cx.report(Problem::new(ErrorKind::InvalidValue, span, message).help(help)))
        }
    }
}

/// Each line must lead to one place that is there, and no two to the same.
fn check(cx: &Context<'_>, lines: &[Line]) -> Read<()> {
    let mut checked = Ok(());
    for (index, line) in lines.iter().enumerate() {
        let problem = unlike(line)
            .or_else(|| doubled(&lines[..index], line))
            .or_else(|| circle(lines, line))
            .or_else(|| unknown(cx, lines, line))
            .or_else(|| still_there(cx, lines, line));
        if let Some(problem) = problem {
            checked = Err(cx.report(problem));
        }
    }
    checked
}

fn unlike(line: &Line) -> Option<Problem> {
    let (from, to) = (&line.from.0, &line.to.0);
    let why = match (from, to) {
        (Side::Component(old, _), Side::Component(new, _)) if old != new => {
            format!("a {} cannot become a {}", old.key(), new.key())
        }
        (Side::Resource(old), Side::Resource(new)) if old.kind != new.kind => {
            format!("a {} cannot become a {}", old.kind, new.kind)
        }
        (Side::Resource(old), Side::Resource(new)) if old.scope != new.scope => {
            format!("nothing moves from {} to {}: AWS would have to make it anew", old.scope, new.scope)
        }
        (Side::Component(..), Side::Resource(_)) | (Side::Resource(_), Side::Component(..)) => {
            "a component moves to a component, an address to an address".to_owned()
        }
        _ if from == to => "the old name and the new one are the same".to_owned(),
        _ => return None,
    };
    Some(Problem::new(ErrorKind::InvalidValue, line.to.1, why))
}

fn doubled(before: &[Line], line: &Line) -> Option<Problem> {
    let first = before.iter().find(|other| other.to.0 == line.to.0)?;
    let problem = Problem::new(ErrorKind::Duplicate, line.to.1, "two things cannot move to one place");
    Some(problem.related(first.to.1, "the first").help("keep one of the two lines"))
}

fn next<'l>(lines: &'l [Line], side: &Side) -> Option<&'l Line> {
    lines.iter().find(|line| line.from.0 == *side)
}

fn circle(lines: &[Line], line: &Line) -> Option<Problem> {
    let mut at = line;
    for _ in lines {
        at = next(lines, &at.to.0)?;
        if at.from.0 == line.from.0 {
            let problem = Problem::new(ErrorKind::InvalidValue, line.from.1, "these moves lead in a circle");
            return Some(problem.help("to exchange two names, move one of them to a third in a run of its own"));
        }
    }
    None
}

/// A new name that the file does not have, unless another line leads on from it.
fn unknown(cx: &Context<'_>, lines: &[Line], line: &Line) -> Option<Problem> {
    let Side::Component(component, name) = &line.to.0 else { return None };
    if cx.declares(*component, name) || next(lines, &line.to.0).is_some() {
        return None;
    }
    let message = format!("`{}.{name}` is not in the file", component.key());
    let problem = Problem::new(ErrorKind::UnknownReference, line.to.1, message).meant(name, &cx.declared(*component));
    Some(problem)
}

/// An old name that the file still has, and that nothing else moves to.
fn still_there(cx: &Context<'_>, lines: &[Line], line: &Line) -> Option<Problem> {
    let Side::Component(component, name) = &line.from.0 else { return None };
    if !cx.declares(*component, name) || lines.iter().any(|other| other.to.0 == line.from.0) {
        return None;
    }
    let message = format!("`{}.{name}` is to have moved, and is still in the file", component.key());
    let problem = Problem::new(ErrorKind::Duplicate, line.from.1, message);
    Some(problem.related(cx.key_of(*component, name), "here").help("remove one of the two"))
}

fn typed(cx: &Context<'_>, line: Line) -> Result<Moved, Reported> {
    match (line.from.0, line.to.0) {
        (Side::Component(component, from), Side::Component(_, to)) => Ok(Moved::Component { component, from, to }),
        (Side::Resource(from), Side::Resource(to)) => Ok(Moved::Resource { from, to }),
        // Reported before.
        _ => Err(cx.sink.promised()),
    }
}
