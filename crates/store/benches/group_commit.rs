//! What durability costs: intents committed one after the other, and 64 at once, which share commits.
//!
//! The database is a file under the folder that `CARGO_TARGET_TMPDIR` names, on the disk on which the workspace is built:
//! a file system in memory would say nothing about a disk. Prints a line of JSON per benchmark: its name, and the median
//! time of one intent in nanoseconds.

use std::io::{Write, stdout};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use globe_model::{
    Address, Clock, Command, Intent, IntentAction, Journal, JournalError, Lease, LeaseRequest, RunStart, Scope,
    Timestamp, Token,
};
use globe_store::Store;
use serde_json::json;
use tokio::task::JoinSet;

/// How many intents are under way at once: a wave of a large `up`.
const TOGETHER: usize = 64;
const STACK: &str = "bench";

/// A moment that does not pass: leases do not expire while measuring.
struct Still;

#[async_trait]
impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::default()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// An empty journal with a run under way.
async fn journal(path: &str) -> Result<(Store, Lease), JournalError> {
    let store = Store::open(path, Arc::new(Still)).await?;
    let request = LeaseRequest {
        stack: STACK.into(),
        scopes: vec![Scope::region("us-east-1")],
        holder: "bench".into(),
        ttl: Duration::from_secs(3_600),
    };
    let lease = store.acquire(&request).await?;
    let start = RunStart {
        run: "run".into(),
        stack: STACK.into(),
        account: "123456789012".into(),
        command: Command::Up,
        parent: 0,
        reads: Default::default(),
        protects: Default::default(),
        steps: 1,
        moves: Vec::new(),
        leaving: Default::default(),
        returning: Default::default(),
        roles: Default::default(),
    };
    store.begin(&lease, &start).await?;
    Ok((store, lease))
}

fn intent() -> Intent {
    Intent {
        token: Token::random(),
        run: "run".into(),
        address: Address::new("us-east-1", "ec2/subnet", "main-private-a"),
        action: IntentAction::Create,
        id: None,
        spec: serde_json::from_value(
            json!({"vpc": "us-east-1/ec2/vpc/main", "cidr": "10.0.0.0/20", "zone": "us-east-1a", "public": false}),
        )
        .ok(),
        request: serde_json::from_value(
            json!({"vpc_id": "vpc-0123456789abcdef0", "cidr": "10.0.0.0/20", "zone": "us-east-1a"}),
        )
        .ok(),
    }
}

/// How many rounds of [`TOGETHER`] intents are committed; the middle one counts.
const ROUNDS: usize = 31;

async fn one_by_one(store: &Store, lease: &Lease) -> Result<(), JournalError> {
    for _ in 0..TOGETHER {
        store.intend(lease, &intent()).await?;
    }
    Ok(())
}

async fn at_once(store: &Arc<Store>, lease: &Lease) -> Result<(), JournalError> {
    let mut all = JoinSet::new();
    for _ in 0..TOGETHER {
        let (store, lease) = (store.clone(), lease.clone());
        all.spawn(async move { store.intend(&lease, &intent()).await });
    }
    all.join_all().await.into_iter().collect()
}

fn report(name: &str, mut rounds: Vec<Duration>) {
    rounds.sort_unstable();
    let each = rounds[rounds.len() / 2].as_nanos() / TOGETHER as u128;
    let line = json!({"benchmark": name, "median_ns": each});
    // A reader that has gone away wants no more.
    let _closed = writeln!(stdout(), "{line}");
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let path = folder.path().join("state.db").display().to_string();
    let (store, lease) = journal(&path).await?;
    let store = Arc::new(store);
    let (mut single, mut together) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let began = Instant::now();
        one_by_one(&store, &lease).await?;
        single.push(began.elapsed());
        let began = Instant::now();
        at_once(&store, &lease).await?;
        together.push(began.elapsed());
    }
    report("intents, one by one", single);
    report("intents, 64 at once", together);
    store.close().await;
    Ok(())
}
