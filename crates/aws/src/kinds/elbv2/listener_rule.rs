//! A rule of a listener: requests for these paths go to this target group.
//!
//! | | |
//! |---|---|
//! | Create | `CreateRule`; no client token: a repeat is refused with `PriorityInUse`; a lost answer is found by listener and owner tags |
//! | Read | `DescribeRules` and `DescribeTags` by ARN, 20 a call, one missing ARN fails both |
//! | Update | `ModifyRule` with conditions and action, `SetRulePriorities`, `AddTags`, `RemoveTags` |
//! | Delete | `DeleteRule` |
//! | Replace | listener; delete first |
//! | Waits | none |
//!
//! Quirks: an answer names no listener, but the rule's ARN contains the listener's; conditions come back twice, as
//! values and as a typed form; a priority must be free when a rule takes it, so two rules cannot swap theirs one after
//! the other.

use std::collections::BTreeSet;

use aws_sdk_elasticloadbalancingv2::types::{self as sdk, PathPatternConditionConfig, RuleCondition, RulePriorityPair};
use globe_model::{
    Address, CallError, Candidate, DataPolicy, Durations, Edge, ErrorClass, Kind, Pending, Readiness, Recovery, Ref,
    TagPatch, Tags, Upstream, Verdict, changes, is_unknown, unknown,
};
use serde::{Deserialize, Serialize};

use super::tagging::{BATCH, TagsByArn, born, by_arn, candidates, retag, tags_of};
use super::{Action, Listener, TargetGroup};
use crate::driver::{Birth, Driver, Found, IamActions, Scoped};
use crate::each::each;
use crate::error::{Reclass, failed};

/// What the blueprint says of a rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListenerRuleSpec {
    /// Its listener.
    pub listener: Ref<Listener>,
    /// 1 to 50000, unique within the listener; the lowest that matches wins.
    pub priority: u16,
    /// Path patterns, of which one must match; `*` and `?` are wildcards; at most five.
    pub paths: BTreeSet<String>,
    /// Where matching requests go.
    pub target_group: Ref<TargetGroup>,
    /// Tags.
    pub tags: Tags,
}

/// What AWS is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListenerRuleDesired {
    /// The listener's ARN.
    pub listener_arn: String,
    /// Priority.
    pub priority: u16,
    /// Path patterns.
    pub paths: BTreeSet<String>,
    /// The action.
    pub action: Action,
    /// Tags.
    pub tags: Tags,
}

/// What AWS says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListenerRuleLive {
    /// Its ARN.
    pub arn: String,
    /// The listener's ARN.
    pub listener_arn: String,
    /// Priority.
    pub priority: u16,
    /// Path patterns.
    pub paths: BTreeSet<String>,
    /// Conditions that globe does not make, as AWS describes them.
    pub other_conditions: Vec<String>,
    /// The action.
    pub action: Action,
    /// Tags that a user can manage.
    pub tags: Tags,
}

/// What changes in place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ListenerRulePatch {
    /// Set to this.
    pub priority: Option<u16>,
    /// Exactly these path patterns and this action.
    pub content: Option<(BTreeSet<String>, Action)>,
    /// Tags.
    pub tags: TagPatch,
}

/// What downstream uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListenerRuleOutputs {
    /// Its ARN.
    pub arn: String,
}

/// The kind `elbv2/listener_rule`.
pub struct ListenerRule;

impl Kind for ListenerRule {
    const NAME: &'static str = "elbv2/listener_rule";
    const RECOVERY: Recovery = Recovery::Name;
    const DURATIONS: Durations = Durations::secs(1, 1);

    type Spec = ListenerRuleSpec;
    type Desired = ListenerRuleDesired;
    type Live = ListenerRuleLive;
    type Patch = ListenerRulePatch;
    type Outputs = ListenerRuleOutputs;

    fn refs(spec: &ListenerRuleSpec, visit: &mut dyn FnMut(Edge)) {
        visit(Edge::exists(&spec.listener));
        visit(Edge::exists(&spec.target_group));
    }

    fn lower(spec: &ListenerRuleSpec, upstream: &Upstream<'_>) -> Result<ListenerRuleDesired, Pending> {
        Ok(ListenerRuleDesired {
            listener_arn: upstream.of(&spec.listener)?.arn,
            priority: spec.priority,
            paths: spec.paths.clone(),
            action: Action::Forward(upstream.of(&spec.target_group)?.arn),
            tags: spec.tags.clone(),
        })
    }

    fn diff(desired: &ListenerRuleDesired, live: &ListenerRuleLive) -> Verdict<ListenerRulePatch> {
        let fixed = changes().field("listener_arn", &live.listener_arn, &desired.listener_arn);
        if !fixed.is_empty() {
            return Verdict::Replace { changes: fixed.done() };
        }
        let content = changes()
            .field("paths", &live.paths, &desired.paths)
            .field("other_conditions", &live.other_conditions, &Vec::new())
            .field("action", &live.action, &desired.action);
        let patch = ListenerRulePatch {
            priority: (live.priority != desired.priority).then_some(desired.priority),
            content: (!content.is_empty()).then(|| (desired.paths.clone(), desired.action.clone())),
            tags: TagPatch::between(&live.tags, &desired.tags),
        };
        let found = content.field("priority", &live.priority, &desired.priority).tags(&live.tags, &desired.tags);
        Verdict::patch_if(found, patch)
    }

    fn ready(_: &ListenerRuleLive) -> Readiness {
        Readiness::Ready
    }

    fn outputs(live: &ListenerRuleLive) -> Option<ListenerRuleOutputs> {
        Some(ListenerRuleOutputs { arn: live.arn.clone() })
    }

    fn unknown(address: &Address) -> ListenerRuleOutputs {
        ListenerRuleOutputs { arn: unknown(address, "arn") }
    }
}

impl Driver for ListenerRule {
    const READ_BATCH: usize = BATCH;
    const ACTIONS: IamActions = IamActions {
        read: &["elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeTags"],
        write: &[
            "elasticloadbalancing:CreateRule",
            "elasticloadbalancing:ModifyRule",
            "elasticloadbalancing:SetRulePriorities",
            "elasticloadbalancing:AddTags",
            "elasticloadbalancing:RemoveTags",
        ],
        delete: &["elasticloadbalancing:DeleteRule"],
    };

    async fn read(cx: &Scoped, ids: &[String]) -> Result<Found<ListenerRuleLive>, CallError> {
        let describe = |arns: Vec<String>| async move {
            let request = cx.aws.elbv2.describe_rules().set_rule_arns(Some(arns));
            let answer = request.send().await.map_err(failed("elasticloadbalancing:DescribeRules"))?;
            Ok(answer.rules.unwrap_or_default())
        };
        let rules: Vec<sdk::Rule> = by_arn(ids, describe).await?;
        let arns: Vec<String> = rules.iter().filter_map(|rule| rule.rule_arn.clone()).collect();
        let tags = tags_of(cx, &arns).await?;
        let lives = rules.into_iter().filter_map(|rule| live(rule, &tags));
        Ok(lives.map(|live| (live.arn.clone(), live)).collect())
    }

    async fn discover(cx: &Scoped, wanted: &[(Address, ListenerRuleDesired)]) -> Result<Vec<Candidate>, CallError> {
        let listeners = wanted.iter().map(|(_, desired)| desired.listener_arn.as_str());
        // What is to stand on a listener that does not exist yet does not exist either.
        let listeners: BTreeSet<&str> = listeners.filter(|arn| !is_unknown(arn)).collect();
        let rules = each(listeners.into_iter().map(|arn| rules_of(cx, arn))).await?;
        candidates(cx, &rules.concat()).await
    }

    async fn create(cx: &Scoped, birth: &Birth<'_>, desired: &ListenerRuleDesired) -> Result<String, CallError> {
        const OPERATION: &str = "elasticloadbalancing:CreateRule";
        let request =
            cx.aws.elbv2.create_rule().listener_arn(&desired.listener_arn).conditions(condition(&desired.paths));
        let request = request.priority(desired.priority.into()).set_tags(Some(born(birth, &desired.tags)));
        let request = request.set_actions(desired.action.request().map(|action| vec![action]));
        let answer = request.send().await.map_err(failed(OPERATION));
        let answer = answer.reclass(FRESH, ErrorClass::NotYetConsistent)?;
        let arn = answer.rules.unwrap_or_default().pop().and_then(|rule| rule.rule_arn);
        arn.ok_or_else(|| CallError::new(ErrorClass::Ambiguous, OPERATION, "the answer names no rule"))
    }

    async fn update(cx: &Scoped, id: &str, patch: &ListenerRulePatch) -> Result<(), CallError> {
        if let Some((paths, action)) = &patch.content {
            let request = cx.aws.elbv2.modify_rule().rule_arn(id).conditions(condition(paths));
            let request = request.set_actions(action.request().map(|action| vec![action]));
            let answer = request.send().await.map_err(failed("elasticloadbalancing:ModifyRule"));
            answer.reclass(&["TargetGroupNotFound"], ErrorClass::NotYetConsistent)?;
        }
        if let Some(priority) = patch.priority {
            let pair = RulePriorityPair::builder().rule_arn(id).priority(priority.into()).build();
            let request = cx.aws.elbv2.set_rule_priorities().rule_priorities(pair);
            request.send().await.map_err(failed("elasticloadbalancing:SetRulePriorities"))?;
        }
        retag(cx, id, &patch.tags).await
    }

    async fn delete(cx: &Scoped, id: &str, _: DataPolicy) -> Result<(), CallError> {
        let answer = cx.aws.elbv2.delete_rule().rule_arn(id).send().await;
        answer.map_err(failed("elasticloadbalancing:DeleteRule")).unless_gone()
    }
}

/// What a call that refers to something fresh may be told for a while.
const FRESH: &[&str] = &["ListenerNotFound", "TargetGroupNotFound"];
const PATH_PATTERN: &str = "path-pattern";

fn condition(paths: &BTreeSet<String>) -> RuleCondition {
    let config = PathPatternConditionConfig::builder().set_values(Some(paths.iter().cloned().collect())).build();
    RuleCondition::builder().field(PATH_PATTERN).path_pattern_config(config).build()
}

/// ARNs of a listener's rules but for the default one; none if it is gone.
async fn rules_of(cx: &Scoped, listener: &str) -> Result<Vec<String>, CallError> {
    let request = cx.aws.elbv2.describe_rules().listener_arn(listener).page_size(400);
    let pages = request.into_paginator().items().send().try_collect().await;
    match pages.map_err(failed("elasticloadbalancing:DescribeRules")) {
        Ok(rules) => {
            let own = rules.into_iter().filter(|rule| rule.is_default != Some(true));
            Ok(own.filter_map(|rule| rule.rule_arn).collect())
        }
        Err(error) if error.class == ErrorClass::Gone => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// `...:listener-rule/app/name/hash/listener/rule` belongs to `...:listener/app/name/hash/listener`.
fn listener_arn(rule_arn: &str) -> Option<String> {
    let (listener, _) = rule_arn.rsplit_once('/')?;
    Some(listener.replacen(":listener-rule/", ":listener/", 1))
}

fn live(rule: sdk::Rule, tags: &TagsByArn) -> Option<ListenerRuleLive> {
    let arn = rule.rule_arn?;
    let conditions = rule.conditions.unwrap_or_default();
    let (paths, other): (Vec<_>, Vec<_>) = conditions.into_iter().partition(|one| one.field() == Some(PATH_PATTERN));
    let values = |one: RuleCondition| match one.path_pattern_config.and_then(|config| config.values) {
        Some(values) => values,
        None => one.values.unwrap_or_default(),
    };
    Some(ListenerRuleLive {
        tags: Tags::from_live(tags.get(&arn)?.clone()),
        listener_arn: listener_arn(&arn)?,
        arn,
        priority: rule.priority.and_then(|priority| priority.parse().ok()).unwrap_or_default(),
        paths: paths.into_iter().flat_map(values).collect(),
        other_conditions: other.iter().map(|one| format!("{one:?}")).collect(),
        action: Action::from_live(rule.actions.as_deref().unwrap_or_default()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = "arn:aws:elasticloadbalancing:eu-central-1:1:listener-rule/app/acme-web/50dc/f2f7/9683";

    fn echoed() -> sdk::Rule {
        let paths = BTreeSet::from(["/api/*".to_owned(), "/v2/*".to_owned()]);
        let mut both = condition(&paths);
        both.values = Some(paths.iter().cloned().collect());
        let action = Action::Forward("group".into()).request().expect("globe makes it");
        sdk::Rule::builder().rule_arn(RULE).priority("10").conditions(both).actions(action).build()
    }

    fn read(rule: sdk::Rule) -> ListenerRuleLive {
        live(rule, &TagsByArn::from([(RULE.to_owned(), Default::default())])).expect("it has an ARN and tags")
    }

    fn desired() -> ListenerRuleDesired {
        let ListenerRuleLive { listener_arn, priority, paths, action, tags, .. } = read(echoed());
        ListenerRuleDesired { listener_arn, priority, paths, action, tags }
    }

    #[test]
    fn an_answer_is_read_without_what_aws_adds() {
        let live = read(echoed());
        assert_eq!(live.listener_arn, "arn:aws:elasticloadbalancing:eu-central-1:1:listener/app/acme-web/50dc/f2f7");
        assert_eq!((live.priority, live.paths.len()), (10, 2));
        assert_eq!(ListenerRule::diff(&desired(), &live), Verdict::Same);
    }

    #[test]
    fn a_condition_added_by_hand_is_drift() {
        let mut rule = echoed();
        rule.conditions.get_or_insert_default().push(RuleCondition::builder().field("host-header").values("a").build());
        let Verdict::Patch { patch, .. } = ListenerRule::diff(&desired(), &read(rule)) else { panic!("no patch") };
        assert!(patch.content.is_some() && patch.priority.is_none());
    }

    #[test]
    fn another_priority_alone_leaves_the_content() {
        let later = ListenerRuleDesired { priority: 20, ..desired() };
        let Verdict::Patch { patch, .. } = ListenerRule::diff(&later, &read(echoed())) else { panic!("no patch") };
        assert_eq!((patch.priority, patch.content), (Some(20), None));
    }
}
