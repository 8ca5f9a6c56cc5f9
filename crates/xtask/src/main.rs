//! The workspace's own tasks, behind `cargo xtask`: its checks, its generated files and its size.
//!
//! One file or folder per task. It must stay light: nobody waits for the AWS SDK to have a schema written.

mod behaviour;
mod bench;
mod checks;
mod console;
mod crash;
mod crate_map;
mod faults;
mod fidelity;
mod generate;
mod generated;
mod layers;
mod opinion;
mod program;
mod python;
mod requests;
mod schema;
mod server;
mod size;
mod trial;
mod workspace;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::generated::Mode;
use crate::workspace::Workspace;

/// The tasks of the globe workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Every check and every test, in order, up to the first that fails
    Test {
        /// Only the crates that can be built without the AWS SDK
        #[arg(long)]
        fast: bool,
    },
    /// Check which crate may use which, and the house rules of manifests and file names
    Layers,
    /// List the files of each crate that import each other in a circle; `test` does not fail for them yet
    Circles,
    /// Write config/globe.schema.json from the configuration's types
    Schema {
        /// Write nothing; fail if the file is not current
        #[arg(long)]
        check: bool,
    },
    /// Write the README's crate map from the crates' own first paragraphs
    CrateMap {
        /// Write nothing; fail if the map is not current
        #[arg(long)]
        check: bool,
    },
    /// Measure how near globe comes to its limits
    Bench(bench::Arguments),
    /// Kill globe at the boundaries of its calls, and see whether the next run converges
    Crash(crash::Arguments),
    /// Rehearse stacks under seeded faults: lost answers, throttling, a dark region, kills and others
    Faults(faults::Arguments),
    /// Ask the sandbox about what AWS documents that it does
    Behaviour {
        /// A built `globe`; without it, it is built
        #[arg(long, value_name = "FILE")]
        globe: Option<PathBuf>,
    },
    /// How faithful the sandbox is: run a probe of AWS's behaviour against it
    Fidelity(fidelity::Arguments),
    /// Bring a stack up, change it and take it down in moto, an AWS that others wrote
    Opinion {
        /// A built `globe`; without it, it is built
        #[arg(long, value_name = "FILE")]
        globe: Option<PathBuf>,
    },
    /// Write a `globe.toml` of any size, for measurements at scale
    Generate(generate::Arguments),
    /// Hold every request of an `up`, `diff` and `down` against AWS's published models
    Requests {
        /// A built `globe`; without it, it is built
        #[arg(long, value_name = "FILE")]
        globe: Option<PathBuf>,
    },
    /// List files over 500 and functions over 100 lines; fail for files over 900
    Size,
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            console::note(&format!("error: {error:#}"));
            if error.is::<fidelity::NoProbe>() { ExitCode::from(2) } else { ExitCode::FAILURE }
        }
    }
}

fn run(task: Task) -> Result<()> {
    let workspace = Workspace::read()?;
    match task {
        Task::Test { fast } => checks::run(&workspace, fast),
        Task::Layers => layers::run(&workspace),
        Task::Circles => layers::circles(&workspace),
        Task::Schema { check } => schema::run(&workspace, Mode::new(check)),
        Task::CrateMap { check } => crate_map::run(&workspace, Mode::new(check)),
        Task::Bench(arguments) => bench::run(&workspace, arguments),
        Task::Crash(arguments) => crash::run(&workspace, &arguments),
        Task::Faults(arguments) => faults::run(&workspace, arguments),
        Task::Fidelity(arguments) => fidelity::run(&workspace, arguments),
        Task::Behaviour { globe } => behaviour::run(&workspace, globe),
        Task::Opinion { globe } => opinion::run(&workspace, globe),
        Task::Generate(arguments) => generate::run(&arguments),
        Task::Requests { globe } => requests::run(&workspace, globe),
        Task::Size => size::run(&workspace),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        super::Arguments::command().debug_assert();
    }
}
