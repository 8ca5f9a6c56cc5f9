//! Settling what an earlier run left open, before anything else is planned.

use globe_model::{Address, CallError, ErrorClass, Event, Intent, IntentAction, JournalError, Outcome, Recovery};

use crate::find::find;
use crate::lease::Tenure;
use crate::shared::{Ports, Stop};

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
    /// The user asked to stop.
    #[error("stopped while settling what an interrupted run left open; {left} of it remain")]
    Stopped {
        /// Intents that are still open.
        left: usize,
    },
}

/// Settles these open intents, all of them in scopes of the lease. Between two of them it may be stopped.
///
/// # Guarantees
/// Afterwards every create that AWS carried out is recorded with its identity. Running it again is harmless.
///
/// # Errors
/// See [`RecoverError`]; what was settled before stays settled.
pub async fn recover(ports: &Ports, tenure: &Tenure, open: &[Intent], stop: &Stop) -> Result<(), RecoverError> {
    for (settled, intent) in open.iter().enumerate() {
        if stop.is_requested() && tenure.lost().is_none() {
            return Err(RecoverError::Stopped { left: open.len() - settled });
        }
        let (outcome, finding) = match intent.action {
            IntentAction::Create => created(ports, tenure, intent).await?,
            // Calls that may be repeated: the plan that follows finds what is still missing.
            IntentAction::Update => (interrupted(intent), "the change is compared anew".to_owned()),
            IntentAction::Delete => (interrupted(intent), "the delete is looked at anew".to_owned()),
        };
        ports.journal.conclude(tenure.lease(), intent, &outcome).await?;
        ports.tell(Event::Recovered { address: intent.address.clone(), finding });
    }
    Ok(())
}

fn interrupted(intent: &Intent) -> Outcome {
    let message = "the run was interrupted before an answer was recorded";
    Outcome::Failed { error: CallError::new(ErrorClass::Ambiguous, &intent.address.kind, message) }
}

async fn created(ports: &Ports, tenure: &Tenure, intent: &Intent) -> Result<(Outcome, String), RecoverError> {
    let address = &intent.address;
    let failed = |source| RecoverError::Call { address: address.clone(), source };
    let found = find(ports, address, &intent.request, Some(&intent.token)).await.map_err(failed)?;
    let recovery = ports.kind(address).map_err(failed)?.recovery();
    match (found.as_slice(), recovery) {
        ([one], _) => {
            let finding = format!("had been made as {}", one.id);
            Ok((Outcome::Created { id: one.id.clone() }, finding))
        }
        ([], Recovery::Token) => replay(ports, tenure, intent).await,
        ([], _) => Ok((interrupted(intent), "had not been made".to_owned())),
        (several, _) => {
            let ids = several.iter().map(|candidate| candidate.id.clone()).collect();
            Err(RecoverError::Ambiguous { address: address.clone(), ids })
        }
    }
}

/// AWS remembers the token: repeating the call gives the object it made, or makes it now. A refusal means that it
/// was never made.
async fn replay(ports: &Ports, tenure: &Tenure, intent: &Intent) -> Result<(Outcome, String), RecoverError> {
    let address = &intent.address;
    match tenure.guard(ports.cloud.create(address, &intent.request, &intent.token)).await? {
        Ok(id) => Ok((Outcome::Created { id: id.clone() }, format!("was asked for again with the same token: {id}"))),
        Err(error) if error.class.heals() => Err(RecoverError::Call { address: address.clone(), source: error }),
        Err(error) => Ok((Outcome::Failed { error }, "had not been made".to_owned())),
    }
}
