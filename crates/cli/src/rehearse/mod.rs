//! `globe rehearse`: up, diff, an edit and down of the user's own file, in an AWS inside the process, on virtual time,
//! while things go wrong.
//!
//! # Flow
//! A calm run gives the figures and a `profile`. From it and a seed comes a `schedule` of faults. A `trial` plays the
//! commands on a `stage` (sandbox, journal, engine), first under the faults, then once more without, and holds what
//! happened against the `invariants`. A `crowd` of trials runs on all processors.
//!
//! # Guarantees
//! The same seed gives the same trace, byte for byte: nothing runs beside a trial's one thread while it runs, time is
//! virtual, and what is random on purpose (tokens, run ids) is numbered as it appears.

mod book;
mod clerk;
mod crowd;
mod figures;
mod invariants;
mod profile;
mod schedule;
mod seams;
mod stage;
mod survey;
#[cfg(test)]
mod tests;
mod trace;
mod trial;
mod witness;
mod words;

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use globe_config::Stack;
use globe_model::Region;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use crate::failure::{Exit, Failure};
use crate::out::Out;
use crowd::{Common, Tally, run_all};
use profile::Profile;
use schedule::Schedule;
use seams::{AsIs, Seams};
use trial::{Script, Trial};

/// What is rehearsed.
pub struct Rehearsal {
    /// Which seeds.
    pub seeds: Range<u64>,
    /// A region that goes dark, and when it comes back.
    pub lose: Option<(Region, Option<Duration>)>,
    /// How the same is said on the command line, but for the seed.
    pub command: String,
}

/// Redraws per second: what a person can follow.
const FRAMES_PER_SECOND: u8 = 10;

/// Rehearses and reports.
///
/// # Errors
/// When a seed breaks something; what and how to see it again is in the failure.
pub fn rehearse(out: &Out, stack: &Stack, rehearsal: &Rehearsal) -> Result<Exit, Failure> {
    let script = Script::new(stack);
    let seams: Arc<dyn Seams> = Arc::new(AsIs);
    let calm = trial::run(&script, 0, &Schedule::calm(), None, seams.clone())?;
    if calm.broken.is_some() {
        return Err(report_broken(out, &calm, rehearsal));
    }
    let figures = figures::of(&calm);
    if out.json {
        figures.iter().for_each(|figures| out.json_line("expected", figures));
    } else {
        out.data(&words::figures(&figures));
    }
    let profile = calm.profile();
    let schedule = |seed| schedule_of(seed, &profile, rehearsal);
    let common = Common { script: &script, profile: &profile, schedule: &schedule, seams };
    let bar = bar(out, rehearsal.seeds.end - rehearsal.seeds.start);
    let tally = run_all(&common, rehearsal.seeds.clone(), |over| bar.set_position(over))?;
    bar.finish_and_clear();
    report_tally(out, &tally);
    match &tally.broken {
        Some(broken) => Err(report_broken(out, broken, rehearsal)),
        None => Ok(Exit::Done),
    }
}

fn schedule_of(seed: u64, profile: &Profile, rehearsal: &Rehearsal) -> Schedule {
    match &rehearsal.lose {
        Some((region, back_after)) => Schedule::losing(seed, profile, region, *back_after),
        None => Schedule::of(seed, profile),
    }
}

fn bar(out: &Out, seeds: u64) -> ProgressBar {
    if !out.watched() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} seeds, {eta} left");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ");
    let bar = ProgressBar::with_draw_target(Some(seeds), ProgressDrawTarget::stderr_with_hz(FRAMES_PER_SECOND));
    bar.with_style(style)
}

fn report_tally(out: &Out, tally: &Tally) {
    if out.json {
        out.json_line("rehearsed", &json!({"seeds": tally.seeds, "struck": tally.struck}));
    } else {
        out.data(&words::tally(tally));
    }
}

fn report_broken(out: &Out, trial: &Trial, rehearsal: &Rehearsal) -> Failure {
    let shown = words::trace_of(trial, out.verbose > 0);
    let repeat = format!("{} --seed {}", rehearsal.command, trial.seed);
    if out.json {
        let lines: Vec<&str> = shown.lines().collect();
        let broken = json!({"seed": trial.seed, "broken": trial.broken, "trace": lines, "repeat": repeat});
        out.json_line("broken", &broken);
    } else {
        out.data(&shown);
    }
    let check = trial.broken.as_ref().map(|broken| broken.check.to_string()).unwrap_or_default();
    let mut failure = Failure::new(Exit::Failed, format!("the rehearsal found that this does not hold: {check}"));
    failure.causes.extend(words::broken(trial));
    failure.hint(format!("`{repeat}` shows it again"))
}
