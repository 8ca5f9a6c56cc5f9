//! How long a plan takes to make, and how that grows.
//!
//! The stack is synthetic but of a real one's shape: some thirty resources to a network, each with tags and with one to
//! three upstreams in its own network, all of a kind whose values are JSON objects of the usual size.
//!
//! Prints a line of JSON per benchmark: its name, and the median time in nanoseconds. Where the kernel tells it (Linux),
//! that is time on a CPU, so that whatever else the machine does counts for little.

use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;
use std::io::{Write, stdout};
use std::time::{Duration, Instant};

use globe_graph::{Graph, GraphBuilder};
use globe_model::{
    Address, Command, Durations, Edge, Head, Inventory, Kind, KindTable, Live, Observation, Pending, Readiness, Record,
    Recovery, Ref, Timestamp, Upstream, Verdict, changes, erased, unknown,
};
use globe_planner::{Input, Selection, lint, plan};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Resources of a plan.
const SIZES: [usize; 3] = [1_000, 10_000, 100_000];
/// Regions of the stack.
const REGIONS: usize = 8;
/// Resources that hang together.
const NETWORK: usize = 30;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Spec {
    upstream: Vec<Ref<Node>>,
    name: String,
    range: String,
    tags: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct State {
    upstream: Vec<String>,
    name: String,
    range: String,
    tags: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Outputs {
    id: String,
    arn: String,
}

struct Node;

impl Kind for Node {
    const NAME: &'static str = "bench/node";
    const RECOVERY: Recovery = Recovery::Nonce;
    const DURATIONS: Durations = Durations::secs(1, 1);
    type Spec = Spec;
    type Desired = State;
    type Live = State;
    type Patch = ();
    type Outputs = Outputs;

    fn refs(spec: &Spec, visit: &mut dyn FnMut(Edge)) {
        spec.upstream.iter().for_each(|reference| visit(Edge::ready(reference)));
    }

    fn lower(spec: &Spec, upstream: &Upstream<'_>) -> Result<State, Pending> {
        let ids = spec.upstream.iter().map(|reference| Ok(upstream.of(reference)?.id));
        let Spec { name, range, tags, .. } = spec.clone();
        Ok(State { upstream: ids.collect::<Result<_, _>>()?, name, range, tags })
    }

    fn diff(desired: &State, live: &State) -> Verdict<()> {
        let found =
            changes().field("upstream", &live.upstream, &desired.upstream).field("name", &live.name, &desired.name);
        let found = found.field("range", &live.range, &desired.range).field("tags", &live.tags, &desired.tags);
        Verdict::patch_if(found, ())
    }

    fn ready(_: &State) -> Readiness {
        Readiness::Ready
    }

    fn outputs(live: &State) -> Option<Outputs> {
        Some(Outputs { id: id(&live.name), arn: format!("arn:aws:bench:::{}", live.name) })
    }

    fn unknown(address: &Address) -> Outputs {
        Outputs { id: unknown(address, "id"), arn: unknown(address, "arn") }
    }
}

fn id(name: &str) -> String {
    format!("node-{name}")
}

/// A stack, what is recorded of it, and what is live.
struct World {
    kinds: KindTable,
    graph: Graph,
    head: Head,
    inventory: Inventory,
}

impl World {
    fn new(size: usize) -> Result<Self, serde_json::Error> {
        let kinds = KindTable::new([erased::<Node>()]);
        let mut builder = GraphBuilder::default();
        let (mut head, mut inventory) = (Head::default(), Inventory::default());
        for index in 0..size {
            let spec = spec(index);
            let address = builder.add::<Node>(region(index), spec.name.as_str(), &spec).address().clone();
            let state = state(&spec);
            let record = Record {
                address: address.clone(),
                id: id(&spec.name),
                spec: text(&spec)?,
                desired: text(&state)?,
                outputs: Node::outputs(&state).as_ref().map(text).transpose()?,
                at: Timestamp::default(),
            };
            let live = Observation::Live { id: record.id.clone(), live: Live::of(state), discovered: false };
            inventory.seen.insert(address.clone(), live);
            head.records.insert(address, record);
        }
        let graph = builder.build(&kinds).unwrap_or_default();
        assert_eq!(graph.len(), size, "the stack is a DAG");
        Ok(Self { kinds, graph, head, inventory })
    }

    /// Makes the plan against what exists, or against nothing, and returns how many steps it has.
    fn steps(&self, head: &Head, inventory: &Inventory, command: Command) -> usize {
        let nothing = Graph::default();
        let input = Input {
            stack: "bench",
            account: "123456789012",
            command,
            kinds: &self.kinds,
            wanted: if command == Command::Up { &self.graph } else { &nothing },
            whole: &self.graph,
            head,
            moves: &[],
            inventory,
            selection: &Selection::default(),
            leaves_down: BTreeSet::new(),
            leaves_up: BTreeSet::new(),
        };
        let (plan, _) = plan(&input);
        assert!(lint(&plan).is_empty(), "the plan is sound");
        plan.steps.len()
    }
}

fn region(index: usize) -> &'static str {
    const NAMES: [&str; REGIONS] = [
        "us-east-1",
        "us-west-2",
        "eu-central-1",
        "ap-southeast-1",
        "eu-west-1",
        "us-east-2",
        "ap-northeast-1",
        "ca-central-1",
    ];
    NAMES[index / NETWORK % REGIONS]
}

/// The first of a network stands alone; the others are on it, on the one before, and on one half-way back.
fn spec(index: usize) -> Spec {
    let first = index - index % NETWORK;
    let upstream: BTreeSet<usize> = match index - first {
        0 => BTreeSet::new(),
        place => BTreeSet::from([first, index - 1, first + place / 2]),
    };
    let to = |other: &usize| Ref::to(region(*other), format!("n{other}"));
    let tags =
        [("Name", format!("bench-n{index}")), ("cost-center", "platform".into()), ("owner", "sre@example.com".into())];
    Spec {
        upstream: upstream.iter().filter(|other| **other < index).map(to).collect(),
        name: format!("n{index}"),
        range: format!("10.{}.{}.0/24", index / 256 % 256, index % 256),
        tags: tags.map(|(key, value)| (key.to_owned(), value)).into(),
    }
}

fn state(spec: &Spec) -> State {
    let upstream = spec.upstream.iter().map(|reference| id(&reference.address().name)).collect();
    State { upstream, name: spec.name.clone(), range: spec.range.clone(), tags: spec.tags.clone() }
}

/// A noun as the journal gives it: text that nobody has looked into yet.
fn text<T: Serialize, B: DeserializeOwned>(noun: &T) -> Result<B, serde_json::Error> {
    serde_json::from_value(serde_json::to_value(noun)?)
}

/// How often each plan is made; the middle one counts.
const TIMES: usize = 9;

/// How long this thread has been on a CPU.
fn busy() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(Duration::from_nanos(text.split_whitespace().next()?.parse().ok()?))
}

fn measure(name: &str, size: usize, mut act: impl FnMut()) {
    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..TIMES {
        let (began, busy) = (Instant::now(), busy());
        act();
        times.push(busy.zip(self::busy()).map_or_else(|| began.elapsed(), |(before, after)| after - before));
    }
    times.sort_unstable();
    let line = json!({"benchmark": format!("plan of {size}, {name}"), "median_ns": times[TIMES / 2].as_nanos()});
    // A reader that has gone away wants no more.
    let _closed = writeln!(stdout(), "{line}");
}

fn main() -> Result<(), serde_json::Error> {
    for size in SIZES {
        let world = World::new(size)?;
        let (head, inventory) = (Head::default(), Inventory::default());
        measure("nothing to do", size, || {
            assert_eq!(world.steps(black_box(&world.head), &world.inventory, Command::Up), 0);
        });
        measure("everything to make", size, || {
            assert_eq!(world.steps(black_box(&head), &inventory, Command::Up), size);
        });
        measure("everything to remove", size, || {
            assert_eq!(world.steps(black_box(&world.head), &world.inventory, Command::Down), size);
        });
    }
    Ok(())
}
