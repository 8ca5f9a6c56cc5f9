//! The batcher on a made-up kind, in virtual time.

use async_trait::async_trait;
use aws_types::SdkConfig;
use futures::future::join_all;
use globe_model::{Candidate, DataPolicy, Desired, ErasedKind, Owner, Patch, Risk, Timestamp, Wanted};
use tokio::sync::Semaphore;
use tokio::time::sleep;

use super::*;
use crate::driver::{Birth, Found, IamActions};
use crate::{AwsCloud, departure};

/// How long AWS takes to answer.
const ANSWER: Duration = Duration::from_secs(1);

/// Knows all ids but `unknown`; refuses to hear of `malformed`.
struct Made {
    limiter: Semaphore,
    read: Mutex<Vec<Vec<String>>>,
}

impl Made {
    /// One whose limiter lets `calls` through.
    fn admitting(calls: usize) -> &'static Self {
        Box::leak(Box::new(Self { limiter: Semaphore::new(calls), read: Mutex::default() }))
    }

    fn calls(&self) -> Vec<Vec<String>> {
        locked(&self.read).clone()
    }
}

#[async_trait]
impl AnyDriver for Made {
    fn kind(&self) -> Box<dyn ErasedKind> {
        unreachable!("nobody asks")
    }

    fn name(&self) -> &'static str {
        "test/made"
    }

    fn read_batch(&self) -> usize {
        50
    }

    fn actions(&self) -> IamActions {
        IamActions { read: &[], write: &[], delete: &[] }
    }

    async fn read(&self, _: &Scoped, ids: &[String]) -> Result<Found<Live>, CallError> {
        self.limiter.acquire().await.expect("is never closed").forget();
        departure::announce();
        locked(&self.read).push(ids.to_vec());
        sleep(ANSWER).await;
        if ids.iter().any(|id| id == "malformed") {
            return Err(CallError::new(ErrorClass::Invalid, "test:Read", "malformed"));
        }
        let known = ids.iter().filter(|id| *id != "unknown");
        Ok(known.map(|id| (id.clone(), Live::of(id.clone()))).collect())
    }

    async fn discover(&self, _: &Scoped, _: &[Wanted]) -> Result<Vec<Candidate>, CallError> {
        unreachable!("nobody asks")
    }

    async fn create(&self, _: &Scoped, _: &Birth<'_>, _: &Desired) -> Result<String, CallError> {
        unreachable!("nobody asks")
    }

    async fn update(&self, _: &Scoped, _: &str, _: &Patch) -> Result<(), CallError> {
        unreachable!("nobody asks")
    }

    async fn delete(&self, _: &Scoped, _: &str, _: DataPolicy) -> Result<(), CallError> {
        unreachable!("nobody asks")
    }

    async fn data_at_risk(&self, _: &Scoped, _: &str) -> Result<Option<Risk>, CallError> {
        unreachable!("nobody asks")
    }
}

struct Virtual(tokio::time::Instant);

#[async_trait]
impl Clock for Virtual {
    fn now(&self) -> Timestamp {
        Timestamp(0).after(self.0.elapsed())
    }

    async fn sleep(&self, duration: Duration) {
        sleep(duration).await;
    }
}

/// A batcher, and the scope that everything is read in.
fn batcher() -> (Batcher, Scoped) {
    let clock: Arc<dyn Clock> = Arc::new(Virtual(tokio::time::Instant::now()));
    let owner = Owner { stack: "acme".into(), account: "123456789012".into() };
    let config = SdkConfig::builder().behavior_version(aws_config::BehaviorVersion::latest()).build();
    let cloud = AwsCloud::new(config, owner, clock.clone());
    (Batcher::new(clock), cloud.scoped(&Scope::region("us-east-1")))
}

fn spawn(batcher: &Batcher, cx: &Scoped, made: &'static Made, id: &'static str) -> tokio::task::JoinHandle<Answer> {
    let (batcher, cx) = (batcher.clone(), cx.clone());
    tokio::spawn(async move { batcher.read(&cx, made, id).await })
}

#[tokio::test(start_paused = true)]
async fn forty_that_ask_together_cost_one_call() {
    let ((batcher, cx), made) = (batcher(), Made::admitting(100));
    let ids: Vec<String> = (0..40).map(|number| format!("nat-{number}")).collect();
    for poll in 1..4 {
        let answers = join_all(ids.iter().map(|id| batcher.read(&cx, made, id))).await;
        assert!(answers.iter().zip(&ids).all(|(answer, id)| *answer == Ok(Some(Live::of(id.clone())))));
        assert_eq!(made.calls().len(), poll);
    }
}

#[tokio::test(start_paused = true)]
async fn more_than_a_call_takes_are_read_in_several() {
    let ((batcher, cx), made) = (batcher(), Made::admitting(100));
    let ids: Vec<String> = (0..120).map(|number| format!("vpc-{number}")).collect();
    join_all(ids.iter().map(|id| batcher.read(&cx, made, id))).await;
    let sizes: Vec<usize> = made.calls().iter().map(Vec::len).collect();
    assert_eq!(sizes, [50, 50, 20]);
}

#[tokio::test(start_paused = true)]
async fn what_the_limiter_holds_back_is_joined() {
    let ((batcher, cx), made) = (batcher(), Made::admitting(0));
    let first = spawn(&batcher, &cx, made, "a");
    sleep(ANSWER).await;
    let same = spawn(&batcher, &cx, made, "a");
    let other = spawn(&batcher, &cx, made, "b");
    sleep(ANSWER).await;
    let third = spawn(&batcher, &cx, made, "c");
    sleep(ANSWER).await;
    made.limiter.add_permits(100);
    for read in [first, same, other, third] {
        assert!(read.await.expect("does not panic").is_ok_and(|live| live.is_some()));
    }
    assert_eq!(made.calls(), [vec!["a"], vec!["b", "c"]], "the next batch gathers while the first is held back");
}

#[tokio::test(start_paused = true)]
async fn a_read_asked_for_after_one_was_sent_is_sent_after_it() {
    let ((batcher, cx), made) = (batcher(), Made::admitting(100));
    let first = spawn(&batcher, &cx, made, "a");
    sleep(ANSWER / 2).await;
    assert_eq!(made.calls().len(), 1, "it is on its way");
    let after_a_write = spawn(&batcher, &cx, made, "a");
    assert!(first.await.is_ok() && after_a_write.await.is_ok());
    assert_eq!(made.calls(), [["a"], ["a"]]);
}

#[tokio::test(start_paused = true)]
async fn an_id_that_aws_refuses_fails_alone() {
    let ((batcher, cx), made) = (batcher(), Made::admitting(100));
    let ids = ["a", "b", "malformed", "unknown", "c"];
    let answers = join_all(ids.iter().map(|id| batcher.read(&cx, made, id))).await;
    let live: Vec<Option<bool>> = answers.iter().map(|answer| answer.as_ref().ok().map(Option::is_some)).collect();
    assert_eq!(live, [Some(true), Some(true), None, Some(false), Some(true)]);
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_takes_nobody_along() {
    let ((batcher, cx), made) = (batcher(), Made::admitting(100));
    let (gone, stays) = (spawn(&batcher, &cx, made, "a"), spawn(&batcher, &cx, made, "b"));
    sleep(WINDOW / 2).await;
    gone.abort();
    assert_eq!(stays.await.expect("does not panic"), Ok(Some(Live::of("b".to_owned()))));
}
