//! AWS, or the sandbox, for one command.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_types::SdkConfig;
use futures::future::join_all;
use globe_aws::{AwsCloud, Lookup, kind_table};
use globe_blueprint::{Facts, Recorded};
use globe_config::Stack;
use globe_model::{CallError, Clock, Head, KindTable, Owner, Pace, Region, Scope};
use globe_sandbox::{Options, Sandbox};

use crate::args::{Global, TimeMode};
use crate::clock::{HurriedClock, SandboxTime, SystemClock};
use crate::failure::{Failure, wrong_account};
use crate::project::{Project, sandbox_folder, sandbox_policy};
use crate::state::State;

/// Sandbox seconds per second in scaled time: the reference stack's slowest chain, some ten minutes, takes ten seconds.
const SCALE: f64 = 60.0;

/// Requests that the sandbox's log keeps: a few per resource of a large stack, and a bound for a server that runs for days.
pub const SANDBOX_LOG: usize = 100_000;

/// AWS as a command uses it.
pub struct Session {
    /// AWS.
    pub cloud: Arc<AwsCloud>,
    /// Kinds.
    pub kinds: Arc<KindTable>,
    /// AWS's time.
    pub clock: Arc<dyn Clock>,
    /// How long kinds have taken in this stack; nothing until [`Session::remember`].
    pub pace: Arc<Pace>,
}

impl Session {
    /// Connects, and makes sure that it is the right account.
    ///
    /// # Errors
    /// Without usable credentials, or with another account's.
    pub async fn open(global: &Global, project: &Project) -> Result<Self, Failure> {
        let stack = &project.stack;
        let (config, clock) = if global.sandbox { in_process(global, project)? } else { real(stack).await };
        Self::connect(stack, config, clock).await
    }

    /// The same with the AWS that `config` leads to, in that AWS's time.
    ///
    /// # Errors
    /// As [`Session::open`].
    pub async fn connect(stack: &Stack, config: SdkConfig, clock: Arc<dyn Clock>) -> Result<Self, Failure> {
        let owner = Owner { stack: stack.name.clone(), account: stack.account.clone() };
        let cloud = Arc::new(AwsCloud::new(config, owner, clock.clone()));
        let actual = Lookup::new(&cloud).account().await?;
        if actual != stack.account {
            return Err(wrong_account(&stack.account, &actual));
        }
        Ok(Self { cloud, kinds: Arc::new(kind_table()), clock, pace: Arc::default() })
    }

    /// Takes in how long things took in earlier runs: for estimates, and for what starts first.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub async fn remember(&mut self, global: &Global, state: &State, stack: &str) -> Result<(), Failure> {
        self.pace = Arc::new(state.pace(stack, pace_of_time(global)).await?);
        Ok(())
    }

    /// What the blueprint must know of AWS: zones and images. AWS is asked only for `chosen` regions, and only for what
    /// the state has not pinned: AWS adds zones and publishes images when it likes. For the others, and for regions that
    /// do not answer, stand-ins will do: nothing is planned there.
    pub async fn facts<'h>(
        &self,
        stack: &Stack,
        head: &'h Head,
        chosen: &BTreeSet<Region>,
        fresh_images: bool,
    ) -> Looked<'h> {
        let mut recorded = Recorded::read(stack, head);
        if fresh_images {
            recorded = recorded.without_images();
        }
        let missing = recorded.missing(stack, chosen);
        let zones = join_all(missing.zones.iter().map(|region| self.zones(region))).await;
        let images = join_all(missing.images.iter().map(|(region, names)| self.images(region, names))).await;
        let mut unread = BTreeMap::new();
        for (region, found) in zones {
            match found {
                Ok(zones) => recorded.offer(&region, &zones),
                Err(error) => drop(unread.insert(Scope::Region(region), error)),
            }
        }
        for (region, found) in images {
            match found {
                Ok(found) => found.into_iter().for_each(|(name, image)| recorded.image(&region, &name, image)),
                Err(error) => drop(unread.insert(Scope::Region(region), error)),
            }
        }
        Looked { facts: recorded.assumed(stack), unread }
    }

    async fn zones(&self, region: &Region) -> (Region, Result<Vec<String>, CallError>) {
        (region.clone(), Lookup::new(&self.cloud).zones(&Scope::Region(region.clone())).await)
    }

    async fn images(&self, region: &Region, names: &[String]) -> (Region, Result<Images, CallError>) {
        let found = Lookup::new(&self.cloud).parameters(&Scope::Region(region.clone()), names).await;
        (region.clone(), found.map(|found| found.into_iter().collect()))
    }
}

/// AMI ids by SSM parameter.
type Images = BTreeMap<String, String>;

/// Facts, and the regions that could not be asked for theirs.
pub struct Looked<'h> {
    /// What is known, with stand-ins for what was not asked.
    pub facts: Facts<'h>,
    /// By region, why.
    pub unread: BTreeMap<Scope, CallError>,
}

/// How many times as fast as a clock on the wall the AWS elsewhere runs, if somebody says so.
fn hurry() -> Option<f64> {
    let factor = std::env::var("GLOBE_TIME_FACTOR").ok().and_then(|text| text.parse::<f64>().ok());
    factor.filter(|factor| factor.is_finite() && *factor > 0.0)
}

/// How many of AWS's seconds pass in one of the journal's. `None` in the sandbox, whose objects take as long as is
/// documented: the journal of its scaled and virtual runs has nothing to add.
pub fn pace_of_time(global: &Global) -> Option<f64> {
    if global.sandbox { None } else { Some(hurry().unwrap_or(1.0)) }
}

/// The SDK's ordinary credential chain and, where it is set, `AWS_ENDPOINT_URL`.
async fn real(stack: &Stack) -> (SdkConfig, Arc<dyn Clock>) {
    let primary = aws_types::region::Region::new(stack.primary.as_str().to_owned());
    let config = aws_config::defaults(aws_config::BehaviorVersion::latest()).region(primary).load().await;
    let clock: Arc<dyn Clock> = match hurry() {
        Some(factor) => Arc::new(HurriedClock(factor)),
        None => Arc::new(SystemClock),
    };
    (config, clock)
}

fn in_process(global: &Global, project: &Project) -> Result<(SdkConfig, Arc<dyn Clock>), Failure> {
    let options = Options {
        path: Some(sandbox_folder(&project.folder).join("world.jsonl")),
        scale: if global.time == TimeMode::Scaled { SCALE } else { 1.0 },
        account: project.stack.account.clone(),
        limits: true,
        faults: global.faults.clone(),
        policy: global.sandbox_policy.as_deref().map(sandbox_policy).transpose()?,
        log: SANDBOX_LOG,
        ..Options::default()
    };
    let sandbox = Sandbox::open(options)?;
    Ok((sandbox_config(&project.stack, sandbox.http_client()), Arc::new(SandboxTime(sandbox))))
}

/// The SDK's settings for a sandbox behind `client`, which takes the account from the access key.
pub fn sandbox_config(stack: &Stack, client: SharedHttpClient) -> SdkConfig {
    let credentials = Credentials::from_keys(stack.account.clone(), "sandbox", None);
    SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .region(aws_types::region::Region::new(stack.primary.as_str().to_owned()))
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .http_client(client)
        .build()
}
