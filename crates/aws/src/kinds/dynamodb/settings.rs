//! What tables and replicas have in common: their settings are read and written in their own region.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    PointInTimeRecoverySpecification, PointInTimeRecoveryStatus, TableDescription, TableStatus, Tag,
    TimeToLiveSpecification, TimeToLiveStatus,
};
use globe_model::{CallError, ErrorClass, TagPatch};

use crate::error::{Reclass, failed};
use crate::refine::{Says, unbuilt};

/// The code under which DynamoDB refuses all kinds of things.
pub const REFUSED: &str = "ValidationException";
/// The code of "another operation is under way".
pub const BUSY: &str = "ResourceInUseException";

/// The table in the client's region, if there is one.
///
/// # Errors
/// When the call fails.
pub async fn describe(client: &Client, name: &str) -> Result<Option<TableDescription>, CallError> {
    let answer = client.describe_table().table_name(name).send().await.map_err(failed("dynamodb:DescribeTable"));
    Ok(present(answer)?.and_then(|answer| answer.table))
}

/// Whether the status is the wanted one.
pub fn is(table: &TableDescription, status: TableStatus) -> bool {
    table.table_status == Some(status)
}

/// `None` where AWS says that it is not there; what hangs on a table is not there before the table is active.
fn present<T>(result: Result<T, CallError>) -> Result<Option<T>, CallError> {
    match result {
        Err(error) if error.class == ErrorClass::Gone => Ok(None),
        other => other.map(Some),
    }
}

/// Whether the table can be restored to any second.
///
/// # Errors
/// When the call fails.
pub async fn point_in_time_recovery(client: &Client, name: &str) -> Result<bool, CallError> {
    let answer = client.describe_continuous_backups().table_name(name).send().await;
    let answer = present(answer.map_err(failed("dynamodb:DescribeContinuousBackups")))?;
    // Facts: the outer status is always ENABLED and says nothing.
    let found = answer.and_then(|answer| answer.continuous_backups_description?.point_in_time_recovery_description);
    Ok(found.is_some_and(|found| found.point_in_time_recovery_status == Some(PointInTimeRecoveryStatus::Enabled)))
}

/// Switches point-in-time recovery; a repeat changes nothing.
///
/// # Errors
/// `NotYetConsistent` in the first seconds of a table.
pub async fn set_point_in_time_recovery(client: &Client, name: &str, on: bool) -> Result<(), CallError> {
    const OPERATION: &str = "dynamodb:UpdateContinuousBackups";
    let specification = PointInTimeRecoverySpecification::builder().point_in_time_recovery_enabled(on).build();
    let request = client.update_continuous_backups().table_name(name);
    let request = request.point_in_time_recovery_specification(specification.map_err(unbuilt(OPERATION))?);
    let answer = request.send().await.map_err(failed(OPERATION)).map(drop);
    answer.reclass(&["ContinuousBackupsUnavailableException"], ErrorClass::NotYetConsistent)
}

/// The attribute that holds the time of expiry, if items expire.
///
/// # Errors
/// When the call fails.
pub async fn time_to_live(client: &Client, name: &str) -> Result<Option<String>, CallError> {
    let answer = client.describe_time_to_live().table_name(name).send().await;
    let answer = present(answer.map_err(failed("dynamodb:DescribeTimeToLive")))?;
    let found = answer.and_then(|answer| answer.time_to_live_description);
    let on = |status: &Option<TimeToLiveStatus>| {
        matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling))
    };
    Ok(found.filter(|found| on(&found.time_to_live_status)).and_then(|found| found.attribute_name))
}

/// Makes items expire by `wanted`, or not at all. Another attribute takes two changes, half an hour apart.
///
/// # Errors
/// `Conflict` while the change before is too recent.
pub async fn set_time_to_live(client: &Client, name: &str, wanted: Option<&str>) -> Result<(), CallError> {
    // Read first: AWS refuses to enable what is enabled.
    let live = time_to_live(client, name).await?;
    if live.as_deref() == wanted {
        return Ok(());
    }
    for (attribute, on) in [(live.as_deref(), false), (wanted, true)] {
        if let Some(attribute) = attribute {
            switch_time_to_live(client, name, attribute, on).await?;
        }
    }
    Ok(())
}

async fn switch_time_to_live(client: &Client, name: &str, attribute: &str, on: bool) -> Result<(), CallError> {
    const OPERATION: &str = "dynamodb:UpdateTimeToLive";
    let specification = TimeToLiveSpecification::builder().attribute_name(attribute).enabled(on).build();
    let request = client.update_time_to_live().table_name(name);
    let request = request.time_to_live_specification(specification.map_err(unbuilt(OPERATION))?);
    let answer = request.send().await.map_err(failed(OPERATION)).map(drop);
    answer.says(REFUSED, "within a fixed interval", ErrorClass::Conflict)
}

/// All tags of a table, globe's among them; none while it is being created.
///
/// # Errors
/// When a call fails.
pub async fn tags(client: &Client, arn: &str) -> Result<Option<BTreeMap<String, String>>, CallError> {
    let (mut tags, mut next) = (BTreeMap::new(), None);
    loop {
        let request = client.list_tags_of_resource().resource_arn(arn).set_next_token(next);
        let answer = request.send().await.map_err(failed("dynamodb:ListTagsOfResource"));
        let Some(page) = present(answer)? else { return Ok(None) };
        tags.extend(page.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)));
        next = page.next_token;
        if next.is_none() {
            return Ok(Some(tags));
        }
    }
}

/// Sets and removes tags. Facts: each write that changes something locks the tags for 1.6 s, so one call for all.
///
/// # Errors
/// `Conflict` while the tags are locked.
pub async fn retag(client: &Client, arn: &str, patch: &TagPatch) -> Result<(), CallError> {
    const OPERATION: &str = "dynamodb:TagResource";
    if !patch.set.is_empty() {
        let request = client.tag_resource().resource_arn(arn).set_tags(Some(tag_list(&patch.set, OPERATION)?));
        request.send().await.map_err(failed(OPERATION))?;
    }
    if !patch.remove.is_empty() {
        let request = client.untag_resource().resource_arn(arn).set_tag_keys(Some(patch.remove.clone()));
        request.send().await.map_err(failed("dynamodb:UntagResource"))?;
    }
    Ok(())
}

/// Tags as DynamoDB takes them.
///
/// # Errors
/// Never for tags with a key.
pub fn tag_list(tags: &BTreeMap<String, String>, operation: &'static str) -> Result<Vec<Tag>, CallError> {
    let tag = |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build();
    tags.iter().map(tag).collect::<Result<_, _>>().map_err(unbuilt(operation))
}

/// Switches deletion protection, if it is not as wanted: two switches within 15 s are refused.
///
/// # Errors
/// `Conflict` while the table is being updated.
pub async fn protect(client: &Client, table: &TableDescription, on: bool) -> Result<(), CallError> {
    if table.deletion_protection_enabled.unwrap_or_default() == on {
        return Ok(());
    }
    let request = client.update_table().set_table_name(table.table_name.clone());
    request.deletion_protection_enabled(on).send().await.map_err(failed("dynamodb:UpdateTable")).map(drop)
}
