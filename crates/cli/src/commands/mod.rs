//! One file per command.

mod apply;
mod diff;
mod down;
mod forget_region;
mod gc;
mod graph;
mod init;
mod moving;
mod policy;
mod rehearse;
mod sandbox;
mod settle;
mod state;
mod status;
mod transfer;
mod unlock;
mod up;
mod validate;
mod work;

use clap::CommandFactory;
use globe_aws::CallMeter;
use globe_report::{calls_json, calls_text};

use crate::args::{Cli, Command};
use crate::failure::{Exit, Failure};
use crate::out::Out;

/// Runs the command.
///
/// # Errors
/// See [`Failure`].
pub async fn dispatch(cli: &Cli, out: &Out) -> Result<Exit, Failure> {
    let global = &cli.global;
    if global.sandbox && global.state.is_none() && crate::project::state_of_environment().is_some() {
        out.note("GLOBE_STATE is for the real AWS; the sandbox keeps a state of its own.");
    }
    match &cli.command {
        Command::Init(args) => init::init(global, out, args),
        Command::Schema => {
            out.data(&globe_config::schema());
            Ok(Exit::Done)
        }
        Command::Validate => validate::validate(global, out),
        Command::Diff(args) => diff::diff(global, out, args).await,
        Command::Up(args) => up::up(global, out, args).await,
        Command::Down(args) => down::down(global, out, args).await,
        Command::Status => status::status(global, out).await,
        Command::Graph(args) => graph::graph(global, out, args).await,
        Command::Policy(args) => policy::policy(global, out, args),
        Command::Gc(args) => gc::gc(global, out, args).await,
        Command::Rehearse(args) => rehearse::rehearse(global, out, args).await,
        Command::ForgetRegion(args) => forget_region::forget_region(global, out, args).await,
        Command::Unlock(args) => unlock::unlock(global, out, args).await,
        Command::State { command } => state::state(global, out, command).await,
        Command::Sandbox { command } => sandbox::sandbox(global, out, command).await,
        Command::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "globe", &mut text);
            out.data(&String::from_utf8_lossy(&text));
            Ok(Exit::Done)
        }
    }
}

/// Says which AWS calls were made.
fn explain_calls(out: &Out, meter: &CallMeter) {
    let counts = meter.counts();
    if out.json {
        out.data(&calls_json(&counts));
    } else {
        out.complain(&calls_text(&counts));
    }
}
