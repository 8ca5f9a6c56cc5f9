//! A target tracking policy on the average CPU of a group.
//!
//! | | |
//! |---|---|
//! | Create | `PutScalingPolicy`, an upsert by group and name: a repeat is safe, and a lost answer is found by that name |
//! | Read | `DescribePolicies` by name (50 a call), over all groups |
//! | Update | `PutScalingPolicy` |
//! | Delete | `DeletePolicy`; deleting the group does it too |
//! | Replace | group, name, and a policy of another type |
//! | Waits | none |
//!
//! Quirks: policies have no tags, so ownership follows from the group; the alarms `TargetTracking-<group>-Alarm...` are
//! AWS's own. The id is `group:policy`, since group names hold no colon.

use std::collections::BTreeSet;

use aws_sdk_autoscaling::types::{
    MetricType, PredefinedMetricSpecification, ScalingPolicy, TargetTrackingConfiguration,
};
use globe_model::{
    Address, CallError, Candidate, DataPolicy, Durations, Edge, ErrorClass, Kind, Pending, Readiness, Recovery, Ref,
    Upstream, Verdict, changes, is_unknown, unknown,
};
use serde::{Deserialize, Serialize};

use super::Group;
use super::verdicts::by_text;
use crate::driver::{Birth, Driver, Found, IamActions, Scoped};
use crate::error::{Reclass, failed};

/// `DescribePolicies` takes at most this many names.
const NAMES: usize = 50;
const TYPE: &str = "TargetTrackingScaling";
const METRIC: &str = "ASGAverageCPUUtilization";

/// What the blueprint says of a policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PolicySpec {
    /// Name, unique in the group.
    pub name: String,
    /// The group that it scales.
    pub group: Ref<Group>,
    /// Average CPU that it holds, in percent.
    pub cpu_percent: f64,
}

/// What AWS is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PolicyDesired {
    /// Name.
    pub name: String,
    /// Name of the group.
    pub group: String,
    /// Average CPU in percent.
    pub cpu_percent: f64,
}

/// What AWS says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PolicyLive {
    /// ARN.
    pub arn: String,
    /// Name.
    pub name: String,
    /// Name of the group.
    pub group: String,
    /// `TargetTrackingScaling`, if it is as made.
    pub policy_type: String,
    /// `ASGAverageCPUUtilization`, if it is as made; empty for a metric that is not predefined.
    pub metric: String,
    /// The target in the metric's unit.
    pub target: f64,
    /// Whether it also takes instances away.
    pub scales_in: bool,
    /// Whether it acts at all.
    pub enabled: bool,
}

/// What changes in place: all of it at once.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PolicyPatch {
    /// Average CPU in percent.
    pub cpu_percent: f64,
}

/// What downstream uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PolicyOutputs {
    /// ARN.
    pub arn: String,
}

/// The kind `autoscaling/policy`.
pub struct Policy;

impl Kind for Policy {
    const NAME: &'static str = "autoscaling/policy";
    const RECOVERY: Recovery = Recovery::Name;
    const DURATIONS: Durations = Durations::secs(1, 1);

    type Spec = PolicySpec;
    type Desired = PolicyDesired;
    type Live = PolicyLive;
    type Patch = PolicyPatch;
    type Outputs = PolicyOutputs;

    fn refs(spec: &PolicySpec, visit: &mut dyn FnMut(Edge)) {
        // The group exists at once; its instances are no concern of the policy.
        visit(Edge::exists(&spec.group));
    }

    fn lower(spec: &PolicySpec, upstream: &Upstream<'_>) -> Result<PolicyDesired, Pending> {
        let group = upstream.of(&spec.group)?.name;
        Ok(PolicyDesired { name: spec.name.clone(), group, cpu_percent: spec.cpu_percent })
    }

    fn diff(desired: &PolicyDesired, live: &PolicyLive) -> Verdict<PolicyPatch> {
        let fixed = changes()
            .field("name", &live.name, &desired.name)
            .field("group", &live.group, &desired.group)
            .field("policy_type", &live.policy_type.as_str(), &TYPE);
        if !fixed.is_empty() {
            return Verdict::Replace { changes: fixed.done() };
        }
        let found = changes()
            .field("metric", &live.metric.as_str(), &METRIC)
            .field("cpu_percent", &live.target, &desired.cpu_percent)
            .field("scales_in", &live.scales_in, &true)
            .field("enabled", &live.enabled, &true);
        Verdict::patch_if(found, PolicyPatch { cpu_percent: desired.cpu_percent })
    }

    fn ready(_: &PolicyLive) -> Readiness {
        Readiness::Ready
    }

    fn outputs(live: &PolicyLive) -> Option<PolicyOutputs> {
        Some(PolicyOutputs { arn: live.arn.clone() })
    }

    fn unknown(address: &Address) -> PolicyOutputs {
        PolicyOutputs { arn: unknown(address, "arn") }
    }
}

impl Driver for Policy {
    const READ_BATCH: usize = NAMES;
    const ACTIONS: IamActions = IamActions {
        read: &["autoscaling:DescribePolicies"],
        write: &["autoscaling:PutScalingPolicy"],
        delete: &["autoscaling:DeletePolicy"],
    };

    async fn read(cx: &Scoped, ids: &[String]) -> Result<Found<PolicyLive>, CallError> {
        let names = ids.iter().filter_map(|id| Some(split(id)?.1.to_owned())).collect();
        let lives = described(cx, names).await?.into_iter().map(|live| (identity(&live.group, &live.name), live));
        Ok(lives.filter(|(id, _)| ids.contains(id)).collect())
    }

    async fn discover(cx: &Scoped, wanted: &[(Address, PolicyDesired)]) -> Result<Vec<Candidate>, CallError> {
        // A group that does not exist yet has no policies.
        let wanted: Vec<_> = wanted.iter().filter(|(_, desired)| !is_unknown(&desired.group)).collect();
        let mut found = Vec::new();
        for chunk in wanted.chunks(NAMES) {
            let lives = described(cx, chunk.iter().map(|(_, desired)| desired.name.clone()).collect()).await?;
            let there = |desired: &PolicyDesired| {
                lives.iter().any(|live| live.group == desired.group && live.name == desired.name)
            };
            let present = chunk.iter().filter(|(_, desired)| there(desired));
            found.extend(present.map(|(address, desired)| Candidate {
                address: address.clone(),
                id: identity(&desired.group, &desired.name),
                nonce: None,
            }));
        }
        Ok(found)
    }

    async fn create(cx: &Scoped, _: &Birth<'_>, desired: &PolicyDesired) -> Result<String, CallError> {
        // The group was made before, so not finding it means not yet.
        let put = put(cx, &desired.group, &desired.name, desired.cpu_percent).await;
        put.map_err(|error| match error.class {
            ErrorClass::Gone => CallError { class: ErrorClass::NotYetConsistent, ..error },
            _ => error,
        })?;
        Ok(identity(&desired.group, &desired.name))
    }

    async fn update(cx: &Scoped, id: &str, patch: &PolicyPatch) -> Result<(), CallError> {
        let (group, name) = parts(id)?;
        put(cx, group, name, patch.cpu_percent).await
    }

    async fn delete(cx: &Scoped, id: &str, _: DataPolicy) -> Result<(), CallError> {
        const OPERATION: &str = "autoscaling:DeletePolicy";
        let (group, name) = parts(id)?;
        // Looked for first: what Auto Scaling says of an unknown policy is nowhere documented.
        if Self::read(cx, &[id.to_owned()]).await?.is_empty() {
            return Ok(());
        }
        let request = cx.aws.autoscaling.delete_policy().auto_scaling_group_name(group).policy_name(name);
        request.send().await.map_err(failed(OPERATION)).map_err(by_text).unless_gone()
    }
}

fn identity(group: &str, name: &str) -> String {
    format!("{group}:{name}")
}

fn split(id: &str) -> Option<(&str, &str)> {
    id.split_once(':')
}

fn parts(id: &str) -> Result<(&str, &str), CallError> {
    let broken = || CallError::new(ErrorClass::Broken, Policy::NAME, format!("`{id}` is not `group:policy`"));
    split(id).ok_or_else(broken)
}

async fn put(cx: &Scoped, group: &str, name: &str, cpu_percent: f64) -> Result<(), CallError> {
    let metric = PredefinedMetricSpecification::builder().predefined_metric_type(MetricType::from(METRIC)).build();
    let tracking = TargetTrackingConfiguration::builder().predefined_metric_specification(metric);
    let tracking = tracking.target_value(cpu_percent).disable_scale_in(false).build();
    let request = cx.aws.autoscaling.put_scaling_policy().auto_scaling_group_name(group).policy_name(name);
    let request = request.policy_type(TYPE).target_tracking_configuration(tracking).enabled(true);
    request.send().await.map_err(failed("autoscaling:PutScalingPolicy")).map_err(by_text).map(drop)
}

/// Policies of these names in all groups. Without names AWS would answer with every policy of the account.
async fn described(cx: &Scoped, names: BTreeSet<String>) -> Result<Vec<PolicyLive>, CallError> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let request = cx.aws.autoscaling.describe_policies().set_policy_names(Some(names.into_iter().collect()));
    let pages: Result<Vec<_>, _> = request.max_records(100).into_paginator().items().send().try_collect().await;
    let policies = pages.map_err(failed("autoscaling:DescribePolicies"))?;
    Ok(policies.into_iter().filter_map(live).collect())
}

fn live(policy: ScalingPolicy) -> Option<PolicyLive> {
    let tracking = policy.target_tracking_configuration;
    let metric = tracking.as_ref().and_then(|tracking| tracking.predefined_metric_specification());
    Some(PolicyLive {
        name: policy.policy_name?,
        group: policy.auto_scaling_group_name?,
        arn: policy.policy_arn.unwrap_or_default(),
        policy_type: policy.policy_type.unwrap_or_default(),
        metric: metric.and_then(|metric| metric.predefined_metric_type()).map_or("", MetricType::as_str).to_owned(),
        target: tracking.as_ref().and_then(|tracking| tracking.target_value).unwrap_or_default(),
        scales_in: !tracking.and_then(|tracking| tracking.disable_scale_in).unwrap_or_default(),
        enabled: policy.enabled.unwrap_or(true),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_switched_off_is_drift_and_another_type_a_replacement() {
        let desired = PolicyDesired { name: "cpu".into(), group: "web".into(), cpu_percent: 60.0 };
        let live = PolicyLive {
            arn: "arn".into(),
            name: "cpu".into(),
            group: "web".into(),
            policy_type: TYPE.into(),
            metric: METRIC.into(),
            target: 60.0,
            scales_in: true,
            enabled: true,
        };
        assert_eq!(Policy::diff(&desired, &live), Verdict::Same);
        for drifted in [
            PolicyLive { enabled: false, ..live.clone() },
            PolicyLive { scales_in: false, ..live.clone() },
            PolicyLive { target: 50.0, ..live.clone() },
            PolicyLive { metric: String::new(), ..live.clone() },
        ] {
            assert!(matches!(Policy::diff(&desired, &drifted), Verdict::Patch { .. }), "{drifted:?}");
        }
        let stepped = PolicyLive { policy_type: "StepScaling".into(), ..live };
        assert!(matches!(Policy::diff(&desired, &stepped), Verdict::Replace { .. }));
    }
}
