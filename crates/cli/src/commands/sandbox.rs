//! `globe sandbox serve | reset`

use std::time::Duration;

use globe_sandbox::{Options, Sandbox, lock, serve};
use tokio::net::TcpListener;

use crate::args::{Global, SandboxCommand, ServeArgs};
use crate::failure::{Exit, Failure};
use crate::out::Out;
use crate::project::{folder, sandbox_folder, sandbox_policy};
use crate::session::SANDBOX_LOG;

/// Serves or forgets the sandbox.
///
/// # Errors
/// When the port is taken, or its folder cannot be written.
pub async fn sandbox(global: &Global, out: &Out, command: &SandboxCommand) -> Result<Exit, Failure> {
    match command {
        SandboxCommand::Serve(args) => start(global, out, args).await,
        SandboxCommand::Reset => reset(global, out),
    }
}

async fn start(global: &Global, out: &Out, args: &ServeArgs) -> Result<Exit, Failure> {
    let path = (!args.in_memory).then(|| sandbox_folder(&folder(&global.config)).join("world.jsonl"));
    let options = Options {
        path,
        scale: args.speed,
        seed: args.seed,
        lag: Duration::try_from_secs_f64(args.lag).unwrap_or_default(),
        limits: !args.no_limits,
        latency: Duration::from_millis(args.latency),
        faults: global.faults.clone(),
        policy: args.policy.as_deref().map(sandbox_policy).transpose()?,
        log: SANDBOX_LOG,
        ..Options::default()
    };
    let sandbox = Sandbox::open(options)?;
    let failed = |error: std::io::Error| {
        Failure::new(Exit::Failed, format!("could not listen on 127.0.0.1:{}: {error}", args.port))
            .hint("--port 0 takes a free one")
    };
    let listener = TcpListener::bind(("127.0.0.1", args.port)).await.map_err(failed)?;
    let port = listener.local_addr().map_err(failed)?.port();
    let url = format!("http://127.0.0.1:{port}");
    if out.json {
        out.json_line("serving", &serde_json::json!({"url": url}));
    } else {
        out.data(&format!("Serving AWS on {url}"));
        out.note(&format!(
            "AWS_ENDPOINT_URL={url} AWS_ACCESS_KEY_ID=<account> AWS_SECRET_ACCESS_KEY=sandbox point any SDK at it; Ctrl-C stops."
        ));
    }
    tokio::select! {
        ended = serve(sandbox, listener) => ended.map_err(failed)?,
        _ = tokio::signal::ctrl_c() => {}
    }
    Ok(Exit::Done)
}

fn reset(global: &Global, out: &Out) -> Result<Exit, Failure> {
    let folder = sandbox_folder(&folder(&global.config));
    // Not under the feet of a command that uses it.
    let _locked = folder.exists().then(|| lock(&folder.join("world.jsonl"))).transpose()?;
    match std::fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Failure::new(Exit::Failed, format!("could not remove {}: {error}", folder.display())))
        }
        _ => {
            if out.json {
                out.json_line("reset", &serde_json::json!({"folder": folder.display().to_string()}));
            }
            out.note("The sandbox is empty.");
            Ok(Exit::Done)
        }
    }
}
