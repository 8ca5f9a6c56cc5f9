//! What was not seen keeps what it uses: nothing goes while it may still be needed by something of which nothing is
//! known.

use std::collections::BTreeMap;

use globe_model::{Address, Notice, Observation, PlanReport};

use crate::Input;
use crate::concern::edges;

/// By what was not seen, and whether it was asked for.
type User = (Address, bool);

/// Who blocks whose delete.
#[derive(Debug, Default)]
pub struct Unseen {
    /// What is used by something unseen, or by something that stays because of it.
    kept: BTreeMap<Address, User>,
    /// The same, however long the way: a replacement moves its users, and they theirs.
    reached: BTreeMap<Address, User>,
}

impl Unseen {
    /// Looks for what could not be read or was not asked for and may exist.
    pub fn of(input: &Input<'_>) -> Self {
        let mut unseen = Self::default();
        let mut direct = Vec::new();
        for (address, seen) in &input.inventory.seen {
            let user = match seen {
                Observation::Unknown(_) => (address.clone(), true),
                Observation::Unasked if input.head.records.contains_key(address) => (address.clone(), false),
                _ => continue,
            };
            direct.push((address.clone(), user));
        }
        // What could not be read says more than what was not looked at.
        direct.sort_by_key(|(_, (_, unread))| !*unread);
        // A wanted user stays, whatever becomes of it; one that goes keeps what it uses only while it cannot go.
        unseen.kept = spread(input, &direct, |address| input.wanted.get(address).is_none());
        unseen.reached = spread(input, &direct, |_| true);
        unseen
    }

    /// Whether nothing unseen keeps `address`; says so otherwise.
    pub fn frees(&self, address: &Address, report: &mut PlanReport) -> bool {
        says(self.kept.get(address), address, report)
    }

    /// The same for what is made anew, and all its users with it.
    pub fn frees_all(&self, address: &Address, report: &mut PlanReport) -> bool {
        says(self.reached.get(address), address, report)
    }
}

fn says(user: Option<&User>, address: &Address, report: &mut PlanReport) -> bool {
    if let Some((by, unread)) = user {
        report.notices.push(Notice::Blocked { address: address.clone(), by: by.clone(), unread: *unread });
    }
    user.is_none()
}

/// From users to what they use, and on from there where `further` says so.
fn spread(input: &Input<'_>, from: &[(Address, User)], further: impl Fn(&Address) -> bool) -> BTreeMap<Address, User> {
    let mut kept: BTreeMap<Address, User> = BTreeMap::new();
    let mut queue: std::collections::VecDeque<(Address, User)> = from.iter().cloned().collect();
    while let Some((address, user)) = queue.pop_front() {
        for used in edges(input, &address) {
            if kept.contains_key(&used) {
                continue;
            }
            kept.insert(used.clone(), user.clone());
            if further(&used) {
                queue.push_back((used, user.clone()));
            }
        }
    }
    kept
}
