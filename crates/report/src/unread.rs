//! What could not be read, in words.

use globe_model::{Scope, Unread};

use crate::words::{counted, listed, rfc3339};

/// `global services`, `eu-central-1`.
fn place(scope: &Scope) -> String {
    match scope.as_region() {
        Some(region) => region.to_string(),
        None => format!("global services ({})", scope.endpoint_region()),
    }
}

fn those(unread: &Unread) -> String {
    counted(unread.addresses.len(), "resource", "resources")
}

/// One line for all that failed alike in one scope.
pub(crate) fn line(unread: &Unread) -> String {
    let (place, reason) = (place(&unread.scope), &unread.reason);
    if !unread.silent {
        let which = match unread.addresses.first() {
            Some(only) if unread.addresses.len() == 1 => only.to_string(),
            _ => format!("{} of {place}", those(unread)),
        };
        return format!("Unknown: {which} could not be read ({reason}), so nothing is planned there.");
    }
    let since = rfc3339(unread.since);
    let since = since.get(11..16).unwrap_or(&since);
    let are = if unread.addresses.len() == 1 { "is left as it is" } else { "are left as they are" };
    format!("{place} cannot be reached since {since} UTC ({reason}): {} there {are}.", those(unread))
}

/// What is missing from a plan or a run, for its last line; `None` when nothing is.
pub(crate) fn missing(all: &[Unread]) -> Option<String> {
    let places: Vec<String> =
        all.iter().map(|unread| format!("{} in {}", those(unread), place(&unread.scope))).collect();
    (!places.is_empty()).then(|| format!("{} could not be read", listed(&places)))
}
