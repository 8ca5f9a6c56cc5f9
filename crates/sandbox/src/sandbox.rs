//! The door: takes an HTTP request, finds the service, applies limits, delays and faults, answers.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use crate::call::{ApiError, Call};
use crate::clock::SandboxClock;
use crate::error::SandboxError;
use crate::fault::{Fault, FaultRule, Faults};
use crate::ledger::Ledger;
use crate::limits::Buckets;
use crate::misfortune;
use crate::policy::{self, Policy};
use crate::world::{Seconds, World};
use crate::{services, wire};

/// How a sandbox behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where its state survives; `None` keeps it in memory.
    pub path: Option<PathBuf>,
    /// Sandbox seconds per second: 1 is real (or virtual) time.
    pub scale: f64,
    /// When its time begins; `None` is the present moment.
    pub start: Option<Seconds>,
    /// Account of requests whose access key is not twelve digits.
    pub account: String,
    /// Seed of ids.
    pub seed: u64,
    /// How long reads lag behind creates.
    pub lag: Duration,
    /// Added to every answer.
    pub latency: Duration,
    /// At most added to that, as the seed says.
    pub jitter: Duration,
    /// Whether published request limits are enforced.
    pub limits: bool,
    /// What goes wrong.
    pub faults: Vec<FaultRule>,
    /// What callers may do; `None` lets them do everything.
    pub policy: Option<Policy>,
    /// How many of the newest requests its log keeps.
    pub log: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            path: None,
            scale: 1.0,
            start: None,
            account: "123456789012".into(),
            seed: 1,
            lag: Duration::ZERO,
            latency: Duration::ZERO,
            jitter: Duration::ZERO,
            limits: false,
            faults: Vec::new(),
            policy: None,
            log: usize::MAX,
        }
    }
}

/// One request that the sandbox saw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallLog {
    /// Sandbox time.
    pub at: Seconds,
    /// `ec2`, as signatures spell it.
    pub service: String,
    /// Region of the signature.
    pub region: String,
    /// `CreateVpc`.
    pub action: String,
    /// HTTP status; 0 when the answer was lost.
    pub status: u16,
    /// Error code, if it failed.
    pub code: Option<String>,
    /// What went wrong on purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
    /// What the request's header [`CALLER`] says: whoever stands between a client and the sandbox may label requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<String>,
}

/// The header whose value the log of calls shows. AWS knows none of that name, and it is not part of any signature.
pub const CALLER: &str = "x-sandbox-caller";

/// Marks an answer whose connection breaks in the middle of the body.
#[derive(Clone, Copy, Debug)]
pub struct Cut;

/// One request that hangs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldCall {
    /// `ec2`, as signatures spell it.
    pub service: String,
    /// Region of the signature.
    pub region: String,
    /// `CreateVpc`.
    pub action: String,
    /// Path, query and members, decoded: the ids and tokens that it carries are in it.
    pub text: String,
}

struct Inner {
    world: Mutex<(World, Option<Ledger>)>,
    clock: SandboxClock,
    buckets: Mutex<Buckets>,
    faults: Mutex<Faults>,
    jitter: Mutex<StdRng>,
    log: Mutex<VecDeque<CallLog>>,
    held: Mutex<BTreeMap<u64, HeldCall>>,
    release: Notify,
    options: Options,
}

/// Strikes out a held call when it is released, and when its caller goes away.
struct Hold<'a>(&'a Inner, u64);

impl<'a> Hold<'a> {
    fn new(inner: &'a Inner, call: HeldCall) -> Self {
        let mut held = lock(&inner.held);
        let number = held.last_key_value().map_or(0, |(last, _)| last + 1);
        held.insert(number, call);
        Self(inner, number)
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        lock(&self.0.held).remove(&self.1);
    }
}

/// An AWS inside the process; clones share one world.
#[derive(Clone)]
pub struct Sandbox(Arc<Inner>);

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("options", &self.0.options).finish_non_exhaustive()
    }
}

/// A poisoned lock means that a service panicked; the world is still the best there is.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A line of the log that says nothing yet.
fn blank() -> CallLog {
    let text = String::new;
    CallLog {
        at: 0.0,
        service: text(),
        region: text(),
        action: text(),
        status: 0,
        code: None,
        fault: None,
        caller: None,
    }
}

impl Sandbox {
    /// Opens a sandbox, with the state it had.
    ///
    /// # Errors
    /// When that state cannot be read or written.
    pub fn open(options: Options) -> Result<Self, SandboxError> {
        let mut world = World::default();
        let clock = match options.start {
            Some(start) => SandboxClock::starting(start, options.scale),
            None => SandboxClock::new(options.scale),
        };
        let ledger = match &options.path {
            None => None,
            Some(path) => {
                let (ledger, last) = Ledger::open(path, &mut world)?;
                clock.resume_after(last.unwrap_or_default());
                Some(ledger)
            }
        };
        let faults = Mutex::new(Faults::new(options.faults.iter().cloned(), clock.now()));
        let (buckets, log) = (Mutex::default(), Mutex::default());
        let jitter = Mutex::new(StdRng::seed_from_u64(options.seed));
        let (held, release, world) = (Mutex::default(), Notify::new(), Mutex::new((world, ledger)));
        Ok(Self(Arc::new(Inner { world, clock, buckets, faults, jitter, log, held, release, options })))
    }

    /// Lets other things go wrong from now on, in the place of those before; what was kept from becoming ready goes on.
    pub fn set_faults(&self, rules: impl IntoIterator<Item = FaultRule>) {
        let now = self.0.clock.now();
        *lock(&self.0.faults) = Faults::new(rules, now);
        let mut guard = lock(&self.0.world);
        guard.0.advance(now);
        misfortune::heal(&mut guard.0, now);
    }

    /// Its time.
    pub fn clock(&self) -> &SandboxClock {
        &self.0.clock
    }

    /// The newest requests, oldest first: all of them, unless there were more than [`Options::log`].
    pub fn calls(&self) -> Vec<CallLog> {
        lock(&self.0.log).iter().cloned().collect()
    }

    /// The requests that hang now.
    pub fn held(&self) -> Vec<HeldCall> {
        lock(&self.0.held).values().cloned().collect()
    }

    /// Lets every request that hangs now go on: its answer comes after all.
    pub fn release(&self) {
        self.0.release.notify_waiters();
    }

    /// Makes one thing more go wrong from now on.
    pub fn add_fault(&self, rule: FaultRule) {
        lock(&self.0.faults).add(rule);
    }

    /// From now on nothing goes wrong.
    pub fn clear_faults(&self) {
        lock(&self.0.faults).clear();
    }

    /// Runs `look` on the world as it is now, for tests.
    pub fn inspect<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        let now = self.0.clock.now();
        let mut guard = lock(&self.0.world);
        guard.0.advance(now);
        look(&mut guard.0)
    }

    /// Answers a request; `None` is a connection that breaks before the answer, the extension [`Cut`] one that breaks
    /// in the middle of it.
    pub async fn handle(&self, request: Request<Bytes>) -> Option<Response<Bytes>> {
        let delay = self.delay();
        if !delay.is_zero() {
            self.0.clock.sleep(delay).await;
        }
        let incoming = wire::Incoming::read(request);
        let fault = lock(&self.0.faults).strike(&incoming.action, &incoming.region, self.0.clock.now());
        match fault {
            Some(Fault::LostBefore) => return self.lose(&incoming, fault),
            Some(Fault::HangBefore) => self.hang(&incoming, fault).await,
            _ => {}
        }
        let answer = self.refusal(fault, &incoming).map_or_else(|| self.act(&incoming, fault), Err);
        let answer = match fault {
            Some(Fault::LostAfter) => return self.lose(&incoming, fault),
            Some(Fault::HangAfter) => {
                self.hang(&incoming, fault).await;
                answer
            }
            Some(Fault::ErrorAfter) => Err(ApiError::new("InternalError", "An internal error occurred.").status(500)),
            _ => answer,
        };
        let mut response = incoming.encode(&answer);
        if fault == Some(Fault::CutAfter) {
            response.extensions_mut().insert(Cut);
        }
        let status = response.status().as_u16();
        self.note(&incoming, CallLog { status, code: answer.err().map(|error| error.code), fault, ..blank() });
        Some(response)
    }

    fn delay(&self) -> Duration {
        let options = &self.0.options;
        if options.jitter.is_zero() {
            return options.latency;
        }
        options.latency + options.jitter.mul_f64(lock(&self.0.jitter).random::<f64>())
    }

    /// What a service says that does not do what it is asked for.
    fn refusal(&self, fault: Option<Fault>, incoming: &wire::Incoming) -> Option<ApiError> {
        let service = &incoming.service;
        Some(match fault? {
            Fault::Unavailable => ApiError::new("ServiceUnavailable", "The service is unavailable.").status(503),
            Fault::Throttled => wire::throttled(service),
            Fault::Denied => policy::denied(incoming, self.account(incoming)),
            Fault::Quota => wire::quota(service, &incoming.action),
            Fault::Expired => wire::expired(service),
            _ => return None,
        })
    }

    fn lose(&self, incoming: &wire::Incoming, fault: Option<Fault>) -> Option<Response<Bytes>> {
        self.note(incoming, CallLog { fault, ..blank() });
        None
    }

    /// Until it is released; whoever asked may give up before, or be killed. It is logged as unanswered here, and again
    /// if it is answered.
    async fn hang(&self, incoming: &wire::Incoming, fault: Option<Fault>) {
        self.note(incoming, CallLog { fault, ..blank() });
        // Made before the call can be seen, so that no release is missed.
        let released = self.0.release.notified();
        tokio::pin!(released);
        released.as_mut().enable();
        let held = HeldCall {
            service: incoming.service.clone(),
            region: incoming.region.clone(),
            action: incoming.action.clone(),
            text: format!("{} {:?} {}", incoming.path, incoming.query, incoming.input),
        };
        let _hold = Hold::new(&self.0, held);
        released.await;
    }

    fn note(&self, incoming: &wire::Incoming, end: CallLog) {
        let caller = incoming.headers.get(CALLER).and_then(|value| value.to_str().ok());
        let mut log = lock(&self.0.log);
        if log.len() >= self.0.options.log {
            log.pop_front();
        }
        log.push_back(CallLog {
            at: self.0.clock.now(),
            service: incoming.service.clone(),
            region: incoming.region.clone(),
            action: incoming.action.clone(),
            caller: caller.map(str::to_owned),
            ..end
        });
    }

    /// The caller's account.
    fn account<'a>(&'a self, incoming: &'a wire::Incoming) -> &'a str {
        incoming.account.as_deref().unwrap_or(&self.0.options.account)
    }

    fn act(&self, incoming: &wire::Incoming, fault: Option<Fault>) -> crate::call::Answer {
        let now = self.0.clock.now();
        let options = &self.0.options;
        let account = self.account(incoming);
        let (service, action) = (&incoming.service, &incoming.action);
        if options.limits && !lock(&self.0.buckets).admit(account, &incoming.region, service, action, now) {
            return Err(wire::throttled(service));
        }
        if let Some(policy) = &options.policy {
            policy.admit(incoming, account)?;
        }
        let mut guard = lock(&self.0.world);
        let (world, ledger) = &mut *guard;
        world.advance(now);
        let mut call = Call {
            world,
            account,
            region: &incoming.region,
            action: incoming.action.clone(),
            input: incoming.input.clone(),
            method: incoming.method.clone(),
            path: incoming.path.clone(),
            query: incoming.query.clone(),
            headers: HeaderMap::clone(&incoming.headers),
            body: incoming.body.clone(),
            now,
            lag: options.lag.as_secs_f64(),
            seed: options.seed,
        };
        let answer = services::dispatch(service, &mut call);
        misfortune::strike(world, fault, now);
        let changes = world.take_changes(now);
        if let Some(ledger) = ledger
            && let Err(error) = ledger.append(&changes)
        {
            return Err(
                ApiError::new("InternalError", format!("the sandbox's state cannot be written: {error}")).status(500)
            );
        }
        answer
    }
}
