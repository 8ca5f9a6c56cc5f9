//! The members of a table in its other regions: who can be asked, and what AWS lists.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    CreateReplicationGroupMemberAction, DeleteReplicationGroupMemberAction, ReplicaDescription, ReplicaStatus,
    ReplicationGroupUpdate, TableDescription, TableStatus,
};
use futures::future::join_all;
use globe_model::{CallError, ErrorClass, OWNER_STACK, TagPatch};

use super::settings::{self, REFUSED, is};
use crate::driver::Scoped;
use crate::error::failed;
use crate::refine::{Says, unbuilt};

const UPDATE: &str = "dynamodb:UpdateTable";

fn conflict(message: String) -> CallError {
    CallError::new(ErrorClass::Conflict, UPDATE, message)
}

/// The region that a new member is asked for in; `None` where no region has the table yet.
///
/// # Errors
/// `Conflict` while a member is coming, going or changing; `NotYetConsistent` while a region in which the table may be
/// cannot be read and no other has it: a second table of the name would never become one with it; `AlreadyExists` where
/// another region has a table of the name that is not this stack's.
pub async fn to_join(cx: &Scoped, name: &str, others: &BTreeSet<String>) -> Result<Option<String>, CallError> {
    let looks = others
        .iter()
        .map(|region| async move { (region, settings::describe(&cx.in_region(region).dynamodb, name).await) });
    let (mut busy, mut unread) = (None, None);
    for (region, found) in join_all(looks).await {
        match found {
            Ok(None) => {}
            Ok(Some(table)) if is(&table, TableStatus::Active) && !is_changing(&table) => {
                if bears_our_tag(cx, region, &table).await? || is_ours(cx, &table).await? {
                    return Ok(Some(region.clone()));
                }
                let message = format!("{region} has a table {name} that is not this stack's");
                return Err(CallError::new(ErrorClass::AlreadyExists, UPDATE, message));
            }
            Ok(Some(_)) => busy = Some(conflict(format!("table {name} is changing in {region}"))),
            Err(error) => {
                let message =
                    format!("whether {region} has table {name} is not known, so no second one is made: {error}");
                unread = Some(CallError::new(ErrorClass::NotYetConsistent, UPDATE, message));
            }
        }
    }
    busy.or(unread).map_or(Ok(None), Err)
}

async fn bears_our_tag(cx: &Scoped, region: &str, table: &TableDescription) -> Result<bool, CallError> {
    let client = cx.in_region(region).dynamodb;
    let tags = settings::tags(&client, table.table_arn.as_deref().unwrap_or_default()).await?;
    Ok(tags.is_some_and(|tags| tags.get(OWNER_STACK) == Some(&cx.owner.stack)))
}

/// Whether one of the table's other members is this stack's.
///
/// # Errors
/// When a region cannot be read.
pub async fn is_ours(cx: &Scoped, table: &TableDescription) -> Result<bool, CallError> {
    let name = table.table_name.as_deref().unwrap_or_default();
    for region in listed(table) {
        let member = settings::describe(&cx.in_region(&region).dynamodb, name).await?;
        if let Some(member) = member
            && bears_our_tag(cx, &region, &member).await?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a member that cannot be seen in this scope's region yet is on its way.
///
/// # Errors
/// When a region cannot be read; `Ambiguous` while another member is being updated and what comes of it does not show:
/// perhaps this one, whose entry shows seconds after the call. Reads that end like this are repeated.
pub async fn is_coming(cx: &Scoped, name: &str, others: &BTreeSet<String>) -> Result<bool, CallError> {
    for region in others {
        let Some(table) = settings::describe(&cx.in_region(region).dynamodb, name).await? else { continue };
        if !bears_our_tag(cx, region, &table).await? && !is_ours(cx, &table).await? {
            continue;
        }
        if entries(&table).any(|entry| entry.region_name.as_deref() == Some(cx.region()) && !is_going(entry)) {
            return Ok(true);
        }
        if is(&table, TableStatus::Updating) && !is_changing(&table) {
            let message = format!("table {name} is being updated, and what comes of it does not show yet");
            return Err(CallError::new(ErrorClass::Ambiguous, "dynamodb:DescribeTable", message));
        }
    }
    Ok(false)
}

/// The same tags, and this stack's mark on a member that does not bear it: a further member is born without any.
///
/// # Errors
/// When the tags cannot be read.
pub async fn marked(cx: &Scoped, client: &Client, arn: &str, patch: &TagPatch) -> Result<TagPatch, CallError> {
    let mut patch = patch.clone();
    let found = if patch.set.is_empty() { None } else { settings::tags(client, arn).await? };
    if found.is_some_and(|tags| !tags.contains_key(OWNER_STACK)) {
        patch.set.insert(OWNER_STACK.into(), cx.owner.stack.clone());
    }
    Ok(patch)
}

/// Asks for a member in this scope's region.
///
/// # Errors
/// As AWS says.
pub async fn join(cx: &Scoped, region: &str, name: &str) -> Result<(), CallError> {
    let create = CreateReplicationGroupMemberAction::builder().region_name(cx.region()).build();
    let change = ReplicationGroupUpdate::builder().create(create.map_err(unbuilt(UPDATE))?).build();
    // Facts: the member itself, or a table of that name that is none of the group.
    change_group(cx, region, name, change).await.says(REFUSED, "already existed as tables", ErrorClass::AlreadyExists)
}

/// Takes this scope's region out of the table.
///
/// # Errors
/// As AWS says.
pub async fn leave(cx: &Scoped, region: &str, name: &str) -> Result<(), CallError> {
    let delete = DeleteReplicationGroupMemberAction::builder().region_name(cx.region()).build();
    let change = ReplicationGroupUpdate::builder().delete(delete.map_err(unbuilt(UPDATE))?).build();
    let answer = change_group(cx, region, name, change).await;
    let answer = answer.says(REFUSED, "deletion protection", ErrorClass::Conflict);
    answer.says(REFUSED, "acted as a source region", ErrorClass::Dependency)
}

async fn change_group(cx: &Scoped, region: &str, name: &str, change: ReplicationGroupUpdate) -> Result<(), CallError> {
    let client = cx.in_region(region).dynamodb;
    client.update_table().table_name(name).replica_updates(change).send().await.map_err(failed(UPDATE)).map(drop)
}

/// A region whose member stays when this one goes, and can be asked to let it go; `None` for the last one.
///
/// # Errors
/// `Conflict` while members come, go or change: AWS would refuse.
pub async fn that_stays(cx: &Scoped, name: &str, table: &TableDescription) -> Result<Option<String>, CallError> {
    let busy = || conflict(format!("members of table {name} are changing"));
    if !is(table, TableStatus::Active) || is_changing(table) {
        return Err(busy());
    }
    for region in active(table) {
        let member = settings::describe(&cx.in_region(&region).dynamodb, name).await?;
        match member {
            Some(member) if is(&member, TableStatus::Active) && !is_changing(&member) => return Ok(Some(region)),
            Some(_) => return Err(busy()),
            None => {}
        }
    }
    Ok(None)
}

fn entries(table: &TableDescription) -> impl Iterator<Item = &ReplicaDescription> {
    table.replicas.iter().flatten()
}

fn is_going(entry: &ReplicaDescription) -> bool {
    entry.replica_status == Some(ReplicaStatus::Deleting)
}

fn is_changing(table: &TableDescription) -> bool {
    let moving = |status: &Option<ReplicaStatus>| {
        matches!(status, Some(ReplicaStatus::Creating | ReplicaStatus::Deleting | ReplicaStatus::Updating))
    };
    entries(table).any(|entry| moving(&entry.replica_status))
}

/// Other regions that AWS lists, whatever their state.
pub fn listed(table: &TableDescription) -> BTreeSet<String> {
    entries(table).filter_map(|entry| entry.region_name.clone()).collect()
}

/// Other regions whose member holds the items too.
pub fn active(table: &TableDescription) -> BTreeSet<String> {
    let active = |entry: &&ReplicaDescription| entry.replica_status == Some(ReplicaStatus::Active);
    entries(table).filter(active).filter_map(|entry| entry.region_name.clone()).collect()
}
