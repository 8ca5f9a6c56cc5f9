//! A member of a table: the table of one region. In several regions they are one global table (version 2019.11.21), whose members
//! are equal.
//!
//! | | |
//! |---|---|
//! | Create | `UpdateTable` with one `ReplicaUpdates.Create` in the region of any active member; `CreateTable` where no region has one; no client token; found again by its name |
//! | Read | `DescribeTable`; once it is active also `DescribeContinuousBackups`, `DescribeTimeToLive`, `ListTagsOfResource` |
//! | Update | `UpdateContinuousBackups`, `UpdateTimeToLive`, `TagResource`, then one `UpdateTable` per change, all in its own region |
//! | Delete | `UpdateTable` with one `ReplicaUpdates.Delete` in the region of another active member; `DeleteTable` of the last, only with `DataPolicy::Delete` |
//! | Replace | name and keys |
//! | Waits | `CREATING` to `ACTIVE`, 6 s, as a further member 15-50 s, 10 min with items; `DELETING` to gone 5 s, of several 2-4 min |
//!
//! Quirks: one change of a table's members at a time, and one change a call, everything else meets
//! `ResourceInUseException`: the driver looks first, and the engine repeats the whole update, each step of which looks whether it is
//! still needed. A region that asks for members cannot be removed for a day while they exist. What a further member is
//! born without (tags, protection, recovery) is its first patch; nothing of a member can be changed before it is active.
//! Expiry and billing are the same in all regions, so one member speaks for all. The first further member turns a stream on,
//! which then stays. A change of expiry to another attribute takes two changes half an hour apart.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType, StreamSpecification,
    StreamViewType, TableDescription, TableStatus,
};
use aws_smithy_types::error::operation::BuildError;
use globe_model::{
    Address, CallError, Candidate, DataPolicy, Durations, Edge, ErrorClass, Kind, OWNER_ADDRESS, OWNER_NONCE,
    OWNER_STACK, Pending, Readiness, Recovery, Ref, Risk, Scope, TagPatch, Tags, Upstream, Verdict, changes, unknown,
};
use serde::{Deserialize, Serialize};

use super::members;
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

/// What all regions of a table have in common and can change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shared {
    /// The attribute that holds an item's time of expiry, in seconds since 1970.
    pub ttl: Option<String>,
}

/// What the blueprint says of a member.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TableSpec {
    /// Name; the same in all regions.
    pub name: String,
    /// The attribute that spreads the items.
    pub partition_key: KeyAttribute,
    /// The attribute that orders the items of one partition key.
    pub sort_key: Option<KeyAttribute>,
    /// What all regions have in common, in the one member that speaks for all.
    #[serde(default)]
    pub shared: Option<Shared>,
    /// Whether this member can be restored to any second of the last 35 days.
    pub point_in_time_recovery: bool,
    /// Whether AWS refuses to delete this member.
    pub deletion_protection: bool,
    /// The table's other regions.
    #[serde(default)]
    pub others: BTreeSet<String>,
    /// The member that is made first.
    #[serde(default)]
    pub after: Option<Ref<Table>>,
    /// Tags.
    pub tags: Tags,
}

/// What AWS is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TableDesired {
    /// Name.
    pub name: String,
    /// The attribute that spreads the items.
    pub partition_key: KeyAttribute,
    /// The attribute that orders the items of one partition key.
    pub sort_key: Option<KeyAttribute>,
    /// What all regions have in common, in the one member that speaks for all.
    #[serde(default)]
    pub shared: Option<Shared>,
    /// Whether this member can be restored to any second.
    pub point_in_time_recovery: bool,
    /// Whether AWS refuses to delete this member.
    pub deletion_protection: bool,
    /// The other regions: where a create looks for members, so that there is never a second table.
    #[serde(default)]
    pub others: BTreeSet<String>,
    /// Tags.
    pub tags: Tags,
}

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
    /// Whether AWS refuses to delete it.
    pub deletion_protection: bool,
    /// Other regions that have a member, as AWS lists them.
    pub others: BTreeSet<String>,
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
    pub deletion_protection: Option<bool>,
}

/// What downstream uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TableOutputs {
    /// Name.
    pub name: String,
    /// ARN in the member's region.
    pub arn: String,
}

/// The kind `dynamodb/table`.
pub struct Table;

impl Kind for Table {
    const NAME: &'static str = "dynamodb/table";
    const RECOVERY: Recovery = Recovery::Name;
    const DURATIONS: Durations = Durations::secs(35, 180);
    const HOLDS_DATA: bool = true;

    type Spec = TableSpec;
    type Desired = TableDesired;
    type Live = TableLive;
    type Patch = TablePatch;
    type Outputs = TableOutputs;

    fn one_at_a_time(spec: &TableSpec) -> Option<Address> {
        // Two that are made at once would both find no other: the table would be there twice.
        (!spec.others.is_empty()).then(|| Address::new(Scope::Global, Self::NAME, spec.name.as_str()))
    }

    fn refs(spec: &TableSpec, visit: &mut dyn FnMut(Edge)) {
        // Ready, so that expiry is settled: it is blocked while a member comes.
        spec.after.iter().for_each(|first| visit(Edge::ready(first)));
    }

    fn lower(spec: &TableSpec, _: &Upstream<'_>) -> Result<TableDesired, Pending> {
        Ok(TableDesired {
            name: spec.name.clone(),
            partition_key: spec.partition_key.clone(),
            sort_key: spec.sort_key.clone(),
            shared: spec.shared.clone(),
            point_in_time_recovery: spec.point_in_time_recovery,
            deletion_protection: spec.deletion_protection,
            others: spec.others.clone(),
            tags: spec.tags.clone(),
        })
    }

    fn diff(desired: &TableDesired, live: &TableLive) -> Verdict<TablePatch> {
        let fixed = changes()
            .field("name", &live.name, &desired.name)
            .field("partition_key", &live.partition_key, &Some(desired.partition_key.clone()))
            .field("sort_key", &live.sort_key, &desired.sort_key);
        if !fixed.is_empty() {
            return Verdict::Replace { changes: fixed.done() };
        }
        if live.status == "CREATING" {
            // AWS would refuse every change, and shows none of the settings.
            return Verdict::Same;
        }
        let shared = desired.shared.as_ref();
        let ttl = shared.map_or(&live.ttl, |shared| &shared.ttl);
        let on_demand = live.on_demand || shared.is_some();
        let found = changes()
            .field("on_demand", &live.on_demand, &on_demand)
            .field("deletion_protection", &live.deletion_protection, &desired.deletion_protection)
            .field("ttl", &live.ttl, ttl)
            .field("point_in_time_recovery", &live.point_in_time_recovery, &desired.point_in_time_recovery)
            .tags(&live.tags, &desired.tags);
        let switch = |live: bool, desired: bool| (live != desired).then_some(desired);
        let patch = TablePatch {
            point_in_time_recovery: switch(live.point_in_time_recovery, desired.point_in_time_recovery),
            ttl: (live.ttl != *ttl).then(|| TtlChange { attribute: ttl.clone() }),
            tags: TagPatch::between(&live.tags, &desired.tags),
            on_demand: live.on_demand != on_demand,
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

impl Driver for Table {
    const READ_BATCH: usize = 20;
    const ACTIONS: IamActions = IamActions {
        read: &[
            "dynamodb:DescribeTable",
            "dynamodb:DescribeContinuousBackups",
            "dynamodb:DescribeTimeToLive",
            "dynamodb:ListTagsOfResource",
        ],
        // Whoever asks for a further member copies the items on AWS's behalf: it needs what the copy needs (fact sheet 3.2).
        write: &[
            "dynamodb:CreateTable",
            UPDATE,
            "dynamodb:CreateTableReplica",
            "dynamodb:Query",
            "dynamodb:Scan",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            "dynamodb:DeleteItem",
            "dynamodb:UpdateContinuousBackups",
            "dynamodb:UpdateTimeToLive",
            "dynamodb:TagResource",
            "dynamodb:UntagResource",
            "iam:CreateServiceLinkedRole",
        ],
        delete: &[DELETE, UPDATE, "dynamodb:DeleteTableReplica"],
    };

    async fn read(cx: &Scoped, ids: &[String]) -> Result<Found<TableLive>, CallError> {
        let lives = each(ids.iter().map(|name| live(cx, name))).await?;
        Ok(lives.into_iter().flatten().map(|live| (live.name.clone(), live)).collect())
    }

    async fn discover(cx: &Scoped, wanted: &[(Address, TableDesired)]) -> Result<Vec<Candidate>, CallError> {
        let found = each(wanted.iter().map(|(address, desired)| find(cx, address, desired))).await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn create(cx: &Scoped, birth: &Birth<'_>, desired: &TableDesired) -> Result<String, CallError> {
        match members::to_join(cx, &desired.name, &desired.others).await? {
            Some(region) => members::join(cx, &region, &desired.name).await,
            None => found(cx, birth, desired).await,
        }?;
        Ok(desired.name.clone())
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
        let arn = table.table_arn.as_deref().unwrap_or_default();
        settings::retag(client, arn, &members::marked(cx, client, arn, &patch.tags).await?).await?;
        reshape(cx, id, &table, patch).await
    }

    async fn delete(cx: &Scoped, id: &str, data: DataPolicy) -> Result<(), CallError> {
        let client = &cx.aws.dynamodb;
        let Some(table) = settings::describe(client, id).await? else { return Ok(()) };
        if is(&table, TableStatus::Deleting) {
            return Ok(());
        }
        if let Some(region) = members::that_stays(cx, id, &table).await? {
            settings::protect(client, &table, false).await?;
            return members::leave(cx, &region, id).await;
        }
        if data == DataPolicy::Keep {
            let message = format!("the items of table {id} would be lost");
            return Err(CallError::new(ErrorClass::HoldsData, DELETE, message));
        }
        settings::protect(client, &table, false).await?;
        let deleted = client.delete_table().table_name(id).send().await.map_err(failed(DELETE));
        // Facts: while members that it asked for exist; they are on their way out.
        deleted.says(REFUSED, "acted as a source region", ErrorClass::Dependency).unless_gone()
    }

    async fn data_at_risk(cx: &Scoped, id: &str) -> Result<Option<Risk>, CallError> {
        // The item count lags by six hours, so even "0" proves nothing.
        let table = settings::describe(&cx.aws.dynamodb, id).await?;
        Ok(table.map(|table| Risk {
            what: "is a table; its items would be lost".to_owned(),
            elsewhere: members::active(&table).into_iter().map(Scope::region).collect(),
        }))
    }
}

/// The first member: a table of its own.
async fn found(cx: &Scoped, birth: &Birth<'_>, desired: &TableDesired) -> Result<(), CallError> {
    const OPERATION: &str = "dynamodb:CreateTable";
    let (schema, attributes) = keys(desired).map_err(unbuilt(OPERATION))?;
    // On from the start where further members will need it: so its ARN stays the same.
    let stream = (!desired.others.is_empty()).then(stream).transpose().map_err(unbuilt(OPERATION))?;
    let request = cx.aws.dynamodb.create_table().table_name(&desired.name);
    let request = request.set_key_schema(Some(schema)).set_attribute_definitions(Some(attributes));
    let request = request.billing_mode(BillingMode::PayPerRequest).set_stream_specification(stream);
    let request = request.deletion_protection_enabled(desired.deletion_protection);
    let request = request.set_tags(Some(settings::tag_list(&birth.tags(&desired.tags), OPERATION)?));
    let answer = request.send().await.map_err(failed(OPERATION)).map(drop);
    // Facts: one code for "there is one", "it is being created" and "it is being deleted".
    let answer = answer.reclass(&[BUSY], ErrorClass::AlreadyExists);
    answer.says(BUSY, "being deleted", ErrorClass::Conflict)
}

/// The `UpdateTable` calls, one change each; the second one usually meets a table that is being updated.
async fn reshape(cx: &Scoped, id: &str, table: &TableDescription, patch: &TablePatch) -> Result<(), CallError> {
    let client = &cx.aws.dynamodb;
    if patch.on_demand && !on_demand(table) {
        let request = client.update_table().table_name(id).billing_mode(BillingMode::PayPerRequest);
        request.send().await.map_err(failed(UPDATE))?;
    }
    match patch.deletion_protection {
        Some(on) => settings::protect(client, table, on).await,
        None => Ok(()),
    }
}

fn stream() -> Result<StreamSpecification, BuildError> {
    StreamSpecification::builder().stream_enabled(true).stream_view_type(StreamViewType::NewAndOldImages).build()
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
        deletion_protection: table.deletion_protection_enabled.unwrap_or_default(),
        others: members::listed(&table),
        arn,
        ttl,
        point_in_time_recovery,
        tags: Tags::from_live(tags.unwrap_or_default()),
    }))
}

/// The table of this name, if it is this stack's: by its tags, or as a member of one that is.
async fn find(cx: &Scoped, address: &Address, desired: &TableDesired) -> Result<Option<Candidate>, CallError> {
    let (client, name) = (&cx.aws.dynamodb, &desired.name);
    let candidate = |address: &Address, nonce| Candidate { address: address.clone(), id: name.clone(), nonce };
    let Some(table) = settings::describe(client, name).await? else {
        let coming = members::is_coming(cx, name, &desired.others).await?;
        return Ok(coming.then(|| candidate(address, None)));
    };
    if is(&table, TableStatus::Deleting) {
        return Ok(None);
    }
    let Some(mut tags) = settings::tags(client, table.table_arn.as_deref().unwrap_or_default()).await? else {
        // Whose it is shows in seconds, when it is active: reads that end like this are repeated.
        let message = format!("the tags of table {name} cannot be read before it is active");
        return Err(CallError::new(ErrorClass::Ambiguous, "dynamodb:ListTagsOfResource", message));
    };
    let ours = match tags.get(OWNER_STACK) {
        Some(stack) => *stack == cx.owner.stack,
        None => members::is_ours(cx, &table).await?,
    };
    let address = tags.get(OWNER_ADDRESS).and_then(|text| text.parse().ok()).unwrap_or_else(|| address.clone());
    Ok(ours.then(|| candidate(&address, tags.remove(OWNER_NONCE))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn desired() -> TableDesired {
        TableDesired {
            name: "acme-user-profiles".into(),
            partition_key: KeyAttribute { name: "user_id".into(), kind: "S".into() },
            sort_key: Some(KeyAttribute { name: "field".into(), kind: "S".into() }),
            shared: Some(Shared { ttl: Some("expires_at".into()) }),
            point_in_time_recovery: true,
            deletion_protection: true,
            others: BTreeSet::new(),
            tags: Tags::default(),
        }
    }

    fn live() -> TableLive {
        let TableDesired { name, partition_key, sort_key, point_in_time_recovery, deletion_protection, tags, .. } =
            desired();
        TableLive {
            arn: format!("arn:aws:dynamodb:eu-central-1:1:table/{name}"),
            name,
            status: "ACTIVE".into(),
            partition_key: Some(partition_key),
            sort_key,
            on_demand: true,
            deletion_protection,
            others: BTreeSet::new(),
            ttl: Some("expires_at".into()),
            point_in_time_recovery,
            tags,
        }
    }

    #[test]
    fn keys_force_a_replacement_and_nothing_else_does() {
        assert_eq!(Table::diff(&desired(), &live()), Verdict::Same);
        let number = KeyAttribute { name: "user_id".into(), kind: "N".into() };
        for other in [
            TableDesired { partition_key: number, ..desired() },
            TableDesired { sort_key: None, ..desired() },
            TableDesired { name: "acme-other".into(), ..desired() },
        ] {
            assert!(matches!(Table::diff(&other, &live()), Verdict::Replace { .. }), "{other:?}");
        }
        let provisioned = TableLive { on_demand: false, ..live() };
        assert!(matches!(Table::diff(&desired(), &provisioned), Verdict::Patch { .. }));
    }

    #[test]
    fn one_member_speaks_for_all() {
        let other = TableLive { ttl: None, on_demand: false, ..live() };
        let Verdict::Patch { patch, .. } = Table::diff(&desired(), &other) else { panic!("no patch") };
        assert_eq!((patch.on_demand, patch.ttl.is_some()), (true, true));
        let silent = TableDesired { shared: None, ..desired() };
        assert_eq!(Table::diff(&silent, &other), Verdict::Same);
    }

    #[test]
    fn other_regions_are_no_difference() {
        let joined = TableLive { others: ["us-east-1".to_owned()].into(), ..live() };
        assert_eq!(Table::diff(&desired(), &joined), Verdict::Same);
        let wanted = TableDesired { others: ["us-west-2".to_owned()].into(), ..desired() };
        assert_eq!(Table::diff(&wanted, &joined), Verdict::Same);
    }

    #[test]
    fn what_is_being_made_is_left_alone() {
        let coming = TableLive { status: "CREATING".into(), point_in_time_recovery: false, ..live() };
        assert_eq!(Table::diff(&desired(), &coming), Verdict::Same);
    }
}
