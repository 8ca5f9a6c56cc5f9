//! What a stack's state belongs to, and where its writers are.

use async_trait::async_trait;
use globe_model::{Claim, Identity, OwnerId, Region, Timestamp, World};

use crate::entry::{Entry, append};
use crate::fault::Fault;
use crate::job::Operation;
use crate::read::world;
use crate::session::Session;

/// The events of [`Identify`] belong to no run.
const NO_RUN: &str = "";

/// [`globe_model::Journal::identify`].
pub(crate) struct Identify(pub(crate) Claim);

#[async_trait]
impl Operation for Identify {
    type Answer = Identity;

    fn stack(&self) -> Option<&str> {
        Some(&self.0.stack)
    }

    fn attempt(&self) -> String {
        format!("record what the state of stack {} belongs to", self.0.stack)
    }

    async fn run(&self, session: &mut Session, now: Timestamp) -> Result<Identity, Fault> {
        let claim = &self.0;
        let known = Known::read(session, &claim.stack).await?;
        known.refuse_other(claim)?;
        if let Known { account: Some(account), world: Some(world), owner: Some(owner) } = known {
            return Ok(Identity { account, world, owner });
        }
        let owner = known.owner.or_else(|| claim.owner.clone()).unwrap_or_else(OwnerId::random);
        let identity = Identity { account: claim.account.clone(), world: claim.world, owner };
        append(session, &claim.stack, now, (NO_RUN, None, Entry::Identified(identity.clone()))).await?;
        Ok(identity)
    }
}

/// As much of it as is recorded.
struct Known {
    account: Option<String>,
    world: Option<World>,
    owner: Option<OwnerId>,
}

impl Known {
    async fn read(session: &mut Session, stack: &str) -> Result<Self, Fault> {
        let row = session.row("SELECT * FROM stacks WHERE name = $1", &[stack.into()]).await?;
        let Some(row) = row else { return Ok(Self { account: None, world: None, owner: None }) };
        let owner = row.maybe("owner")?.map(OwnerId::from_text);
        Ok(Self { account: row.maybe("account")?, world: world(&row)?, owner })
    }

    fn refuse_other(&self, claim: &Claim) -> Result<(), Fault> {
        let stack = claim.stack.clone();
        if let Some(recorded) = self.account.clone().filter(|account| *account != claim.account) {
            return Err(Fault::OtherAccount { stack, recorded, claimed: claim.account.clone() });
        }
        if let Some(recorded) = self.world.filter(|world| *world != claim.world) {
            return Err(Fault::OtherWorld { stack, recorded, claimed: claim.world });
        }
        Ok(())
    }
}

/// Keeps what the state belongs to.
pub(crate) async fn keep(session: &mut Session, stack: &str, identity: &Identity) -> Result<(), Fault> {
    const SQL: &str = "UPDATE stacks SET account = $2, world = $3, owner = $4 WHERE name = $1";
    let Identity { account, world, owner } = identity;
    let params = [stack.into(), account.as_str().into(), world.as_str().into(), owner.as_str().into()];
    session.execute(SQL, &params).await?;
    Ok(())
}

/// Keeps where a component's writer is.
pub(crate) async fn keep_role(
    session: &mut Session,
    stack: &str,
    component: &str,
    region: &Region,
) -> Result<(), Fault> {
    const SQL: &str = "INSERT INTO roles (stack, component, region) VALUES ($1, $2, $3) \
                       ON CONFLICT (stack, component) DO UPDATE SET region = excluded.region";
    session.execute(SQL, &[stack.into(), component.into(), region.as_str().into()]).await?;
    Ok(())
}
