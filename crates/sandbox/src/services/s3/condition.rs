//! What a request asks for before it is answered: `If-Match` and the like, and a range of bytes.

use bytes::Bytes;

use super::header;
use crate::call::{ApiError, Call};
use crate::world::Object;

/// Refuses to write over what must not be there, or over another version than the one named.
///
/// # Errors
/// `PreconditionFailed`; `NoSuchKey` where the named version is of nothing.
pub fn may_write(call: &Call<'_>, present: Option<&Object>) -> Result<(), ApiError> {
    let (matching, none) = (header(call, "if-match"), header(call, "if-none-match"));
    if none == "*" && present.is_some() {
        return Err(failed());
    }
    match present {
        None if !matching.is_empty() => {
            Err(ApiError::new("NoSuchKey", "The specified key does not exist.").status(404))
        }
        Some(object) if !matching.is_empty() && !is_tag(object, matching) => Err(failed()),
        _ => Ok(()),
    }
}

/// Refuses to show what the caller has already, or what is not what the caller expects.
///
/// # Errors
/// `PreconditionFailed`, or HTTP 304 without a body.
pub fn may_read(call: &Call<'_>, object: &Object) -> Result<(), ApiError> {
    let (matching, none) = (header(call, "if-match"), header(call, "if-none-match"));
    if !matching.is_empty() && !is_tag(object, matching) {
        return Err(failed());
    }
    match !none.is_empty() && is_tag(object, none) {
        true => Err(ApiError::new("304", "Not Modified").status(304)),
        false => Ok(()),
    }
}

fn is_tag(object: &Object, tags: &str) -> bool {
    let bare = |tag: &str| tag.trim().trim_matches('"').to_owned();
    tags == "*" || tags.split(',').any(|tag| bare(tag) == bare(object.text("ETag")))
}

fn failed() -> ApiError {
    ApiError::new("PreconditionFailed", "At least one of the pre-conditions you specified did not hold").status(412)
}

/// The part of `all` that the request asks for, as (part, `Content-Range`); `None` if it asks for the whole.
///
/// # Errors
/// `InvalidRange`, when it begins after the end.
pub fn part(call: &Call<'_>, all: &Bytes) -> Result<Option<(Bytes, String)>, ApiError> {
    let Some((from, to)) = header(call, "range").strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Ok(None);
    };
    let length = all.len();
    let (first, last) = match (from.parse::<usize>(), to.parse::<usize>()) {
        (Ok(first), Ok(last)) => (first, last.min(length.saturating_sub(1))),
        (Ok(first), Err(_)) => (first, length.saturating_sub(1)),
        (Err(_), Ok(tail)) => (length.saturating_sub(tail), length.saturating_sub(1)),
        (Err(_), Err(_)) => return Ok(None),
    };
    if first >= length || first > last {
        return Err(ApiError::new("InvalidRange", "The requested range is not satisfiable").status(416));
    }
    Ok(Some((all.slice(first..=last), format!("bytes {first}-{last}/{length}"))))
}
