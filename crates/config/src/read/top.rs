//! Reads a whole file: the top level first, since everything else needs its regions, then every component.

use globe_model::Region;
use indexmap::IndexMap;

use super::context::{Component, Context};
use super::protect::read_protection;
use super::reader::{Read, Reader};
use super::regions::read_regions;
use super::settings::{Top, read_top};
use super::sink::{Problem, Sink};
use super::tree::{self, Entry, Table, Value};
use super::values;
use crate::check;
use crate::component::{Bucket, Certificate, LoadBalancer, Network, Record, Service, Table as DynamoTable, Zone};
use crate::error::{ConfigErrors, ErrorKind, Span};
use crate::stack::{RegionConfig, Regional, Stack};

/// Turns a text into a stack, or says everything that is wrong with it.
pub(crate) fn stack(file: &str, text: &str) -> Result<Stack, ConfigErrors> {
    let (root, syntax) = tree::parse(text);
    let empty = Table::new();
    let table = if let Value::Table(table) = &root.value { table } else { &empty };
    let (stack, account, primary, regions, misspelt_regions) = (None, None, None, IndexMap::new(), Vec::new());
    let mut cx =
        Context { sink: Sink::new(file, text), root: table, stack, account, primary, regions, misspelt_regions };
    for error in syntax {
        let span = error.span.unwrap_or(0..0).into();
        let mut message = error.message;
        message.insert_str(0, "not TOML: ");
        cx.report(Problem::new(ErrorKind::Syntax, span, message));
    }
    let stack = everything(&mut cx);
    match (cx.sink.finish(), stack) {
        (None, Ok(stack)) => Ok(stack),
        (Some(errors), _) => Err(errors),
        // `Reported` only comes from the sink, and a syntax error never leaves it, so this cannot be reached; an
        // empty list would still be an error to the caller.
        (None, Err(_)) => Err(ConfigErrors::new(Vec::new())),
    }
}

fn everything(cx: &mut Context<'_>) -> Read<Stack> {
    let regions = read_regions(cx);
    let top = read_top(cx);
    read_components(cx, top, regions)
}

fn read_components(cx: &Context<'_>, top: Top, regions: Read<IndexMap<Region, RegionConfig>>) -> Read<Stack> {
    let networks = regional_all(cx, Component::Network, Network::FIXED, Network::read);
    let load_balancers = regional_all(cx, Component::LoadBalancer, LoadBalancer::FIXED, LoadBalancer::read);
    let services = regional_all(cx, Component::Service, Service::FIXED, Service::read);
    let buckets = regional_all(cx, Component::Bucket, Bucket::FIXED, Bucket::read);
    let tables = global_all(cx, Component::Table, DynamoTable::read);
    let zones = global_all(cx, Component::Zone, Zone::read);
    let certificates = global_all(cx, Component::Certificate, Certificate::read);
    let records = global_all(cx, Component::Record, Record::read);
    let protect = read_protection(cx);
    check::zones(cx, &zones);
    check::certificates(cx, &zones, &certificates);
    check::records(cx, &zones, &records);
    check::load_balancers(cx, &networks, &load_balancers);
    check::services(cx, &services);
    Ok(Stack {
        name: top.name?,
        account: top.account?,
        primary: top.primary?,
        tags: top.tags?,
        regions: regions?,
        networks: complete(networks)?,
        load_balancers: complete(load_balancers)?,
        services: complete(services)?,
        buckets: complete(buckets)?,
        tables: complete(tables)?,
        zones: complete(zones)?,
        certificates: complete(certificates)?,
        records: complete(records)?,
        moved: top.moved?,
        protect: protect?,
    })
}

/// Components by name; those that could not be read are there as such, so that the others can still be checked.
pub(crate) type Parts<T> = IndexMap<String, Read<T>>;

fn complete<T>(parts: Parts<T>) -> Read<IndexMap<String, T>> {
    parts.into_iter().map(|(name, part)| Ok((name, part?))).collect()
}

fn regional_all<T>(
    cx: &Context<'_>,
    component: Component,
    fixed: &[&str],
    read: impl Fn(&Reader<'_>) -> Read<T>,
) -> Parts<Regional<T>> {
    blocks(cx, component, |name, entry| super::regional(cx, component, name, entry, fixed, &read))
}

fn global_all<T>(cx: &Context<'_>, component: Component, read: impl Fn(&Reader<'_>) -> Read<T>) -> Parts<T> {
    blocks(cx, component, |name, entry| {
        let table = values::table(cx, &entry.node)?;
        let reader = Reader::component(cx, table, entry.key, component.key(), name);
        let varies = reader.node("for").map(|node| {
            let message = format!("a {} is the same in all regions", component.key());
            cx.report(values::invalid(node, message).help("remove `for`"))
        });
        let value = read(&reader);
        reader.finish();
        varies.map_or(value, Err)
    })
}

/// Every block of one component kind, with its name checked.
fn blocks<T>(cx: &Context<'_>, component: Component, read: impl Fn(&str, &Entry) -> Read<T>) -> Parts<T> {
    let Some(entry) = cx.root.get(component.key()) else { return Parts::new() };
    let help = || format!("components have names: write `[{}.<name>]`", component.key());
    let Ok(table) = values::table_or(cx, &entry.node, help) else { return Parts::new() };
    let mut parts = Parts::new();
    for (name, entry) in table {
        if !matches!(entry.node.value, Value::Table(_)) {
            let key = component.key();
            let message = format!("`{key}` has no name: components are written `[{key}.<name>]`");
            let problem = Problem::new(ErrorKind::InvalidValue, entry.key, message);
            parts.insert(name.clone(), Err(cx.report(problem.help(format!("write `[{key}.main]` above it")))));
            continue;
        }
        let checked = component_name(cx, component, name, entry.key);
        let part = read(name, entry);
        parts.insert(name.clone(), checked.and(part));
    }
    parts
}

fn component_name(cx: &Context<'_>, component: Component, name: &str, span: Span) -> Read<()> {
    let right = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.ends_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if right {
        cx.check_names(component, name, span);
        return Ok(());
    }
    let message = format!("`{name}` cannot be a component's name");
    let help = "a lower-case letter, then lower-case letters, digits and hyphens, not ending with a hyphen";
    Err(cx.report(Problem::new(ErrorKind::InvalidValue, span, message).help(help)))
}
