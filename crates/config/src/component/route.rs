//! Which region answers a DNS query.

use std::collections::BTreeMap;

use globe_model::Region;
use schemars::JsonSchema;
use serde::Serialize;

use super::location::{self, Location};
use crate::Stack;
use crate::error::ErrorKind;
use crate::read::{Context, Node, Problem, Read, Reader, Value, inner, integer, region, table, wrong_type};
use crate::schema::RegionName;

/// Which region answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Route {
    /// The primary region answers everybody.
    Simple,
    /// The region with the lowest latency answers.
    Latency,
    /// The region set for where the query comes from answers. Keys are `*` (everywhere else), continents (`AF AN AS
    /// EU NA OC SA`), ISO country codes (`country:SA` where a continent has the same code) and US states (`US-CA`).
    Geolocation(
        #[schemars(with = "BTreeMap<String, RegionName>", extend("minProperties" = 1))] BTreeMap<Location, Region>,
    ),
    /// The first region answers while it is healthy, else the second.
    Failover(#[schemars(with = "[RegionName; 2]")] Failover),
    /// Regions answer in proportion to their weights, 0 to 255.
    Weighted(
        #[schemars(with = "BTreeMap<String, u8>", extend("minProperties" = 1, "propertyNames" = { "$ref": "#/definitions/Region" }))]
         BTreeMap<Region, u8>,
    ),
}

/// The two ends of a failover. Both are set in a file; one may be gone where only some regions are active.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failover {
    /// Answers while it is healthy.
    pub primary: Option<Region>,
    /// Answers otherwise.
    pub standby: Option<Region>,
}

impl Route {
    /// The policy's name in the file.
    pub fn policy(&self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::Latency => "latency",
            Self::Geolocation(_) => "geolocation",
            Self::Failover(_) => "failover",
            Self::Weighted(_) => "weighted",
        }
    }

    /// The regions that may answer in a stack, each once, in the stack's order.
    pub fn regions_in<'a>(&'a self, stack: &'a Stack) -> Vec<&'a Region> {
        stack.regions.keys().filter(|region| self.uses(region, stack)).collect()
    }

    fn uses(&self, region: &Region, stack: &Stack) -> bool {
        match self {
            Self::Simple => region == stack.home(),
            Self::Latency => true,
            Self::Geolocation(places) => places.values().any(|place| place == region),
            Self::Failover(ends) => [&ends.primary, &ends.standby].into_iter().flatten().any(|end| end == region),
            Self::Weighted(weights) => weights.contains_key(region),
        }
    }

    pub(crate) fn read(cx: &Context<'_>, node: &Node) -> Read<Self> {
        match &node.value {
            Value::Text(word) => match word.as_str() {
                "simple" => Ok(Self::Simple),
                "latency" => Ok(Self::Latency),
                other => Err(cx.report(unknown_policy(node, other))),
            },
            Value::Table(_) => inner(cx, node, "route", Self::read_table),
            _ => Err(wrong_type(cx, node, "a string or a table")),
        }
    }

    fn read_table(reader: &Reader<'_>) -> Read<Self> {
        let geolocation = reader.optional("geolocation", geolocation);
        let failover = reader.optional("failover", failover);
        let weighted = reader.optional("weighted", weighted);
        reader.finish();
        let routes: Vec<Self> = [geolocation?, failover?, weighted?].into_iter().flatten().collect();
        let message = "a record has one routing policy";
        <[Self; 1]>::try_from(routes).map(|[route]| route).map_err(|routes| {
            let problem = Problem::new(ErrorKind::Routing, reader.span, message);
            reader.cx.report(match routes.is_empty() {
                true => problem.help("name it: geolocation, failover or weighted"),
                false => problem.help("keep one; a record under another name can hold the other"),
            })
        })
    }
}

fn unknown_policy(node: &Node, word: &str) -> Problem {
    let problem = Problem::new(ErrorKind::InvalidValue, node.span, format!("`{word}` is not a routing policy"));
    match word {
        "geolocation" | "failover" | "weighted" => {
            let message = format!("`{word}` must say which regions");
            let example = match word {
                "geolocation" => "{ geolocation = { \"*\" = \"us-east-1\" } }",
                "failover" => "{ failover = [\"us-east-1\", \"us-west-2\"] }",
                _ => "{ weighted = { us-east-1 = 90, us-west-2 = 10 } }",
            };
            Problem::new(ErrorKind::InvalidValue, node.span, message).help(format!("write route = {example}"))
        }
        _ => problem.meant(word, &["simple", "latency", "geolocation", "failover", "weighted"]),
    }
}

fn geolocation(cx: &Context<'_>, node: &Node) -> Read<Route> {
    let mut places = Ok(BTreeMap::new());
    for (key, entry) in table(cx, node)? {
        let location = key.parse::<Location>().map_err(|error| {
            let problem = Problem::new(ErrorKind::Routing, entry.key, error.to_string());
            let known = location::known();
            let help = "use \"*\", a continent (AF AN AS EU NA OC SA), a country (\"DE\") or a US state (\"US-CA\")";
            cx.report(if key == "UK" { problem.help("write GB") } else { problem.help(help).meant(key, &known) })
        });
        match (location, region(cx, &entry.node)) {
            (Ok(location), Ok(region)) => {
                if let Ok(places) = &mut places {
                    places.insert(location, region);
                }
            }
            (Err(reported), _) | (_, Err(reported)) => places = Err(reported),
        }
    }
    let places = not_empty(cx, node, places?)?;
    if !places.contains_key(&Location::Default) {
        let problem =
            Problem::new(ErrorKind::Routing, node.span, "the geolocation has no default: all others get no answer");
        let primary = cx.primary.as_ref().map_or("us-east-1", Region::as_str);
        return Err(cx.report(problem.help(format!("add \"*\" = \"{primary}\""))));
    }
    Ok(Route::Geolocation(places))
}

fn not_empty<K, V>(cx: &Context<'_>, node: &Node, map: BTreeMap<K, V>) -> Read<BTreeMap<K, V>> {
    match map.is_empty() {
        true => Err(cx.report(Problem::new(ErrorKind::Routing, node.span, "the route names no region"))),
        false => Ok(map),
    }
}

fn failover(cx: &Context<'_>, node: &Node) -> Read<Route> {
    let Value::List(items) = &node.value else { return Err(wrong_type(cx, node, "an array of two regions")) };
    let [first, second] = items.as_slice() else {
        let message = format!("failover takes two regions, a primary and a standby, not {}", items.len());
        return Err(cx.report(Problem::new(ErrorKind::Routing, node.span, message)));
    };
    let (primary, standby) = (region(cx, first), region(cx, second));
    let (primary, standby) = (primary?, standby?);
    if primary == standby {
        let message = format!("{primary} cannot stand by for itself");
        let problem = Problem::new(ErrorKind::Routing, second.span, message).related(first.span, "the primary");
        return Err(cx.report(problem.help("name another region")));
    }
    Ok(Route::Failover(Failover { primary: Some(primary), standby: Some(standby) }))
}

fn weighted(cx: &Context<'_>, node: &Node) -> Read<Route> {
    let mut weights = Ok(BTreeMap::new());
    for (key, entry) in table(cx, node)? {
        match (cx.region(key, entry.key), integer(0..=u8::MAX)(cx, &entry.node)) {
            (Ok(region), Ok(weight)) => {
                if let Ok(weights) = &mut weights {
                    weights.insert(region, weight);
                }
            }
            (Err(reported), _) | (_, Err(reported)) => weights = Err(reported),
        }
    }
    let weights = not_empty(cx, node, weights?)?;
    if weights.values().all(|weight| *weight == 0) {
        let message = "all weights are 0: Route 53 would then answer with every region alike";
        let problem = Problem::new(ErrorKind::Routing, node.span, message);
        return Err(cx.report(problem.help("give at least one region a weight from 1 to 255")));
    }
    Ok(Route::Weighted(weights))
}
