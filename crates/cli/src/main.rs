//! The command line: arguments, wiring, progress, exit codes.

mod admission;
mod args;
mod belonging;
mod clock;
mod commands;
mod confirm;
mod failure;
mod forward;
mod hold;
mod holder;
mod interrupt;
mod leaving;
mod out;
mod plan_file;
mod planning;
mod progress;
mod project;
mod regions;
mod rehearse;
mod session;
mod state;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Cli, TimeMode};
use crate::failure::{Exit, Failure};
use crate::out::Out;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let out = Out::new(&cli.global);
    init_tracing(cli.global.verbose);
    let ended = match runtime(&cli) {
        Ok(runtime) => {
            let ended = runtime.block_on(commands::dispatch(&cli, &out));
            // A prompt that waits for input must not keep the process alive.
            runtime.shutdown_background();
            ended
        }
        Err(error) => Err(Failure::new(Exit::Failed, format!("could not start: {error}"))),
    };
    match ended {
        Ok(exit) => exit.into(),
        Err(failure) => {
            out.failure(&failure);
            failure.exit.into()
        }
    }
}

/// Help and version are answers; everything else that clap refuses is a usage error.
fn usage(error: &clap::Error) -> ExitCode {
    // Nothing can be done about a closed terminal.
    let _closed = error.print();
    if error.use_stderr() { Exit::Usage.into() } else { Exit::Done.into() }
}

/// Virtual time needs tokio's paused clock, which only the single-threaded runtime has.
fn runtime(cli: &Cli) -> std::io::Result<tokio::runtime::Runtime> {
    let mut builder = if cli.global.sandbox && cli.global.time == TimeMode::Virtual {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.start_paused(true);
        builder
    } else {
        tokio::runtime::Builder::new_multi_thread()
    };
    builder.enable_all().build()
}

fn init_tracing(verbose: u8) {
    let level = match verbose {
        0 => "error",
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    let default =
        format!("globe={level},globe_engine={level},globe_aws={level},globe_store={level},globe_sandbox={level}");
    let filter = tracing_subscriber::EnvFilter::try_from_env("GLOBE_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(default));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
