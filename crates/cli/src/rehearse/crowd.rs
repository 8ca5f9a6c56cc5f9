//! Many seeds, on as many threads as there are processors.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};

use globe_sandbox::Fault;

use super::profile::Profile;
use super::schedule::Schedule;
use super::seams::Seams;
use super::trial::{Script, Trial, run};
use crate::failure::Failure;

/// What all seeds have in common.
pub struct Common<'a> {
    /// The file and its edit.
    pub script: &'a Script,
    /// How it goes without faults.
    pub profile: &'a Profile,
    /// What goes wrong with a seed.
    pub schedule: &'a (dyn Fn(u64) -> Schedule + Sync),
    /// What stands between the engine and what it works on.
    pub seams: Arc<dyn Seams>,
}

/// What came of them.
#[derive(Debug, Default)]
pub struct Tally {
    /// Seeds that were run.
    pub seeds: u64,
    /// What went wrong on purpose, by sort.
    pub struck: BTreeMap<Fault, u64>,
    /// The first seed that broke something.
    pub broken: Option<Box<Trial>>,
}

/// Runs the seeds; after the first that breaks something no more are begun. `progress` hears of each that is over.
///
/// # Errors
/// When a trial could not be run at all.
pub fn run_all(common: &Common<'_>, seeds: Range<u64>, mut progress: impl FnMut(u64)) -> Result<Tally, Failure> {
    let (next, enough) = (AtomicU64::new(seeds.start), AtomicBool::new(false));
    let (sender, receiver) = mpsc::channel();
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let (sender, next, enough, end) = (sender.clone(), &next, &enough, seeds.end);
            scope.spawn(move || {
                while !enough.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        return;
                    }
                    let schedule = (common.schedule)(seed);
                    let trial = run(common.script, seed, &schedule, Some(common.profile), common.seams.clone());
                    if trial.as_ref().map_or(true, |trial| trial.broken.is_some()) {
                        enough.store(true, Ordering::Relaxed);
                    }
                    // The other end listens until all threads are through.
                    let _heard = sender.send(trial);
                }
            });
        }
        drop(sender);
        gather(&receiver, &mut progress)
    })
}

fn gather(trials: &mpsc::Receiver<Result<Trial, Failure>>, progress: &mut impl FnMut(u64)) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    for trial in trials {
        let trial = trial?;
        tally.seeds += 1;
        for (fault, count) in trial.struck() {
            *tally.struck.entry(fault).or_default() += count;
        }
        let first = tally.broken.as_ref().is_none_or(|broken| trial.seed < broken.seed);
        if trial.broken.is_some() && first {
            tally.broken = Some(Box::new(trial));
        }
        progress(tally.seeds);
    }
    Ok(tally)
}
