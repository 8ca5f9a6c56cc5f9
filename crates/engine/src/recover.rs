//! Settling what an earlier run left open, before anything else is planned.

use globe_model::{
    Address, CallError, ErrorClass, Event, Head, Intent, IntentAction, JournalError, Lease, Outcome, Recovery,
};

use crate::find::find;
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
/// See [`RecoverError`]; what was settled before stays settled.
pub async fn recover(ports: &Ports, lease: &Lease, head: &Head) -> Result<(), RecoverError> {
    for intent in &head.open {
        let (outcome, finding) = match intent.action {
            IntentAction::Create => created(ports, intent).await?,
            // Calls that may be repeated: the plan that follows finds what is still missing.
            IntentAction::Update => (interrupted(intent), "the change is compared anew".to_owned()),
            IntentAction::Delete => (interrupted(intent), "the delete is looked at anew".to_owned()),
        };
        ports.journal.conclude(lease, intent, &outcome).await?;
        ports.tell(Event::Recovered { address: intent.address.clone(), finding });
    }
    Ok(())
}

fn interrupted(intent: &Intent) -> Outcome {
    let message = "the run was interrupted before an answer was recorded";
    Outcome::Failed { error: CallError::new(ErrorClass::Ambiguous, &intent.address.kind, message) }
}

async fn created(ports: &Ports, intent: &Intent) -> Result<(Outcome, String), RecoverError> {
    let address = &intent.address;
    let failed = |source| RecoverError::Call { address: address.clone(), source };
    let found = find(ports, address, &intent.request, Some(&intent.token)).await.map_err(failed)?;
    let recovery = ports.kind(address).map_err(failed)?.recovery();
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
