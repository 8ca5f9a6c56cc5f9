//! What is proved of every create: one call that changes something, found again when its answer is lost, and ours alone.

use std::time::Duration;

use globe_aws::{AwsCloud, Driver};
use globe_model::{Address, Candidate, Cloud, Desired, ErrorClass, Recovery, Token, Wanted};

use crate::bench::Bench;
use crate::permissions::Work;
use crate::proofs;

/// Kinds without tags: whose they are follows from what they are a part of, so another stack that wants the very same
/// part of the very same thing would find it.
const PARTS: &[&str] = &["autoscaling/policy", "route53/record", "s3/replication"];

impl Bench {
    /// Creates without waiting for readiness.
    pub async fn start<K: Driver>(&mut self, address: &Address, spec: &K::Spec) {
        let json = serde_json::to_value(spec).expect("spec is JSON");
        let back: K::Spec = serde_json::from_value(json.clone()).expect("spec round-trips");
        assert_eq!(serde_json::to_value(back).expect("spec is JSON"), json);
        K::refs(spec, &mut |edge| proofs::referred(&edge.address.kind));
        let desired = self.lower::<K>(spec);
        let id = self.born::<K>(address, &desired).await;
        self.made.push((address.clone(), id));
        self.publish::<K>(address, &desired).await;
    }

    /// Creates, loses the answer, and finds it again in the way that the kind declares, and only in that.
    async fn born<K: Driver>(&self, address: &Address, desired: &Desired) -> String {
        let token = Token::random();
        self.proved(K::NAME, Work::Write, self.lose(address, desired, &token)).await;
        let create = || self.cloud.create(address, desired, &token);
        let id = match K::RECOVERY {
            Recovery::Token => self.retry(create).await,
            Recovery::Nonce | Recovery::Name => self.found::<K>(address, desired, &token).await,
        };
        match K::RECOVERY {
            Recovery::Token => assert_eq!(create().await, Ok(id.clone()), "{address}: the same token again"),
            Recovery::Name => self.takes_the_name_once(address, desired, &token, &id).await,
            // A repeat would make a second one, as would another intent's look: the nonce alone tells them apart.
            Recovery::Nonce => {
                let others = self.look::<K>(&self.cloud, address, desired, &Token::random()).await;
                assert_eq!(others, [], "{address}: another intent does not take it for its own");
            }
        }
        // Whatever the way back, the plan that comes next discovers it.
        assert_eq!(self.found::<K>(address, desired, &token).await, id);
        let theirs = self.look::<K>(&self.stranger, address, desired, &token).await;
        assert!(theirs.is_empty() || PARTS.contains(&K::NAME), "{address} is another stack's: {theirs:?}");
        id
    }

    /// Repeats the create while its failure heals, up to the one that AWS carries out: that answer is lost.
    async fn lose(&self, address: &Address, desired: &Desired, token: &Token) {
        let before = self.writes();
        self.wire.lose_next_write();
        let mut refused = 0;
        loop {
            let error = self.cloud.create(address, desired, token).await.expect_err("the answer is lost");
            if !self.wire.is_armed() {
                assert_eq!(error.class, ErrorClass::Ambiguous, "{address}: {error}");
                assert_eq!(self.writes() - before, refused + 1, "create of {address} is one mutating call");
                return;
            }
            assert!(error.class.heals() && refused < 600, "{error} ({:?})", error.class);
            refused = self.writes() - before;
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
    }

    /// A name belongs to one object: a repeat is that object, or is refused, and never makes another.
    async fn takes_the_name_once(&self, address: &Address, desired: &Desired, token: &Token, id: &str) {
        match self.cloud.create(address, desired, token).await {
            Ok(again) => assert_eq!(again, id, "{address}: a repeated create makes no other"),
            Err(error) => {
                let known = matches!(error.class, ErrorClass::AlreadyExists | ErrorClass::Conflict);
                assert!(known, "{address}: {error} ({:?})", error.class);
            }
        }
    }

    /// The one object that a lost create made, as the engine looks for it; nothing is written meanwhile.
    async fn found<K: Driver>(&self, address: &Address, desired: &Desired, token: &Token) -> String {
        let before = self.writes();
        let look = self.look::<K>(&self.cloud, address, desired, token);
        let found = self.proved(K::NAME, Work::Read, look).await;
        assert_eq!(self.writes(), before, "{address}: a look changes nothing");
        let [one] = found.as_slice() else { panic!("{address}: a lost answer is found again: {found:?}") };
        if K::RECOVERY == Recovery::Nonce {
            assert_eq!(one.nonce.as_deref(), Some(token.as_str()), "{address} carries its nonce");
        }
        one.id.clone()
    }

    /// Candidates for `address` that this intent, or one without a nonce, may have made.
    async fn look<K: Driver>(
        &self,
        cloud: &AwsCloud,
        address: &Address,
        desired: &Desired,
        token: &Token,
    ) -> Vec<Candidate> {
        let wanted = [Wanted { address: address.clone(), desired: desired.clone() }];
        let mut found = cloud.discover(K::NAME, &address.scope, &wanted).await.expect("discovers");
        found.retain(|candidate| {
            candidate.address == *address && candidate.nonce.as_ref().is_none_or(|nonce| nonce == token.as_str())
        });
        found
    }

    /// Asked for together with an id that nothing has, it is found and the other is not there.
    pub(crate) async fn knows_no_other(&self, address: &Address) {
        let id = self.id(address);
        let other = sibling(&id);
        let both = async { tokio::join!(self.cloud.read(address, &id), self.cloud.read(address, &other)) };
        let (known, unknown) = self.proved(&address.kind, Work::Read, both).await;
        assert!(known.expect("an unknown id does not fail the others").is_some(), "{address} is not hidden by {other}");
        assert_eq!(unknown.expect("an unknown id is no failure"), None, "{address}: {other} is nothing");
    }
}

/// A well-formed id of the same kind that nothing has: another last letter or digit before any empty part.
fn sibling(id: &str) -> String {
    let known = id.trim_end_matches(|last: char| !last.is_ascii_alphanumeric());
    // A record's type is one of few: its name changes instead.
    let known = match known.rsplit_once('|') {
        Some((before, _)) if id.ends_with('|') => before,
        _ => known,
    };
    let (head, last) = known.split_at(known.len().saturating_sub(1));
    let other = if last == "7" { "8" } else { "7" };
    format!("{head}{other}{}", id.get(known.len()..).unwrap_or_default())
}
