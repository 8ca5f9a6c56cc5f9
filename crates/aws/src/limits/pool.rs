//! The buckets of one service in one region, and who waits for them.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use globe_model::Timestamp;
use tokio::sync::oneshot;

use super::bucket::Bucket;
use super::table::Table;

/// What a call does; buckets that both share serve them in turn, so that neither starves the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Lane {
    Read,
    Write,
}

impl Lane {
    fn of(action: &str) -> Self {
        let reads = ["Describe", "Get", "List", "Head"].iter().any(|prefix| action.starts_with(prefix));
        if reads { Self::Read } else { Self::Write }
    }
}

/// The calls of one action: first come, first served.
#[derive(Debug)]
struct Queue {
    lane: Lane,
    draws: Vec<String>,
    waiting: VecDeque<(u64, oneshot::Sender<()>)>,
}

/// Buckets and queues; holds no clock and waits for nothing.
#[derive(Debug, Default)]
pub struct Pool {
    buckets: BTreeMap<String, Bucket>,
    queues: BTreeMap<String, Queue>,
    arrivals: u64,
    last: Option<Lane>,
    /// Whether somebody will call `serve` when time has passed.
    pub pumped: bool,
}

impl Pool {
    /// Joins the queue of `service`'s `action`; the answer comes when the call may go.
    pub fn join(&mut self, service: &str, action: &str, now: Timestamp) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        if !self.queues.contains_key(action) {
            self.open(service, action, now);
        }
        self.arrivals += 1;
        if let Some(queue) = self.queues.get_mut(action) {
            queue.waiting.push_back((self.arrivals, sender));
        }
        receiver
    }

    fn open(&mut self, service: &str, action: &str, now: Timestamp) {
        let draws = Table::built_in().draws(service, action);
        for draw in &draws {
            self.buckets.entry(draw.bucket.clone()).or_insert_with(|| Bucket::new(draw.budget, now));
        }
        let draws = draws.into_iter().map(|draw| draw.bucket).collect();
        self.queues.insert(action.to_owned(), Queue { lane: Lane::of(action), draws, waiting: VecDeque::new() });
    }

    /// Lets through whom the buckets allow; returns how long until the next may go, `None` when nobody waits.
    pub fn serve(&mut self, now: Timestamp) -> Option<Duration> {
        loop {
            let heads = self.heads(now);
            let soonest = heads.iter().map(|head| head.wait).min()?;
            let ready = heads.into_iter().filter(|head| head.wait.is_zero());
            // The other lane's turn first, then whoever came first.
            let last = self.last;
            let Some(next) = ready.min_by_key(|head| (Some(head.lane) == last, head.arrival)) else {
                return Some(soonest);
            };
            self.admit(&next.action, next.lane, now);
        }
    }

    /// The first of every queue whose caller still waits.
    fn heads(&mut self, now: Timestamp) -> Vec<Head> {
        let (buckets, mut heads) = (&mut self.buckets, Vec::new());
        for (action, queue) in &mut self.queues {
            while queue.waiting.front().is_some_and(|(_, sender)| sender.is_closed()) {
                queue.waiting.pop_front();
            }
            let Some((arrival, _)) = queue.waiting.front() else { continue };
            let waits = queue.draws.iter().filter_map(|draw| Some(buckets.get_mut(draw)?.wait(now)));
            let wait = waits.max().unwrap_or_default();
            heads.push(Head { action: action.clone(), lane: queue.lane, arrival: *arrival, wait });
        }
        heads
    }

    fn admit(&mut self, action: &str, lane: Lane, now: Timestamp) {
        let Some(queue) = self.queues.get_mut(action) else { return };
        let Some((_, sender)) = queue.waiting.pop_front() else { return };
        // One that gave up at this very moment took nothing from AWS.
        if sender.send(()).is_ok() {
            self.last = Some(lane);
            for draw in &queue.draws {
                if let Some(bucket) = self.buckets.get_mut(draw) {
                    bucket.take(now);
                }
            }
        }
    }

    /// A call of `action` that was let through has been answered.
    pub fn answered(&mut self, action: &str, now: Timestamp) {
        let Some(queue) = self.queues.get(action) else { return };
        for draw in &queue.draws {
            if let Some(bucket) = self.buckets.get_mut(draw) {
                bucket.answered(now);
            }
        }
    }

    /// AWS throttled a call of `action` that was sent at `sent`.
    pub fn throttled(&mut self, action: &str, sent: Timestamp, now: Timestamp) {
        let draws = self.queues.get(action).map(|queue| queue.draws.clone()).unwrap_or_default();
        for draw in draws {
            if let Some(bucket) = self.buckets.get_mut(&draw) {
                bucket.throttled(sent, now);
            }
        }
    }
}

struct Head {
    action: String,
    lane: Lane,
    arrival: u64,
    wait: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVICE: &str = "elasticloadbalancing";

    fn at(seconds: u64) -> Timestamp {
        Timestamp(0).after(Duration::from_secs(seconds))
    }

    fn gone(waiting: &mut [oneshot::Receiver<()>]) -> usize {
        waiting.iter_mut().map(oneshot::Receiver::try_recv).filter(Result::is_ok).count()
    }

    #[test]
    fn a_call_needs_its_own_token_and_the_shared_one_at_once() {
        let mut pool = Pool::default();
        let mut slow: Vec<_> = (0..30).map(|_| pool.join(SERVICE, "CreateLoadBalancer", at(0))).collect();
        pool.serve(at(0));
        assert_eq!(gone(&mut slow), 9);
        let mut reads: Vec<_> = (0..60).map(|_| pool.join(SERVICE, "DescribeRules", at(0))).collect();
        pool.serve(at(0));
        assert_eq!(gone(&mut reads), 30, "calls that wait for their own bucket hold no shared token");
    }

    #[test]
    fn reads_and_writes_take_turns_at_a_shared_bucket() {
        let mut pool = Pool::default();
        let mut reads: Vec<_> = (0..100).map(|_| pool.join("route53", "ListHostedZones", at(0))).collect();
        pool.serve(at(0));
        (0..gone(&mut reads)).for_each(|_| pool.answered("ListHostedZones", at(0)));
        let mut writes: Vec<_> = (0..5).map(|_| pool.join("route53", "ChangeResourceRecordSets", at(0))).collect();
        pool.serve(at(1));
        let (reads, writes) = (gone(&mut reads), gone(&mut writes));
        assert!(writes >= 4 && reads >= 4, "{reads} reads and {writes} writes");
    }

    #[test]
    fn an_actions_calls_go_in_the_order_in_which_they_came() {
        let mut pool = Pool::default();
        let mut calls: Vec<_> = (0..12).map(|_| pool.join("ec2", "CreateNatGateway", at(0))).collect();
        pool.serve(at(0));
        (0..9).for_each(|_| pool.answered("CreateNatGateway", at(0)));
        pool.serve(at(2));
        let order: Vec<bool> = calls.iter_mut().map(|call| call.try_recv().is_ok()).collect();
        assert!(order.windows(2).all(|pair| pair[0] >= pair[1]), "{order:?}");
        assert_eq!(order.iter().filter(|gone| **gone).count(), 10);
    }

    #[test]
    fn who_gives_up_costs_nothing() {
        let mut pool = Pool::default();
        drop((0..50).map(|_| pool.join("ec2", "CreateNatGateway", at(0))).collect::<Vec<_>>());
        let mut call = [pool.join("ec2", "CreateNatGateway", at(0))];
        assert_eq!(pool.serve(at(0)), None);
        assert_eq!(gone(&mut call), 1);
    }
}
