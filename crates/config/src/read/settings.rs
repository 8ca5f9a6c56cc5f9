//! Reads the settings of the top level: stack, account, primary, tags.

use globe_model::{Region, Tags};

use super::context::{Component, Context};
use super::reader::{Read, Reader};
use super::sink::Problem;
use super::tree::{Entry, Node, Value};
use super::{unbuilt, values};
use crate::error::{ErrorKind, Span};
use crate::{Moved, names};

/// The scalar keys of the top level.
pub(crate) struct Top {
    pub(crate) name: Read<String>,
    pub(crate) account: Read<String>,
    pub(crate) primary: Read<Region>,
    pub(crate) tags: Read<Tags>,
    pub(crate) moved: Read<Vec<Moved>>,
}

/// Reads the settings, and tells the context what they are.
pub(crate) fn read_top(cx: &mut Context<'_>) -> Top {
    let top = {
        let reader = Reader::new(cx, cx.root, Span::default(), "");
        let name = reader.required("stack", stack_name);
        let account = reader.required("account", account);
        let primary = reader.required("primary", primary);
        let tags = reader.or("tags", Tags::default(), tags);
        let moved = reader.or("moved", Vec::new(), super::moved);
        reader.report_missing(&check_top_keys(cx));
        Top { name, account, primary, tags, moved }
    };
    cx.stack = top.name.clone().ok();
    cx.account = top.account.clone().ok();
    cx.primary = top.primary.clone().ok();
    top
}

/// Refuses top-level keys that are neither settings nor components of this version, and returns what was meant by them.
fn check_top_keys(cx: &Context<'_>) -> Vec<String> {
    let mut meant = Vec::new();
    let components = Component::ALL.map(Component::key);
    let known: Vec<&str> =
        ["stack", "account", "primary", "tags", "regions", "moved"].into_iter().chain(components).collect();
    for (key, entry) in cx.root {
        if known.contains(&key.as_str()) {
            continue;
        }
        match unbuilt::component(key) {
            Some(what) => refuse_unbuilt(cx, key, entry, what),
            None => {
                let (kind, noun) = match entry.node.value {
                    Value::Table(_) => (ErrorKind::UnknownComponent, "component"),
                    _ => (ErrorKind::UnknownKey, "key"),
                };
                let problem = Problem::new(kind, entry.key, format!("unknown {noun} `{key}`")).meant(key, &known);
                meant.extend(problem.best().map(str::to_owned));
                cx.report(problem);
            }
        }
    }
    meant
}

/// One error per named component, so that each has its line.
fn refuse_unbuilt(cx: &Context<'_>, key: &str, entry: &Entry, what: &str) {
    match &entry.node.value {
        Value::Table(table) if !unbuilt::is_unnamed(key) && !table.is_empty() => {
            for (name, component) in table {
                cx.report(unbuilt::problem(component.key, &format!("`{key}.{name}`"), what));
            }
        }
        _ => {
            cx.report(unbuilt::problem(entry.key, &format!("`{key}`"), what));
        }
    }
}

fn stack_name(cx: &Context<'_>, node: &Node) -> Read<String> {
    let name = values::text(cx, node)?;
    let rest = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !(name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(rest) && name.len() <= 24) {
        let help = "a lower-case letter, then up to 23 lower-case letters, digits and hyphens";
        return Err(cx.report(values::invalid(node, format!("`{name}` cannot be a stack's name")).help(help)));
    }
    let reserved = names::RESERVED_PREFIXES.iter().find(|(prefix, _)| format!("{name}-").starts_with(prefix));
    match reserved {
        Some((prefix, what)) => {
            let message = format!("AWS refuses names of {what} that start with `{prefix}`");
            Err(cx.report(values::invalid(node, message).help("the stack's name starts every name: choose another")))
        }
        None => Ok(name),
    }
}

fn account(cx: &Context<'_>, node: &Node) -> Read<String> {
    let account = values::text(cx, node)?;
    if account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(account);
    }
    let message = format!("`{account}` is not an AWS account: it must have 12 digits");
    Err(cx.report(values::invalid(node, message).help("`aws sts get-caller-identity` shows yours")))
}

fn primary(cx: &Context<'_>, node: &Node) -> Read<Region> {
    let name = values::text(cx, node)?;
    let region = Region::new(name.as_str());
    // Without regions that error is the one to mend first.
    if cx.regions.is_empty() || cx.regions.contains_key(&region) {
        return Ok(region);
    }
    if cx.is_misspelt_region(&name) {
        return Err(cx.sink.promised());
    }
    let message = format!("`primary` is `{name}`, which is not one of the regions");
    Err(cx.report(Problem::new(ErrorKind::Primary, node.span, message).meant(&name, &cx.region_names())))
}

/// AWS takes 50 tags per resource; globe sets three and `Name`.
const TAGS_MAX: usize = 46;

fn tags(cx: &Context<'_>, node: &Node) -> Read<Tags> {
    let table = values::table(cx, node)?;
    if table.len() > TAGS_MAX {
        return Err(cx.report(values::invalid(node, format!("more than {TAGS_MAX} tags"))));
    }
    let mut tags = Ok(Tags::default());
    for (key, entry) in table {
        match tag(cx, key, entry) {
            Ok(value) => tags = tags.map(|tags: Tags| tags.with(key.as_str(), value)),
            Err(reported) => tags = Err(reported),
        }
    }
    tags
}

fn tag(cx: &Context<'_>, key: &str, entry: &Entry) -> Read<String> {
    let value = values::text(cx, &entry.node)?;
    let allowed = |text: &str| text.chars().all(|c| c.is_alphanumeric() || " +-=._:/@".contains(c));
    let lower = key.to_lowercase();
    let wrong = if lower.starts_with("aws:") || lower.starts_with("globe:") {
        Some("tag keys that start with `aws:` or `globe:` are reserved")
    } else if key.is_empty() || key.chars().count() > 128 {
        Some("a tag key has 1 to 128 characters")
    } else if value.chars().count() > 256 {
        Some("a tag value has at most 256 characters")
    } else if !allowed(key) || !allowed(&value) {
        Some("tags hold letters, digits, spaces and + - = . _ : / @ only")
    } else {
        None
    };
    match wrong {
        Some(message) => Err(cx.report(Problem::new(ErrorKind::InvalidValue, entry.key, message))),
        None => Ok(value),
    }
}
