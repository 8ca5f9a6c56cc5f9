//! What is proved of every kind.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_types::SdkConfig;
use globe_aws::kinds::drivers;
use globe_aws::kinds::ec2::{Vpc, VpcOutputs};
use globe_aws::{AnyDriver, AwsCloud, Driver, Scoped};
use globe_model::{
    Address, CallError, Clock, Cloud, DataPolicy, Desired, ErrorClass, Kind, Outputs, Owner, Patch, Readiness, Ref,
    Tags, Timestamp, Upstream, Verdict, mentions_unknown,
};
use globe_sandbox::{Options, Sandbox};
use serde_json::Value;

use crate::lossy::{Wire, is_read};
use crate::permissions::{self, Work};
use crate::proofs;

/// The region of regional stories.
pub const REGION: &str = "eu-central-1";
/// The account of all stories.
pub const ACCOUNT: &str = "123456789012";
/// How long anything may take in virtual time: the slowest kinds take minutes.
const PATIENCE: Duration = Duration::from_secs(7200);

/// Names of all registered kinds.
pub fn told() -> impl Iterator<Item = &'static str> {
    drivers().map(AnyDriver::name)
}

/// Tags with a name and one of the user's.
pub fn tags(name: &str) -> Tags {
    Tags::from_live([("Name", name), ("cost-center", "platform")])
}

/// The sandbox's time.
struct SandboxTime(Sandbox);

#[async_trait]
impl Clock for SandboxTime {
    fn now(&self) -> Timestamp {
        Timestamp(0).after(Duration::from_secs_f64(self.0.clock().now()))
    }

    async fn sleep(&self, duration: Duration) {
        self.0.clock().sleep(duration).await;
    }
}

/// AWS as one stack sees it in `sandbox`.
pub fn cloud_on(sandbox: &Sandbox) -> AwsCloud {
    cloud_through(sandbox, sandbox.http_client(), "acme")
}

/// AWS as `stack` sees it in `sandbox` through a wire.
fn cloud_through(sandbox: &Sandbox, wire: SharedHttpClient, stack: &str) -> AwsCloud {
    let credentials = Credentials::from_keys(ACCOUNT, "sandbox", None);
    let config = SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .region(aws_types::region::Region::new(REGION))
        .sleep_impl(aws_smithy_async::rt::sleep::SharedAsyncSleep::new(aws_smithy_async::rt::sleep::TokioSleep::new()))
        .http_client(wire)
        .build();
    let owner = Owner { stack: stack.into(), account: ACCOUNT.into() };
    AwsCloud::new(config, owner, Arc::new(SandboxTime(sandbox.clone())))
}

/// AWS as one stack sees it, and what it has made there.
pub struct Bench {
    /// What globe does: every call is held against the kind's declared actions.
    pub(crate) cloud: AwsCloud,
    /// What the story does around it.
    hands: AwsCloud,
    /// Another stack's view of the same account.
    pub(crate) stranger: AwsCloud,
    pub(crate) wire: Wire,
    sandbox: Sandbox,
    outputs: BTreeMap<Address, Outputs>,
    pub(crate) made: Vec<(Address, String)>,
}

impl Bench {
    /// An empty account.
    pub fn new() -> Self {
        let sandbox = Sandbox::open(Options::default()).expect("an in-memory sandbox opens");
        let wire = Wire::default();
        let cloud = cloud_through(&sandbox, wire.before(&sandbox), "acme");
        let (hands, stranger) = (cloud_on(&sandbox), cloud_through(&sandbox, sandbox.http_client(), "somebody-elses"));
        Self { cloud, hands, stranger, wire, sandbox, outputs: BTreeMap::new(), made: Vec::new() }
    }

    /// The SDK's clients, for what a story needs around the kind it tells of.
    pub fn scoped(&self, scope: &str) -> Scoped {
        self.hands.scoped(&scope.into())
    }

    /// The sandbox itself.
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// Takes a resource for made, with these outputs: upstream that another file's story proves.
    pub fn assume<K: Kind>(&mut self, address: &Address, outputs: &K::Outputs) {
        self.outputs.insert(address.clone(), Outputs::of(outputs.clone()));
    }

    /// A VPC of which only its outputs are known, to refer to.
    pub fn other_vpc(&mut self) -> Ref<Vpc> {
        let other = Ref::to(REGION, "elsewhere");
        let outputs = VpcOutputs { vpc_id: "vpc-0fedcba9876543210".into(), cidr: "10.64.0.0/16".into() };
        self.assume::<Vpc>(other.address(), &outputs);
        other
    }

    /// Takes what a story made with its own hands for made.
    pub fn adopt(&mut self, address: &Address, id: &str) {
        self.made.push((address.clone(), id.to_owned()));
    }

    /// The id of something made.
    pub fn id(&self, address: &Address) -> String {
        let found = self.made.iter().find(|(made, _)| made == address);
        found.map(|(_, id)| id.clone()).unwrap_or_else(|| panic!("{address} was not made"))
    }

    pub(crate) fn lower<K: Kind>(&self, spec: &K::Spec) -> Desired {
        let lookup = |address: &Address| self.outputs.get(address).cloned();
        let desired = K::lower(spec, &Upstream::new(&lookup)).expect("upstream was made before");
        let desired = serde_json::to_value(desired).expect("desired is JSON");
        assert!(!mentions_unknown(&desired), "a stand-in got into {desired}");
        proofs::told(K::NAME, &desired);
        // Through text, as the journal would give it.
        serde_json::from_value(desired).expect("desired is JSON")
    }

    pub(crate) async fn read<K: Kind>(&self, address: &Address) -> Option<K::Live> {
        let id = self.id(address);
        let live = self.proved(K::NAME, Work::Read, self.cloud.read(address, &id)).await.expect("reads");
        live.map(|live| live.open::<K::Live>().expect("live is of its kind's type").into_owned())
    }

    /// Waits for the outputs, unless it takes a patch to bring them: settling publishes again.
    pub(crate) async fn publish<K: Kind>(&mut self, address: &Address, desired: &Desired) {
        let desired = desired.open::<K::Desired>().expect("desired round-trips");
        let patched = |live: &K::Live| {
            K::ready(live) == Readiness::Ready && matches!(K::diff(&desired, live), Verdict::Patch { .. })
        };
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let live = self.read::<K>(address).await;
            if let Some(outputs) = live.as_ref().and_then(K::outputs) {
                self.outputs.insert(address.clone(), Outputs::of(outputs));
                return;
            }
            if live.as_ref().is_some_and(patched) {
                return;
            }
            assert!(tokio::time::Instant::now() < deadline, "{address} never shows its outputs");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// Waits until it is ready and patches what the create could not say; then two reads show no change.
    pub async fn settle<K: Driver>(&mut self, address: &Address, spec: &K::Spec) {
        let desired = self.lower::<K>(spec).open::<K::Desired>().expect("desired round-trips").into_owned();
        let deadline = tokio::time::Instant::now() + PATIENCE;
        let mut made = Vec::new();
        loop {
            assert!(tokio::time::Instant::now() < deadline, "{address} never settles");
            let live = self.read::<K>(address).await.unwrap_or_else(|| panic!("{address} vanished"));
            match K::ready(&live) {
                Readiness::Failed { reason } => panic!("{address} failed: {reason}"),
                Readiness::Wait { .. } => tokio::time::sleep(Duration::from_secs(1)).await,
                Readiness::Ready => match K::diff(&desired, &live) {
                    Verdict::Same => break,
                    Verdict::Patch { patch, changes } => {
                        self.patch(address, &patch).await;
                        made.extend(changes);
                    }
                    Verdict::Replace { changes } => panic!("{address} as made is not as wanted: {changes:?}"),
                },
            }
        }
        let again = self.read::<K>(address).await.unwrap_or_else(|| panic!("{address} vanished"));
        assert!(matches!(K::diff(&desired, &again), Verdict::Same), "a second read of {address} shows a change");
        proofs::patched(K::NAME, &made);
        self.knows_no_other(address).await;
        self.publish::<K>(address, &self.lower::<K>(spec)).await;
    }

    /// Creates, settles, and proves that tags come and go.
    pub async fn up<K: Driver>(&mut self, address: &Address, spec: &K::Spec) {
        self.start::<K>(address, spec).await;
        self.settle::<K>(address, spec).await;
        self.retag::<K>(address, spec).await;
    }

    /// A tag that the spec gains and loses comes and goes in place, where the kind has tags.
    async fn retag<K: Driver>(&mut self, address: &Address, spec: &K::Spec) {
        let mut more = serde_json::to_value(spec).expect("spec is JSON");
        let Some(tags) = more.get_mut("tags").and_then(Value::as_object_mut) else { return };
        tags.insert("for-a-while".into(), "yes".into());
        let more: K::Spec = serde_json::from_value(more).expect("spec round-trips");
        self.patches::<K>(address, &more).await;
        self.patches::<K>(address, spec).await;
    }

    async fn patch<P: serde::Serialize>(&self, address: &Address, patch: &P) {
        let patch = serde_json::to_value(patch).and_then(serde_json::from_value::<Patch>).expect("a patch is JSON");
        let id = self.id(address);
        let update = self.retry(|| self.cloud.update(address, &id, &patch));
        self.proved(&address.kind, Work::Write, update).await;
    }

    /// Another spec is a patch, and once applied no change is left. The resource keeps the new spec.
    pub async fn patches<K: Driver>(&mut self, address: &Address, spec: &K::Spec) {
        let desired = self.lower::<K>(spec).open::<K::Desired>().expect("desired round-trips").into_owned();
        let live = self.read::<K>(address).await.expect("it is there");
        let Verdict::Patch { patch, changes } = K::diff(&desired, &live) else { panic!("{address}: no patch") };
        assert!(!changes.is_empty(), "a patch of {address} names what changes");
        self.patch(address, &patch).await;
        self.settle::<K>(address, spec).await;
        proofs::patched(K::NAME, &changes);
    }

    /// Deleting is refused as long as a dependent exists, in a class that the engine waits on.
    pub async fn refuses_delete(&self, address: &Address) {
        let id = self.id(address);
        let delete = self.cloud.delete(address, &id, DataPolicy::Keep);
        let refused = self.proved(&address.kind, Work::Delete, delete).await;
        let class = refused.err().map(|error| error.class);
        assert!(
            matches!(class, Some(ErrorClass::Dependency | ErrorClass::Conflict | ErrorClass::HoldsData)),
            "{class:?}"
        );
        if class != Some(ErrorClass::HoldsData) {
            proofs::refused(&address.kind);
        }
    }

    /// Deletes everything made, newest first, each twice, until it is gone.
    pub async fn down(&mut self) {
        while let Some((address, id)) = self.made.pop() {
            self.remove(&address, &id).await;
        }
    }

    /// Deletes, waits until it is gone, and deletes what is gone.
    pub(crate) async fn remove(&self, address: &Address, id: &str) {
        let kind = address.kind.as_str();
        let at_risk = self.cloud.data_at_risk(address, id);
        self.proved(kind, Work::Read, at_risk).await.expect("can be asked about its data");
        let delete = || self.retry(|| self.cloud.delete(address, id, DataPolicy::Delete));
        self.proved(kind, Work::Delete, delete()).await;
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while self.proved(kind, Work::Read, self.cloud.read(address, id)).await.expect("reads").is_some() {
            assert!(tokio::time::Instant::now() < deadline, "{address} never goes");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        self.proved(kind, Work::Delete, delete()).await;
    }

    /// Every call made meanwhile is one that the kind declares for this work.
    pub(crate) async fn proved<T>(&self, kind: &str, work: Work, doing: impl Future<Output = T>) -> T {
        let before = self.cloud.meter().counts();
        let done = doing.await;
        for count in self.cloud.meter().counts() {
            if !before.contains(&count) {
                permissions::prove(kind, work, &count);
            }
        }
        done
    }

    /// As the engine does: repeats while the class says that it heals.
    pub(crate) async fn retry<T, F>(&self, call: impl Fn() -> F) -> T
    where
        F: Future<Output = Result<T, CallError>>,
    {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            match call().await {
                Ok(answer) => return answer,
                Err(error) if error.class.heals() && tokio::time::Instant::now() < deadline => {
                    tokio::time::sleep(Duration::from_secs(2)).await;
                }
                Err(error) => panic!("{error} ({:?})", error.class),
            }
        }
    }

    /// Mutating calls so far.
    pub(crate) fn writes(&self) -> u64 {
        let counts = self.cloud.meter().counts();
        counts.iter().filter(|count| !is_read(&count.operation)).map(|count| count.calls).sum()
    }
}
