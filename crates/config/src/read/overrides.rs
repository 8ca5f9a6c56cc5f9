//! `for.<selector>`: one block, different in some regions.

use globe_model::Region;
use indexmap::IndexMap;

use super::context::{Component, Context};
use super::protect::PROTECT;
use super::reader::{Read, Reader};
use super::sink::{Problem, Reported};
use super::tree::{Entry, Node, Table, Value};
use super::values;
use crate::error::{ErrorKind, Span};
use crate::stack::Regional;

/// Which regions an override is for; the later of two variants is the narrower, and the narrower wins.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Selector {
    Primary,
    Secondary,
    Jurisdiction(String),
    Region(Region),
}

impl Selector {
    /// How narrow it is: two selectors of one width never match the same region.
    fn width(&self) -> u8 {
        match self {
            Self::Primary | Self::Secondary => 0,
            Self::Jurisdiction(_) => 1,
            Self::Region(_) => 2,
        }
    }

    fn matches(&self, cx: &Context<'_>, region: &Region) -> bool {
        match self {
            Self::Primary => cx.primary.as_ref() == Some(region),
            Self::Secondary => cx.primary.as_ref().is_some_and(|primary| primary != region),
            Self::Jurisdiction(name) => {
                cx.regions.get(region).is_some_and(|declared| declared.jurisdiction.as_ref() == Some(name))
            }
            Self::Region(name) => name == region,
        }
    }
}

/// Reads a component once for every region, with that region's overrides applied.
///
/// `fixed` are the keys that must be the same in all regions. Tables are merged key by key, so that
/// `instances = { max = 20 }` leaves the other numbers as they are.
pub(crate) fn regional<T>(
    cx: &Context<'_>,
    component: Component,
    name: &str,
    entry: &Entry,
    fixed: &[&str],
    read: impl Fn(&Reader<'_>) -> Read<T>,
) -> Read<Regional<T>> {
    let table = values::table(cx, &entry.node)?;
    let (overrides, mut failed) = match table.get("for") {
        Some(block) => selectors(cx, component, &block.node, fixed),
        None => (Vec::new(), None),
    };
    let mut regional = Regional::default();
    for region in cx.regions.keys() {
        let merged = merged(cx, table, &overrides, region);
        let reader =
            Reader::component(cx, &merged, entry.key, component.key(), name).for_region(region, !overrides.is_empty());
        match read(&reader) {
            Ok(value) => regional.insert(region.clone(), value),
            Err(reported) => failed = Some(reported),
        }
        reader.finish();
    }
    failed.map_or(Ok(regional), Err)
}

/// The block as it is in one region.
fn merged(cx: &Context<'_>, base: &Table, overrides: &[(Selector, &Table)], region: &Region) -> Table {
    let mut table = base.clone();
    table.shift_remove("for");
    let mut matching: Vec<_> = overrides.iter().filter(|(selector, _)| selector.matches(cx, region)).collect();
    matching.sort_by_key(|(selector, _)| selector.width());
    for (_, over) in matching {
        overlay(&mut table, over);
    }
    table
}

fn overlay(base: &mut Table, over: &Table) {
    for (key, entry) in over {
        if let Some(Entry { node: Node { value: Value::Table(inner), span }, .. }) = base.get_mut(key)
            && let Value::Table(changes) = &entry.node.value
        {
            overlay(inner, changes);
            *span = entry.node.span;
        } else {
            base.insert(key.clone(), entry.clone());
        }
    }
}

/// The override blocks of a component that can be read, and whether one cannot.
fn selectors<'t>(
    cx: &Context<'_>,
    component: Component,
    node: &'t Node,
    fixed: &[&str],
) -> (Vec<(Selector, &'t Table)>, Option<Reported>) {
    let mut failed = None;
    let mut found: Vec<(Selector, &Table)> = Vec::new();
    let blocks = values::table(cx, node).map_err(|reported| failed = Some(reported)).ok();
    for (name, entry) in blocks.into_iter().flatten() {
        let over = selector(cx, name, entry.key).and_then(|selector| {
            let block = values::table(cx, &entry.node)?;
            check_keys(cx, component, block, fixed)?;
            Ok((selector, block))
        });
        match over {
            Ok(over) => found.push(over),
            Err(reported) => failed = Some(reported),
        }
    }
    (found, failed)
}

/// An override can only change what may differ between regions. Unknown keys are left to the reader, which knows all.
fn check_keys(cx: &Context<'_>, component: Component, block: &Table, fixed: &[&str]) -> Read<()> {
    let mut result = Ok(());
    for (key, entry) in block {
        if key == "for" {
            let problem = Problem::new(ErrorKind::InvalidValue, entry.key, "`for` cannot stand within `for`");
            result = Err(cx.report(problem.help("write one block per selector; the narrower wins")));
        } else if fixed.contains(&key.as_str()) || key == PROTECT {
            let message = format!("`{key}` of a {} cannot differ between regions", component.key());
            let problem = Problem::new(ErrorKind::InvalidValue, entry.key, message);
            result = Err(cx.report(problem.help("set it once, outside `for`")));
        }
    }
    result
}

fn selector(cx: &Context<'_>, name: &str, span: Span) -> Read<Selector> {
    let selector = match name {
        "primary" => Selector::Primary,
        "secondary" => Selector::Secondary,
        _ if cx.regions.contains_key(&Region::new(name)) => Selector::Region(Region::new(name)),
        _ => Selector::Jurisdiction(name.to_owned()),
    };
    // Without a primary nobody can say who is secondary, and a misspelt region may be the one that is selected;
    // those errors are reported elsewhere.
    let unsure = (cx.primary.is_none() && selector.width() == 0) || !cx.misspelt_regions.is_empty();
    if unsure || cx.regions.keys().any(|region| selector.matches(cx, region)) {
        return Ok(selector);
    }
    let message = format!("`for.{name}` matches no region of this stack");
    let problem = Problem::new(ErrorKind::Selector, span, message).label("matches nothing");
    Err(cx.report(match selector {
        Selector::Secondary => problem.help("this stack has one region, its primary"),
        _ => problem.meant(name, &candidates(cx)),
    }))
}

/// Everything that selects at least one region.
fn candidates(cx: &Context<'_>) -> Vec<String> {
    let mut words: IndexMap<String, ()> = IndexMap::new();
    words.insert("primary".to_owned(), ());
    if cx.regions.len() > 1 {
        words.insert("secondary".to_owned(), ());
    }
    words.extend(cx.regions.values().filter_map(|region| Some((region.jurisdiction.clone()?, ()))));
    words.extend(cx.regions.keys().map(|region| (region.to_string(), ())));
    words.into_keys().collect()
}
