//! What a kind does with AWS, and the same behind an object.

use std::collections::BTreeMap;
use std::future::Future;
use std::marker::PhantomData;

use async_trait::async_trait;
use globe_model::{
    Address, CallError, Candidate, DataPolicy, Desired, ErasedKind, ErrorClass, Kind, Live, Misfit, Owner, Patch, Risk,
    Scope, Token, Wanted, erased,
};

use crate::Clients;
use crate::cloud::Regions;

/// What a read found, by id. An id that is not in it is not there.
pub type Found<L> = BTreeMap<String, L>;

/// One scope of one account, as a driver sees it.
#[derive(Clone, Debug)]
pub struct Scoped {
    /// Clients of the scope's endpoint region.
    pub aws: Clients,
    /// Whose objects these are.
    pub owner: Owner,
    /// The scope.
    pub scope: Scope,
    /// Clients of all regions.
    pub regions: Regions,
}

impl Scoped {
    /// The endpoint region, for building ARNs.
    pub fn region(&self) -> &str {
        self.scope.endpoint_region()
    }

    /// Clients of another region, for objects that are made through one region and live in another.
    pub fn in_region(&self, region: &str) -> Clients {
        self.regions.clients(region)
    }
}

/// What marks an object as ours from its first moment.
#[derive(Clone, Debug)]
pub struct Birth<'a> {
    /// The resource's address.
    pub address: &'a Address,
    /// The intent's token: client token where the API has one, nonce tag everywhere.
    pub token: &'a Token,
    /// The owner tags.
    pub owner: &'a Owner,
}

impl Birth<'_> {
    /// The user's tags and the three that mark the object as ours.
    pub fn tags(&self, user: &globe_model::Tags) -> BTreeMap<String, String> {
        self.owner.birth_tags(user, self.address, self.token)
    }
}

/// IAM actions that a kind needs, by command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IamActions {
    /// `diff` needs these.
    pub read: &'static [&'static str],
    /// `up` needs these too.
    pub write: &'static [&'static str],
    /// `down` needs these beside `read`.
    pub delete: &'static [&'static str],
}

/// The AWS calls of a kind.
///
/// # Guarantees
/// `create` makes exactly one mutating call, with all tags in it. `update` may be repeated. `delete` of what is gone
/// succeeds. `read` and `discover` mutate nothing; an id that AWS does not know is absent from the answer, never an
/// error.
///
/// # Assumptions
/// Retries, limits, journal and logging are the callers' business: a driver calls once and reports.
pub trait Driver: Kind {
    /// How many ids one `read` takes.
    const READ_BATCH: usize;
    /// The IAM actions behind the calls.
    const ACTIONS: IamActions;

    /// Reads many objects with few calls.
    fn read(cx: &Scoped, ids: &[String]) -> impl Future<Output = Result<Found<Self::Live>, CallError>> + Send;
    /// Finds this stack's objects by owner tag, or the wanted ones by deterministic name.
    fn discover(
        cx: &Scoped,
        wanted: &[(Address, Self::Desired)],
    ) -> impl Future<Output = Result<Vec<Candidate>, CallError>> + Send;
    /// The one call that yields the identity.
    fn create(
        cx: &Scoped,
        birth: &Birth<'_>,
        desired: &Self::Desired,
    ) -> impl Future<Output = Result<String, CallError>> + Send;
    /// Changes in place.
    fn update(cx: &Scoped, id: &str, patch: &Self::Patch) -> impl Future<Output = Result<(), CallError>> + Send;
    /// Starts deleting.
    fn delete(cx: &Scoped, id: &str, data: DataPolicy) -> impl Future<Output = Result<(), CallError>> + Send;
    /// What data deleting would destroy; most kinds hold none.
    fn data_at_risk(_: &Scoped, _: &str) -> impl Future<Output = Result<Option<Risk>, CallError>> + Send {
        async { Ok(None) }
    }
}

/// A [`Driver`] whose nouns are boxed; made by [`entry`].
#[async_trait]
pub trait AnyDriver: Send + Sync {
    /// Its pure half.
    fn kind(&self) -> Box<dyn ErasedKind>;
    /// Its name.
    fn name(&self) -> &'static str;
    /// See [`Driver::READ_BATCH`].
    fn read_batch(&self) -> usize;
    /// See [`Driver::ACTIONS`].
    fn actions(&self) -> IamActions;
    /// See [`Driver::read`].
    async fn read(&self, cx: &Scoped, ids: &[String]) -> Result<Found<Live>, CallError>;
    /// See [`Driver::discover`].
    async fn discover(&self, cx: &Scoped, wanted: &[Wanted]) -> Result<Vec<Candidate>, CallError>;
    /// See [`Driver::create`].
    async fn create(&self, cx: &Scoped, birth: &Birth<'_>, desired: &Desired) -> Result<String, CallError>;
    /// See [`Driver::update`].
    async fn update(&self, cx: &Scoped, id: &str, patch: &Patch) -> Result<(), CallError>;
    /// See [`Driver::delete`].
    async fn delete(&self, cx: &Scoped, id: &str, data: DataPolicy) -> Result<(), CallError>;
    /// See [`Driver::data_at_risk`].
    async fn data_at_risk(&self, cx: &Scoped, id: &str) -> Result<Option<Risk>, CallError>;
}

struct Entry<K>(PhantomData<fn() -> K>);

/// The registry's entry for the kind `K`.
pub fn entry<K: Driver>() -> Box<dyn AnyDriver> {
    Box::new(Entry::<K>(PhantomData))
}

fn broken<K: Kind>(error: Misfit) -> CallError {
    CallError::new(ErrorClass::Broken, K::NAME, error.to_string())
}

#[async_trait]
impl<K: Driver> AnyDriver for Entry<K> {
    fn kind(&self) -> Box<dyn ErasedKind> {
        erased::<K>()
    }

    fn name(&self) -> &'static str {
        K::NAME
    }

    fn read_batch(&self) -> usize {
        K::READ_BATCH
    }

    fn actions(&self) -> IamActions {
        K::ACTIONS
    }

    async fn read(&self, cx: &Scoped, ids: &[String]) -> Result<Found<Live>, CallError> {
        let found = K::read(cx, ids).await?;
        Ok(found.into_iter().map(|(id, live)| (id, Live::of(live))).collect())
    }

    async fn discover(&self, cx: &Scoped, wanted: &[Wanted]) -> Result<Vec<Candidate>, CallError> {
        let typed = |wanted: &Wanted| {
            Ok((wanted.address.clone(), wanted.desired.open::<K::Desired>().map_err(broken::<K>)?.into_owned()))
        };
        let wanted: Vec<(Address, K::Desired)> = wanted.iter().map(typed).collect::<Result<_, CallError>>()?;
        K::discover(cx, &wanted).await
    }

    async fn create(&self, cx: &Scoped, birth: &Birth<'_>, desired: &Desired) -> Result<String, CallError> {
        K::create(cx, birth, &*desired.open().map_err(broken::<K>)?).await
    }

    async fn update(&self, cx: &Scoped, id: &str, patch: &Patch) -> Result<(), CallError> {
        K::update(cx, id, &*patch.open().map_err(broken::<K>)?).await
    }

    async fn delete(&self, cx: &Scoped, id: &str, data: DataPolicy) -> Result<(), CallError> {
        K::delete(cx, id, data).await
    }

    async fn data_at_risk(&self, cx: &Scoped, id: &str) -> Result<Option<Risk>, CallError> {
        K::data_at_risk(cx, id).await
    }
}
