//! What is proved of every kind.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_types::SdkConfig;
use globe_aws::kinds::drivers;
use globe_aws::{AnyDriver, AwsCloud, Driver, Scoped};
use globe_model::{
    Address, Clock, Cloud, DataPolicy, ErrorClass, Kind, Owner, Readiness, Recovery, Tags, Timestamp, Token, Upstream,
    Verdict, Wanted, mentions_unknown,
};
use globe_sandbox::{Options, Sandbox};
use serde_json::Value;

use crate::permissions::{self, Work};

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
    let credentials = Credentials::from_keys(ACCOUNT, "sandbox", None);
    let config = SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .region(aws_types::region::Region::new(REGION))
        .sleep_impl(aws_smithy_async::rt::sleep::SharedAsyncSleep::new(aws_smithy_async::rt::sleep::TokioSleep::new()))
        .http_client(sandbox.http_client())
        .build();
    let owner = Owner { stack: "acme".into(), account: ACCOUNT.into() };
    AwsCloud::new(config, owner, Arc::new(SandboxTime(sandbox.clone())))
}

/// AWS as one stack sees it, and what it has made there.
pub struct Bench {
    /// What globe does: every call is held against the kind's declared actions.
    cloud: AwsCloud,
    /// What the story does around it.
    hands: AwsCloud,
    sandbox: Sandbox,
    outputs: BTreeMap<Address, Value>,
    made: Vec<(Address, String)>,
}

impl Bench {
    /// An empty account.
    pub fn new() -> Self {
        let sandbox = Sandbox::open(Options::default()).expect("an in-memory sandbox opens");
        let (cloud, hands) = (cloud_on(&sandbox), cloud_on(&sandbox));
        Self { cloud, hands, sandbox, outputs: BTreeMap::new(), made: Vec::new() }
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
        self.outputs.insert(address.clone(), serde_json::to_value(outputs).expect("outputs are JSON"));
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

    fn lower<K: Kind>(&self, spec: &K::Spec) -> Value {
        let lookup = |address: &Address| self.outputs.get(address).cloned();
        let desired = K::lower(spec, &Upstream::new(&lookup)).expect("upstream was made before");
        let desired = serde_json::to_value(desired).expect("desired is JSON");
        assert!(!mentions_unknown(&desired), "a stand-in got into {desired}");
        desired
    }

    async fn read<K: Kind>(&self, address: &Address) -> Option<K::Live> {
        let id = self.id(address);
        let live = self.proved(K::NAME, Work::Read, self.cloud.read(address, &id)).await.expect("reads");
        live.map(|live| serde_json::from_value(live).expect("live round-trips through JSON"))
    }

    /// Creates without waiting for readiness; proves token, tags or name, and single mutation.
    pub async fn start<K: Driver>(&mut self, address: &Address, spec: &K::Spec) {
        let json = serde_json::to_value(spec).expect("spec is JSON");
        let back: K::Spec = serde_json::from_value(json.clone()).expect("spec round-trips");
        assert_eq!(serde_json::to_value(back).expect("spec is JSON"), json);
        let desired = self.lower::<K>(spec);
        let token = Token::random();
        let writes_before = self.writes();
        let create = self.retry(|| self.cloud.create(address, &desired, &token));
        let id = self.proved(K::NAME, Work::Write, create).await;
        assert_eq!(self.writes() - writes_before, 1, "create of {address} is one mutating call");
        if K::RECOVERY == Recovery::Token {
            let again = self.cloud.create(address, &desired, &token).await.expect("the same token again");
            assert_eq!(again, id, "the same token gives the same object");
        }
        let wanted = [Wanted { address: address.clone(), desired: desired.clone() }];
        let discover = self.cloud.discover(K::NAME, &address.scope, &wanted);
        let found = self.proved(K::NAME, Work::Read, discover).await.expect("discovers");
        let found: Vec<_> = found.into_iter().filter(|candidate| candidate.address == *address).collect();
        assert_eq!(found.len(), 1, "a lost answer to the create of {address} is found again: {found:?}");
        assert_eq!(found.first().map(|candidate| candidate.id.as_str()), Some(id.as_str()));
        if K::RECOVERY == Recovery::Nonce {
            let nonce = found.first().and_then(|candidate| candidate.nonce.as_deref());
            assert_eq!(nonce, Some(token.as_str()), "{address} carries its nonce");
        }
        self.made.push((address.clone(), id));
        self.publish::<K>(address, &desired).await;
    }

    /// Waits for the outputs, unless it takes a patch to bring them: settling publishes again.
    async fn publish<K: Kind>(&mut self, address: &Address, desired: &Value) {
        let desired: K::Desired = serde_json::from_value(desired.clone()).expect("desired round-trips");
        let patched = |live: &K::Live| {
            K::ready(live) == Readiness::Ready && matches!(K::diff(&desired, live), Verdict::Patch { .. })
        };
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let live = self.read::<K>(address).await;
            if let Some(outputs) = live.as_ref().and_then(K::outputs) {
                self.outputs.insert(address.clone(), serde_json::to_value(outputs).expect("outputs are JSON"));
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
        let desired: K::Desired = serde_json::from_value(self.lower::<K>(spec)).expect("desired round-trips");
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            assert!(tokio::time::Instant::now() < deadline, "{address} never settles");
            let live = self.read::<K>(address).await.unwrap_or_else(|| panic!("{address} vanished"));
            match K::ready(&live) {
                Readiness::Failed { reason } => panic!("{address} failed: {reason}"),
                Readiness::Wait { .. } => tokio::time::sleep(Duration::from_secs(1)).await,
                Readiness::Ready => match K::diff(&desired, &live) {
                    Verdict::Same => break,
                    Verdict::Patch { patch, .. } => self.patch(address, &patch).await,
                    Verdict::Replace { changes } => panic!("{address} as made is not as wanted: {changes:?}"),
                },
            }
        }
        let again = self.read::<K>(address).await.unwrap_or_else(|| panic!("{address} vanished"));
        assert!(matches!(K::diff(&desired, &again), Verdict::Same), "a second read of {address} shows a change");
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
        let (id, patch) = (self.id(address), serde_json::to_value(patch).expect("a patch is JSON"));
        let update = self.retry(|| self.cloud.update(address, &id, &patch));
        self.proved(&address.kind, Work::Write, update).await;
    }

    /// Another spec is a patch, and once applied no change is left. The resource keeps the new spec.
    pub async fn patches<K: Driver>(&mut self, address: &Address, spec: &K::Spec) {
        let desired: K::Desired = serde_json::from_value(self.lower::<K>(spec)).expect("desired round-trips");
        let live = self.read::<K>(address).await.expect("it is there");
        let Verdict::Patch { patch, changes } = K::diff(&desired, &live) else { panic!("{address}: no patch") };
        assert!(!changes.is_empty(), "a patch of {address} names what changes");
        self.patch(address, &patch).await;
        self.settle::<K>(address, spec).await;
    }

    /// Another spec forces a replacement because of `field`.
    pub async fn replaces<K: Driver>(&self, address: &Address, spec: &K::Spec, field: &str) {
        let desired: K::Desired = serde_json::from_value(self.lower::<K>(spec)).expect("desired round-trips");
        let live = self.read::<K>(address).await.expect("it is there");
        let Verdict::Replace { changes } = K::diff(&desired, &live) else { panic!("{address}: no replacement") };
        assert!(changes.iter().any(|change| change.field == field), "{changes:?}");
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
    }

    /// Deletes everything made, newest first, each twice, until it is gone.
    pub async fn down(&mut self) {
        while let Some((address, id)) = self.made.pop() {
            let kind = address.kind.as_str();
            let at_risk = self.cloud.data_at_risk(&address, &id);
            self.proved(kind, Work::Read, at_risk).await.expect("can be asked about its data");
            let delete = || self.retry(|| self.cloud.delete(&address, &id, DataPolicy::Delete));
            self.proved(kind, Work::Delete, delete()).await;
            let deadline = tokio::time::Instant::now() + PATIENCE;
            while self.proved(kind, Work::Read, self.cloud.read(&address, &id)).await.expect("reads").is_some() {
                assert!(tokio::time::Instant::now() < deadline, "{address} never goes");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            self.proved(kind, Work::Delete, delete()).await;
        }
    }

    /// Every call made meanwhile is one that the kind declares for this work.
    async fn proved<T>(&self, kind: &str, work: Work, doing: impl Future<Output = T>) -> T {
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
    async fn retry<T, F>(&self, call: impl Fn() -> F) -> T
    where
        F: Future<Output = Result<T, globe_model::CallError>>,
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
    fn writes(&self) -> u64 {
        let read =
            |operation: &str| ["Describe", "Get", "List", "Head"].iter().any(|prefix| operation.starts_with(prefix));
        self.cloud.meter().counts().iter().filter(|count| !read(&count.operation)).map(|count| count.calls).sum()
    }
}
