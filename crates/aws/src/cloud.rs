//! The port [`Cloud`] on the SDK.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use aws_config::identity::IdentityCache;
use aws_smithy_runtime_api::client::identity::SharedIdentityCache;
use aws_smithy_runtime_api::client::interceptors::SharedInterceptor;
use aws_types::SdkConfig;
use globe_model::{
    Address, CallError, Candidate, Clock, Cloud, DataPolicy, Desired, ErrorClass, Live, Owner, Patch, Risk, Scope,
    Token, Wanted,
};

use crate::batcher::Batcher;
use crate::driver::{AnyDriver, Birth, Scoped};
use crate::limits::{Gate, Limiter};
use crate::meter::Watch;
use crate::repeat::retried;
use crate::room::{Room, Verb};
use crate::{CallMeter, Clients, kinds};

/// The clients of every region called so far; clones share them.
#[derive(Clone, Debug)]
pub struct Regions {
    base: Arc<SdkConfig>,
    meter: CallMeter,
    watch: SharedInterceptor,
    clients: Arc<Mutex<BTreeMap<String, Clients>>>,
}

impl Regions {
    /// All clients pass the limiter's gate, and share one cache of credentials behind it.
    fn new(base: SdkConfig, limiter: Limiter) -> Self {
        let meter = CallMeter::default();
        let watch = SharedInterceptor::new(Watch::new(meter.clone(), limiter.clone()));
        let identities = base.identity_cache().unwrap_or_else(|| IdentityCache::lazy().build());
        let gate = SharedIdentityCache::new(Gate::new(limiter, identities));
        let base = base.into_builder().identity_cache(gate).build();
        Self { base: Arc::new(base), meter, watch, clients: Arc::default() }
    }

    /// The clients of one region, made on first use.
    pub fn clients(&self, region: &str) -> Clients {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.entry(region.to_owned()).or_insert_with(|| Clients::new(&self.base, region, &self.watch)).clone()
    }
}

/// AWS, for one owner.
pub struct AwsCloud {
    owner: Owner,
    regions: Regions,
    batcher: Batcher,
    room: Room,
    clock: Arc<dyn Clock>,
}

impl AwsCloud {
    /// AWS as `base` reaches it, for `owner`'s objects. Request limits and pauses go by `clock`, which must run as fast as
    /// that AWS does.
    pub fn new(base: SdkConfig, owner: Owner, clock: Arc<dyn Clock>) -> Self {
        let regions = Regions::new(base, Limiter::new(clock.clone()));
        Self { owner, regions, batcher: Batcher::new(clock.clone()), room: Room::default(), clock }
    }

    /// The time that it goes by.
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// The calls made so far.
    pub fn meter(&self) -> &CallMeter {
        &self.regions.meter
    }

    /// The clients and the owner of one scope.
    pub fn scoped(&self, scope: &Scope) -> Scoped {
        let (aws, regions) = (self.regions.clients(scope.endpoint_region()), self.regions.clone());
        Scoped { aws, owner: self.owner.clone(), scope: scope.clone(), regions }
    }
}

fn driver(kind: &str) -> Result<&'static dyn AnyDriver, CallError> {
    let unknown = || {
        CallError::new(ErrorClass::Broken, kind, "this globe knows no such kind; was the state written by a newer one?")
    };
    kinds::driver(kind).ok_or_else(unknown)
}

#[async_trait]
impl Cloud for AwsCloud {
    async fn read(&self, address: &Address, id: &str) -> Result<Option<Live>, CallError> {
        self.batcher.read(&self.scoped(&address.scope), driver(&address.kind)?, id).await
    }

    async fn discover(&self, kind: &str, scope: &Scope, wanted: &[Wanted]) -> Result<Vec<Candidate>, CallError> {
        let (driver, cx) = (driver(kind)?, self.scoped(scope));
        retried(&*self.clock, || driver.discover(&cx, wanted)).await
    }

    async fn create(&self, address: &Address, desired: &Desired, token: &Token) -> Result<String, CallError> {
        let birth = Birth { address, token, owner: &self.owner };
        let (driver, cx) = (driver(&address.kind)?, self.scoped(&address.scope));
        self.room.call(address, Verb::Create, driver.create(&cx, &birth, desired)).await
    }

    async fn update(&self, address: &Address, id: &str, patch: &Patch) -> Result<(), CallError> {
        let (driver, cx) = (driver(&address.kind)?, self.scoped(&address.scope));
        self.room.call(address, Verb::Update, driver.update(&cx, id, patch)).await
    }

    async fn delete(&self, address: &Address, id: &str, data: DataPolicy) -> Result<(), CallError> {
        let (driver, cx) = (driver(&address.kind)?, self.scoped(&address.scope));
        self.room.call(address, Verb::Delete, driver.delete(&cx, id, data)).await
    }

    async fn data_at_risk(&self, address: &Address, id: &str) -> Result<Option<Risk>, CallError> {
        let (driver, cx) = (driver(&address.kind)?, self.scoped(&address.scope));
        retried(&*self.clock, || driver.data_at_risk(&cx, id)).await
    }
}
