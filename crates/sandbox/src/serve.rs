//! The same AWS over HTTP, for the AWS CLI, boto3, and tests that kill their client.

use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::Sandbox;

/// Answers requests on `listener` until the task is dropped.
///
/// # Errors
/// When the listener fails for good.
pub async fn serve(sandbox: Sandbox, listener: TcpListener) -> std::io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        let sandbox = sandbox.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(sandbox.clone(), request));
            let served = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            if let Err(error) = served.await {
                tracing::debug!(%error, "a connection ended");
            }
        });
    }
}

/// A lost answer: hyper closes the connection when the service fails.
#[derive(Debug, thiserror::Error)]
#[error("the answer is lost on purpose")]
struct Lost;

/// Where the log of all calls can be read, as JSON: for tests, and for whoever wonders what a client did.
const CALLS: &str = "/_sandbox/calls";
/// The calls that hang now, as JSON.
const HELD: &str = "/_sandbox/held";
/// Lets the calls that hang go on.
const RELEASE: &str = "/_sandbox/release";
/// Makes one thing more go wrong: the query is a fault rule.
const FAULT: &str = "/_sandbox/fault";
/// Lets nothing go wrong from now on.
const CALM: &str = "/_sandbox/calm";

/// What is asked of the sandbox itself; `None` is a request to AWS.
fn control(sandbox: &Sandbox, uri: &http::Uri) -> Option<http::Response<Full<bytes::Bytes>>> {
    let answer = match uri.path() {
        CALLS => http::Response::new(serde_json::to_vec(&sandbox.calls()).unwrap_or_default()),
        HELD => http::Response::new(serde_json::to_vec(&sandbox.held()).unwrap_or_default()),
        RELEASE => {
            sandbox.release();
            http::Response::default()
        }
        CALM => {
            sandbox.clear_faults();
            http::Response::default()
        }
        FAULT => add_fault(sandbox, uri.query().unwrap_or_default()),
        _ => return None,
    };
    Some(answer.map(|body| Full::new(body.into())))
}

fn add_fault(sandbox: &Sandbox, rule: &str) -> http::Response<Vec<u8>> {
    match rule.parse() {
        Ok(rule) => {
            sandbox.add_fault(rule);
            http::Response::default()
        }
        Err(error) => {
            let mut refused = http::Response::new(error.to_string().into_bytes());
            *refused.status_mut() = http::StatusCode::BAD_REQUEST;
            refused
        }
    }
}

async fn answer(
    sandbox: Sandbox,
    request: http::Request<Incoming>,
) -> Result<http::Response<Full<bytes::Bytes>>, Lost> {
    if let Some(answer) = control(&sandbox, request.uri()) {
        return Ok(answer);
    }
    let (parts, body) = request.into_parts();
    let body = match body.collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(_) => return Err(Lost),
    };
    let answered = sandbox.handle(http::Request::from_parts(parts, body)).await;
    answered.map(|response| response.map(Full::new)).ok_or(Lost)
}
