//! A stack that one command is about to change, and every boundary of that command.

use std::collections::BTreeMap;
use std::fmt;

use super::stacks::Stack;
use crate::cloud::{Census, Cloud};
use crate::globe::{Place, Served};

pub const UP: &[&str] = &["up", "--regions", "all", "--yes"];
pub const DOWN: &[&str] = &["down", "--regions", "all", "--yes", "--delete-data", "*"];

/// Where in a call's life the process is killed. There are no others: nothing is remembered but what AWS has done and
/// what the journal has committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// The request was sent, and AWS has not acted.
    Before,
    /// AWS has acted, and its answer never came.
    After,
    /// The answer came, and its outcome could not be committed: the state is locked meanwhile.
    Answered,
}

impl Moment {
    pub const ALL: [Self; 3] = [Self::Before, Self::After, Self::Answered];

    fn fault(self) -> &'static str {
        match self {
            Self::Before => "hang-before",
            Self::After | Self::Answered => "hang-after",
        }
    }
}

/// One boundary of one mutating call.
#[derive(Clone, Debug)]
pub struct Boundary {
    pub action: String,
    region: String,
    nth: u32,
    pub moment: Moment,
}

impl Boundary {
    pub fn rule(&self) -> String {
        format!("{}@{}:{}:{}", self.action, self.region, self.moment.fault(), self.nth)
    }
}

impl fmt::Display for Boundary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {} {} in {}", self.moment, self.action, self.nth, self.region)
    }
}

/// What a person would count: per region, then buckets, roles, records, zones and checks.
pub type Count = (Vec<Census>, [usize; 5]);

pub async fn count(cloud: &Cloud, regions: &[&str]) -> Count {
    let mut censuses = Vec::new();
    for region in regions {
        censuses.push(cloud.census(region).await);
    }
    let (zones, checks) = cloud.zones_and_checks().await;
    let (buckets, roles, records) = (cloud.buckets().await, cloud.roles().await, cloud.records().await);
    (censuses, [buckets.len(), roles.len(), records.len(), zones, checks])
}

/// A stack that one command is about to change.
pub struct Scene {
    pub name: String,
    pub stack: Stack,
    /// What is killed; the same again must make it good, or `up` of everything where it is only a part.
    pub command: Vec<String>,
    /// File, state and sandbox before the command.
    pub before: Place,
    /// What is there after it.
    pub expected: Count,
    pub boundaries: Vec<Boundary>,
    /// All its calls, reads too.
    pub calls: usize,
}

impl Scene {
    /// `up` of an empty account.
    pub fn coming(stack: Stack) -> Self {
        Self::of("up", stack, words(UP), Place::new(stack.text, None))
    }

    /// `up` after an edit of the file.
    pub fn changing(stack: Stack) -> Self {
        let before = standing(stack);
        before.write(&stack.edited());
        Self::of("change", stack, words(UP), before)
    }

    /// The same, of one kind alone: which of many calls that are made at once is the nth is never certain.
    pub fn changing_only(stack: Stack, kind: &str) -> Self {
        let before = standing(stack);
        before.write(&stack.edited());
        let only = ["--only".to_owned(), format!("*/{kind}/*")];
        Self::of(&format!("change {kind} of"), stack, [words(UP), only.to_vec()].concat(), before)
    }

    /// `down` of everything.
    pub fn going(stack: Stack) -> Self {
        Self::of("down", stack, words(DOWN), standing(stack))
    }

    /// Carries the command out once without disturbance, to learn its calls.
    fn of(name: &str, stack: Stack, command: Vec<String>, before: Place) -> Self {
        let mut clean = before.copy_for(None);
        let served = Served::beside(&clean);
        clean.use_aws(&served.url);
        clean.globe(&arguments(&command)).exits(0);
        let calls = served.calls().len();
        let mut counts: BTreeMap<(String, String), u32> = BTreeMap::new();
        for call in served.writes() {
            let part = |name: &str| call[name].as_str().expect("a text").to_owned();
            *counts.entry((part("action"), part("region"))).or_default() += 1;
        }
        let boundary = |((action, region), count): ((String, String), u32)| {
            (1..=count).flat_map(move |nth| {
                let (action, region) = (action.clone(), region.clone());
                Moment::ALL.map(move |moment| Boundary { action: action.clone(), region: region.clone(), nth, moment })
            })
        };
        if command[0] == "up" {
            clean.globe(UP).exits(0);
        }
        let expected = super::runtime().block_on(count(&Cloud::at(&served.url), stack.regions));
        let name = format!("{name} {}", stack.name);
        let boundaries = counts.into_iter().flat_map(boundary).collect();
        Self { name, stack, command, before, expected, boundaries, calls }
    }

    pub fn is_going(&self) -> bool {
        self.command[0] == "down"
    }

    /// The command that is killed.
    pub fn command(&self) -> Vec<&str> {
        arguments(&self.command)
    }

    /// The command that makes good everything.
    pub fn remedy(&self) -> &'static [&'static str] {
        if self.is_going() { DOWN } else { UP }
    }
}

fn words(command: &[&str]) -> Vec<String> {
    command.iter().map(|&word| word.to_owned()).collect()
}

fn arguments(command: &[String]) -> Vec<&str> {
    command.iter().map(String::as_str).collect()
}

/// A stack that is up.
fn standing(stack: Stack) -> Place {
    let mut place = Place::new(stack.text, None);
    let served = Served::beside(&place);
    place.use_aws(&served.url);
    place.globe(UP).exits(0);
    place
}
