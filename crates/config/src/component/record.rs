//! `[record.<name>]`: a DNS name and who answers for it.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;

use super::record_values::{Literal, RecordType};
use super::route::Route;
use crate::domain::{labels_fault, path};
use crate::error::ErrorKind;
use crate::read::{Component, Context, Node, Problem, Read, Reader, full_reference, invalid, reference, text};

/// A DNS name and who answers for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Record {
    /// The zone it is in, by name.
    pub zone: String,
    /// The name within the zone, such as `www`; `None` is the zone's own domain.
    pub label: Option<String>,
    /// Who answers.
    pub target: Target,
}

/// Who answers for a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// A load balancer in one or more regions: alias records of type A.
    LoadBalancer {
        /// The component's name.
        name: String,
        /// Which regions answer whom.
        route: Route,
        /// The path that Route 53 asks each region's load balancer for.
        health_check: Option<String>,
    },
    /// Fixed values.
    Literal(Literal),
}

/// `[record.<name>]` as a file writes it.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename = "Record")]
#[expect(dead_code, reason = "describes the file's keys for the JSON schema; a test compares them with the reader's")]
struct RecordKeys {
    /// The zone it is in, by name.
    zone: String,
    /// The name within the zone, such as `www`; `@` is the zone's own domain. Without it the component's name.
    name: Option<String>,
    /// The load balancer that answers: `load_balancer.<name>`. Either this or `values`.
    #[schemars(extend("pattern" = "^load_balancer\\.[a-z][a-z0-9-]*$"))]
    target: Option<String>,
    /// Which region answers; may be left out with one region, or with `values`.
    route: Option<Route>,
    /// The path that Route 53 asks each region's load balancer for; an unhealthy region stops answering.
    #[schemars(extend("pattern" = "^/"))]
    health_check: Option<String>,
    /// Fixed values of a simple record. Either these or `target`.
    #[schemars(length(min = 1))]
    values: Option<Vec<String>>,
    /// Type of the values.
    r#type: Option<RecordType>,
    /// For how many seconds resolvers keep the values; 300 if not set.
    ttl: Option<u32>,
}

impl JsonSchema for Record {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        RecordKeys::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        RecordKeys::json_schema(generator)
    }
}

/// Longest path of a Route 53 health check (`ResourcePath`).
const HEALTH_CHECK_MAX: usize = 255;

impl Record {
    pub(crate) fn read(reader: &Reader<'_>) -> Read<Self> {
        let zone = reader.required("zone", reference(Component::Zone));
        let label = match reader.node("name") {
            Some(node) => label(reader.cx, node),
            None => Ok(Some(reader.name.to_owned())),
        };
        let target = Self::read_target(reader);
        Ok(Self { zone: zone?, label: label?, target: target? })
    }

    fn read_target(reader: &Reader<'_>) -> Read<Target> {
        let (target, values) = (reader.node("target"), reader.node("values"));
        match (target, values) {
            (Some(_), None) => Self::read_load_balancer(reader),
            (None, Some(_)) => Self::read_literal(reader),
            (Some(_), Some(values)) => {
                Self::ask_all(reader);
                let message = "a record has either a `target` or `values`";
                Err(reader.cx.report(Problem::new(ErrorKind::Routing, values.span, message)))
            }
            (None, None) => {
                Self::ask_all(reader);
                Err(reader.missing("target"))
            }
        }
    }

    /// Makes every key of a record known, so that none is called unknown where the record's sort is unclear.
    fn ask_all(reader: &Reader<'_>) {
        for key in ["target", "route", "health_check", "values", "type", "ttl"] {
            reader.node(key);
        }
    }

    fn read_load_balancer(reader: &Reader<'_>) -> Read<Target> {
        let name = reader.required("target", full_reference(Component::LoadBalancer));
        let route = reader.optional("route", Route::read);
        let health_check = reader.optional("health_check", path(HEALTH_CHECK_MAX));
        let stray = only_with(reader, &["type", "ttl"], "`values`: a load balancer is an alias of type A");
        let route = match route? {
            Some(route) => route,
            None if reader.cx.regions.len() <= 1 => Route::Simple,
            None => return Err(route_missing(reader)),
        };
        stray?;
        Ok(Target::LoadBalancer { name: name?, route, health_check: health_check? })
    }

    fn read_literal(reader: &Reader<'_>) -> Read<Target> {
        let literal = Literal::read(reader);
        let route = reader.optional("route", Route::read);
        let stray = only_with(reader, &["health_check"], "`target`: it asks a load balancer");
        if let Some(route) = route?.filter(|route| *route != Route::Simple) {
            let message = format!("fixed values are the same everywhere: the route cannot be `{}`", route.policy());
            let problem = Problem::new(ErrorKind::Routing, reader.span_of("route"), message);
            return Err(reader.cx.report(problem.help("write route = \"simple\", or leave it out")));
        }
        stray?;
        Ok(Target::Literal(literal?))
    }

    /// The type of its record sets.
    pub fn record_type(&self) -> RecordType {
        match &self.target {
            Target::LoadBalancer { .. } => RecordType::A,
            Target::Literal(literal) => literal.record_type,
        }
    }

    /// The whole domain name, without the last dot, in a zone for `domain`.
    pub fn full_name(&self, domain: &str) -> String {
        match &self.label {
            Some(label) => format!("{label}.{domain}"),
            None => domain.to_owned(),
        }
    }

    /// The routing policy's name in the file.
    pub fn policy(&self) -> &'static str {
        match &self.target {
            Target::LoadBalancer { route, .. } => route.policy(),
            Target::Literal(_) => "simple",
        }
    }
}

fn route_missing(reader: &Reader<'_>) -> crate::read::Reported {
    let message = format!("missing key `route` in `{}`: which of the regions answers?", reader.title);
    let help = "one of \"simple\" (the primary), \"latency\", { geolocation = {..} }, { failover = [..] }, \
                { weighted = {..} }";
    reader.cx.report(Problem::new(ErrorKind::MissingKey, reader.span, message).help(help))
}

/// Refuses keys that belong to the other sort of record.
fn only_with(reader: &Reader<'_>, keys: &[&'static str], whose: &str) -> Read<()> {
    let mut result = Ok(());
    for key in keys {
        if let Some(node) = reader.node(key) {
            let message = format!("`{key}` only goes with {whose}");
            result = Err(reader.cx.report(Problem::new(ErrorKind::Routing, node.span, message)));
        }
    }
    result
}

/// A record's name within its zone.
fn label(cx: &Context<'_>, node: &Node) -> Read<Option<String>> {
    let label = text(cx, node)?;
    if label == "@" {
        return Ok(None);
    }
    // `*` alone is a whole label, the first.
    let checked = label.strip_prefix("*.").unwrap_or(if label == "*" { "x" } else { &label });
    match labels_fault(checked, true) {
        None => Ok(Some(label)),
        Some(fault) => {
            let message = format!("`{label}` is not a name within a zone: {fault}");
            Err(cx.report(invalid(node, message).help("write \"www\", \"*\", or \"@\" for the zone's own domain")))
        }
    }
}
