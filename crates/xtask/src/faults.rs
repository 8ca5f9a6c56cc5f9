//! `cargo xtask faults`: rehearses some stacks under seeded faults.

use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use crate::console;
use crate::program::Choice;
use crate::workspace::Workspace;

/// Stacks, and how many of a hundred seeds each gets: the small one is quick and has every way of finding a lost create
/// again, two regions can lose each other, and the whole one has every kind of resource.
const STACKS: [(&str, u64); 3] =
    [("tests/rehearsal/one.toml", 75), ("tests/rehearsal/pair.toml", 20), ("tests/rehearsal/whole.toml", 5)];

/// How many seeds a check of everything runs.
const CHECKED: u64 = 200;

/// How the task is called.
#[derive(clap::Args)]
pub struct Arguments {
    /// How many seeds
    #[arg(long, default_value_t = CHECKED, value_name = "N")]
    seeds: u64,
    /// The first
    #[arg(long, default_value_t = 1, value_name = "S")]
    from: u64,
    #[command(flatten)]
    choice: Choice,
}

/// Runs the seeds that every check runs.
///
/// # Errors
/// As [`run`].
pub fn check(workspace: &Workspace) -> Result<()> {
    run(workspace, Arguments { seeds: CHECKED, from: 1, choice: Choice::default() })
}

/// Rehearses the stacks; globe itself shows progress, what went wrong, and the first seed that broke something.
///
/// # Errors
/// When globe cannot be built, or a seed breaks something.
pub fn run(workspace: &Workspace, arguments: Arguments) -> Result<()> {
    let globe = arguments.choice.program(workspace)?;
    let began = now();
    for (stack, seeds) in shares(arguments.seeds) {
        console::note(&format!("{stack}: {seeds} seeds from {}", arguments.from));
        let (seeds, from) = (seeds.to_string(), arguments.from.to_string());
        let mut command = Command::new(&globe);
        command.args(["-c", stack, "rehearse", "--seeds", &seeds, "--seed", &from]).current_dir(workspace.root());
        let status = command.status().with_context(|| format!("could not run {}", globe.display()))?;
        ensure!(status.success(), "a seed of {stack} broke something: {status}");
    }
    let (seeds, took) = (arguments.seeds, began.elapsed().as_secs_f64());
    console::result(&format!("{seeds} seeds in {took:.1} s"));
    Ok(())
}

/// Elapsed real time is shown to a person and decides nothing.
fn now() -> Instant {
    Instant::now()
}

/// How many seeds each stack gets; none is lost to rounding.
fn shares(seeds: u64) -> Vec<(&'static str, u64)> {
    let mut left = seeds;
    let share = |(stack, percent): &(&'static str, u64)| {
        let share = (seeds * percent).div_ceil(100).min(left);
        left -= share;
        (*stack, share)
    };
    STACKS.iter().map(share).filter(|(_, seeds)| *seeds > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seed_is_run_once() {
        for seeds in [0, 1, 9, 10, 200, 10_000] {
            assert_eq!(shares(seeds).iter().map(|(_, seeds)| seeds).sum::<u64>(), seeds);
        }
        assert_eq!(shares(200).iter().map(|(_, seeds)| *seeds).collect::<Vec<_>>(), [150, 40, 10]);
    }
}
