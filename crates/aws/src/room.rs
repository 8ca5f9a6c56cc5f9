//! How many mutating calls may be under way at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use globe_model::{Address, CallError, Scope};
use tokio::sync::Semaphore;

use crate::limits::Table;
use crate::repeat::marked;

/// What is done to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// Create.
    Create,
    /// Update.
    Update,
    /// Delete.
    Delete,
}

type Key = (Scope, String, Verb);

/// Room for calls: per scope, kind and verb as many as any bucket of the service lets through at once. More could not be
/// sent; they would only hold their requests in memory while the limiter makes them wait. Verbs have room of their own,
/// so that objects waiting to be made do not keep those already made from being finished.
#[derive(Debug, Default)]
pub struct Room {
    permits: Mutex<BTreeMap<Key, Arc<Semaphore>>>,
    failed: Mutex<BTreeSet<Address>>,
}

impl Room {
    fn permits(&self, address: &Address, verb: Verb) -> Arc<Semaphore> {
        let key = (address.scope.clone(), address.kind.clone(), verb);
        let most = || {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count of calls")]
            let burst = Table::built_in().burst(signing_name(address.service())) as usize;
            Arc::new(Semaphore::new(burst.max(1)))
        };
        let mut permits = self.permits.lock().unwrap_or_else(PoisonError::into_inner);
        permits.entry(key).or_insert_with(most).clone()
    }

    /// Makes `call` on `address` once there is room. After a failure the next call on that address counts as a repeated
    /// one.
    ///
    /// # Errors
    /// Those of `call`.
    pub async fn call<T, F>(&self, address: &Address, verb: Verb, call: F) -> Result<T, CallError>
    where
        F: Future<Output = Result<T, CallError>>,
    {
        let permits = self.permits(address, verb);
        // The semaphore is never closed.
        let _permit = permits.acquire().await;
        let failed = || self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let again = failed().remove(address);
        let answer = marked(again, call).await;
        if answer.is_err() {
            failed().insert(address.clone());
        }
        answer
    }
}

/// The name that a kind's service has in signatures.
fn signing_name(service: &str) -> &str {
    match service {
        "elbv2" => "elasticloadbalancing",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::drivers;

    #[test]
    fn every_kinds_service_is_in_the_table() {
        for driver in drivers() {
            let service = driver.name().split('/').next().unwrap_or_default();
            assert!(Table::built_in().names().any(|name| name == signing_name(service)), "{service}");
        }
    }
}
