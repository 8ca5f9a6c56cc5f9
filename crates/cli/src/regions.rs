//! Which regions a command is about, and which are in use besides.

use std::collections::{BTreeMap, BTreeSet};

use globe_config::Stack;
use globe_model::{Glob, Head, Region, Scope};
use globe_planner::Selection;
use globe_report::counted;

use crate::args::Chosen;
use crate::failure::{Exit, Failure};
use crate::out::Out;

/// Regions of one command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Regions {
    /// What the command is about.
    pub chosen: BTreeSet<Region>,
    /// What exists or will exist when it is done.
    pub active: BTreeSet<Region>,
    /// Removed on purpose earlier, and not chosen now.
    pub resting: BTreeSet<Region>,
    /// No longer in the file, with something recorded that is to go.
    pub left: BTreeSet<Region>,
    /// The user named the regions.
    pub named: bool,
    /// The command is about all of the stack, and not about some of its regions.
    pub whole: bool,
    /// Of `resting`, those whose removal is not done: how many resources are left.
    pub leaving: BTreeMap<Region, usize>,
    /// Of `resting`, those that were given up.
    pub forgotten: BTreeSet<Region>,
}

/// Every region of the file.
pub fn all(stack: &Stack) -> BTreeSet<Region> {
    stack.regions.keys().cloned().collect()
}

/// Regions with recorded resources, or with some that are being made.
fn in_use(head: &Head) -> BTreeSet<Region> {
    let open = head.open.iter().map(|intent| &intent.address);
    head.records.keys().chain(open).filter_map(|address| address.scope.as_region().cloned()).collect()
}

fn named(stack: &Stack, names: &[String]) -> Result<Option<BTreeSet<Region>>, Failure> {
    if names.is_empty() {
        return Ok(None);
    }
    if names.iter().any(|name| name == "all") {
        return Ok(Some(all(stack)));
    }
    let known = all(stack);
    let mut chosen = BTreeSet::new();
    for name in names {
        let region = Region::new(name.trim());
        if !known.contains(&region) {
            let list: Vec<&str> = known.iter().map(Region::as_str).collect();
            return Err(Failure::new(Exit::Usage, format!("`{name}` is not a region of this stack"))
                .hint(format!("its regions are {}; `all` means every one", list.join(", "))));
        }
        chosen.insert(region);
    }
    Ok(Some(chosen))
}

/// Regions for `up` and `diff`: without a choice, all that were not removed on purpose.
///
/// # Errors
/// When a chosen region is not in the file.
pub fn for_up(stack: &Stack, head: &Head, chosen: &Chosen) -> Result<Regions, Failure> {
    let everything = all(stack);
    let chosen = named(stack, &chosen.regions)?;
    let named = chosen.is_some();
    let resting: BTreeSet<Region> =
        head.down.union(&head.leaving).filter(|region| everything.contains(*region)).cloned().collect();
    let chosen = chosen.unwrap_or_else(|| everything.difference(&resting).cloned().collect());
    let resting: BTreeSet<Region> = resting.difference(&chosen).cloned().collect();
    // What is left of a region that was removed on purpose is not made again.
    let used: BTreeSet<Region> = in_use(head).difference(&resting).cloned().collect();
    let left = if named { BTreeSet::new() } else { used.difference(&everything).cloned().collect() };
    let mut active: BTreeSet<Region> = used.intersection(&everything).cloned().collect();
    active.extend(chosen.iter().cloned());
    let leaves = |region: &&Region| head.leaving.contains(*region) || recorded(head, region) > 0;
    let leaving = resting.iter().filter(leaves).map(|region| (region.clone(), recorded(head, region))).collect();
    let forgotten = resting.intersection(&head.forgotten).cloned().collect();
    let whole = !named || chosen == everything;
    Ok(Regions { chosen, active, resting, left, named, whole, leaving, forgotten })
}

/// How many resources of a region are recorded.
pub fn recorded(head: &Head, region: &Region) -> usize {
    head.records.keys().filter(|address| address.scope.as_region() == Some(region)).count()
}

/// Regions for `down`: what is chosen goes, the rest of what exists stays.
///
/// # Errors
/// When nothing was chosen, or a chosen region is not in the file.
pub fn for_down(stack: &Stack, head: &Head, chosen: &Chosen) -> Result<Regions, Failure> {
    let Some(chosen) = named(stack, &chosen.regions)? else {
        return Err(Failure::new(Exit::Usage, "`down` must be told what to remove")
            .hint("`--region R` removes one region, `--regions all` everything"));
    };
    let everything = all(stack);
    let used = in_use(head);
    // A lost state says nothing about what exists: then everything but the regions known to be removed might.
    let present = if used.is_empty() { everything.clone() } else { used };
    let present: BTreeSet<Region> = present.difference(&head.down).cloned().collect();
    let active: BTreeSet<Region> = if chosen == everything {
        BTreeSet::new()
    } else {
        present.difference(&chosen).filter(|region| everything.contains(*region)).cloned().collect()
    };
    let (resting, left, forgotten) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    // With the last region, what is global goes too.
    let whole = active.is_empty();
    Ok(Regions { chosen, active, resting, left, named: true, whole, leaving: BTreeMap::new(), forgotten })
}

impl Regions {
    /// The same, while other runs change these scopes: what they make there exists or will, even if nothing of it is
    /// recorded yet. Without that, it would look left over, and be removed.
    #[must_use]
    pub fn beside(mut self, stack: &Stack, busy: &BTreeSet<Scope>) -> Self {
        let everything = all(stack);
        if self.chosen != everything {
            let others = busy.iter().filter_map(Scope::as_region).filter(|region| everything.contains(*region));
            self.active.extend(others.filter(|region| !self.chosen.contains(*region)).cloned());
            self.whole &= self.active.is_subset(&self.chosen);
        }
        self
    }

    /// The planner's selection.
    pub fn selection(&self, only: &[String]) -> Selection {
        let everything = self.whole && self.resting.is_empty();
        let scopes = self.chosen.union(&self.left).cloned().map(Scope::Region).collect();
        Selection {
            scopes: (!everything).then_some(scopes),
            aside: self.resting.iter().cloned().map(Scope::Region).collect(),
            only: only.iter().map(|pattern| Glob::new(pattern.as_str())).collect(),
        }
    }
}

/// Says which regions are left out because they were removed on purpose, and what of them still stands.
pub fn say_resting(out: &Out, regions: &Regions) {
    for region in regions.resting.iter().filter(|_| !regions.named) {
        out.note(&match regions.leaving.get(region) {
            Some(left) => format!(
                "{region} is being taken down and is left out; {}, and may cost money; `globe down --region {region}` finishes, `globe up --region {region}` brings it back.",
                counted(*left, "resource of it still stands", "resources of it still stand")
            ),
            None if regions.forgotten.contains(region) => {
                format!("{region} was given up and is left out; `globe up --region {region}` makes it anew.")
            }
            None => {
                format!("{region} was removed on purpose and is left out; `globe up --region {region}` brings it back.")
            }
        });
    }
}
