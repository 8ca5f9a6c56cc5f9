//! Caller references: the intent's token and a mark of whose object it is.
//!
//! Zones and health checks get their tags by a second call, so until then the reference is all that tells whose they are.
//! It is given once and can never be changed, and a full address does not fit into the 64 characters of a health check's.

use globe_model::{Address, Candidate};
use sha2::{Digest, Sha256};

use crate::driver::{Birth, Scoped};

/// Hexadecimal digits of the mark: 64 bits, beside a token of 32 digits.
const MARK: usize = 16;

/// The reference of an object that is about to be made.
pub fn reference(birth: &Birth<'_>) -> String {
    format!("{}.{}", birth.token, mark(&birth.owner.stack, birth.address))
}

/// The candidates for `address` among objects known by id and reference.
pub fn candidates<'a>(
    cx: &'a Scoped,
    address: &'a Address,
    found: impl IntoIterator<Item = (String, String)> + 'a,
) -> impl Iterator<Item = Candidate> + 'a {
    let mark = mark(&cx.owner.stack, address);
    found.into_iter().filter_map(move |(id, reference)| {
        let token = reference.strip_suffix(&mark)?.strip_suffix('.')?;
        Some(Candidate { address: address.clone(), id, nonce: Some(token.to_owned()) })
    })
}

fn mark(stack: &str, address: &Address) -> String {
    let hash = Sha256::digest(format!("{stack} {address}").as_bytes());
    hash.iter().take(MARK / 2).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_tells_stacks_and_addresses_apart() {
        let zone = |name: &str| Address::new("global", "route53/zone", name);
        assert_eq!(mark("acme", &zone("main")), mark("acme", &zone("main")));
        assert_ne!(mark("acme", &zone("main")), mark("acme", &zone("other")));
        assert_ne!(mark("acme", &zone("main")), mark("other", &zone("main")));
        assert_eq!(mark("acme", &zone("main")).len(), MARK);
    }
}
