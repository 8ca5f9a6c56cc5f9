//! Finding an object whose create lost its answer.

use std::time::Duration;

use globe_model::{Address, CallError, Candidate, Desired, Token, Wanted};

use crate::shared::Ports;

/// Seconds between one look and the next. Reads lag behind writes by seconds, at times by half a minute, and whoever
/// gives up too early makes a second object. Answers are lost rarely enough for patience.
const PAUSES: [u64; 6] = [1, 2, 4, 8, 12, 15];

/// Objects at `address` that the intent with `token` made, or that bear no nonce at all (name kinds). Asks several
/// times before it says that there is none.
///
/// # Errors
/// When AWS cannot be asked.
pub async fn find(
    ports: &Ports,
    address: &Address,
    desired: &Desired,
    token: Option<&Token>,
) -> Result<Vec<Candidate>, CallError> {
    for pause in PAUSES {
        let found = look(ports, address, desired, token).await?;
        if !found.is_empty() {
            return Ok(found);
        }
        ports.clock.sleep(Duration::from_secs(pause)).await;
    }
    look(ports, address, desired, token).await
}

/// One look.
///
/// # Errors
/// When AWS cannot be asked.
pub async fn look(
    ports: &Ports,
    address: &Address,
    desired: &Desired,
    token: Option<&Token>,
) -> Result<Vec<Candidate>, CallError> {
    let wanted = [Wanted { address: address.clone(), desired: desired.clone() }];
    let found = ports.cloud.discover(&address.kind, &address.scope, &wanted).await?;
    // A nonce tells it from all others, even if its address was moved since and its tags say the old one.
    let ours = |candidate: &Candidate| match (token, candidate.nonce.as_deref()) {
        (Some(token), Some(nonce)) => nonce == token.as_str(),
        _ => candidate.address == *address,
    };
    Ok(found.into_iter().filter(ours).collect())
}
