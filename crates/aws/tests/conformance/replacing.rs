//! What is proved of every replacement: which field forces it, and that it goes in the declared order.

use globe_aws::Driver;
use globe_model::{Address, Cloud, ReplaceOrder, Verdict};

use crate::bench::Bench;
use crate::proofs;

impl Bench {
    /// Another spec forces a replacement because of `field`.
    pub async fn replaces<K: Driver>(&self, address: &Address, spec: &K::Spec, field: &str) {
        let desired = self.lower::<K>(spec).open::<K::Desired>().expect("desired round-trips").into_owned();
        let live = self.read::<K>(address).await.expect("it is there");
        let Verdict::Replace { changes } = K::diff(&desired, &live) else { panic!("{address}: no replacement") };
        assert!(changes.iter().any(|change| change.field == field), "{changes:?}");
        proofs::forced(K::NAME, &changes);
    }

    /// Another spec forces a replacement because of `field`, which is carried out. The resource keeps the new spec.
    pub async fn replace<K: Driver>(&mut self, address: &Address, spec: &K::Spec, field: &str) {
        self.replaces::<K>(address, spec, field).await;
        let at = self.made.iter().position(|(made, _)| made == address).expect("it was made");
        let (_, old) = self.made.remove(at);
        if K::REPLACE == ReplaceOrder::DeleteFirst {
            self.remove(address, &old).await;
        }
        self.start::<K>(address, spec).await;
        let new = self.id(address);
        if K::REPLACE == ReplaceOrder::CreateFirst {
            assert_ne!(new, old, "{address}: the new one is another");
            assert!(self.is_there(address, &old).await, "{address}: both are there for a while");
            self.remove(address, &old).await;
        }
        self.settle::<K>(address, spec).await;
        assert!(new == old || !self.is_there(address, &old).await, "{address}: the old one is gone");
        proofs::replaced(K::NAME);
    }

    async fn is_there(&self, address: &Address, id: &str) -> bool {
        self.cloud.read(address, id).await.expect("reads").is_some()
    }
}
