//! The sandbox over HTTP without the rest of globe: `cargo run -p globe-sandbox --example serve -- PORT SPEED`.

use globe_sandbox::{Options, Sandbox, serve};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let port: u16 = arguments.next().map_or(Ok(4566), |port| port.parse())?;
    let scale: f64 = arguments.next().map_or(Ok(1.0), |speed| speed.parse())?;
    let sandbox = Sandbox::open(Options { scale, ..Options::default() })?;
    serve(sandbox, TcpListener::bind(("127.0.0.1", port)).await?).await?;
    Ok(())
}
