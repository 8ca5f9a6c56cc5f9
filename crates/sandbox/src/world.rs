//! Everything that exists in the sandbox: objects with tags, references, tokens, and states that change at their time.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Seconds of sandbox time since the Unix epoch.
pub type Seconds = f64;

/// Where an object is kept: (account, region, kind, id). Global services use the region `aws-global`.
pub type Key = (String, String, String, String);

/// A change that becomes visible at its time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Later {
    /// These members of the body take these values.
    Set {
        /// When.
        at: Seconds,
        /// Members and values.
        members: Map<String, Value>,
    },
    /// The object vanishes, with its references.
    Remove {
        /// When.
        at: Seconds,
    },
}

impl Later {
    /// When it becomes visible.
    pub fn at(&self) -> Seconds {
        match self {
            Self::Set { at, .. } | Self::Remove { at } => *at,
        }
    }
}

/// What was to become of an object that does not become ready.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stalled {
    /// The changes that do not come.
    pub later: Vec<Later>,
    /// The body at that time.
    pub body: Map<String, Value>,
}

/// One AWS object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Object {
    /// Account that owns it.
    pub account: String,
    /// Region, or `aws-global`.
    pub region: String,
    /// `ec2/vpc`; a name of the sandbox's own.
    pub kind: String,
    /// Identity within (account, region, kind).
    pub id: String,
    /// What the service shows, in wire spelling, without tags.
    pub body: Map<String, Value>,
    /// What the service knows and does not show.
    pub hidden: Map<String, Value>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// Ids of objects that this one needs: they cannot be deleted before it.
    pub needs: BTreeSet<String>,
    /// Changes to come, in any order.
    pub later: Vec<Later>,
    /// Changes that do not come until the faults end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stalled: Option<Stalled>,
    /// When it was made.
    pub created: Seconds,
    /// From when on reads see it: reads lag behind writes.
    pub visible: Seconds,
}

impl Object {
    /// An object made at `now`, with nothing in it yet.
    pub fn born(account: &str, region: &str, kind: &str, id: &str, now: Seconds) -> Self {
        Self {
            account: account.to_owned(),
            region: region.to_owned(),
            kind: kind.to_owned(),
            id: id.to_owned(),
            body: Map::new(),
            hidden: Map::new(),
            tags: BTreeMap::new(),
            needs: BTreeSet::new(),
            later: Vec::new(),
            stalled: None,
            created: now,
            visible: now,
        }
    }

    /// A member of the body as text; empty if it is absent or no text.
    pub fn text(&self, member: &str) -> &str {
        self.body.get(member).and_then(Value::as_str).unwrap_or_default()
    }

    /// Sets a member of the body.
    pub fn set(&mut self, member: &str, value: impl Into<Value>) {
        self.body.insert(member.to_owned(), value.into());
    }

    /// Schedules a member's next value.
    pub fn set_later(&mut self, at: Seconds, member: &str, value: impl Into<Value>) {
        self.later.push(Later::Set { at, members: Map::from_iter([(member.to_owned(), value.into())]) });
    }

    /// Schedules a member's next value in the place of whatever was scheduled for it.
    pub fn reset_later(&mut self, at: Seconds, member: &str, value: impl Into<Value>) {
        self.later.retain(|later| !matches!(later, Later::Set { members, .. } if members.contains_key(member)));
        self.set_later(at, member, value);
    }

    /// Schedules the end.
    pub fn remove_later(&mut self, at: Seconds) {
        self.later.push(Later::Remove { at });
    }

    /// Its key.
    pub fn key(&self) -> Key {
        (self.account.clone(), self.region.clone(), self.kind.clone(), self.id.clone())
    }
}

/// What a client token was used for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TokenUse {
    /// The request that came with it, without the token.
    pub request: Value,
    /// Id of what it made.
    pub id: String,
}

/// All objects of all accounts and regions.
#[derive(Debug, Default)]
pub struct World {
    shelves: BTreeMap<(String, String, String), BTreeMap<String, Object>>,
    users: BTreeMap<String, BTreeSet<Key>>,
    tokens: BTreeMap<String, TokenUse>,
    due: BTreeSet<(u64, Key)>,
    counter: u64,
    changed: BTreeSet<Key>,
    changed_tokens: BTreeSet<String>,
}

/// One line of the sandbox's ledger file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// An object as it now is.
    Put(Box<Object>),
    /// An object that is gone.
    Drop(Key),
    /// A client token.
    Token(String, TokenUse),
    /// The id counter and the time.
    Mark(u64, Seconds),
}

impl World {
    /// The next number for making ids.
    pub fn next_number(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    /// Adds or replaces an object.
    pub fn put(&mut self, object: Object) {
        let key = object.key();
        self.unlink(&key);
        for needed in &object.needs {
            self.users.entry(needed.clone()).or_default().insert(key.clone());
        }
        for later in &object.later {
            self.due.insert((later.at().max(0.0).to_bits(), key.clone()));
        }
        self.changed.insert(key.clone());
        let shelf = self.shelves.entry((key.0, key.1, key.2)).or_default();
        shelf.insert(object.id.clone(), object);
    }

    /// Looks at an object.
    pub fn get(&self, account: &str, region: &str, kind: &str, id: &str) -> Option<&Object> {
        self.shelves.get(&(account.to_owned(), region.to_owned(), kind.to_owned()))?.get(id)
    }

    /// Changes an object through `change`, keeping indexes and the ledger right. `None` if it is not there.
    pub fn change<T>(&mut self, key: &Key, change: impl FnOnce(&mut Object) -> T) -> Option<T> {
        let mut object = self.get(&key.0, &key.1, &key.2, &key.3)?.clone();
        let answer = change(&mut object);
        self.put(object);
        Some(answer)
    }

    /// Removes an object at once.
    pub fn remove(&mut self, key: &Key) -> Option<Object> {
        self.unlink(key);
        let removed = self.shelves.get_mut(&(key.0.clone(), key.1.clone(), key.2.clone()))?.remove(&key.3);
        self.changed.insert(key.clone());
        removed
    }

    /// All objects of a kind, by id.
    pub fn list<'a>(&'a self, account: &str, region: &str, kind: &str) -> impl Iterator<Item = &'a Object> + use<'a> {
        let shelf = self.shelves.get(&(account.to_owned(), region.to_owned(), kind.to_owned()));
        shelf.into_iter().flat_map(BTreeMap::values)
    }

    /// All objects of a kind in all regions of an account.
    pub fn everywhere<'a>(&'a self, account: &'a str, kind: &'a str) -> impl Iterator<Item = &'a Object> {
        let shelves = self.shelves.iter().filter(move |(shelf, _)| shelf.0 == account && shelf.2 == kind);
        shelves.flat_map(|(_, objects)| objects.values())
    }

    /// Every object there is.
    pub fn all(&self) -> impl Iterator<Item = &Object> {
        self.shelves.values().flat_map(BTreeMap::values)
    }

    /// Objects that need the object called `id`.
    pub fn users_of<'a>(&'a self, id: &str) -> impl Iterator<Item = &'a Object> + use<'a> {
        let keys = self.users.get(id).into_iter().flatten();
        keys.filter_map(|key| self.get(&key.0, &key.1, &key.2, &key.3))
    }

    /// What a token was used for.
    pub fn token(&self, token: &str) -> Option<&TokenUse> {
        self.tokens.get(token)
    }

    /// Remembers a token.
    pub fn remember_token(&mut self, token: String, used: TokenUse) {
        self.changed_tokens.insert(token.clone());
        self.tokens.insert(token, used);
    }

    /// Applies every change that is due at `now`, in order of time.
    pub fn advance(&mut self, now: Seconds) {
        let limit = now.max(0.0).to_bits();
        while let Some((at, key)) = self.due.first().cloned().filter(|(at, _)| *at <= limit) {
            self.due.remove(&(at, key.clone()));
            self.apply(f64::from_bits(at), &key);
        }
    }

    fn apply(&mut self, now: Seconds, key: &Key) {
        let Some(mut object) = self.get(&key.0, &key.1, &key.2, &key.3).cloned() else { return };
        let (ripe, rest): (Vec<_>, Vec<_>) = object.later.drain(..).partition(|later| later.at() <= now);
        object.later = rest;
        for later in ripe {
            match later {
                Later::Set { members, .. } => object.body.extend(members),
                Later::Remove { .. } => {
                    self.remove(key);
                    return;
                }
            }
        }
        self.put(object);
    }

    fn unlink(&mut self, key: &Key) {
        let Some(old) = self.get(&key.0, &key.1, &key.2, &key.3) else { return };
        let (needs, later) = (old.needs.clone(), old.later.clone());
        for needed in needs {
            if let Some(users) = self.users.get_mut(&needed) {
                users.remove(key);
            }
        }
        for later in later {
            self.due.remove(&(later.at().max(0.0).to_bits(), key.clone()));
        }
    }

    /// The keys of what changed since [`World::take_changes`].
    pub fn touched(&self) -> impl Iterator<Item = &Key> {
        self.changed.iter()
    }

    /// What changed since the last call, as lines for the ledger.
    pub fn take_changes(&mut self, now: Seconds) -> Vec<Line> {
        if self.changed.is_empty() && self.changed_tokens.is_empty() {
            return Vec::new();
        }
        let mut lines = vec![Line::Mark(self.counter, now)];
        for key in std::mem::take(&mut self.changed) {
            lines.push(match self.get(&key.0, &key.1, &key.2, &key.3) {
                Some(object) => Line::Put(Box::new(object.clone())),
                None => Line::Drop(key),
            });
        }
        for token in std::mem::take(&mut self.changed_tokens) {
            if let Some(used) = self.tokens.get(&token) {
                lines.push(Line::Token(token, used.clone()));
            }
        }
        lines
    }

    /// The whole world as lines, for a compact ledger.
    pub fn to_lines(&self, now: Seconds) -> Vec<Line> {
        let mut lines = vec![Line::Mark(self.counter, now)];
        lines.extend(self.all().map(|object| Line::Put(Box::new(object.clone()))));
        lines.extend(self.tokens.iter().map(|(token, used)| Line::Token(token.clone(), used.clone())));
        lines
    }

    /// Replays a line; returns the time it marks.
    pub fn replay(&mut self, line: Line) -> Option<Seconds> {
        match line {
            Line::Put(object) => self.put(*object),
            Line::Drop(key) => {
                self.remove(&key);
            }
            Line::Token(token, used) => {
                self.tokens.insert(token, used);
            }
            Line::Mark(counter, now) => {
                self.counter = self.counter.max(counter);
                return Some(now);
            }
        }
        None
    }

    /// Forgets what `take_changes` would report; used after replaying.
    pub fn settle(&mut self) {
        self.changed.clear();
        self.changed_tokens.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(id: &str, needs: &[&str]) -> Object {
        let mut object = Object::born("1", "r", "k", id, 0.0);
        object.needs = needs.iter().map(ToString::to_string).collect();
        object
    }

    #[test]
    fn states_change_at_their_time_and_in_order() {
        let mut world = World::default();
        let mut gateway = object("nat", &["eip"]);
        gateway.set("state", "pending");
        gateway.set_later(10.0, "state", "available");
        gateway.set_later(20.0, "state", "deleting");
        gateway.remove_later(30.0);
        world.put(gateway);
        let state = |world: &World| world.get("1", "r", "k", "nat").map(|object| object.text("state").to_owned());
        for (now, expected) in
            [(9.9, Some("pending")), (10.0, Some("available")), (25.0, Some("deleting")), (30.0, None)]
        {
            world.advance(now);
            assert_eq!(state(&world).as_deref(), expected, "at {now}");
        }
        assert_eq!(world.users_of("eip").count(), 0, "a removed object needs nothing");
    }

    #[test]
    fn the_ledger_rebuilds_the_world() {
        let mut world = World::default();
        world.put(object("a", &[]));
        world.put(object("b", &["a"]));
        world.remember_token("t".into(), TokenUse { request: Value::Null, id: "b".into() });
        let mut lines = world.take_changes(1.0);
        world.remove(&object("a", &[]).key());
        lines.extend(world.take_changes(2.0));

        let mut again = World::default();
        let last = lines.into_iter().filter_map(|line| again.replay(line)).last();
        assert_eq!(last, Some(2.0));
        assert_eq!(again.all().map(|object| object.id.as_str()).collect::<Vec<_>>(), ["b"]);
        assert_eq!(again.users_of("a").count(), 1);
        assert!(again.token("t").is_some());
    }
}
