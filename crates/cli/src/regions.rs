//! Which regions a command is about, and which are in use besides.

use std::collections::{BTreeMap, BTreeSet};

use globe_config::Stack;
use globe_model::{Head, Region, Scope};
use globe_planner::{Glob, Selection};
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
    let named = named(stack, &chosen.regions)?;
    let resting: BTreeSet<Region> = match &named {
        Some(_) => BTreeSet::new(),
        None => head.down.union(&head.leaving).filter(|region| everything.contains(*region)).cloned().collect(),
    };
    let chosen = named.unwrap_or_else(|| everything.difference(&resting).cloned().collect());
    let mut active: BTreeSet<Region> = in_use(head).intersection(&everything).cloned().collect();
    active.extend(chosen.iter().cloned());
    // Writers, home tables and zones are anchored there.
    active.insert(stack.primary.clone());
    let leaving = resting.intersection(&head.leaving).map(|region| (region.clone(), recorded(head, region))).collect();
    let forgotten = resting.intersection(&head.forgotten).cloned().collect();
    Ok(Regions { chosen, active, resting, leaving, forgotten })
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
    let present = if used.is_empty() { everything.difference(&head.down).cloned().collect() } else { used };
    let active: BTreeSet<Region> = if chosen == everything {
        BTreeSet::new()
    } else {
        present.difference(&chosen).filter(|region| everything.contains(*region)).cloned().collect()
    };
    Ok(Regions { chosen, active, resting: BTreeSet::new(), leaving: BTreeMap::new(), forgotten: BTreeSet::new() })
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
        }
        self
    }

    /// The planner's selection. Choosing all that is active is choosing everything.
    pub fn selection(&self, only: &[String]) -> Selection {
        let everything = self.active.is_subset(&self.chosen);
        let scopes = self.chosen.iter().cloned().map(Scope::Region).collect();
        Selection {
            scopes: (!everything).then_some(scopes),
            only: only.iter().map(|pattern| Glob::new(pattern.as_str())).collect(),
        }
    }
}

/// Says which regions are left out because they were removed on purpose.
pub fn say_resting(out: &Out, regions: &Regions) {
    for region in &regions.resting {
        out.note(&match regions.leaving.get(region) {
            Some(left) => format!(
                "{region} is being taken down; {} left; `globe down --region {region}` finishes, `globe up --region {region}` brings it back.",
                counted(*left, "resource is", "resources are")
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
