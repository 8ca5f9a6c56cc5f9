//! The port [`Cloud`] on the SDK.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use aws_types::SdkConfig;
use globe_model::{Address, CallError, Candidate, Cloud, DataPolicy, ErrorClass, Owner, Scope, Token, Wanted};
use serde_json::Value;

use crate::batcher::{Batcher, retried};
use crate::driver::{AnyDriver, Birth, Scoped};
use crate::{CallMeter, Clients, kinds};

/// The clients of every region called so far; clones share them.
#[derive(Clone, Debug)]
pub struct Regions {
    base: Arc<SdkConfig>,
    meter: CallMeter,
    clients: Arc<Mutex<BTreeMap<String, Clients>>>,
}

impl Regions {
    fn new(base: SdkConfig) -> Self {
        Self { base: Arc::new(base), meter: CallMeter::default(), clients: Arc::default() }
    }

    /// The clients of one region, made on first use.
    pub fn clients(&self, region: &str) -> Clients {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.entry(region.to_owned()).or_insert_with(|| Clients::new(&self.base, region, &self.meter)).clone()
    }
}

/// AWS, for one owner.
pub struct AwsCloud {
    owner: Owner,
    regions: Regions,
    batcher: Batcher,
}

impl AwsCloud {
    /// AWS as `base` reaches it, for `owner`'s objects.
    pub fn new(base: SdkConfig, owner: Owner) -> Self {
        Self { owner, regions: Regions::new(base), batcher: Batcher::default() }
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
    async fn read(&self, address: &Address, id: &str) -> Result<Option<Value>, CallError> {
        self.batcher.read(&self.scoped(&address.scope), driver(&address.kind)?, id).await
    }

    async fn discover(&self, kind: &str, scope: &Scope, wanted: &[Wanted]) -> Result<Vec<Candidate>, CallError> {
        let (driver, cx) = (driver(kind)?, self.scoped(scope));
        retried(|| driver.discover(&cx, wanted)).await
    }

    async fn create(&self, address: &Address, desired: &Value, token: &Token) -> Result<String, CallError> {
        let birth = Birth { address, token, owner: &self.owner };
        driver(&address.kind)?.create(&self.scoped(&address.scope), &birth, desired).await
    }

    async fn update(&self, address: &Address, id: &str, patch: &Value) -> Result<(), CallError> {
        driver(&address.kind)?.update(&self.scoped(&address.scope), id, patch).await
    }

    async fn delete(&self, address: &Address, id: &str, data: DataPolicy) -> Result<(), CallError> {
        driver(&address.kind)?.delete(&self.scoped(&address.scope), id, data).await
    }

    async fn data_at_risk(&self, address: &Address, id: &str) -> Result<Option<String>, CallError> {
        let (driver, cx) = (driver(&address.kind)?, self.scoped(&address.scope));
        retried(|| driver.data_at_risk(&cx, id)).await
    }
}
