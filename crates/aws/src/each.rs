//! Calls that AWS has for single objects only, made for many.

use futures::stream::{self, StreamExt, TryStreamExt};
use globe_model::CallError;

/// Calls of one kind in one scope that are under way together. With answers after 50 to 200 ms that is 80 to 320 a
/// second, more than any bucket in the limiter's table refills. More would only wait inside the SDK, at some 50 KB each,
/// and arrive in bunches that AWS throttles.
const TOGETHER: usize = 16;

/// What comes of `calls`, in their order; ends at the first that fails.
///
/// # Errors
/// That one's.
pub async fn each<T, F>(calls: impl IntoIterator<Item = F>) -> Result<Vec<T>, CallError>
where
    F: Future<Output = Result<T, CallError>>,
{
    // Collected first: a stream of borrowing closures is not provably `Send`.
    let calls: Vec<F> = calls.into_iter().collect();
    stream::iter(calls).buffered(TOGETHER).try_collect().await
}
