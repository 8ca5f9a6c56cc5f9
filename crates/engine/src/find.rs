//! Finding an object whose create lost its answer.

use std::time::Duration;

use globe_model::{Address, CallError, Candidate, Token, Wanted};
use serde_json::Value;

use crate::shared::Ports;

/// How often, and how far apart: reads lag behind writes by seconds.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_secs(2);

/// Objects at `address` that the intent with `token` made, or that bear no nonce at all (name kinds). Asks several
/// times before it says that there is none.
///
/// # Errors
/// When AWS cannot be asked.
pub async fn find(
    ports: &Ports,
    address: &Address,
    desired: &Value,
    token: Option<&Token>,
) -> Result<Vec<Candidate>, CallError> {
    for attempt in 0..TRIES {
        if attempt > 0 {
            ports.clock.sleep(PAUSE).await;
        }
        let found = look(ports, address, desired, token).await?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

/// One look.
///
/// # Errors
/// When AWS cannot be asked.
pub async fn look(
    ports: &Ports,
    address: &Address,
    desired: &Value,
    token: Option<&Token>,
) -> Result<Vec<Candidate>, CallError> {
    let wanted = [Wanted { address: address.clone(), desired: desired.clone() }];
    let found = ports.cloud.discover(&address.kind, &address.scope, &wanted).await?;
    let ours = |candidate: &Candidate| {
        let nonce = candidate.nonce.as_deref();
        candidate.address == *address && token.is_none_or(|token| nonce.is_none_or(|nonce| nonce == token.as_str()))
    };
    Ok(found.into_iter().filter(ours).collect())
}
