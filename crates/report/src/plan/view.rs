//! A plan as a reader thinks of it: entries per region, where a replacement is one entry.

use std::collections::{BTreeMap, HashMap};

use globe_model::{Action, Address, Desired, FieldChange, Plan, ReplaceOrder, Scope, Step};
use serde::Serialize;

use crate::style::Tone;

/// What an entry does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Sign {
    Create,
    Update,
    Replace,
    Delete,
    Adopt,
    Forget,
}

impl Sign {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Create => "+",
            Self::Update => "~",
            Self::Replace => "-/+",
            Self::Delete => "-",
            Self::Adopt => "=",
            Self::Forget => ".",
        }
    }

    pub(crate) fn verb(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "change",
            Self::Replace => "replace",
            Self::Delete => "delete",
            Self::Adopt => "adopt",
            Self::Forget => "forget",
        }
    }

    pub(crate) fn tone(self) -> Tone {
        match self {
            Self::Create => Tone::Create,
            Self::Update => Tone::Update,
            Self::Replace => Tone::Replace,
            Self::Delete => Tone::Delete,
            Self::Adopt => Tone::Adopt,
            Self::Forget => Tone::Dim,
        }
    }
}

impl From<Action> for Sign {
    fn from(action: Action) -> Self {
        match action {
            Action::Create => Self::Create,
            Action::Update => Self::Update,
            Action::Adopt => Self::Adopt,
            Action::Delete => Self::Delete,
            Action::Forget => Self::Forget,
        }
    }
}

/// One line of the plan.
#[derive(Clone, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) sign: Sign,
    pub(crate) address: &'a Address,
    pub(crate) id: Option<&'a str>,
    pub(crate) desired: Option<&'a Desired>,
    pub(crate) changes: &'a [FieldChange],
    pub(crate) reason: Option<&'a str>,
    /// Of a replacement: what comes first, where the plan says so.
    pub(crate) order: Option<ReplaceOrder>,
}

/// Entries by scope, `global` first, each in the order of the plan.
pub(crate) fn by_scope(plan: &Plan) -> BTreeMap<&Scope, Vec<Entry<'_>>> {
    let halves = replacements(plan);
    let mut scopes: BTreeMap<&Scope, Vec<Entry>> = BTreeMap::new();
    for (index, step) in plan.steps.iter().enumerate() {
        let entry = match halves.get(&step.address) {
            Some((create, delete)) if index == *create => replacement(plan, *create, *delete),
            Some((_, delete)) if index == *delete => continue,
            _ => single(step),
        };
        scopes.entry(&step.address.scope).or_default().push(entry);
    }
    scopes
}

/// Addresses of which the plan holds both halves; a lone half (the other was done by an earlier run) is what it is. A
/// delete with a reason of its own removes what an earlier replacement left behind, so it comes second.
fn replacements(plan: &Plan) -> HashMap<&Address, (usize, usize)> {
    let halves = |action: Action| {
        let half = move |(_, step): &(usize, &Step)| step.replacement && step.action == action;
        plan.steps.iter().enumerate().filter(half).map(|(index, step)| (&step.address, index))
    };
    let mut deletes: HashMap<&Address, usize> = HashMap::new();
    for (address, index) in halves(Action::Delete) {
        let known = deletes.entry(address).or_insert(index);
        if plan.steps[*known].reason.is_some() {
            *known = index;
        }
    }
    halves(Action::Create).filter_map(|(address, create)| Some((address, (create, *deletes.get(address)?)))).collect()
}

fn replacement(plan: &Plan, create: usize, delete: usize) -> Entry<'_> {
    let (new, old) = (&plan.steps[create], &plan.steps[delete]);
    let waits = |step: &Step, other: usize| step.after.iter().any(|link| link.step == other);
    let order = match (waits(new, delete), waits(old, create)) {
        (true, _) => Some(ReplaceOrder::DeleteFirst),
        (_, true) => Some(ReplaceOrder::CreateFirst),
        _ => None,
    };
    Entry {
        sign: Sign::Replace,
        address: &new.address,
        id: old.id.as_deref(),
        desired: new.desired.as_ref(),
        changes: if new.changes.is_empty() { &old.changes } else { &new.changes },
        reason: new.reason.as_deref().or(old.reason.as_deref()),
        order,
    }
}

fn single(step: &Step) -> Entry<'_> {
    Entry {
        sign: step.action.into(),
        address: &step.address,
        id: step.id.as_deref(),
        desired: step.desired.as_ref(),
        changes: &step.changes,
        reason: step.reason.as_deref(),
        order: None,
    }
}

/// How many entries there are of each sign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Counts {
    pub(crate) create: usize,
    pub(crate) update: usize,
    pub(crate) replace: usize,
    pub(crate) delete: usize,
    pub(crate) adopt: usize,
    pub(crate) forget: usize,
}

impl Counts {
    pub(crate) fn of<'a>(entries: impl IntoIterator<Item = &'a Entry<'a>>) -> Self {
        let mut counts = Self::default();
        for entry in entries {
            *counts.slot(entry.sign) += 1;
        }
        counts
    }

    fn slot(&mut self, sign: Sign) -> &mut usize {
        match sign {
            Sign::Create => &mut self.create,
            Sign::Update => &mut self.update,
            Sign::Replace => &mut self.replace,
            Sign::Delete => &mut self.delete,
            Sign::Adopt => &mut self.adopt,
            Sign::Forget => &mut self.forget,
        }
    }

    /// What is shown: the four usual ones always, the others where there are any.
    pub(crate) fn shown(mut self) -> Vec<(Sign, usize)> {
        let usual = [Sign::Create, Sign::Update, Sign::Replace, Sign::Delete];
        let rare = [Sign::Adopt, Sign::Forget];
        let mut all: Vec<(Sign, usize)> = usual.into_iter().chain(rare).map(|sign| (sign, *self.slot(sign))).collect();
        all.retain(|(sign, count)| *count > 0 || usual.contains(sign));
        all
    }
}
