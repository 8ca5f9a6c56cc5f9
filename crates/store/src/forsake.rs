//! Giving a region up.

use async_trait::async_trait;
use globe_model::{Address, Intent, Lease, Region, Scope, Timestamp};

use crate::entry::{Entry, append};
use crate::fault::Fault;
use crate::job::Operation;
use crate::lease::check;
use crate::session::Session;

/// [`globe_model::Journal::forget_region`].
pub(crate) struct ForgetRegion {
    /// The lease.
    pub(crate) lease: Lease,
    /// The run.
    pub(crate) run: String,
    /// Which region.
    pub(crate) region: Region,
}

#[async_trait]
impl Operation for ForgetRegion {
    type Answer = ();

    fn stack(&self) -> Option<&str> {
        Some(&self.lease.stack)
    }

    fn attempt(&self) -> String {
        format!("give {} up", self.region)
    }

    async fn run(&self, session: &mut Session, now: Timestamp) -> Result<(), Fault> {
        let stack = self.lease.stack.as_str();
        check(session, &self.lease, &Scope::Region(self.region.clone())).await?;
        let objects = objects(session, stack, &self.region).await?;
        let open = open(session, stack, &self.region).await?;
        let entry = Entry::RegionForgotten { region: self.region.clone(), objects, open };
        append(session, stack, now, (&self.run, None, entry)).await
    }
}

/// No region has `%` or `_` in its name.
fn within(region: &Region) -> String {
    format!("{region}/%")
}

/// All that is recorded there: current, replaced, and what AWS deletes slowly.
async fn objects(session: &mut Session, stack: &str, region: &Region) -> Result<Vec<(Address, String)>, Fault> {
    const SQL: &str = "SELECT address, id FROM resources WHERE stack = $1 AND address LIKE $2 \
                       UNION SELECT address, id FROM ledger WHERE stack = $1 AND address LIKE $2";
    let mut objects = Vec::new();
    for row in session.rows(SQL, &[stack.into(), within(region).into()]).await? {
        let address = row.text("address")?;
        let parsed = address.parse().map_err(|error| Fault::damaged(&format!("the record of {address}"), error))?;
        objects.push((parsed, row.text("id")?));
    }
    // Here and not in SQL, where the order depends on the server's locale.
    objects.sort();
    Ok(objects)
}

async fn open(session: &mut Session, stack: &str, region: &Region) -> Result<Vec<Intent>, Fault> {
    const SQL: &str = "SELECT payload FROM intents WHERE stack = $1 AND address LIKE $2 ORDER BY seq";
    let rows = session.rows(SQL, &[stack.into(), within(region).into()]).await?;
    let read =
        |payload: String| serde_json::from_str(&payload).map_err(|error| Fault::damaged("an open intent", error));
    rows.iter().map(|row| read(row.text("payload")?)).collect()
}
