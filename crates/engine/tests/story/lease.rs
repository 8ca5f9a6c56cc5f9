//! A process that was paused past the end of its lease can do no harm afterwards.

use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use globe_engine::{RunError, Stop};
use globe_model::{Command, JournalError, Scope};

use crate::graph;
use crate::stage::Stage;
use crate::world::Trap;

/// Every mutating call of an up and a down, one at a time: the lease is lost while the call is to be repeated.
#[tokio::test]
async fn after_losing_its_lease_a_run_makes_no_call_and_says_so() {
    for call in 0..10 {
        let stage = Stage::new().await;
        let everything = graph(5, &stage.kinds);
        stage.world.set_trap(call, Trap::Robbed);
        let ended = stage.try_apply(Command::Up, &everything).await.expect("nobody was killed");
        let Err(RunError::CutShort { summary, source }) = ended else { panic!("{call}: {ended:?}") };
        assert!(matches!(source, JournalError::Fenced { .. }), "{call}: {source}");
        assert!(!summary.interrupted && !summary.not_tried.is_empty(), "{call}: {summary:?}");
        assert_eq!(stage.world.late_calls(), 0, "{call}");

        let summary = stage.apply(Command::Up, &everything).await.expect("nobody was killed");
        assert!(summary.is_complete(), "{call}: {summary:?}");
        assert_eq!(stage.world.names(), ["a", "b", "c", "d", "e"], "{call}");
    }
}

#[tokio::test]
async fn a_call_that_waits_goes_no_step_further_once_the_lease_is_gone() {
    let stage = Stage::new().await;
    let stop = Stop::default();
    let tenure = stage.tenure(&stop).await;
    let (robber, steps) = (stage.robber(), AtomicUsize::new(0));
    // Waits before its second step, as a call does that waits for its turn under a rate limit.
    let call = async {
        steps.fetch_add(1, Ordering::Relaxed);
        robber.strike().await;
        let mut turns = 0;
        poll_fn(|context| {
            turns += 1;
            context.waker().wake_by_ref();
            if turns > 1 { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        steps.fetch_add(1, Ordering::Relaxed);
    };
    let ended = tenure.guard(call).await;
    assert!(matches!(ended, Err(JournalError::Fenced { .. })), "{ended:?}");
    assert_eq!(steps.load(Ordering::Relaxed), 1);
    assert_eq!(tenure.lost(), Some(&Scope::region("us-east-1")));
    assert!(stop.is_requested(), "nothing new is to be started");
}

#[tokio::test]
async fn a_lease_that_ran_out_and_that_nobody_took_is_renewed() {
    let stage = Stage::new().await;
    let stop = Stop::default();
    let tenure = stage.tenure(&stop).await;
    let expired = tenure.lease().expires;
    stage.wait_out().await;
    assert_eq!(tenure.guard(async { "made" }).await.expect("is still ours"), "made");
    assert!(stage.holding().await.expires > expired);
    assert!(tenure.lost().is_none() && !stop.is_requested());
}

/// A heartbeat that finds the lease gone stops the run; the user did not.
#[tokio::test]
async fn an_evicted_run_is_no_interrupted_one() {
    let stage = Stage::new().await;
    let stop = Stop::default();
    let tenure = stage.tenure(&stop).await;
    stage.robber().strike().await;
    let ended = stage.run_under(&tenure, &stop, &graph(5, &stage.kinds)).await;
    let Err(RunError::NotBegun(JournalError::Fenced { .. })) = ended else { panic!("{ended:?}") };
    assert_eq!(stage.world.calls(), 0);
}
