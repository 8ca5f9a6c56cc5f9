//! Bringing a state forward: records under the addresses that this globe and the file use now.

use std::collections::{BTreeMap, BTreeSet};

use globe_graph::Graph;
use globe_model::{Address, Head, Merged, Move, Notice, Record, Retired};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The head with every record under its present address, and the moves that lead there, in the order in which a journal
/// takes them. First come kinds that only old states have, then `moved`: pairs of an old and a new address, such as a file's
/// `[moved]` says. A pair whose old address is not recorded says nothing, and one whose new address is taken is left
/// alone; [`unfit`] names those.
///
/// # Guarantees
/// Every AWS id stays recorded. What a journal holds after it has taken the moves is this head, but for its number.
pub fn bring_forward(head: Head, retired: &[Retired], moved: &[(Address, Address)]) -> (Head, Vec<Move>) {
    let mut all = Vec::new();
    let mut head = head;
    for retired in retired {
        let moves = succeed(&head, retired);
        head = follow(head, moves, &mut all);
    }
    let moves = renamed(&head, moved);
    (follow(head, moves, &mut all), all)
}

/// Refusals for pairs of `moved` that lead to where another object is recorded, or to where the file describes nothing: only
/// a person knows what was meant.
pub fn unfit(head: &Head, whole: &Graph, moved: &[(Address, Address)]) -> Vec<Notice> {
    let leaves = |address: &Address| moved.iter().any(|(from, _)| from == address);
    let reason = |(from, to): &(Address, Address)| {
        head.records.get(to)?;
        if whole.get(to).is_none() {
            return Some(format!("`[moved]` leads here from {from}, and the file describes nothing here"));
        }
        let both = head.records.contains_key(from) && whole.get(from).is_none() && !leaves(to);
        both.then(|| format!("`[moved]` leads here from {from}, and an object is recorded at each"))
    };
    let refused = |pair: &(Address, Address)| {
        let reason = format!("{}: take the line out, or mend it", reason(pair)?);
        Some(Notice::Refused { address: pair.1.clone(), reason })
    };
    moved.iter().filter_map(refused).collect()
}

/// A move to be, with the id that its record has had.
struct Step {
    id: String,
    moved: Move,
}

/// What becomes of the records of a kind that is no more. One whose successor is recorded already becomes part of it.
fn succeed(head: &Head, retired: &Retired) -> Vec<Step> {
    let of_kind = |record: &&Record| record.address.kind == retired.kind;
    let current: Vec<Record> = head.records.values().filter(of_kind).cloned().collect();
    let mut steps = Vec::new();
    if current.is_empty() && !head.deposed.iter().any(|record| of_kind(&record)) {
        return steps;
    }
    for Merged { from, record } in (retired.succeed)(current) {
        let record = match head.records.get(&record.address) {
            Some(present) if present.id != record.id => continue,
            Some(present) => present.clone(),
            None => record,
        };
        for from in from {
            let Some(old) = head.records.get(&from) else { continue };
            steps.push(Step { id: old.id.clone(), moved: Move { from, record: record.clone() } });
        }
    }
    for old in head.deposed.iter().filter(of_kind) {
        let successors = (retired.succeed)(vec![old.clone()]).into_iter();
        steps.extend(successors.map(|Merged { record, .. }| Step {
            id: old.id.clone(),
            moved: Move { from: old.address.clone(), record },
        }));
    }
    steps
}

/// The pairs that apply, each after the one that makes room for it.
fn renamed(head: &Head, moved: &[(Address, Address)]) -> Vec<Step> {
    let mut recorded: BTreeSet<&Address> = head.records.keys().collect();
    recorded.extend(head.deposed.iter().map(|record| &record.address));
    let fits = |(from, to): &&(Address, Address)| {
        recorded.contains(from) && from != to && from.kind == to.kind && from.scope == to.scope
    };
    let mut pending: Vec<&(Address, Address)> = moved.iter().filter(fits).collect();
    let mut occupied: BTreeSet<&Address> = head.records.keys().collect();
    let mut steps = Vec::new();
    while let Some(place) = pending.iter().position(|(_, to)| !occupied.contains(to)) {
        let (from, to) = pending.remove(place);
        occupied.remove(from);
        occupied.insert(to);
        let here = head.records.get(from).into_iter();
        let here = here.chain(head.deposed.iter().filter(|record| record.address == *from));
        steps.extend(here.map(|record| Step {
            id: record.id.clone(),
            moved: Move { from: from.clone(), record: Record { address: to.clone(), ..record.clone() } },
        }));
    }
    steps
}

/// New addresses by old ones.
type Names = BTreeMap<String, String>;

/// The head after these moves, which are added to `all`.
fn follow(mut head: Head, steps: Vec<Step>, all: &mut Vec<Move>) -> Head {
    if steps.is_empty() {
        return head;
    }
    let (mut names, mut kept) = (Names::new(), Names::new());
    let mut places = Vec::new();
    for Step { id, mut moved } in steps {
        let (from, to) = (moved.from.to_string(), moved.record.address.to_string());
        if moved.from.kind == moved.record.address.kind {
            kept.insert(from.clone(), to.clone());
        }
        names.insert(from, to);
        // Only as far as the moves have come: those that follow rewrite it in their turn.
        refer(&mut moved.record.spec, &names);
        places.push((id, moved.clone()));
        all.push(moved);
    }
    follow_marks(&mut head, &places);
    let current: Vec<Option<Record>> =
        places.iter().map(|(id, moved)| take(&mut head.records, &moved.from, id)).collect();
    for ((id, moved), current) in places.iter().zip(current) {
        match current {
            Some(_) => drop(head.records.insert(moved.record.address.clone(), moved.record.clone())),
            None => depose(&mut head, id, moved),
        }
    }
    let records = head.records.values_mut().chain(&mut head.deposed);
    records.for_each(|record| refer(&mut record.spec, &names));
    head.deposed.sort_by(|a, b| (&a.address, &a.id).cmp(&(&b.address, &b.id)));
    for departing in &mut head.ledger {
        readdress(&mut departing.address, &names);
    }
    head.ledger.sort_by(|a, b| (&a.address, &a.id).cmp(&(&b.address, &b.id)));
    for intent in &mut head.open {
        readdress(&mut intent.address, &kept);
        refer(&mut intent.spec, &kept);
        refer(&mut intent.request, &kept);
    }
    head
}

/// The current record at an address, if it is this object's.
fn take(records: &mut BTreeMap<Address, Record>, from: &Address, id: &str) -> Option<Record> {
    match records.get(from) {
        Some(record) if record.id == id => records.remove(from),
        _ => None,
    }
}

fn depose(head: &mut Head, id: &str, moved: &Move) {
    if let Some(old) = head.deposed.iter_mut().find(|old| old.address == moved.from && old.id == id) {
        *old = moved.record.clone();
    }
}

/// A delete that AWS has accepted is the object's, whatever its address. Of several that become one, it is on its way out
/// only if all of them are.
fn follow_marks(head: &mut Head, places: &[(String, Move)]) {
    type Place = (Address, String);
    let mut parts: BTreeMap<Place, BTreeSet<Place>> = BTreeMap::new();
    for (id, moved) in places {
        let record = &moved.record;
        let part = parts.entry((record.address.clone(), record.id.clone())).or_default();
        part.insert((moved.from.clone(), id.clone()));
        if head.records.get(&record.address).is_some_and(|present| present.id == record.id) {
            part.insert((record.address.clone(), record.id.clone()));
        }
    }
    let leaves = |part: &BTreeSet<Place>| part.iter().all(|old| head.deleting.contains(old));
    let leaving: Vec<Place> = parts.iter().filter(|(_, part)| leaves(part)).map(|(new, _)| new.clone()).collect();
    let moving: BTreeSet<&Place> = parts.values().flatten().collect();
    head.deleting.retain(|place| !moving.contains(place));
    head.deleting.extend(leaving);
}

fn readdress(address: &mut Address, names: &Names) {
    if let Some(Ok(to)) = names.get(&address.to_string()).map(|to| to.parse()) {
        *address = to;
    }
}

/// Makes a noun refer to the new addresses; one that is no JSON refers to nothing.
fn refer<N: Serialize + DeserializeOwned>(noun: &mut N, names: &Names) {
    let Ok(before) = serde_json::to_value(&*noun) else { return };
    let mut after = before.clone();
    rewrite(&mut after, names);
    if after != before
        && let Ok(after) = serde_json::from_value(after)
    {
        *noun = after;
    }
}

/// An address in a spec is one whole text.
fn rewrite(value: &mut Value, names: &Names) {
    match value {
        Value::String(text) => {
            if let Some(to) = names.get(text.as_str()) {
                text.clone_from(to);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rewrite(item, names)),
        Value::Object(members) => members.values_mut().for_each(|member| rewrite(member, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use globe_graph::GraphBuilder;
    use globe_model::{Intent, IntentAction, KindTable, Timestamp, Token};
    use serde_json::json;

    use super::*;

    fn noun<T: DeserializeOwned>(value: Value) -> T {
        serde_json::from_value(value).expect("any JSON is a noun")
    }

    fn at(text: &str) -> Address {
        text.parse().expect("an address")
    }

    fn record(address: &str, id: &str, on: &[&str]) -> Record {
        let at = Timestamp(0);
        Record {
            address: self::at(address),
            id: id.into(),
            spec: noun(json!({ "on": on })),
            desired: noun(json!({})),
            outputs: noun(json!({})),
            at,
        }
    }

    fn head(records: &[Record]) -> Head {
        let records = records.iter().map(|record| (record.address.clone(), record.clone())).collect();
        Head { records, seq: 7, ..Head::default() }
    }

    fn pair(from: &str, to: &str) -> (Address, Address) {
        (at(from), at(to))
    }

    #[test]
    fn a_record_moves_with_its_id_and_its_users_follow() {
        let before = head(&[record("r/a/b/old", "id-1", &[]), record("r/a/b/user", "id-2", &["r/a/b/old"])]);
        let (after, moves) = bring_forward(before.clone(), &[], &[pair("r/a/b/old", "r/a/b/new")]);
        assert_eq!(moves, [Move { from: at("r/a/b/old"), record: record("r/a/b/new", "id-1", &[]) }]);
        assert_eq!(after.records[&at("r/a/b/user")].spec.json().expect("JSON")["on"], json!(["r/a/b/new"]));
        assert_eq!((after.records.len(), after.seq), (2, 7));
        assert_eq!(bring_forward(after.clone(), &[], &[pair("r/a/b/old", "r/a/b/new")]), (after, Vec::new()));
        // Another kind, another scope, nothing recorded, a circle: nothing moves.
        let circle = [pair("r/a/b/old", "r/a/b/user"), pair("r/a/b/user", "r/a/b/old")];
        for pairs in [
            &[pair("r/a/b/old", "r/a/c/new")][..],
            &[pair("r/a/b/old", "s/a/b/new")],
            &[pair("r/a/b/x", "r/a/b/y")],
            &circle,
        ] {
            assert_eq!(bring_forward(before.clone(), &[], pairs), (before.clone(), Vec::new()), "{pairs:?}");
        }
    }

    #[test]
    fn several_records_of_a_retired_kind_become_one() {
        let merge = |records: Vec<Record>| {
            let mut merged: Vec<Merged> = Vec::new();
            for old in records.into_iter().filter(|record| record.id != "unreadable") {
                match merged.first_mut() {
                    Some(merged) => merged.from.push(old.address),
                    None => merged.push((vec![old.address], record("g/a/set/www", "z/www", &[])).into()),
                }
            }
            merged
        };
        let retired = [Retired { kind: "a/record", succeed: merge }];
        let mut before = head(&[
            record("g/a/record/www-1", "1", &["g/a/zone/z"]),
            record("g/a/record/www-2", "2", &[]),
            record("g/a/record/x", "unreadable", &[]),
        ]);
        before.deleting.insert((at("g/a/record/www-1"), "1".into()));
        before.open.push(Intent {
            token: Token::from_text("t"),
            run: "run".into(),
            address: at("g/a/record/www-1"),
            action: IntentAction::Update,
            id: Some("1".into()),
            spec: noun(json!({})),
            request: noun(json!({})),
        });
        let (after, moves) = bring_forward(before.clone(), &retired, &[pair("g/a/set/www", "g/a/set/site")]);
        let froms: Vec<&str> = moves.iter().map(|moved| moved.from.name.as_str()).collect();
        assert_eq!(froms, ["www-1", "www-2", "www"], "first what is no more, then what has moved");
        let names: Vec<String> = after.records.keys().map(ToString::to_string).collect();
        assert_eq!(names, ["g/a/record/x", "g/a/set/site"], "what cannot be read stays");
        assert!(after.deleting.is_empty(), "one of two is no delete of the whole");
        assert_eq!(after.open, before.open, "settled under its own address first");
        // Concluded later: it joins the set that is recorded by then.
        let late = head(&[record("g/a/record/www-3", "3", &[]), record("g/a/set/www", "z/www", &["kept"])]);
        let (after, moves) = bring_forward(late, &retired, &[]);
        assert_eq!(
            (moves.len(), &after.records[&at("g/a/set/www")].spec.json().expect("JSON")["on"]),
            (1, &json!(["kept"]))
        );
    }

    #[test]
    fn where_a_move_cannot_go_is_refused_by_name() {
        let whole = |names: &[&str]| {
            let mut builder = GraphBuilder::default();
            let spec = json!({ "on": [], "fixed": "", "soft": "" });
            names.iter().for_each(|name| builder.add_boxed(at(name), noun(spec.clone())));
            builder.build(&KindTable::new([crate::tests::node()])).expect("a DAG")
        };
        let both = head(&[record("r/test/node/old", "1", &[]), record("r/test/node/new", "2", &[])]);
        let pairs = [pair("r/test/node/old", "r/test/node/new")];
        let reasons = |head: &Head, names: &[&str]| -> Vec<String> {
            let reason = |notice: Notice| match notice {
                Notice::Refused { reason, .. } => reason,
                other => panic!("{other:?}"),
            };
            unfit(head, &whole(names), &pairs).into_iter().map(reason).collect()
        };
        assert!(reasons(&both, &["r/test/node/new"])[0].contains("an object is recorded at each"));
        let (moved, _) = bring_forward(head(&[record("r/test/node/old", "1", &[])]), &[], &pairs);
        assert_eq!(reasons(&moved, &["r/test/node/new"]), Vec::<String>::new());
        assert!(reasons(&moved, &[])[0].contains("the file describes nothing here"));
    }
}
