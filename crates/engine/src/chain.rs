//! How long a plan takes when nothing but AWS limits it, and which chain of steps says so.

use std::collections::BTreeMap;
use std::time::Duration;

use globe_graph::{Graph, Remaining, Weight, remaining};
use globe_model::{Action, Address, Command, ErasedKind, KindTable, Need, Pace, Plan, Spec, Step, Work};

/// From a call to the identity that its answer holds, and for a change in place.
const CALL: Duration = Duration::from_secs(1);

/// How long a step takes: as this stack's history tells, else as the kind's documentation does.
fn typical(kinds: &KindTable, pace: &Pace, command: Command, step: &Step) -> Weight {
    let Some(kind) = kinds.get(&step.address.kind) else { return Weight::default() };
    let ready = match step.action {
        Action::Create => creating(kind, pace),
        Action::Delete => deleting(kind, pace, command),
        Action::Forget => Duration::ZERO,
        Action::Update | Action::Adopt => CALL,
    };
    Weight::new(CALL, ready)
}

fn creating(kind: &dyn ErasedKind, pace: &Pace) -> Duration {
    pace.get(kind.name(), Work::Create).unwrap_or(kind.durations().create)
}

/// What lingers is waited for in `down` alone, so that its history does not tell how long any other delete takes.
fn deleting(kind: &dyn ErasedKind, pace: &Pace, command: Command) -> Duration {
    let (documented, lingers) = (kind.durations().delete, kind.lingers());
    match (lingers.is_zero(), command) {
        (true, _) => pace.get(kind.name(), Work::Delete).unwrap_or(documented),
        (false, Command::Down) => documented + lingers,
        (false, Command::Up | Command::Gc | Command::Move) => documented,
    }
}

/// Measures a plan; indices are places in [`Plan::steps`].
pub fn chain(plan: &Plan, kinds: &KindTable, pace: &Pace) -> Remaining {
    let weights: Vec<Weight> = plan.steps.iter().map(|step| typical(kinds, pace, plan.command, step)).collect();
    let links = |step: &Step| step.after.iter().map(|link| (link.step, link.need)).collect();
    let mut after: Vec<Vec<(usize, Need)>> = plan.steps.iter().map(links).collect();
    let making = |step: &&Step| step.action == Action::Create;
    let specs = plan.steps.iter().map(|step| (&step.address, Some(step).filter(making).and_then(|s| s.spec.as_ref())));
    queue(kinds, specs, &mut after);
    remaining(&weights, &after)
}

/// Measures how long a graph takes to make from nothing; indices are places in [`Graph::resources`].
pub fn chain_of_graph(graph: &Graph, kinds: &KindTable, pace: &Pace) -> Remaining {
    let places: BTreeMap<&Address, usize> =
        graph.resources().enumerate().map(|(place, resource)| (&resource.address, place)).collect();
    let weight = |address: &Address| {
        let ready = kinds.get(&address.kind).map_or(Duration::ZERO, |kind| creating(kind, pace));
        Weight::new(CALL, ready)
    };
    let weights: Vec<Weight> = graph.resources().map(|resource| weight(&resource.address)).collect();
    let link = |(address, need): &(Address, Need)| Some((*places.get(address)?, *need));
    let mut after: Vec<Vec<(usize, Need)>> =
        graph.resources().map(|resource| resource.upstream.iter().filter_map(link).collect()).collect();
    queue(kinds, graph.resources().map(|resource| (&resource.address, Some(&resource.spec))), &mut after);
    remaining(&weights, &after)
}

/// Adds the waits that AWS imposes on what it makes one at a time, in the order of the steps: whichever comes first,
/// the last of them is as late.
fn queue<'a>(
    kinds: &KindTable,
    specs: impl Iterator<Item = (&'a Address, Option<&'a Spec>)>,
    after: &mut [Vec<(usize, Need)>],
) {
    let mut last: BTreeMap<Address, usize> = BTreeMap::new();
    for (index, (address, spec)) in specs.enumerate() {
        let kind = kinds.get(&address.kind);
        let shared = kind.zip(spec).and_then(|(kind, spec)| kind.one_at_a_time(spec).ok().flatten());
        if let Some(shared) = shared
            && let Some(before) = last.insert(shared, index)
        {
            after[index].push((before, Need::Ready));
        }
    }
}

#[cfg(test)]
mod tests {
    use globe_graph::GraphBuilder;
    use globe_model::{Durations, Edge, Kind, Pending, Readiness, Recovery, Ref, Upstream, Verdict, erased};
    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Spec {
        on: Vec<Ref<Node>>,
        shares: Option<Ref<Node>>,
    }

    struct Node;

    impl Kind for Node {
        const NAME: &'static str = "test/node";
        const RECOVERY: Recovery = Recovery::Name;
        const DURATIONS: Durations = Durations::secs(30, 10);
        type Spec = Spec;
        type Desired = ();
        type Live = ();
        type Patch = ();
        type Outputs = ();
        fn one_at_a_time(spec: &Spec) -> Option<Address> {
            spec.shares.as_ref().map(|shared| shared.address().clone())
        }
        fn refs(spec: &Spec, visit: &mut dyn FnMut(Edge)) {
            spec.on.iter().for_each(|reference| visit(Edge::ready(reference)));
        }
        fn lower(_: &Spec, _: &Upstream<'_>) -> Result<(), Pending> {
            Ok(())
        }
        fn diff((): &(), (): &()) -> Verdict<()> {
            Verdict::Same
        }
        fn ready((): &()) -> Readiness {
            Readiness::Ready
        }
        fn outputs((): &()) -> Option<()> {
            Some(())
        }
        fn unknown(_: &Address) {}
    }

    fn seconds(pace: &Pace, specs: &[(&str, &[&str], Option<&str>)]) -> u64 {
        let kinds = KindTable::new([erased::<Node>()]);
        let mut builder = GraphBuilder::default();
        for (name, on, shares) in specs {
            let to = |name: &&str| Ref::to("global", *name);
            builder.add::<Node>(
                "global",
                *name,
                &Spec { on: on.iter().map(to).collect(), shares: shares.as_ref().map(to) },
            );
        }
        let graph = builder.build(&kinds).expect("a DAG");
        chain_of_graph(&graph, &kinds, pace).total().as_secs()
    }

    #[test]
    fn what_aws_makes_one_at_a_time_queues() {
        let apart =
            [("table", &[][..], None), ("a", &["table"], None), ("b", &["table"], None), ("c", &["table"], None)];
        assert_eq!(seconds(&Pace::default(), &apart), 60);
        let queued = apart.map(|(name, on, _)| (name, on, (name != "table").then_some("table")));
        assert_eq!(seconds(&Pace::default(), &queued), 120);
    }

    #[test]
    fn the_stack_s_own_history_is_believed() {
        let pace = Pace::of_samples([("test/node".to_owned(), Work::Create, Duration::from_secs(7))]);
        assert_eq!(seconds(&pace, &[("a", &[], None), ("b", &["a"], None)]), 14);
    }
}
