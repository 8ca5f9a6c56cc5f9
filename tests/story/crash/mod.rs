//! Killed at any boundary of any mutating call, the next run converges: exactly one of each resource, nothing untagged,
//! no question, an empty diff.
//!
//! By default a sample is tried. `cargo xtask crash --all` (`GLOBE_CRASH=all`) tries every boundary of a one-region stack
//! with every kind that one region can have, of a pair of regions with the others, and of the four-region reference
//! stack, coming, changing and going. `GLOBE_CRASH_SAMPLE` tries so many of the latter, and `GLOBE_CRASH_SEED` chooses
//! them.

mod scene;
mod stacks;
mod strike;
mod table;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use aws_sdk_ec2::types::{ResourceType, TagSpecification};
use scene::{Boundary, Scene};
use stacks::{PAIR, REFERENCE, SMALL, Stack, WHOLE};
use strike::strike;
use table::Table;

use crate::cloud::Cloud;
use crate::globe::{Place, Running, Served};

/// Of the boundaries, every so many are tried by default.
const EVERY: usize = 13;
/// Of those that are tried, every so many get a second kill.
const AGAIN: usize = 3;
/// Kills of the reference stack by default.
const REFERENCE_SAMPLE: usize = 3;

fn everything() -> bool {
    std::env::var("GLOBE_CRASH").is_ok_and(|value| value == "all")
}

fn number(variable: &str) -> Option<usize> {
    std::env::var(variable).ok()?.parse().ok()
}

/// A thread's own, for what asks AWS.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("starts")
}

/// A repeatable choice: splitmix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let wide = u64::try_from(limit.max(1)).expect("a small number");
        usize::try_from((mixed ^ (mixed >> 31)) % wide).expect("below a usize")
    }
}

/// One try: which scene, which boundary, and at which call of the recovery the second kill comes.
struct Try<'a> {
    scene: &'a Scene,
    boundary: &'a Boundary,
    again: Option<usize>,
}

/// Half of the second kills come among the first calls, where what is open is settled.
fn second(scene: &Scene, dice: &mut Dice) -> usize {
    let early = dice.below(2) == 0;
    1 + dice.below(if early { 12 } else { scene.calls })
}

fn tries<'a>(scenes: &'a [Scene], choose: impl Fn(usize) -> bool, dice: &mut Dice) -> Vec<Try<'a>> {
    let all = scenes.iter().flat_map(|scene| scene.boundaries.iter().map(move |boundary| (scene, boundary)));
    let chosen = all.enumerate().filter(|(index, _)| choose(*index)).map(|(_, one)| one);
    let with_second = |(index, (scene, boundary)): (usize, (&'a Scene, &'a Boundary))| {
        let again = (index % AGAIN == 1).then(|| second(scene, dice));
        Try { scene, boundary, again }
    };
    chosen.enumerate().map(with_second).collect()
}

/// What came of many tries.
#[derive(Default)]
struct Figures {
    table: Table,
    reached: usize,
    kills: usize,
}

/// Tries all of them, as many at a time as this machine has processors and one more: they wait much.
fn strike_all(tries: &[Try<'_>]) -> Figures {
    let (next, figures) = (AtomicUsize::new(0), Mutex::new(Figures::default()));
    let work = || {
        while let Some(one) = tries.get(next.fetch_add(1, Ordering::Relaxed)) {
            let struck = strike(one.scene, one.boundary, one.again);
            let mut figures = figures.lock().expect("a failed try ends the test");
            figures.kills += struck.kills;
            if let Some(hit) = struck.hit {
                figures.reached += 1;
                figures.table.add(&hit, one.scene.is_going(), one.boundary.moment);
            }
        }
    };
    let workers = std::thread::available_parallelism().map_or(1, usize::from) + 1;
    std::thread::scope(|scope| (0..workers).for_each(|_| drop(scope.spawn(work))));
    figures.into_inner().expect("a failed try ends the test")
}

/// Kills changes of these kinds, each alone.
fn strike_each(kinds: &[&str]) -> Figures {
    let began = Instant::now();
    let scenes: Vec<Scene> =
        kinds.iter().flat_map(|kind| [WHOLE, PAIR].map(|stack| Scene::changing_only(stack, kind))).collect();
    let tries = tries(&scenes, |_| true, &mut Dice(1));
    let figures = strike_all(&tries);
    say(&format!("changed alone: {}", kinds.join(", ")), (tries.len(), tries.len()), &figures, began);
    figures
}

/// The figures that `cargo xtask crash` is run for.
#[expect(clippy::print_stderr, reason = "printed on purpose")]
fn say(what: &str, (tried, of): (usize, usize), figures: &Figures, began: Instant) {
    let seconds = began.elapsed().as_secs();
    let Figures { reached, kills, .. } = figures;
    eprintln!("{what}: {tried} of {of} boundaries tried, {reached} reached, {kills} kills, {seconds} s");
}

/// A call that was repeated in the clean run because AWS was not ready for it may not be repeated in another.
fn nearly_all(figures: &Figures, tried: usize) {
    assert!(
        figures.reached * 10 >= tried * 9,
        "too many boundaries were never reached: {} of {tried}",
        figures.reached
    );
}

fn scenes(stacks: &[Stack]) -> Vec<Scene> {
    stacks.iter().flat_map(|stack| [Scene::coming(*stack), Scene::changing(*stack), Scene::going(*stack)]).collect()
}

#[test]
fn killed_at_any_boundary_the_next_run_converges() {
    let began = Instant::now();
    let scenes = scenes(if everything() { &[WHOLE, PAIR] } else { &[SMALL] });
    let all = scenes.iter().map(|scene| scene.boundaries.len()).sum();
    let mut dice = Dice(1);
    let tries = tries(&scenes, |index| everything() || index % EVERY == 0, &mut dice);
    let mut figures = strike_all(&tries);
    say("one region and a pair", (tries.len(), all), &figures, began);
    nearly_all(&figures, tries.len());
    if everything() {
        let kinds: BTreeSet<&str> = globe_aws::kinds::drivers().map(|driver| driver.name()).collect();
        figures.table.merge(strike_each(&figures.table.updates_left(&kinds)).table);
        eprintln!("{}", figures.table.text(&kinds));
        assert_eq!(figures.table.gaps(&kinds), Vec::<String>::new(), "every kind at every boundary");
    }
}

#[test]
fn four_regions_killed_anywhere_converge() {
    let began = Instant::now();
    let seed = number("GLOBE_CRASH_SEED").unwrap_or(1);
    let scenes = scenes(&[REFERENCE]);
    let all = scenes.iter().map(|scene| scene.boundaries.len()).sum();
    let mut dice = Dice(u64::try_from(seed).expect("a seed"));
    let chosen: BTreeSet<usize> = match number("GLOBE_CRASH_SAMPLE") {
        None if everything() => (0..all).collect(),
        size => (0..size.unwrap_or(REFERENCE_SAMPLE)).map(|_| dice.below(all)).collect(),
    };
    let tries = tries(&scenes, |index| chosen.contains(&index), &mut dice);
    let figures = strike_all(&tries);
    say(&format!("four regions, seed {seed}"), (tries.len(), all), &figures, began);
    // Of a handful, one that is not reached is no sign.
    assert!(figures.reached * 2 > tries.len(), "{} of {}", figures.reached, tries.len());
}

/// The VPC that the killed run made, and one that says the same of itself.
async fn twins(cloud: &Cloud) -> [String; 2] {
    let ec2 = cloud.ec2("us-east-1").await;
    let vpcs = ec2.describe_vpcs().send().await.expect("describes").vpcs.unwrap_or_default();
    let [vpc] = vpcs.as_slice() else { panic!("{vpcs:?}") };
    let tags = TagSpecification::builder().resource_type(ResourceType::Vpc).set_tags(vpc.tags.clone()).build();
    let twin = ec2.create_vpc().cidr_block("10.0.0.0/16").tag_specifications(tags).send().await.expect("makes");
    let id = |vpc: Option<&aws_sdk_ec2::types::Vpc>| vpc.and_then(|vpc| vpc.vpc_id.clone()).expect("has an id");
    [id(Some(vpc)), id(twin.vpc.as_ref())]
}

fn refuses_both(place: &Place, served: &Served, twins: &[String; 2]) {
    let before = served.writes().len();
    let refused = place.globe(&["up", "--yes"]).exits(4);
    let all = format!("{}{}", refused.stdout, refused.stderr);
    let all = all.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    assert!(twins.iter().all(|id| all.contains(id.as_str())), "both are named: {twins:?}\n{all}");
    assert!(all.contains("us-east-1/ec2/vpc/main") && all.contains("delete all but one"), "{all}");
    assert_eq!(served.writes().len(), before, "nothing was changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_objects_that_an_interrupted_create_may_have_made_stop_everything() {
    let served = Served::with(&["CreateVpc:hang-after"]);
    let place = Place::new(SMALL.text, Some(&served.url));
    let running = Running::start(place.command(&["up", "--yes"]));
    served.wait_for_held("CreateVpc");
    running.kill();
    let cloud = Cloud::at(&served.url);
    let twins = twins(&cloud).await;
    refuses_both(&place, &served, &twins);
    let [_, twin] = &twins;
    cloud.ec2("us-east-1").await.delete_vpc().vpc_id(twin).send().await.expect("a person decides");
    place.globe(&["up", "--yes"]).exits(0);
    place.globe(&["diff", "--exit-code"]).exits(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_objects_that_claim_one_address_stop_everything() {
    let served = Served::start();
    let place = Place::new(SMALL.text, Some(&served.url));
    place.globe(&["up", "--yes"]).exits(0);
    let twins = twins(&Cloud::at(&served.url)).await;
    // A state that knows one of them would settle the question.
    std::fs::remove_dir_all(place.path().join(".globe")).expect("is lost");
    refuses_both(&place, &served, &twins);
}
