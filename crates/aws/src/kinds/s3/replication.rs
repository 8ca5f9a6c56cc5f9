//! What one bucket sends to buckets of other regions: all its replication rules, one document.
//!
//! | | |
//! |---|---|
//! | Create | `PutBucketReplication`; the id is the source bucket's name; a repeat changes nothing |
//! | Read | `GetBucketReplication` a bucket; may lag a while behind a write |
//! | Update | `PutBucketReplication`: replaces all rules and the role |
//! | Delete | `DeleteBucketReplication` |
//! | Replace | source bucket |
//! | Waits | none; about 1 s |
//!
//! Quirks: it has no tags, so it is this stack's if its bucket is. Versioning must be on at both ends, and S3 may not
//! have noticed yet that it is (two minutes). A rule with a `Filter` is a V2 rule and must have status, priority and
//! delete-marker replication. Replication Time Control needs metrics, and metrics an event threshold only with it. Only
//! objects written afterwards are replicated; what a rule wrote is not replicated again, so a mesh needs rules
//! everywhere. The role needs `iam:PassRole`; objects written before it is effective may fail for good.

use aws_sdk_s3::types::{
    DeleteMarkerReplication, DeleteMarkerReplicationStatus, Destination, Metrics, MetricsStatus, ReplicaModifications,
    ReplicaModificationsStatus, ReplicationConfiguration, ReplicationRule as AwsRule, ReplicationRuleFilter,
    ReplicationRuleStatus, ReplicationTime, ReplicationTimeStatus, ReplicationTimeValue, SourceSelectionCriteria,
    StorageClass,
};
use aws_smithy_types::error::operation::BuildError;
use globe_model::{
    Address, CallError, Candidate, DataPolicy, Durations, Edge, ErrorClass, Kind, Pending, Readiness, Recovery, Ref,
    Upstream, Verdict, changes, is_unknown, unknown,
};
use serde::{Deserialize, Serialize};

use super::Bucket;
use super::reading::{configured, owned_tags, unless_no_bucket};
use crate::driver::{Birth, Driver, Found, IamActions, Scoped};
use crate::each::each;
use crate::error::{Reclass, failed};
use crate::kinds::iam::Role;
use crate::refine::{Says, unbuilt};

/// The only time that Replication Time Control knows.
const RTC_MINUTES: i32 = 15;
const PUT: &str = "s3:PutReplicationConfiguration";

/// One bucket that receives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplicationDestination {
    /// The bucket, in another region.
    pub bucket: Ref<Bucket>,
    /// Id of its rule, made once; specs recorded before it was one have none, and then it is the bucket's address in short.
    #[serde(default)]
    pub rule: Option<String>,
    /// Storage class of the replicas, as S3 spells it; without it they keep that of their source.
    pub storage_class: Option<String>,
    /// Whether S3 promises 15 minutes (Replication Time Control), with metrics.
    pub time_control: bool,
}

/// What the blueprint says of a bucket's replication.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplicationSpec {
    /// The bucket that sends.
    pub source: Ref<Bucket>,
    /// The role that S3 takes on to do it.
    pub role: Ref<Role>,
    /// Who receives, one rule each.
    pub destinations: Vec<ReplicationDestination>,
    /// Whether changes made to replicas (tags, retention) are sent too: what two-way replication needs.
    pub replica_modifications: bool,
}

/// One rule for all objects of the bucket.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ReplicationRule {
    /// Unique in the document; a dimension of the metrics.
    pub id: String,
    /// ARN of the bucket that receives.
    pub destination: String,
    /// Storage class of the replicas.
    pub storage_class: Option<String>,
    /// Whether S3 promises 15 minutes, with metrics.
    pub time_control: bool,
    /// See [`ReplicationSpec::replica_modifications`].
    pub replica_modifications: bool,
}

/// What AWS is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplicationDesired {
    /// Name of the bucket that sends.
    pub source: String,
    /// ARN of the role.
    pub role_arn: String,
    /// Rules, by id.
    pub rules: Vec<ReplicationRule>,
}

/// What AWS says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplicationLive {
    /// Name of the bucket that sends.
    pub source: String,
    /// ARN of the role.
    pub role_arn: String,
    /// Rules that are as globe writes them, by id.
    pub rules: Vec<ReplicationRule>,
    /// Ids of all other rules, sorted.
    pub foreign_rules: Vec<String>,
}

/// What downstream uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplicationOutputs {
    /// Name of the bucket that sends.
    pub source: String,
}

/// The kind `s3/replication`.
pub struct Replication;

impl Kind for Replication {
    const NAME: &'static str = "s3/replication";
    const RECOVERY: Recovery = Recovery::Name;
    const DURATIONS: Durations = Durations::secs(1, 1);

    type Spec = ReplicationSpec;
    type Desired = ReplicationDesired;
    type Live = ReplicationLive;
    /// The whole document: S3 replaces it as one.
    type Patch = ReplicationDesired;
    type Outputs = ReplicationOutputs;

    fn refs(spec: &ReplicationSpec, visit: &mut dyn FnMut(Edge)) {
        visit(Edge::ready(&spec.source));
        visit(Edge::ready(&spec.role));
        spec.destinations.iter().for_each(|destination| visit(Edge::ready(&destination.bucket)));
    }

    fn lower(spec: &ReplicationSpec, upstream: &Upstream<'_>) -> Result<ReplicationDesired, Pending> {
        let mut destinations: Vec<_> = spec.destinations.iter().map(|found| (rule_id(found), found)).collect();
        destinations.sort_by(|(one, _), (other, _)| one.cmp(other));
        let rule = |(id, found): (String, &ReplicationDestination)| {
            Ok(ReplicationRule {
                id,
                destination: upstream.of(&found.bucket)?.arn,
                storage_class: found.storage_class.clone(),
                time_control: found.time_control,
                replica_modifications: spec.replica_modifications,
            })
        };
        Ok(ReplicationDesired {
            source: upstream.of(&spec.source)?.name,
            role_arn: upstream.of(&spec.role)?.arn,
            rules: destinations.into_iter().map(rule).collect::<Result<_, _>>()?,
        })
    }

    fn diff(desired: &ReplicationDesired, live: &ReplicationLive) -> Verdict<ReplicationDesired> {
        let fixed = changes().field("source", &live.source, &desired.source);
        if !fixed.is_empty() {
            return Verdict::Replace { changes: fixed.done() };
        }
        let found = changes()
            .field("role_arn", &live.role_arn, &desired.role_arn)
            .field("rules", &live.rules, &desired.rules)
            .field("foreign_rules", &live.foreign_rules, &Vec::new());
        Verdict::patch_if(found, desired.clone())
    }

    fn ready(_: &ReplicationLive) -> Readiness {
        Readiness::Ready
    }

    fn outputs(live: &ReplicationLive) -> Option<ReplicationOutputs> {
        Some(ReplicationOutputs { source: live.source.clone() })
    }

    fn unknown(address: &Address) -> ReplicationOutputs {
        ReplicationOutputs { source: unknown(address, "source") }
    }
}

impl Driver for Replication {
    const READ_BATCH: usize = 50;
    const ACTIONS: IamActions = IamActions {
        read: &["s3:GetReplicationConfiguration", "s3:GetBucketTagging"],
        write: &[PUT, "iam:PassRole"],
        delete: &[PUT],
    };

    async fn read(cx: &Scoped, ids: &[String]) -> Result<Found<ReplicationLive>, CallError> {
        let lives = each(ids.iter().map(|source| live(cx, source))).await?;
        Ok(lives.into_iter().flatten().map(|live| (live.source.clone(), live)).collect())
    }

    async fn discover(cx: &Scoped, wanted: &[(Address, ReplicationDesired)]) -> Result<Vec<Candidate>, CallError> {
        let known = wanted.iter().filter(|(_, desired)| !is_unknown(&desired.source));
        let look = |(address, desired): &(Address, ReplicationDesired)| {
            let (address, id) = (address.clone(), desired.source.clone());
            async move {
                let ours = owned_tags(cx, &id).await?.is_some() && live(cx, &id).await?.is_some();
                Ok::<_, CallError>(ours.then_some(Candidate { address, id, nonce: None }))
            }
        };
        Ok(each(known.map(look)).await?.into_iter().flatten().collect())
    }

    async fn create(cx: &Scoped, _: &Birth<'_>, desired: &ReplicationDesired) -> Result<String, CallError> {
        put(cx, desired).await?;
        Ok(desired.source.clone())
    }

    async fn update(cx: &Scoped, _: &str, patch: &ReplicationDesired) -> Result<(), CallError> {
        put(cx, patch).await
    }

    async fn delete(cx: &Scoped, id: &str, _: DataPolicy) -> Result<(), CallError> {
        cx.aws.s3.delete_bucket_replication().bucket(id).send().await.map_err(failed(PUT)).unless_gone()
    }
}

/// Names the region, so that a metric's dimension says where objects go.
fn rule_id(destination: &ReplicationDestination) -> String {
    let address = destination.bucket.address();
    destination.rule.clone().unwrap_or_else(|| format!("{}-{}", address.scope, address.name))
}

async fn put(cx: &Scoped, desired: &ReplicationDesired) -> Result<(), CallError> {
    let document = document(desired).map_err(unbuilt(PUT))?;
    let request = cx.aws.s3.put_bucket_replication().bucket(&desired.source).replication_configuration(document);
    let answer = request.send().await.map_err(failed(PUT)).map(drop);
    // Fact sheet 4.2: for two minutes after versioning was enabled; the code alone says nothing.
    let answer = answer.says("InvalidRequest", "versioning", ErrorClass::NotYetConsistent);
    answer.reclass(&["NoSuchBucket"], ErrorClass::NotYetConsistent)
}

/// Priorities are numbered anew each time: they decide between rules of one destination, and here each rule has its own.
fn document(desired: &ReplicationDesired) -> Result<ReplicationConfiguration, BuildError> {
    let rules = (1..).zip(&desired.rules).map(|(priority, rule)| write(rule, priority)).collect::<Result<_, _>>()?;
    ReplicationConfiguration::builder().role(&desired.role_arn).set_rules(Some(rules)).build()
}

fn write(rule: &ReplicationRule, priority: i32) -> Result<AwsRule, BuildError> {
    let mut destination = Destination::builder().bucket(&rule.destination);
    destination = destination.set_storage_class(rule.storage_class.as_deref().map(StorageClass::from));
    if rule.time_control {
        let minutes = ReplicationTimeValue::builder().minutes(RTC_MINUTES).build();
        let time = ReplicationTime::builder().status(ReplicationTimeStatus::Enabled).time(minutes.clone()).build()?;
        let metrics = Metrics::builder().status(MetricsStatus::Enabled).event_threshold(minutes).build()?;
        destination = destination.replication_time(time).metrics(metrics);
    }
    let markers = DeleteMarkerReplication::builder().status(DeleteMarkerReplicationStatus::Enabled).build();
    let mut written = AwsRule::builder()
        .id(&rule.id)
        .priority(priority)
        .filter(ReplicationRuleFilter::builder().prefix("").build())
        .status(ReplicationRuleStatus::Enabled)
        .delete_marker_replication(markers)
        .destination(destination.build()?);
    if rule.replica_modifications {
        let modifications = ReplicaModifications::builder().status(ReplicaModificationsStatus::Enabled).build()?;
        let criteria = SourceSelectionCriteria::builder().replica_modifications(modifications).build();
        written = written.source_selection_criteria(criteria);
    }
    written.build()
}

/// What a rule says, if globe would write it the same.
fn read_rule(rule: &AwsRule) -> Option<ReplicationRule> {
    let destination = rule.destination.as_ref()?;
    let criteria = rule.source_selection_criteria.as_ref().and_then(|found| found.replica_modifications.as_ref());
    let read = ReplicationRule {
        id: rule.id.clone()?,
        destination: destination.bucket.clone(),
        storage_class: destination.storage_class.as_ref().map(|class| class.as_str().to_owned()),
        time_control: destination
            .replication_time
            .as_ref()
            .is_some_and(|time| time.status == ReplicationTimeStatus::Enabled),
        replica_modifications: criteria.is_some_and(|found| found.status == ReplicaModificationsStatus::Enabled),
    };
    (write(&read, rule.priority?).ok()? == normal(rule)).then_some(read)
}

/// The rule without what means the same whether it is said or not.
fn normal(rule: &AwsRule) -> AwsRule {
    let mut rule = rule.clone();
    if let Some(filter) = &mut rule.filter {
        filter.prefix.get_or_insert_default();
    }
    if let Some(criteria) = &rule.source_selection_criteria
        && criteria.sse_kms_encrypted_objects.is_none()
        && criteria.replica_modifications.is_none()
    {
        rule.source_selection_criteria = None;
    }
    rule
}

async fn live(cx: &Scoped, source: &str) -> Result<Option<ReplicationLive>, CallError> {
    let answer = cx.aws.s3.get_bucket_replication().bucket(source).send().await;
    let answer = configured(answer.map_err(failed("s3:GetReplicationConfiguration")));
    let found = unless_no_bucket(answer)?.flatten().and_then(|answer| answer.replication_configuration);
    let Some(found) = found else { return Ok(None) };
    let (mut rules, mut foreign_rules) = (Vec::new(), Vec::new());
    for rule in found.rules {
        match read_rule(&rule) {
            Some(read) => rules.push(read),
            None => foreign_rules.push(rule.id.unwrap_or_default()),
        }
    }
    rules.sort_unstable();
    foreign_rules.sort_unstable();
    Ok(Some(ReplicationLive { source: source.to_owned(), role_arn: found.role, rules, foreign_rules }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(time_control: bool) -> ReplicationRule {
        ReplicationRule {
            id: "us-west-2-assets".into(),
            destination: "arn:aws:s3:::acme-assets-us-west-2".into(),
            storage_class: Some("STANDARD_IA".into()),
            time_control,
            replica_modifications: true,
        }
    }

    #[test]
    fn a_rule_reads_back_as_written_and_any_other_change_is_foreign() {
        for rule in [rule(true), rule(false)] {
            let written = write(&rule, 1).expect("a rule");
            assert_eq!(read_rule(&written), Some(rule));
            let mut disabled = written.clone();
            disabled.status = ReplicationRuleStatus::Disabled;
            assert_eq!(read_rule(&disabled), None);
        }
    }

    #[test]
    fn an_event_threshold_comes_with_time_control_only() {
        let metrics = |time_control| write(&rule(time_control), 1).ok()?.destination?.metrics;
        assert!(metrics(true).is_some_and(|metrics| metrics.event_threshold.is_some()));
        assert_eq!(metrics(false), None);
    }

    #[test]
    fn a_rule_more_or_another_role_is_a_patch() {
        let desired = ReplicationDesired {
            source: "a".into(),
            role_arn: "arn:aws:iam::1:role/r".into(),
            rules: vec![rule(true)],
        };
        let ReplicationDesired { source, role_arn, rules } = desired.clone();
        let live = ReplicationLive { source, role_arn, rules, foreign_rules: Vec::new() };
        assert_eq!(Replication::diff(&desired, &live), Verdict::Same);
        let extra = ReplicationLive { foreign_rules: vec!["by-hand".into()], ..live.clone() };
        assert!(matches!(Replication::diff(&desired, &extra), Verdict::Patch { .. }));
        let moved = ReplicationDesired { source: "b".into(), ..desired };
        assert!(matches!(Replication::diff(&moved, &live), Verdict::Replace { .. }));
    }
}
