//! Arguments, as typed.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use globe_engine::LEASE_TTL;
use globe_model::{Consent, Glob};
use globe_sandbox::FaultRule;

/// One file, many regions, one command: provisions AWS directly.
#[derive(Debug, Parser)]
#[command(name = "globe", version, about, max_term_width = 100, propagate_version = true)]
#[command(
    after_help = "Exit codes: 0 done or nothing to do, 1 failed, 2 `diff --exit-code` found changes,\n3 incomplete: partly applied, or not all could be read (wins over 2),\n4 refused (lease, account, protection), 64 usage."
)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
pub struct Global {
    /// The stack's file
    #[arg(short, long, global = true, default_value = "globe.toml", value_name = "FILE")]
    pub config: PathBuf,
    /// Where the state lives: a path or postgres://... [default: GLOBE_STATE, or .globe/state.db beside the file]
    #[arg(long, global = true, value_name = "URL")]
    pub state: Option<String>,
    /// Which stack of the state to look at, when the file cannot be read
    #[arg(long, global = true, value_name = "NAME")]
    pub stack: Option<String>,
    /// Use an AWS inside this process instead of the real one; needs no account
    #[arg(long, global = true)]
    pub sandbox: bool,
    /// How time passes in the sandbox
    #[arg(long, global = true, value_enum, default_value_t = TimeMode::Scaled, value_name = "MODE")]
    pub time: TimeMode,
    /// What goes wrong in the sandbox: `ACTION[@REGION]:FAULT[:FIRST[:COUNT]]`,
    /// or `:FROMs[:LENGTHs]` in seconds; may be repeated
    #[arg(long = "fault", global = true, value_name = "RULE")]
    pub faults: Vec<FaultRule>,
    /// An IAM policy that the sandbox enforces, such as `globe policy` prints
    #[arg(long, global = true, value_name = "FILE", requires = "sandbox")]
    pub sandbox_policy: Option<PathBuf>,
    /// One JSON object per line on standard output
    #[arg(long, global = true)]
    pub json: bool,
    /// Say less
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more; repeat for logs
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// No colours, whatever the terminal can do
    #[arg(long, global = true)]
    pub no_color: bool,
}

/// How time passes in the sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TimeMode {
    /// Sixty times as fast as a clock on the wall
    Scaled,
    /// As long as AWS takes
    Real,
    /// Waits take no time, and are reported as long as AWS takes
    Virtual,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a small commented globe.toml to start from
    Init(InitArgs),
    /// The JSON schema of the file, for editors
    Schema,
    /// Check the file; needs no credentials
    Validate,
    /// Show what `up` would do; changes nothing
    Diff(DiffArgs),
    /// Make AWS as the file says
    Up(UpArgs),
    /// Remove regions, or everything
    Down(DownArgs),
    /// What is recorded, region by region
    Status,
    /// The graph of resources, as DOT or Mermaid, or its longest chain of waits
    Graph(GraphArgs),
    /// The least IAM policy that the stack needs; needs no credentials
    Policy(PolicyArgs),
    /// Finish what AWS deletes slowly, and what interrupted runs left to be deleted
    Gc(GcArgs),
    /// Rehearse up, diff, an edit and down of the file in an AWS inside this process, while things go wrong
    Rehearse(RehearseArgs),
    /// Show who holds which region, and take it away
    Unlock(UnlockArgs),
    /// Give a lost region up: strikes out all that is recorded of it and touches nothing there
    ForgetRegion(ForgetRegionArgs),
    /// Look into the state, check it, copy it
    State {
        #[command(subcommand)]
        command: StateCommand,
    },
    /// The AWS inside the process
    Sandbox {
        #[command(subcommand)]
        command: SandboxCommand,
    },
    /// Completions for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Args)]
pub struct InitArgs {
    /// Overwrite a file that exists
    #[arg(long)]
    pub force: bool,
}

/// Which part of the stack.
#[derive(Clone, Debug, Default, Args)]
pub struct Chosen {
    /// `all`, or regions with commas between them
    #[arg(long = "regions", alias = "region", value_name = "all|R,R", value_delimiter = ',')]
    pub regions: Vec<String>,
    /// Only addresses that match; `*` is any text; may be repeated
    #[arg(long, value_name = "ADDRESS-GLOB")]
    pub only: Vec<String>,
    /// Take the newest images that the file's `ssm:` parameters name, instead of those in use
    #[arg(long)]
    pub refresh_images: bool,
}

/// What the user agrees to lose.
#[derive(Clone, Debug, Default, Args)]
pub struct Agreed {
    /// Let the data at these addresses go with what is deleted, such as `eu-west-1/s3/bucket/logs`; `*` is any text;
    /// may be repeated. Without a pattern it is all that the plan deletes. What is protected stays all the same
    #[arg(long, value_name = "ADDRESS-GLOB", num_args = 0..=1, default_missing_value = "*")]
    pub delete_data: Vec<String>,
}

impl Agreed {
    /// The same as the engine takes it.
    pub fn consent(&self) -> Consent {
        Consent { delete_data: self.delete_data.iter().map(|pattern| Glob::new(pattern.as_str())).collect() }
    }
}

#[derive(Debug, Args)]
pub struct DiffArgs {
    #[command(flatten)]
    pub chosen: Chosen,
    /// Exit with 2 when there are changes, with 3 when not all could be read
    #[arg(long)]
    pub exit_code: bool,
    /// Write the plan to a file, for `up --plan`
    #[arg(short, long = "out", value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub agreed: Agreed,
    /// Write the plan as Markdown for a pull request
    #[arg(long, conflicts_with = "json")]
    pub markdown: bool,
    /// List the AWS calls made: how often, how long, repeated, throttled
    #[arg(long)]
    pub explain_calls: bool,
}

#[derive(Debug, Args)]
pub struct UpArgs {
    #[command(flatten)]
    pub chosen: Chosen,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// Make a stack of which nothing is recorded beside another one in the same state
    #[arg(long)]
    pub new_stack: bool,
    /// Carry out a plan that `diff --out` wrote, if nothing has changed since
    #[arg(long, value_name = "FILE", conflicts_with_all = ["regions", "only", "refresh_images"])]
    pub plan: Option<PathBuf>,
    #[command(flatten)]
    pub agreed: Agreed,
    /// List the AWS calls made: how often, how long, repeated, throttled
    #[arg(long)]
    pub explain_calls: bool,
    #[command(flatten)]
    pub lock: Lock,
}

#[derive(Debug, Args)]
pub struct DownArgs {
    #[command(flatten)]
    pub chosen: Chosen,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    #[command(flatten)]
    pub agreed: Agreed,
    /// List the AWS calls made: how often, how long, repeated, throttled
    #[arg(long)]
    pub explain_calls: bool,
    #[command(flatten)]
    pub lock: Lock,
}

/// How patient with another run.
#[derive(Clone, Copy, Debug, Args)]
pub struct Lock {
    /// Seconds to wait for another run that changes the same regions
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub lock_timeout: u64,
    /// Seconds without a heartbeat after which another machine may take this run's regions over
    #[arg(long, env = "GLOBE_LEASE_SECONDS", value_name = "SECONDS", default_value_t = LEASE_TTL.as_secs(), value_parser = clap::value_parser!(u64).range(2..=3600))]
    pub lease: u64,
}

impl Lock {
    /// How long a lease lasts without a heartbeat.
    pub fn lease_time(self) -> Duration {
        Duration::from_secs(self.lease)
    }
}

#[derive(Debug, Args)]
pub struct ForgetRegionArgs {
    /// Which region
    pub region: String,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    #[command(flatten)]
    pub lock: Lock,
}

#[derive(Debug, Args)]
pub struct GcArgs {
    /// Wait until AWS has finished all of it
    #[arg(long)]
    pub wait: bool,
    #[command(flatten)]
    pub agreed: Agreed,
    /// List the AWS calls made: how often, how long, repeated, throttled
    #[arg(long)]
    pub explain_calls: bool,
    #[command(flatten)]
    pub lock: Lock,
}

#[derive(Debug, Args)]
pub struct RehearseArgs {
    /// How many seeds; each brings other faults [default: 20, or 1 with --seed]
    #[arg(long, value_name = "N")]
    pub seeds: Option<u64>,
    /// The first seed; the same seed brings the same faults
    #[arg(long, value_name = "S")]
    pub seed: Option<u64>,
    /// Instead of other faults, this region goes dark in the middle of each command
    #[arg(long, value_name = "REGION")]
    pub lose: Option<String>,
    /// It comes back after so many seconds; without it, only before the command is repeated
    #[arg(long, value_name = "SECONDS", requires = "lose")]
    pub back_after: Option<u64>,
}

#[derive(Debug, Args)]
pub struct UnlockArgs {
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// Take away from a run that is at work, too
    #[arg(long)]
    pub force: bool,
}

#[derive(Debug, Args)]
pub struct GraphArgs {
    /// How to draw it
    #[arg(long, value_enum, default_value_t = GraphFormat::Dot)]
    pub format: GraphFormat,
    /// Explain the longest chain of waits instead: what each resource on it takes, and all of it
    #[arg(long, conflicts_with = "format")]
    pub critical_path: bool,
    #[command(flatten)]
    pub chosen: Chosen,
}

#[derive(Debug, Args)]
pub struct PolicyArgs {
    /// What it is to allow
    #[arg(long = "for", value_enum, default_value_t = PolicyFor::All, value_name = "COMMAND")]
    pub command: PolicyFor,
}

/// What a policy allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PolicyFor {
    /// To read
    Diff,
    /// To read, make and change; not to replace or remove
    Up,
    /// To read and delete everything
    Down,
    /// All commands: `up` that replaces or removes, `down` of one region among others
    All,
}

/// How a graph is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    /// For Graphviz
    Dot,
    /// For Markdown
    Mermaid,
}

#[derive(Debug, Subcommand)]
pub enum StateCommand {
    /// All recorded resources
    List,
    /// One resource, whole
    Show {
        /// Its address
        address: String,
    },
    /// What happened, newest first
    History {
        /// How many events
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Record another address for the same object, or for all objects of a component; AWS is not asked
    Mv {
        /// The old address or component, such as `table.orders`
        from: String,
        /// The new one
        to: String,
        #[command(flatten)]
        lock: Lock,
    },
    /// End a change that an interrupted run left open, by your word
    Settle {
        /// Its address
        address: String,
        /// It made this object
        #[arg(long, value_name = "ID", required_unless_present = "forget", conflicts_with = "forget")]
        made: Option<String>,
        /// It made nothing, or what it made is gone
        #[arg(long)]
        forget: bool,
        #[command(flatten)]
        lock: Lock,
    },
    /// Compare what is recorded with the events that it follows from
    Verify,
    /// Make what is recorded anew from the events
    Rebuild,
    /// Copy the stack's whole history to another database
    Copy {
        /// Where to: a path or postgres://...
        #[arg(long, value_name = "URL")]
        to: String,
        #[command(flatten)]
        lock: Lock,
    },
    /// Write the stack's whole history as JSON lines
    Export {
        /// To a file that does not exist yet, for its owner alone [default: standard output]
        #[arg(short, long = "out", value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Bring in a history that `state export` wrote; refused if the stack has a state
    Import {
        /// The file
        file: PathBuf,
    },
    /// Copy the SQLite file, also while a run uses it
    Backup {
        /// The copy, for its owner alone [default: beside the file, named with the time]
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub enum SandboxCommand {
    /// Answer AWS requests on 127.0.0.1
    Serve(ServeArgs),
    /// Forget everything in the sandbox, and its state
    Reset,
}

#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Port; 0 takes a free one
    #[arg(long, default_value_t = 4566)]
    pub port: u16,
    /// Keep everything in memory
    #[arg(long)]
    pub in_memory: bool,
    /// Sandbox seconds per second; 1 is real time. The default makes milliseconds of what takes AWS minutes, so that
    /// scripts and their waiters need not wait
    #[arg(long, default_value_t = 2000.0, value_name = "FACTOR", value_parser = positive)]
    pub speed: f64,
    /// Seed of ids
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How long reads lag behind creates, in sandbox seconds
    #[arg(long, default_value_t = 0.0, value_name = "SECONDS", value_parser = not_negative)]
    pub lag: f64,
    /// Do not enforce AWS's published request limits
    #[arg(long)]
    pub no_limits: bool,
    /// Added to every answer, in sandbox milliseconds
    #[arg(long, default_value_t = 0, value_name = "MILLISECONDS")]
    pub latency: u64,
    /// Enforce an IAM policy, such as `globe policy` prints
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
}

fn positive(text: &str) -> Result<f64, String> {
    text.parse::<f64>()
        .ok()
        .filter(|value| value.is_finite() && *value > 0.0)
        .ok_or_else(|| "not a number above 0".into())
}

fn not_negative(text: &str) -> Result<f64, String> {
    text.parse::<f64>()
        .ok()
        .filter(|value| value.is_finite() && *value >= 0.0)
        .ok_or_else(|| "not a number from 0".into())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn region_and_regions_are_the_same() {
        for flag in ["--region", "--regions"] {
            let cli = Cli::try_parse_from(["globe", "down", flag, "eu-central-1,us-west-2"]).expect("parses");
            let Command::Down(down) = cli.command else { panic!("not down") };
            assert_eq!(down.chosen.regions, ["eu-central-1", "us-west-2"]);
        }
    }
}
