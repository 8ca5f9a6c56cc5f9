//! How long kinds took, from the newest events.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use globe_model::{Address, Pace, Timestamp, Work};

use crate::fault::Fault;
use crate::job::Operation;
use crate::session::{Row, Session};

/// How many events are looked at: the last run of some thousand resources, or many of small ones. Without
/// their payloads they are read in some hundredths of a second.
const EVENTS: i64 = 20_000;

/// [`globe_model::Journal::pace`].
pub(crate) struct ReadPace(pub(crate) String);

#[async_trait]
impl Operation for ReadPace {
    type Answer = Pace;

    fn stack(&self) -> Option<&str> {
        None
    }

    fn attempt(&self) -> String {
        format!("read how long the resources of stack {} took", self.0)
    }

    async fn run(&self, session: &mut Session, _now: Timestamp) -> Result<Pace, Fault> {
        const SQL: &str = "SELECT at, run, what, address, token FROM events \
            WHERE stack = $1 AND what IN ('intent', 'created', 'settled', 'deleting', 'forgotten') \
            ORDER BY seq DESC LIMIT $2";
        let rows = session.rows(SQL, &[self.0.as_str().into(), EVENTS.into()]).await?;
        let mut told = Told::default();
        for row in rows.iter().rev() {
            told.take(row)?;
        }
        Ok(Pace::of_samples(told.samples))
    }
}

/// A history, oldest event first.
#[derive(Default)]
struct Told {
    /// When an intent was committed, by token.
    intents: BTreeMap<String, Timestamp>,
    /// What was begun and is not over, by run and address.
    begun: BTreeMap<(String, String), (Work, Timestamp)>,
    samples: Vec<(String, Work, Duration)>,
}

impl Told {
    fn take(&mut self, row: &Row) -> Result<(), Fault> {
        let at = Timestamp(row.int("at")?);
        let Some(address) = row.maybe("address")? else { return Ok(()) };
        let key = (row.text("run")?, address);
        match row.text("what")?.as_str() {
            "intent" => drop(row.maybe("token")?.and_then(|token| self.intents.insert(token, at))),
            "created" => self.begin(row, key, Work::Create)?,
            "deleting" => self.begin(row, key, Work::Delete)?,
            "settled" => self.end(key, Work::Create, at),
            "forgotten" => self.end(key, Work::Delete, at),
            _ => {}
        }
        Ok(())
    }

    /// The call was accepted; it counts from its intent on, unless that is too long ago to be looked at.
    fn begin(&mut self, row: &Row, key: (String, String), work: Work) -> Result<(), Fault> {
        if let Some(since) = row.maybe("token")?.and_then(|token| self.intents.remove(&token)) {
            self.begun.insert(key, (work, since));
        }
        Ok(())
    }

    /// A settled update and an adoption were never begun, and what began in another run waited for its start.
    fn end(&mut self, key: (String, String), work: Work, at: Timestamp) {
        if let Some((begun, since)) = self.begun.remove(&key)
            && begun == work
            && let Ok(address) = key.1.parse::<Address>()
        {
            self.samples.push((address.kind, work, at.since(since)));
        }
    }
}
