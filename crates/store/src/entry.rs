//! The events: what is appended, and how one is read back.

use std::collections::{BTreeMap, BTreeSet};

use globe_model::{
    Action, Address, CallError, Command, Departing, HistoryEntry, Identity, Intent, IntentAction, Move, Record, Region,
    RunEnd, RunStart, Timestamp, Token,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::projection;
use crate::session::{Param, Row, Session};

/// What happened. The names are in the database: never renamed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", content = "payload", rename_all = "snake_case")]
pub(crate) enum Entry {
    /// What the state belongs to is known.
    Identified(Identity),
    /// A run began.
    RunStarted {
        command: Command,
        account: String,
        parent: u64,
        steps: usize,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        protects: BTreeMap<Address, Option<String>>,
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        leaving: BTreeSet<Region>,
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        returning: BTreeSet<Region>,
    },
    /// An object is recorded under another address.
    Moved(Box<Move>),
    /// The writer of a component is there from now on.
    Role { component: String, region: Region },
    /// A call is about to be made.
    Intent(Box<Intent>),
    /// It exists.
    Created { token: Token, id: String },
    /// It was changed.
    Updated { token: Token, id: Option<String> },
    /// Its delete was accepted.
    Deleting { token: Token, id: Option<String> },
    /// The call did nothing.
    Failed { token: Token, error: CallError },
    /// A person says that an interrupted call came to this.
    IntentSettled { token: Token, made: Option<String> },
    /// It is as recorded.
    Settled(Box<Record>),
    /// AWS deletes it slowly: it is in the ledger.
    Postponed(Departing),
    /// AWS has it no more.
    Forgotten { id: String },
    /// A region was given up: what was recorded there, address and identity, is no longer.
    RegionForgotten { region: Region, objects: Vec<(Address, String)>, open: Vec<Intent> },
    /// A run ended.
    RunFinished { done: usize, failed: usize, not_tried: usize, down: BTreeSet<Region>, up: BTreeSet<Region> },
}

impl From<&RunStart> for Entry {
    fn from(start: &RunStart) -> Self {
        Self::RunStarted {
            command: start.command,
            account: start.account.clone(),
            parent: start.parent,
            steps: start.steps,
            protects: start.protects.clone(),
            leaving: start.leaving.clone(),
            returning: start.returning.clone(),
        }
    }
}

impl From<&RunEnd> for Entry {
    fn from(end: &RunEnd) -> Self {
        Self::RunFinished {
            done: end.done,
            failed: end.failed,
            not_tried: end.not_tried,
            down: end.down.clone(),
            up: end.up.clone(),
        }
    }
}

impl Entry {
    /// The token of the intent that it opens or closes.
    pub(crate) fn token(&self) -> Option<&Token> {
        match self {
            Self::Intent(intent) => Some(&intent.token),
            Self::Created { token, .. }
            | Self::Updated { token, .. }
            | Self::Deleting { token, .. }
            | Self::Failed { token, .. }
            | Self::IntentSettled { token, .. } => Some(token),
            Self::Identified(_)
            | Self::RunStarted { .. }
            | Self::Role { .. }
            | Self::RegionForgotten { .. }
            | Self::Moved(_)
            | Self::Settled(_)
            | Self::Postponed(_)
            | Self::Forgotten { .. }
            | Self::RunFinished { .. } => None,
        }
    }

    /// The two columns `what` and `payload`.
    fn columns(&self) -> Result<(String, String), Fault> {
        let value = serde_json::to_value(self).map_err(|error| Fault::Misfit(error.to_string()))?;
        let what = value["what"].as_str().unwrap_or_default().to_owned();
        Ok((what, value["payload"].to_string()))
    }

    /// For `globe state history`: what fits on a line.
    fn detail(&self) -> Value {
        match self {
            Self::Identified(identity) => json!(identity),
            Self::Role { component, region } => json!({ "component": component, "region": region }),
            Self::IntentSettled { token, made } => json!({ "id": made, "token": token }),
            Self::RegionForgotten { region, objects, open } => {
                json!({ "region": region, "objects": objects, "open": open.len() })
            }
            Self::RunStarted { command, steps, parent, .. } => {
                json!({ "command": command, "steps": steps, "parent": parent })
            }
            Self::Moved(moved) => json!({ "id": moved.record.id, "from": moved.from }),
            Self::Intent(intent) => json!({ "id": intent.id, "token": intent.token }),
            Self::Created { id, token } => json!({ "id": id, "token": token }),
            Self::Updated { id, token } | Self::Deleting { id, token } => json!({ "id": id, "token": token }),
            Self::Failed { error, token } => json!({ "error": error, "token": token }),
            Self::Settled(record) => json!({ "id": record.id }),
            Self::Postponed(departing) => json!({ "id": departing.id, "due": departing.due }),
            Self::Forgotten { id } => json!({ "id": id }),
            Self::RunFinished { done, failed, not_tried, down, up } => {
                json!({ "done": done, "failed": failed, "not_tried": not_tried, "down": down, "up": up })
            }
        }
    }

    fn action(&self) -> Option<Action> {
        match self {
            Self::Intent(intent) => Some(match intent.action {
                IntentAction::Create => Action::Create,
                IntentAction::Update => Action::Update,
                IntentAction::Delete => Action::Delete,
            }),
            _ => None,
        }
    }
}

/// Where [`Event::row`] belongs.
pub(crate) const INTO: &str = "INSERT INTO events (stack, seq, at, run, what, address, token, payload)";

/// An entry in its place in the stack's history.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    /// Number within the stack.
    pub(crate) seq: i64,
    /// When.
    pub(crate) at: Timestamp,
    /// The run.
    pub(crate) run: String,
    /// Which resource, if it is about one.
    pub(crate) address: Option<Address>,
    /// What happened.
    pub(crate) entry: Entry,
}

impl Event {
    /// Reads a row of `events`.
    pub(crate) fn of_row(row: &Row) -> Result<Self, Fault> {
        let seq = row.int("seq")?;
        let damaged = |error: &dyn std::fmt::Display| Fault::damaged(&format!("event {seq}"), error);
        let payload: Value = serde_json::from_str(&row.text("payload")?).map_err(|error| damaged(&error))?;
        let entry = json!({ "what": row.text("what")?, "payload": payload });
        let address = row.maybe("address")?.map(|text| text.parse()).transpose().map_err(|error| damaged(&error))?;
        Ok(Self {
            seq,
            at: Timestamp(row.int("at")?),
            run: row.text("run")?,
            address,
            entry: serde_json::from_value(entry).map_err(|error| damaged(&error))?,
        })
    }

    /// A row of [`INTO`].
    pub(crate) fn row(&self, stack: &str) -> Result<[Param; 8], Fault> {
        let (what, payload) = self.entry.columns()?;
        let token = self.entry.token().map(ToString::to_string);
        let address = self.address.as_ref().map(ToString::to_string);
        Ok([
            stack.into(),
            self.seq.into(),
            self.at.0.into(),
            self.run.as_str().into(),
            what.into(),
            address.into(),
            token.into(),
            payload.into(),
        ])
    }

    /// As the port shows it.
    pub(crate) fn history(self, what: String) -> HistoryEntry {
        HistoryEntry {
            seq: u64::try_from(self.seq).unwrap_or(0),
            at: self.at,
            run: self.run,
            what,
            address: self.address,
            action: self.entry.action(),
            detail: self.entry.detail(),
        }
    }
}

/// Numbers for `count` events; the answer is the first.
pub(crate) async fn reserve(session: &mut Session, stack: &str, count: usize) -> Result<i64, Fault> {
    const SQL: &str = "UPDATE stacks SET seq = seq + $2 WHERE name = $1 RETURNING seq";
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let row = session.row(SQL, &[stack.into(), count.into()]).await?;
    let row = row.ok_or_else(|| Fault::Unusable(format!("stack {stack} has lost its row")))?;
    Ok(row.int("seq")? - count + 1)
}

/// Appends an event and brings the projections up to date.
pub(crate) async fn append(
    session: &mut Session,
    stack: &str,
    now: Timestamp,
    (run, address, entry): (&str, Option<&Address>, Entry),
) -> Result<(), Fault> {
    let seq = reserve(session, stack, 1).await?;
    let event = Event { seq, at: now, run: run.to_owned(), address: address.cloned(), entry };
    session.insert(INTO, &[event.row(stack)?]).await?;
    projection::project(session, stack, &event).await
}
