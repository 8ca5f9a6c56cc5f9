//! What is read from the journal.

use async_trait::async_trait;
use globe_model::{
    Address, Departing, Desired, Head, HistoryEntry, Intent, NameHold, Outputs, OwnerId, Record, Region, Spec,
    Timestamp, World,
};

use crate::entry::Event;
use crate::fault::Fault;
use crate::job::Operation;
use crate::session::{Row, Session};

/// [`globe_model::Journal::head`].
pub(crate) struct ReadHead(pub(crate) String);

#[async_trait]
impl Operation for ReadHead {
    type Answer = Head;

    fn stack(&self) -> Option<&str> {
        None
    }

    fn attempt(&self) -> String {
        format!("read the state of stack {}", self.0)
    }

    async fn run(&self, session: &mut Session, _now: Timestamp) -> Result<Head, Fault> {
        let stack = [self.0.as_str().into()];
        let mut head = Head::default();
        if let Some(row) = session.row("SELECT * FROM stacks WHERE name = $1", &stack).await? {
            head.seq = u64::try_from(row.int("seq")?).map_err(|error| Fault::damaged("the stack's head", error))?;
            head.account = row.maybe("account")?;
            head.world = world(&row)?;
            head.owner = row.maybe("owner")?.map(OwnerId::from_text);
        }
        for row in session.rows("SELECT * FROM resources WHERE stack = $1 ORDER BY address, id", &stack).await? {
            let record = record(&row)?;
            if row.int("deleting")? != 0 {
                head.deleting.insert((record.address.clone(), record.id.clone()));
            }
            match row.int("deposed")? {
                0 => drop(head.records.insert(record.address.clone(), record)),
                _ => head.deposed.push(record),
            }
        }
        for row in session.rows("SELECT payload FROM intents WHERE stack = $1 ORDER BY seq", &stack).await? {
            head.open.push(intent(&row)?);
        }
        for row in session.rows("SELECT region, down FROM regions WHERE stack = $1", &stack).await? {
            stand(&mut head, Region::new(row.text("region")?), row.int("down")?)?;
        }
        for row in session.rows("SELECT component, region FROM roles WHERE stack = $1", &stack).await? {
            head.roles.insert(row.text("component")?, Region::new(row.text("region")?));
        }
        for row in session.rows("SELECT * FROM ledger WHERE stack = $1", &stack).await? {
            head.ledger.push(departing(&row)?);
        }
        for row in session.rows("SELECT * FROM protections WHERE stack = $1", &stack).await? {
            let address = row.text("address")?;
            let parsed: Result<Address, _> = address.parse();
            let parsed = parsed.map_err(|error| Fault::damaged(&format!("the protection of {address}"), error))?;
            head.protected.insert(parsed, row.text("component")?);
        }
        // Here and not in SQL, where the order depends on the server's locale.
        head.ledger.sort_by(|a, b| (&a.address, &a.id).cmp(&(&b.address, &b.id)));
        Ok(head)
    }
}

/// The world of a stack's row.
pub(crate) fn world(row: &Row) -> Result<Option<World>, Fault> {
    let Some(name) = row.maybe("world")? else { return Ok(None) };
    let world = World::from_name(&name);
    world.map(Some).ok_or_else(|| Fault::damaged("the stack's world", format!("`{name}` is none")))
}

/// How a region stands, by its number in the database.
fn stand(head: &mut Head, region: Region, number: i64) -> Result<(), Fault> {
    match number {
        0 => return Ok(()),
        1 => {}
        2 => {
            head.leaving.insert(region);
            return Ok(());
        }
        3 => {
            head.forgotten.insert(region.clone());
        }
        _ => return Err(Fault::damaged(&format!("the mark of region {region}"), format!("{number} is none"))),
    }
    head.down.insert(region);
    Ok(())
}

fn record(row: &Row) -> Result<Record, Fault> {
    let address = row.text("address")?;
    let damaged = |error: &dyn std::fmt::Display| Fault::damaged(&format!("the record of {address}"), error);
    Ok(Record {
        address: address.parse().map_err(|error| damaged(&error))?,
        id: row.text("id")?,
        spec: Spec::of_text(row.text("spec")?).map_err(|error| damaged(&error))?,
        desired: Desired::of_text(row.text("desired")?).map_err(|error| damaged(&error))?,
        outputs: outputs(row.text("outputs")?).map_err(|error| damaged(&error))?,
        at: Timestamp(row.int("at")?),
    })
}

/// What was never ready has `null`.
fn outputs(text: String) -> Result<Option<Outputs>, serde_json::Error> {
    (text != "null").then(|| Outputs::of_text(text)).transpose()
}

fn departing(row: &Row) -> Result<Departing, Fault> {
    let address = row.text("address")?;
    let parsed: Result<Address, _> = address.parse();
    Ok(Departing {
        address: parsed.map_err(|error| Fault::damaged(&format!("the ledger's entry of {address}"), error))?,
        id: row.text("id")?,
        since: Timestamp(row.int("since")?),
        due: Timestamp(row.int("due")?),
        name: if row.int("kept")? == 0 { NameHold::Free } else { NameHold::Kept },
    })
}

fn intent(row: &Row) -> Result<Intent, Fault> {
    serde_json::from_str(&row.text("payload")?).map_err(|error| Fault::damaged("an open intent", error))
}

/// [`globe_model::Journal::history`].
pub(crate) struct ReadHistory(pub(crate) String, pub(crate) u32);

#[async_trait]
impl Operation for ReadHistory {
    type Answer = Vec<HistoryEntry>;

    fn stack(&self) -> Option<&str> {
        None
    }

    fn attempt(&self) -> String {
        format!("read the history of stack {}", self.0)
    }

    async fn run(&self, session: &mut Session, _now: Timestamp) -> Result<Vec<HistoryEntry>, Fault> {
        const SQL: &str = "SELECT * FROM events WHERE stack = $1 ORDER BY seq DESC LIMIT $2";
        let rows = session.rows(SQL, &[self.0.as_str().into(), i64::from(self.1).into()]).await?;
        rows.iter().map(|row| Ok(Event::of_row(row)?.history(row.text("what")?))).collect()
    }
}

/// [`crate::Store::stacks`].
pub(crate) struct ListStacks;

#[async_trait]
impl Operation for ListStacks {
    type Answer = Vec<String>;

    fn stack(&self) -> Option<&str> {
        None
    }

    fn attempt(&self) -> String {
        "list the stacks".into()
    }

    async fn run(&self, session: &mut Session, _now: Timestamp) -> Result<Vec<String>, Fault> {
        // One that was only ever leased has no state.
        let rows = session.rows("SELECT name FROM stacks WHERE seq > 0", &[]).await?;
        let mut names = rows.iter().map(|row| row.text("name")).collect::<Result<Vec<_>, _>>()?;
        // Here and not in SQL, where the order depends on the server's locale.
        names.sort();
        Ok(names)
    }
}
