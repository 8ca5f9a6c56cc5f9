//! A replica of a table in another region (global tables, version 2019.11.21).
//!
//! | | |
//! |---|---|
//! | Create | `UpdateTable` in the table's home region, with one `ReplicaUpdates.Create`; no client token; a repeat is refused |
//! | Read | `DescribeTable` at home for the status and in the replica's region for its settings, with backups and tags there |
//! | Update | in the replica's region: `UpdateContinuousBackups`, `TagResource`, `UpdateTable` for deletion protection |
//! | Delete | deletion protection off in the replica's region, then `UpdateTable` at home with one `ReplicaUpdates.Delete` |
//! | Replace | table and home region |
//! | Waits | `CREATING` to `ACTIVE`, 15-50 s, 10 min with items; `DELETING` to gone 2-4 min |
//!
//! Quirks: one replica of a table changes at a time, everything else meets `ResourceInUseException`. The entry shows at
//! home some 6 s after the call, the replica's own table after 10 s; on the way out the entry goes first and the table
//! 10-35 s later, so the replica is gone when both are. Keys, billing, TTL and stream are the table's; tags,
//! point-in-time recovery and deletion protection are the replica's own and cannot come with the create. The home region
//! is always the one called, since a region that makes replicas cannot be removed for a day while they exist. The id is
//! `<home region>/<table>`: the region of the replica is that of its address.

use aws_sdk_dynamodb::types::{
    CreateReplicationGroupMemberAction, DeleteReplicationGroupMemberAction, ReplicaDescription, ReplicaStatus,
    ReplicationGroupUpdate, TableDescription, TableStatus,
};
use globe_model::{
    Address, CallError, Candidate, DataPolicy, Durations, Edge, ErrorClass, Kind, OWNER_STACK, Pending, Readiness,
    Recovery, Ref, TagPatch, Tags, Upstream, Verdict, changes, is_unknown, unknown,
};
use serde::{Deserialize, Serialize};

use super::Table;
use super::settings::{self, REFUSED, is};
use crate::driver::{Birth, Driver, Found, IamActions, Scoped};
use crate::each::each;
use crate::error::failed;
use crate::refine::{Says, unbuilt};

const UPDATE: &str = "dynamodb:UpdateTable";

/// What the blueprint says of a replica.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplicaSpec {
    /// The table, in its home region.
    pub table: Ref<Table>,
    /// Whether the replica can be restored to any second of the last 35 days.
    pub point_in_time_recovery: bool,
    /// Whether AWS refuses to delete it.
    pub deletion_protection: bool,
    /// Tags.
    pub tags: Tags,
}

/// What AWS is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplicaDesired {
    /// Region of the table.
    pub home: String,
    /// Name of the table, and of the replica.
    pub table: String,
    /// Whether the replica can be restored to any second.
    pub point_in_time_recovery: bool,
    /// Whether AWS refuses to delete it.
    pub deletion_protection: bool,
    /// Tags.
    pub tags: Tags,
}

/// What AWS says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplicaLive {
    /// Region of the table.
    pub home: String,
    /// Name of the table.
    pub table: String,
    /// ARN in the replica's region, once it is there.
    pub arn: Option<String>,
    /// `CREATING`, `CREATION_FAILED`, `UPDATING`, `DELETING`, `ACTIVE`, or one of several kinds of trouble.
    pub status: String,
    /// AWS's words about the status, where it has any.
    pub detail: Option<String>,
    /// Whether the replica can be restored to any second.
    pub point_in_time_recovery: bool,
    /// Whether AWS refuses to delete it.
    pub deletion_protection: bool,
    /// Tags that a user can manage.
    pub tags: Tags,
}

/// What changes in place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ReplicaPatch {
    /// Set to this.
    pub point_in_time_recovery: Option<bool>,
    /// Tags.
    pub tags: TagPatch,
    /// Set to this.
    pub deletion_protection: Option<bool>,
}

/// What downstream uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplicaOutputs {
    /// Name of the table.
    pub name: String,
    /// ARN in the replica's region.
    pub arn: String,
}

/// The kind `dynamodb/replica`.
pub struct Replica;

impl Kind for Replica {
    const NAME: &'static str = "dynamodb/replica";
    const RECOVERY: Recovery = Recovery::Name;
    const DURATIONS: Durations = Durations::secs(35, 180);

    type Spec = ReplicaSpec;
    type Desired = ReplicaDesired;
    type Live = ReplicaLive;
    type Patch = ReplicaPatch;
    type Outputs = ReplicaOutputs;

    fn one_at_a_time(spec: &ReplicaSpec) -> Option<Address> {
        // A table takes one change of its replicas at a time: whoever asks meanwhile is told ResourceInUseException.
        Some(spec.table.address().clone())
    }

    fn refs(spec: &ReplicaSpec, visit: &mut dyn FnMut(Edge)) {
        // Ready, so that TTL and the stream are settled: both are blocked while a replica comes.
        visit(Edge::ready(&spec.table));
    }

    fn lower(spec: &ReplicaSpec, upstream: &Upstream<'_>) -> Result<ReplicaDesired, Pending> {
        Ok(ReplicaDesired {
            home: spec.table.address().scope.endpoint_region().to_owned(),
            table: upstream.of(&spec.table)?.name,
            point_in_time_recovery: spec.point_in_time_recovery,
            deletion_protection: spec.deletion_protection,
            tags: spec.tags.clone(),
        })
    }

    fn diff(desired: &ReplicaDesired, live: &ReplicaLive) -> Verdict<ReplicaPatch> {
        let fixed = changes().field("home", &live.home, &desired.home).field("table", &live.table, &desired.table);
        if !fixed.is_empty() {
            return Verdict::Replace { changes: fixed.done() };
        }
        if live.status == "CREATING" {
            // Its own region knows nothing of it yet and would refuse every change: settings come once it is there.
            return Verdict::Same;
        }
        let found = changes()
            .field("point_in_time_recovery", &live.point_in_time_recovery, &desired.point_in_time_recovery)
            .field("deletion_protection", &live.deletion_protection, &desired.deletion_protection)
            .tags(&live.tags, &desired.tags);
        let switch = |live: bool, desired: bool| (live != desired).then_some(desired);
        let patch = ReplicaPatch {
            point_in_time_recovery: switch(live.point_in_time_recovery, desired.point_in_time_recovery),
            tags: TagPatch::between(&live.tags, &desired.tags),
            deletion_protection: switch(live.deletion_protection, desired.deletion_protection),
        };
        Verdict::patch_if(found, patch)
    }

    fn ready(live: &ReplicaLive) -> Readiness {
        match live.status.as_str() {
            "ACTIVE" => Readiness::Ready,
            status @ ("CREATING" | "UPDATING" | "DELETING") => Readiness::wait(format!("status {status}")),
            status => {
                let detail = live.detail.as_deref().map(|detail| format!(": {detail}")).unwrap_or_default();
                Readiness::Failed { reason: format!("status {status}{detail}") }
            }
        }
    }

    fn outputs(live: &ReplicaLive) -> Option<ReplicaOutputs> {
        Some(ReplicaOutputs { name: live.table.clone(), arn: live.arn.clone()? })
    }

    fn unknown(address: &Address) -> ReplicaOutputs {
        ReplicaOutputs { name: unknown(address, "name"), arn: unknown(address, "arn") }
    }
}

impl Driver for Replica {
    const READ_BATCH: usize = 20;
    const ACTIONS: IamActions = IamActions {
        read: &["dynamodb:DescribeTable", "dynamodb:DescribeContinuousBackups", "dynamodb:ListTagsOfResource"],
        // The caller copies the table on AWS's behalf: it needs what the copy needs (fact sheet 3.2).
        write: &[
            UPDATE,
            "dynamodb:CreateTable",
            "dynamodb:CreateTableReplica",
            "dynamodb:Query",
            "dynamodb:Scan",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            "dynamodb:DeleteItem",
            "dynamodb:UpdateContinuousBackups",
            "dynamodb:TagResource",
            "dynamodb:UntagResource",
            "iam:CreateServiceLinkedRole",
        ],
        delete: &[UPDATE, "dynamodb:DeleteTable", "dynamodb:DeleteTableReplica"],
    };

    async fn read(cx: &Scoped, ids: &[String]) -> Result<Found<ReplicaLive>, CallError> {
        let look = |id: &String| {
            let id = id.clone();
            async move { Ok::<_, CallError>(live(cx, &id).await?.map(|live| (id, live))) }
        };
        Ok(each(ids.iter().map(look)).await?.into_iter().flatten().collect())
    }

    async fn discover(cx: &Scoped, wanted: &[(Address, ReplicaDesired)]) -> Result<Vec<Candidate>, CallError> {
        let known = wanted.iter().filter(|(_, desired)| !is_unknown(&desired.table));
        let found = each(known.map(|(address, desired)| find(cx, address, desired))).await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn create(cx: &Scoped, _: &Birth<'_>, desired: &ReplicaDesired) -> Result<String, CallError> {
        let create = CreateReplicationGroupMemberAction::builder().region_name(cx.region()).build();
        let change = ReplicationGroupUpdate::builder().create(create.map_err(unbuilt(UPDATE))?).build();
        let answer = change_group(cx, &desired.home, &desired.table, change).await;
        // Facts: the replica itself, or a table of that name that is none of ours.
        answer.says(REFUSED, "already existed as tables", ErrorClass::AlreadyExists)?;
        Ok(format!("{}/{}", desired.home, desired.table))
    }

    async fn update(cx: &Scoped, id: &str, patch: &ReplicaPatch) -> Result<(), CallError> {
        let (_, name) = parts(id)?;
        let client = &cx.aws.dynamodb;
        let table = settings::describe(client, name).await?;
        let gone = || CallError::new(ErrorClass::Gone, UPDATE, format!("there is no table {name} in {}", cx.region()));
        let table = table.ok_or_else(gone)?;
        if let Some(on) = patch.point_in_time_recovery {
            settings::set_point_in_time_recovery(client, name, on).await?;
        }
        settings::retag(client, table.table_arn.as_deref().unwrap_or_default(), &patch.tags).await?;
        match patch.deletion_protection {
            Some(on) => settings::protect(client, &table, on).await,
            None => Ok(()),
        }
    }

    async fn delete(cx: &Scoped, id: &str, data: DataPolicy) -> Result<(), CallError> {
        let (home, name) = parts(id)?;
        let (table, local) = both(cx, home, name).await?;
        let entry = table.as_ref().and_then(|table| entry(cx, table));
        let leaving = |entry: &&ReplicaDescription| entry.replica_status == Some(ReplicaStatus::Deleting);
        if entry.is_none_or(|entry| leaving(&entry)) {
            return Ok(());
        }
        if let Some(local) = local.filter(|_| data == DataPolicy::Delete) {
            settings::protect(&cx.aws.dynamodb, &local, false).await?;
        }
        let delete = DeleteReplicationGroupMemberAction::builder().region_name(cx.region()).build();
        let change = ReplicationGroupUpdate::builder().delete(delete.map_err(unbuilt(UPDATE))?).build();
        let answer = change_group(cx, home, name, change).await;
        answer.says(REFUSED, "deletion protection", ErrorClass::HoldsData)
    }

    async fn data_at_risk(cx: &Scoped, id: &str) -> Result<Option<String>, CallError> {
        // Its items are in the other regions too; only protection says that someone cares for this copy.
        let (_, name) = parts(id)?;
        let table = settings::describe(&cx.aws.dynamodb, name).await?;
        let protected = table.is_some_and(|table| table.deletion_protection_enabled == Some(true));
        Ok(protected.then(|| "is protected against deletion".to_owned()))
    }
}

async fn change_group(cx: &Scoped, home: &str, name: &str, change: ReplicationGroupUpdate) -> Result<(), CallError> {
    let client = cx.in_region(home).dynamodb;
    client.update_table().table_name(name).replica_updates(change).send().await.map_err(failed(UPDATE)).map(drop)
}

/// Home region and table name of an id.
fn parts(id: &str) -> Result<(&str, &str), CallError> {
    let broken = || CallError::new(ErrorClass::Broken, UPDATE, format!("`{id}` is not `<home region>/<table>`"));
    id.split_once('/').ok_or_else(broken)
}

/// The table at home, and the one in the replica's region.
async fn both(
    cx: &Scoped,
    home: &str,
    name: &str,
) -> Result<(Option<TableDescription>, Option<TableDescription>), CallError> {
    let away = cx.in_region(home).dynamodb;
    tokio::try_join!(settings::describe(&away, name), settings::describe(&cx.aws.dynamodb, name))
}

/// What the table at home says of this region's replica.
fn entry<'a>(cx: &Scoped, table: &'a TableDescription) -> Option<&'a ReplicaDescription> {
    table.replicas.iter().flatten().find(|replica| replica.region_name.as_deref() == Some(cx.region()))
}

async fn live(cx: &Scoped, id: &str) -> Result<Option<ReplicaLive>, CallError> {
    let (home, name) = parts(id)?;
    let (table, local) = both(cx, home, name).await?;
    let entry = table.as_ref().and_then(|table| entry(cx, table));
    let status = match (entry, &local) {
        // Listed before its table can be described.
        (Some(entry), None) if entry.replica_status == Some(ReplicaStatus::Active) => "CREATING".to_owned(),
        (Some(entry), _) => entry.replica_status.as_ref().map(|status| status.as_str().to_owned()).unwrap_or_default(),
        // No longer listed, and its table is on its way out.
        (None, Some(local)) if is(local, TableStatus::Deleting) => "DELETING".to_owned(),
        // A table of its own, or nothing.
        (None, _) => return Ok(None),
    };
    let detail = entry.and_then(|entry| entry.replica_status_description.clone());
    let arn = local.as_ref().and_then(|local| local.table_arn.clone());
    let settled = local.filter(|local| !is(local, TableStatus::Creating) && !is(local, TableStatus::Deleting));
    let deletion_protection = settled.as_ref().and_then(|local| local.deletion_protection_enabled).unwrap_or_default();
    let (point_in_time_recovery, tags) = match (settled, &arn) {
        (Some(_), Some(arn)) => tokio::try_join!(
            settings::point_in_time_recovery(&cx.aws.dynamodb, name),
            settings::tags(&cx.aws.dynamodb, arn)
        )?,
        _ => (false, None),
    };
    let (home, table, tags) = (home.to_owned(), name.to_owned(), Tags::from_live(tags.unwrap_or_default()));
    Ok(Some(ReplicaLive { home, table, arn, status, detail, point_in_time_recovery, deletion_protection, tags }))
}

/// The replica of a table that is this stack's.
async fn find(cx: &Scoped, address: &Address, desired: &ReplicaDesired) -> Result<Option<Candidate>, CallError> {
    let client = cx.in_region(&desired.home).dynamodb;
    let Some(table) = settings::describe(&client, &desired.table).await? else { return Ok(None) };
    let tags = settings::tags(&client, table.table_arn.as_deref().unwrap_or_default()).await?;
    if tags.as_ref().and_then(|tags| tags.get(OWNER_STACK)) != Some(&cx.owner.stack) {
        return Ok(None);
    }
    let id = format!("{}/{}", desired.home, desired.table);
    let candidate = Candidate { address: address.clone(), id, nonce: None };
    if entry(cx, &table).is_some() {
        return Ok(Some(candidate));
    }
    if is(&table, TableStatus::Updating) && !explained(&table) {
        // Perhaps the replica: its entry shows seconds after the call. Reads that end like this are repeated.
        let message = format!("table {} is being updated, and what comes of it does not show yet", desired.table);
        return Err(CallError::new(ErrorClass::Ambiguous, "dynamodb:DescribeTable", message));
    }
    Ok(None)
}

/// Whether another replica under way is why the table is being updated: only one can be.
fn explained(table: &TableDescription) -> bool {
    let under_way = |status: &Option<ReplicaStatus>| {
        matches!(status, Some(ReplicaStatus::Creating | ReplicaStatus::Deleting | ReplicaStatus::Updating))
    };
    table.replicas.iter().flatten().any(|replica| under_way(&replica.replica_status))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_its_own_change_in_place_and_its_table_does_not() {
        let desired = ReplicaDesired {
            home: "us-east-1".into(),
            table: "acme-user-sessions".into(),
            point_in_time_recovery: true,
            deletion_protection: false,
            tags: Tags::default(),
        };
        let live = ReplicaLive {
            home: "us-east-1".into(),
            table: "acme-user-sessions".into(),
            arn: None,
            status: "ACTIVE".into(),
            detail: None,
            point_in_time_recovery: false,
            deletion_protection: false,
            tags: Tags::default(),
        };
        let Verdict::Patch { patch, .. } = Replica::diff(&desired, &live) else { panic!("no patch") };
        assert_eq!((patch.point_in_time_recovery, patch.deletion_protection), (Some(true), None));
        let moved = ReplicaDesired { home: "us-west-2".into(), ..desired };
        assert!(matches!(Replica::diff(&moved, &live), Verdict::Replace { .. }));
        let failed = ReplicaLive { status: "CREATION_FAILED".into(), detail: Some("no key".into()), ..live };
        assert_eq!(Replica::ready(&failed), Readiness::Failed { reason: "status CREATION_FAILED: no key".into() });
    }
}
