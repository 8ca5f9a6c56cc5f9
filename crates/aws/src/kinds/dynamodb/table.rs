//! A table in its home region, on demand.
//!
//! | | |
//! |---|---|
//! | Create | `CreateTable` with stream, deletion protection and tags; no client token; found again by its name and owner tag |
//! | Read | `DescribeTable`; once it is active also `DescribeContinuousBackups`, `DescribeTimeToLive`, `ListTagsOfResource` |
//! | Update | `UpdateContinuousBackups`, `UpdateTimeToLive`, `TagResource`, then one `UpdateTable` per change |
//! | Delete | `DeleteTable`; with `DataPolicy::Delete` after lifting deletion protection; never with `DataPolicy::Keep` |
//! | Replace | name and keys |
//! | Waits | `CREATING` to `ACTIVE`, 6 s; `DELETING` to gone, 5 s |
//!
//! Quirks: `UpdateTable` takes one change a call and leaves the table `UPDATING`, so the next one meets
//! `ResourceInUseException` and the engine repeats the whole update: each step looks first whether it is still needed.
//! Tags cannot be read before the table is active. The first replica turns a stream on, and none can be turned off while
//! there is one. Another TTL attribute takes two changes half an hour apart. Keys' types are part of the keys.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType, StreamSpecification,
    StreamViewType, TableDescription, TableStatus,
};
use aws_smithy_types::error::operation::BuildError;
use globe_model::{
    Address, CallError, Candidate, DataPolicy, Durations, Edge, ErrorClass, Kind, OWNER_ADDRESS, OWNER_NONCE,
    OWNER_STACK, Pending, Readiness, Recovery, TagPatch, Tags, Upstream, Verdict, changes, unknown,
};
use serde::{Deserialize, Serialize};

use super::settings::{self, BUSY, REFUSED, is};
use crate::driver::{Birth, Driver, Found, IamActions, Scoped};
use crate::each::each;
use crate::error::{Reclass, failed};
use crate::refine::{Says, unbuilt};

const UPDATE: &str = "dynamodb:UpdateTable";
const DELETE: &str = "dynamodb:DeleteTable";

/// An attribute of the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyAttribute {
    /// Its name.
    pub name: String,
    /// `S`, `N` or `B`.
    pub kind: String,
}

/// What the blueprint says of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TableSpec {
    /// Name; the same in all regions that hold a replica.
    pub name: String,
    /// The attribute that spreads the items.
    pub partition_key: KeyAttribute,
    /// The attribute that orders the items of one partition key.
    pub sort_key: Option<KeyAttribute>,
    /// The attribute that holds an item's time of expiry, in seconds since 1970.
    pub ttl: Option<String>,
    /// Whether the table can be restored to any second of the last 35 days.
    pub point_in_time_recovery: bool,
    /// Whether AWS refuses to delete it.
    pub deletion_protection: bool,
    /// Whether changes are streamed, with new and old images; for a table with replicas.
    pub stream: bool,
    /// Tags.
    pub tags: Tags,
}

/// What AWS is told.
pub type TableDesired = TableSpec;

/// What AWS says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TableLive {
    /// Name.
    pub name: String,
    /// ARN.
    pub arn: String,
    /// `CREATING`, `UPDATING`, `DELETING`, `ACTIVE`, or one of several kinds of trouble.
    pub status: String,
    /// The attribute that spreads the items.
    pub partition_key: Option<KeyAttribute>,
    /// The attribute that orders the items of one partition key.
    pub sort_key: Option<KeyAttribute>,
    /// Whether it is paid per request.
    pub on_demand: bool,
    /// What the stream shows of a change, if there is a stream.
    pub stream: Option<String>,
    /// Whether AWS refuses to delete it.
    pub deletion_protection: bool,
    /// Whether other regions hold replicas.
    pub replicated: bool,
    /// The attribute that holds an item's time of expiry.
    pub ttl: Option<String>,
    /// Whether it can be restored to any second.
    pub point_in_time_recovery: bool,
    /// Tags that a user can manage.
    pub tags: Tags,
}

/// Another attribute of expiry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TtlChange {
    /// The attribute; `None` for items that do not expire.
    pub attribute: Option<String>,
}

/// What changes in place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TablePatch {
    /// Set to this.
    pub point_in_time_recovery: Option<bool>,
    /// Set to this.
    pub ttl: Option<TtlChange>,
    /// Tags.
    pub tags: TagPatch,
    /// Pay per request.
    pub on_demand: bool,
    /// Set to this.
    pub stream: Option<bool>,
    /// Set to this.
    pub deletion_protection: Option<bool>,
}

/// What downstream uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TableOutputs {
    /// Name.
    pub name: String,
    /// ARN in the home region.
    pub arn: String,
}

/// The kind `dynamodb/table`.
pub struct Table;

impl Kind for Table {
    const NAME: &'static str = "dynamodb/table";
    const RECOVERY: Recovery = Recovery::Name;
    const DURATIONS: Durations = Durations::secs(6, 5);

    type Spec = TableSpec;
    type Desired = TableDesired;
    type Live = TableLive;
    type Patch = TablePatch;
    type Outputs = TableOutputs;

    fn refs(_: &TableSpec, _: &mut dyn FnMut(Edge)) {}

    fn lower(spec: &TableSpec, _: &Upstream<'_>) -> Result<TableDesired, Pending> {
        Ok(spec.clone())
    }

    fn diff(desired: &TableDesired, live: &TableLive) -> Verdict<TablePatch> {
        let fixed = changes()
            .field("name", &live.name, &desired.name)
            .field("partition_key", &live.partition_key, &Some(desired.partition_key.clone()))
            .field("sort_key", &live.sort_key, &desired.sort_key);
        if !fixed.is_empty() {
            return Verdict::Replace { changes: fixed.done() };
        }
        let stream = wanted_stream(desired, live);
        let found = changes()
            .field("on_demand", &live.on_demand, &true)
            .field("stream", &live.stream, &stream)
            .field("deletion_protection", &live.deletion_protection, &desired.deletion_protection)
            .field("ttl", &live.ttl, &desired.ttl)
            .field("point_in_time_recovery", &live.point_in_time_recovery, &desired.point_in_time_recovery)
            .tags(&live.tags, &desired.tags);
        let switch = |live: bool, desired: bool| (live != desired).then_some(desired);
        let patch = TablePatch {
            point_in_time_recovery: switch(live.point_in_time_recovery, desired.point_in_time_recovery),
            ttl: (live.ttl != desired.ttl).then(|| TtlChange { attribute: desired.ttl.clone() }),
            tags: TagPatch::between(&live.tags, &desired.tags),
            on_demand: !live.on_demand,
            stream: (live.stream != stream).then_some(desired.stream),
            deletion_protection: switch(live.deletion_protection, desired.deletion_protection),
        };
        Verdict::patch_if(found, patch)
    }

    fn ready(live: &TableLive) -> Readiness {
        match live.status.as_str() {
            "ACTIVE" => Readiness::Ready,
            status @ ("CREATING" | "UPDATING" | "DELETING") => Readiness::wait(format!("status {status}")),
            status => Readiness::Failed { reason: format!("status {status}") },
        }
    }

    fn outputs(live: &TableLive) -> Option<TableOutputs> {
        Some(TableOutputs { name: live.name.clone(), arn: live.arn.clone() })
    }

    fn unknown(address: &Address) -> TableOutputs {
        TableOutputs { name: unknown(address, "name"), arn: unknown(address, "arn") }
    }
}

/// Facts: a stream cannot be changed while there are replicas; the first replica turned one on.
fn wanted_stream(desired: &TableDesired, live: &TableLive) -> Option<String> {
    if live.replicated {
        return live.stream.clone();
    }
    desired.stream.then(|| StreamViewType::NewAndOldImages.as_str().to_owned())
}

impl Driver for Table {
    const READ_BATCH: usize = 20;
    const ACTIONS: IamActions = IamActions {
        read: &[
            "dynamodb:DescribeTable",
            "dynamodb:DescribeContinuousBackups",
            "dynamodb:DescribeTimeToLive",
            "dynamodb:ListTagsOfResource",
        ],
        write: &[
            "dynamodb:CreateTable",
            UPDATE,
            "dynamodb:UpdateContinuousBackups",
            "dynamodb:UpdateTimeToLive",
            "dynamodb:TagResource",
            "dynamodb:UntagResource",
        ],
        delete: &[DELETE, UPDATE],
    };

    async fn read(cx: &Scoped, ids: &[String]) -> Result<Found<TableLive>, CallError> {
        let lives = each(ids.iter().map(|name| live(cx, name))).await?;
        Ok(lives.into_iter().flatten().map(|live| (live.name.clone(), live)).collect())
    }

    async fn discover(cx: &Scoped, wanted: &[(Address, TableDesired)]) -> Result<Vec<Candidate>, CallError> {
        let found = each(wanted.iter().map(|(address, desired)| find(cx, address, &desired.name))).await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn create(cx: &Scoped, birth: &Birth<'_>, desired: &TableDesired) -> Result<String, CallError> {
        const OPERATION: &str = "dynamodb:CreateTable";
        let (schema, attributes) = keys(desired).map_err(unbuilt(OPERATION))?;
        let stream = desired.stream.then(|| stream(true)).transpose().map_err(unbuilt(OPERATION))?;
        let request = cx.aws.dynamodb.create_table().table_name(&desired.name);
        let request = request.set_key_schema(Some(schema)).set_attribute_definitions(Some(attributes));
        let request = request.billing_mode(BillingMode::PayPerRequest).set_stream_specification(stream);
        let request = request.deletion_protection_enabled(desired.deletion_protection);
        let request = request.set_tags(Some(settings::tag_list(&birth.tags(&desired.tags), OPERATION)?));
        let answer = request.send().await.map_err(failed(OPERATION)).map(|_| desired.name.clone());
        // Facts: one code for "there is one", "it is being created" and "it is being deleted".
        let answer = answer.reclass(&[BUSY], ErrorClass::AlreadyExists);
        answer.says(BUSY, "being deleted", ErrorClass::Conflict)
    }

    async fn update(cx: &Scoped, id: &str, patch: &TablePatch) -> Result<(), CallError> {
        let client = &cx.aws.dynamodb;
        let table = settings::describe(client, id).await?;
        let gone = || CallError::new(ErrorClass::Gone, UPDATE, format!("there is no table {id}"));
        let table = table.ok_or_else(gone)?;
        if let Some(on) = patch.point_in_time_recovery {
            settings::set_point_in_time_recovery(client, id, on).await?;
        }
        if let Some(change) = &patch.ttl {
            settings::set_time_to_live(client, id, change.attribute.as_deref()).await?;
        }
        settings::retag(client, table.table_arn.as_deref().unwrap_or_default(), &patch.tags).await?;
        reshape(cx, id, &table, patch).await
    }

    async fn delete(cx: &Scoped, id: &str, data: DataPolicy) -> Result<(), CallError> {
        let client = &cx.aws.dynamodb;
        let Some(table) = settings::describe(client, id).await? else { return Ok(()) };
        if data == DataPolicy::Keep {
            return Err(CallError::new(
                ErrorClass::HoldsData,
                DELETE,
                format!("the items of table {id} would be lost"),
            ));
        }
        if is(&table, TableStatus::Deleting) {
            return Ok(());
        }
        settings::protect(client, &table, false).await?;
        let deleted = client.delete_table().table_name(id).send().await.map_err(failed(DELETE));
        // Facts: while the replicas that it made exist; they are on their way out.
        deleted.says(REFUSED, "acted as a source region", ErrorClass::Dependency).unless_gone()
    }

    async fn data_at_risk(cx: &Scoped, id: &str) -> Result<Option<String>, CallError> {
        // The item count lags by six hours, so even "0" proves nothing.
        let table = settings::describe(&cx.aws.dynamodb, id).await?;
        Ok(table.map(|_| "is a table; its items would be lost".to_owned()))
    }
}

/// The `UpdateTable` calls, one change each; the second one usually meets a table that is being updated.
async fn reshape(cx: &Scoped, id: &str, table: &TableDescription, patch: &TablePatch) -> Result<(), CallError> {
    let client = &cx.aws.dynamodb;
    if patch.on_demand && !on_demand(table) {
        let request = client.update_table().table_name(id).billing_mode(BillingMode::PayPerRequest);
        request.send().await.map_err(failed(UPDATE))?;
    }
    if let Some(on) = patch.stream {
        let live = view_type(table);
        let wanted = on.then_some(StreamViewType::NewAndOldImages);
        // Facts: the view type cannot change in place.
        let steps = [(live.is_some() && live != wanted, false), (on && live != wanted, true)];
        for (_, on) in steps.into_iter().filter(|(needed, _)| *needed) {
            let specification = stream(on).map_err(unbuilt(UPDATE))?;
            let request = client.update_table().table_name(id).stream_specification(specification);
            request.send().await.map_err(failed(UPDATE))?;
        }
    }
    match patch.deletion_protection {
        Some(on) => settings::protect(client, table, on).await,
        None => Ok(()),
    }
}

fn stream(on: bool) -> Result<StreamSpecification, BuildError> {
    let view = on.then_some(StreamViewType::NewAndOldImages);
    StreamSpecification::builder().stream_enabled(on).set_stream_view_type(view).build()
}

fn view_type(table: &TableDescription) -> Option<StreamViewType> {
    table.stream_specification.as_ref().filter(|found| found.stream_enabled)?.stream_view_type.clone()
}

/// Facts: without a summary the table is provisioned.
fn on_demand(table: &TableDescription) -> bool {
    let mode = table.billing_mode_summary.as_ref().and_then(|found| found.billing_mode.as_ref());
    mode == Some(&BillingMode::PayPerRequest)
}

type Keys = (Vec<KeySchemaElement>, Vec<AttributeDefinition>);

fn keys(desired: &TableDesired) -> Result<Keys, BuildError> {
    let (mut schema, mut attributes) = (Vec::new(), Vec::new());
    let sort = desired.sort_key.iter().map(|key| (key, KeyType::Range));
    for (key, role) in [(&desired.partition_key, KeyType::Hash)].into_iter().chain(sort) {
        schema.push(KeySchemaElement::builder().attribute_name(&key.name).key_type(role).build()?);
        let kind = ScalarAttributeType::from(key.kind.as_str());
        attributes.push(AttributeDefinition::builder().attribute_name(&key.name).attribute_type(kind).build()?);
    }
    Ok((schema, attributes))
}

fn key(table: &TableDescription, role: &KeyType) -> Option<KeyAttribute> {
    let element = table.key_schema.iter().flatten().find(|element| element.key_type == *role)?;
    let mut attributes = table.attribute_definitions.iter().flatten();
    let attribute = attributes.find(|attribute| attribute.attribute_name == element.attribute_name)?;
    let (name, kind) = (attribute.attribute_name.clone(), attribute.attribute_type.as_str().to_owned());
    Some(KeyAttribute { name, kind })
}

async fn live(cx: &Scoped, name: &str) -> Result<Option<TableLive>, CallError> {
    let client = &cx.aws.dynamodb;
    let Some(table) = settings::describe(client, name).await? else { return Ok(None) };
    let arn = table.table_arn.clone().unwrap_or_default();
    // Facts: while a table is made or destroyed, its settings answer with errors.
    let settled = !is(&table, TableStatus::Creating) && !is(&table, TableStatus::Deleting);
    let (point_in_time_recovery, ttl, tags) = match settled {
        false => (false, None, None),
        true => tokio::try_join!(
            settings::point_in_time_recovery(client, name),
            settings::time_to_live(client, name),
            settings::tags(client, &arn)
        )?,
    };
    Ok(Some(TableLive {
        name: name.to_owned(),
        status: table.table_status.as_ref().map(|status| status.as_str().to_owned()).unwrap_or_default(),
        partition_key: key(&table, &KeyType::Hash),
        sort_key: key(&table, &KeyType::Range),
        on_demand: on_demand(&table),
        stream: view_type(&table).map(|view| view.as_str().to_owned()),
        deletion_protection: table.deletion_protection_enabled.unwrap_or_default(),
        replicated: table.replicas.is_some_and(|replicas| !replicas.is_empty()),
        arn,
        ttl,
        point_in_time_recovery,
        tags: Tags::from_live(tags.unwrap_or_default()),
    }))
}

/// The table of this name, if it is this stack's.
async fn find(cx: &Scoped, address: &Address, name: &str) -> Result<Option<Candidate>, CallError> {
    let client = &cx.aws.dynamodb;
    let table = settings::describe(client, name).await?;
    let Some(table) = table.filter(|table| !is(table, TableStatus::Deleting)) else { return Ok(None) };
    let Some(mut tags) = settings::tags(client, table.table_arn.as_deref().unwrap_or_default()).await? else {
        // Whose it is shows in seconds, when it is active: reads that end like this are repeated.
        let message = format!("the tags of table {name} cannot be read before it is active");
        return Err(CallError::new(ErrorClass::Ambiguous, "dynamodb:ListTagsOfResource", message));
    };
    let ours = tags.get(OWNER_STACK) == Some(&cx.owner.stack);
    let address = tags.get(OWNER_ADDRESS).and_then(|text| text.parse().ok()).unwrap_or_else(|| address.clone());
    Ok(ours.then(|| Candidate { address, id: name.to_owned(), nonce: tags.remove(OWNER_NONCE) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn desired() -> TableDesired {
        TableSpec {
            name: "acme-user-profiles".into(),
            partition_key: KeyAttribute { name: "user_id".into(), kind: "S".into() },
            sort_key: Some(KeyAttribute { name: "field".into(), kind: "S".into() }),
            ttl: Some("expires_at".into()),
            point_in_time_recovery: true,
            deletion_protection: true,
            stream: false,
            tags: Tags::default(),
        }
    }

    fn live() -> TableLive {
        let TableSpec { name, partition_key, sort_key, ttl, point_in_time_recovery, deletion_protection, tags, .. } =
            desired();
        TableLive {
            arn: format!("arn:aws:dynamodb:eu-central-1:1:table/{name}"),
            name,
            status: "ACTIVE".into(),
            partition_key: Some(partition_key),
            sort_key,
            on_demand: true,
            stream: None,
            deletion_protection,
            replicated: false,
            ttl,
            point_in_time_recovery,
            tags,
        }
    }

    #[test]
    fn keys_force_a_replacement_and_nothing_else_does() {
        assert_eq!(Table::diff(&desired(), &live()), Verdict::Same);
        let number = KeyAttribute { name: "user_id".into(), kind: "N".into() };
        for other in [
            TableSpec { partition_key: number, ..desired() },
            TableSpec { sort_key: None, ..desired() },
            TableSpec { name: "acme-other".into(), ..desired() },
        ] {
            assert!(matches!(Table::diff(&other, &live()), Verdict::Replace { .. }), "{other:?}");
        }
        let provisioned = TableLive { on_demand: false, ..live() };
        assert!(matches!(Table::diff(&desired(), &provisioned), Verdict::Patch { .. }));
    }

    #[test]
    fn a_stream_is_left_alone_while_there_are_replicas() {
        let streaming = TableLive { stream: Some("NEW_AND_OLD_IMAGES".into()), ..live() };
        let Verdict::Patch { patch, .. } = Table::diff(&desired(), &streaming) else { panic!("no patch") };
        assert_eq!(patch.stream, Some(false));
        let replicated = TableLive { replicated: true, ..streaming };
        assert_eq!(Table::diff(&desired(), &replicated), Verdict::Same);
    }
}
