//! A fresh database per test, a clock that stands still, and short forms of the nouns.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use globe_model::{
    Address, CallError, Clock, Command, ErrorClass, Fence, Intent, IntentAction, Journal, Lease, LeaseRequest, Record,
    RunEnd, RunStart, Scope, Timestamp, Token,
};
use globe_store::Store;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use tempfile::TempDir;

use crate::postgres;

pub const STACK: &str = "acme";
pub const RUN: &str = "run-1";
pub const TTL: Duration = Duration::from_secs(30);

/// Time that only moves when told.
#[derive(Default)]
pub struct Hand(AtomicI64);

impl Hand {
    pub fn advance(&self, by: Duration) {
        let micros = i64::try_from(by.as_micros()).expect("a short time");
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

#[async_trait]
impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }

    async fn sleep(&self, duration: Duration) {
        self.advance(duration);
    }
}

/// An empty database.
pub struct Bench {
    pub location: String,
    pub clock: Arc<Hand>,
    _directory: Option<TempDir>,
}

impl Bench {
    pub fn sqlite() -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let location = directory.path().join(".globe/state.db").display().to_string();
        Self { location, clock: Arc::default(), _directory: Some(directory) }
    }

    pub async fn postgres(name: &str) -> Option<Self> {
        let location = postgres::database(name).await?;
        Some(Self { location, clock: Arc::default(), _directory: None })
    }

    pub async fn open(&self) -> Store {
        Store::open(&self.location, self.clock.clone()).await.expect("opens")
    }

    pub async fn look(&self) -> Option<Store> {
        Store::open_existing(&self.location, self.clock.clone()).await.expect("looks")
    }

    /// Runs SQL behind the store's back.
    pub async fn tamper(&self, sql: &str) -> Result<(), sqlx::Error> {
        let sql = AssertSqlSafe(sql);
        if self.location.starts_with("postgres") {
            let mut connection = PgConnection::connect(&self.location).await?;
            sqlx::raw_sql(sql).execute(&mut connection).await?;
        } else {
            let mut connection = SqliteConnection::connect(&self.location).await?;
            sqlx::raw_sql(sql).execute(&mut connection).await?;
        }
        Ok(())
    }
}

pub fn request(holder: &str, scopes: &[&str]) -> LeaseRequest {
    let scopes = scopes.iter().map(|scope| Scope::from(*scope)).collect();
    LeaseRequest { stack: STACK.into(), scopes, holder: holder.into(), ttl: TTL }
}

pub async fn lease(store: &Store, holder: &str, scopes: &[&str]) -> Lease {
    store.acquire(&request(holder, scopes)).await.expect("free")
}

pub fn numbers(lease: &Lease) -> Vec<i64> {
    lease.fences.iter().map(|Fence { number, .. }| *number).collect()
}

pub fn start(parent: u64) -> RunStart {
    RunStart {
        protects: Default::default(),
        run: RUN.into(),
        stack: STACK.into(),
        account: "123456789012".into(),
        command: Command::Up,
        parent,
        reads: BTreeSet::new(),
        steps: 3,
        moves: Vec::new(),
        leaving: Default::default(),
        returning: Default::default(),
        roles: Default::default(),
    }
}

pub fn end() -> RunEnd {
    RunEnd { run: RUN.into(), done: 2, failed: 1, not_tried: 0, down: BTreeSet::new(), up: BTreeSet::new() }
}

pub fn vpc(scope: &str) -> Address {
    Address::new(scope, "ec2/vpc", "main")
}

pub fn intent(address: &Address, action: IntentAction, id: Option<&str>) -> Intent {
    Intent {
        token: Token::random(),
        run: RUN.into(),
        address: address.clone(),
        action,
        id: id.map(str::to_owned),
        spec: Some(noun(json!({ "cidr": "10.0.0.0/16", "z": 1, "a": ["ü", "\u{1}"] }))),
        request: Some(noun(json!({ "CidrBlock": "10.0.0.0/16" }))),
    }
}

pub fn create(address: &Address) -> Intent {
    intent(address, IntentAction::Create, None)
}

/// A noun that was read from somewhere.
pub fn noun<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("any JSON is a noun")
}

/// `outputs` of `null` are those of what was never ready.
pub fn record(address: &Address, id: &str, outputs: Value) -> Record {
    Record {
        address: address.clone(),
        id: id.into(),
        spec: noun(json!({ "cidr": "10.0.0.0/16" })),
        desired: noun(json!({ "CidrBlock": "10.0.0.0/16" })),
        outputs: noun(outputs),
        at: Timestamp(0),
    }
}

pub fn refusal() -> CallError {
    CallError::new(ErrorClass::Quota, "ec2:CreateVpc", "The maximum number of VPCs has been reached.")
}
