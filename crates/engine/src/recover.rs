//! Settling what an earlier run left open, before anything else is planned.

use futures::future::join_all;
use globe_model::{
    Address, CallError, ErrorClass, Event, Head, Intent, IntentAction, JournalError, Lease, Outcome, Recovery,
};

use crate::find::{find, look};
use crate::shared::Ports;

/// An open intent cannot be settled.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// Several objects may be the one: a person must decide.
    #[error("an interrupted create of {address} may have made any of {}; delete all but one, globe does not guess", ids.join(", "))]
    Ambiguous {
        /// Which resource.
        address: Address,
        /// The objects.
        ids: Vec<String>,
    },
    /// AWS could not be asked.
    #[error("could not find out what became of an interrupted change of {address}")]
    Call {
        /// Which resource.
        address: Address,
        /// AWS's words.
        #[source]
        source: CallError,
    },
    /// The state could not be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// Settles every open intent of `head`.
///
/// # Guarantees
/// Afterwards every create that AWS carried out is recorded with its identity. Running it again is harmless.
///
/// # Errors
/// See [`RecoverError`]; what could be settled is.
pub async fn recover(ports: &Ports, lease: &Lease, head: &Head) -> Result<(), RecoverError> {
    // Together: a search for what may not exist takes its time.
    let findings = join_all(head.open.iter().map(|intent| finding(ports, intent))).await;
    let mut unsettled = None;
    for (intent, found) in head.open.iter().zip(findings) {
        match found {
            Ok((outcome, finding)) => {
                ports.journal.conclude(lease, intent, &outcome).await?;
                ports.tell(Event::Recovered { address: intent.address.clone(), finding });
            }
            Err(error) => unsettled = unsettled.or(Some(error)),
        }
    }
    unsettled.map_or(Ok(()), Err)
}

async fn finding(ports: &Ports, intent: &Intent) -> Result<(Outcome, String), RecoverError> {
    match intent.action {
        IntentAction::Create => created(ports, intent).await,
        // Calls that may be repeated: the plan that follows finds what is still missing.
        IntentAction::Update => Ok((interrupted(intent), "the change is compared anew".to_owned())),
        IntentAction::Delete => Ok((interrupted(intent), "the delete is looked at anew".to_owned())),
    }
}

fn interrupted(intent: &Intent) -> Outcome {
    let message = "the run was interrupted before an answer was recorded";
    Outcome::Failed { error: CallError::new(ErrorClass::Ambiguous, &intent.address.kind, message) }
}

async fn created(ports: &Ports, intent: &Intent) -> Result<(Outcome, String), RecoverError> {
    let address = &intent.address;
    let failed = |source| RecoverError::Call { address: address.clone(), source };
    let recovery = ports.kind(address).map_err(failed)?.recovery();
    let found = match recovery {
        // What is not visible yet is still remembered with its token.
        Recovery::Token => look(ports, address, &intent.request, Some(&intent.token)).await,
        _ => find(ports, address, &intent.request, Some(&intent.token)).await,
    };
    let found = found.map_err(failed)?;
    match (found.as_slice(), recovery) {
        ([one], _) => {
            let finding = format!("had been made as {}", one.id);
            Ok((Outcome::Created { id: one.id.clone() }, finding))
        }
        ([], Recovery::Token) => replay(ports, intent).await,
        ([], _) => Ok((interrupted(intent), "had not been made".to_owned())),
        (several, _) => {
            let ids = several.iter().map(|candidate| candidate.id.clone()).collect();
            Err(RecoverError::Ambiguous { address: address.clone(), ids })
        }
    }
}

/// AWS remembers the token: repeating the call gives the object it made, or makes it now. A refusal means that it
/// was never made.
async fn replay(ports: &Ports, intent: &Intent) -> Result<(Outcome, String), RecoverError> {
    let address = &intent.address;
    match ports.cloud.create(address, &intent.request, &intent.token).await {
        Ok(id) => Ok((Outcome::Created { id: id.clone() }, format!("was asked for again with the same token: {id}"))),
        Err(error) if error.class.heals() => Err(RecoverError::Call { address: address.clone(), source: error }),
        Err(error) => Ok((Outcome::Failed { error }, "had not been made".to_owned())),
    }
}
