//! Tells whoever waits for it that a task's first call is about to be sent.

use std::future::Future;
use std::sync::Arc;

tokio::task_local! {
    static ON_DEPARTURE: Arc<dyn Fn() + Send + Sync>;
}

/// Does `work`; `on_departure` is called whenever one of its calls is about to be sent.
pub async fn noticed<F: Future>(on_departure: Arc<dyn Fn() + Send + Sync>, work: F) -> F::Output {
    ON_DEPARTURE.scope(on_departure, work).await
}

/// A call of this task is about to be sent.
pub fn announce() {
    // Most calls are made for nobody in particular.
    let _unwatched = ON_DEPARTURE.try_with(|on_departure| on_departure());
}
