//! Lists in pages, as the JSON and query services cut them: a limit with bounds, a token, and the next token.

use serde_json::{Value, json};

use crate::call::{Answer, ApiError, Call};

/// How a list is cut.
#[derive(Clone, Copy, Debug)]
pub struct Paging {
    /// Member of the request that limits a page; empty if the size is fixed.
    pub limit: &'static str,
    /// Page size if the request names none.
    pub default: i64,
    /// Largest page.
    pub most: i64,
    /// Member that carries the token in.
    pub token: &'static str,
    /// Member that carries the next token out.
    pub next: &'static str,
    /// Code of the error for a limit beyond the bounds.
    pub refusal: &'static str,
}

/// One page of `items` as `member` of the answer.
///
/// # Errors
/// For a limit beyond the bounds.
pub fn listing(call: &Call<'_>, member: &str, items: Vec<Value>, paging: Paging) -> Answer {
    let limit = call.number(paging.limit).unwrap_or(paging.default);
    if !(1..=paging.most).contains(&limit) {
        let message = format!("Value '{limit}' at '{}' must be between 1 and {}", paging.limit, paging.most);
        return Err(ApiError::new(paging.refusal, message));
    }
    let (page, next) = call.page(items, Some(limit), call.text(paging.token));
    let mut answer = json!({member: page});
    if let Some(next) = next {
        answer[paging.next] = next.into();
    }
    Ok(answer.into())
}
