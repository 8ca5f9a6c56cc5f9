//! A security group with its rules.
//!
//! | | |
//! |---|---|
//! | Create | `CreateSecurityGroup`; no client token, but a repeat is refused with `InvalidGroup.Duplicate`; a lost answer is found by the nonce tag |
//! | Read | `DescribeSecurityGroups` and `DescribeSecurityGroupRules` by filter, 200 groups a call; the first merges rules, only the second has their ids |
//! | Update | `AuthorizeSecurityGroupIngress`/`Egress` in one batch per direction, then `ModifySecurityGroupRules` for descriptions, then `RevokeSecurityGroupIngress`/`Egress` by rule id; `CreateTags`, `DeleteTags` |
//! | Delete | `DeleteSecurityGroup`, its rules go along; `DependencyViolation` while a network interface or a rule of another group uses it |
//! | Replace | VPC, name and description; delete first, since a name is unique in its VPC |
//! | Waits | none |
//!
//! Quirks: AWS gives a new group a rule that lets everything out, which is wanted or revoked like any other; a batch
//! that holds one known rule is refused as a whole; names are compared without regard to case.

use aws_sdk_ec2::types::{IpPermission, ResourceType, SecurityGroupRuleUpdate};
use globe_model::{
    Address, CallError, Candidate, DataPolicy, Durations, Edge, ErrorClass, Kind, Pending, Readiness, Recovery, Ref,
    TagPatch, Tags, Upstream, Verdict, changes, unknown,
};
use serde::{Deserialize, Serialize};

use super::Vpc;
use super::security_rule::{LiveRule, PeerSpec, Rule, RuleSpec, RulesPatch, changed, normal};
use super::tagging::{born, candidate, filter, owned, pairs, retag};
use crate::driver::{Birth, Driver, Found, IamActions, Scoped};
use crate::error::{Reclass, failed};

/// What the blueprint says of a security group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SecurityGroupSpec {
    /// The VPC it is in.
    pub vpc: Ref<Vpc>,
    /// Name, unique in the VPC, at most 255 of AWS's characters, not starting with `sg-`.
    pub group_name: String,
    /// What it is for, with the same limits; AWS cannot change it.
    pub description: String,
    /// Who may reach its members: all of it.
    pub ingress: Vec<RuleSpec>,
    /// Whom its members may reach: all of it. AWS's own rule that lets everything out stays only if it is here.
    pub egress: Vec<RuleSpec>,
    /// Tags, `Name` among them.
    pub tags: Tags,
}

/// What AWS is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SecurityGroupDesired {
    /// `vpc-...`
    pub vpc_id: String,
    /// Name.
    pub group_name: String,
    /// What it is for.
    pub description: String,
    /// Sorted, no two the same but for the description.
    pub ingress: Vec<Rule>,
    /// Likewise.
    pub egress: Vec<Rule>,
    /// Tags.
    pub tags: Tags,
}

/// What AWS says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SecurityGroupLive {
    /// `sg-...`
    pub id: String,
    /// `vpc-...`
    pub vpc_id: String,
    /// Name.
    pub group_name: String,
    /// What it is for.
    pub description: String,
    /// Sorted.
    pub ingress: Vec<LiveRule>,
    /// Sorted.
    pub egress: Vec<LiveRule>,
    /// Tags that a user can manage.
    pub tags: Tags,
}

/// What changes in place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SecurityGroupPatch {
    /// Rules in.
    pub ingress: RulesPatch,
    /// Rules out.
    pub egress: RulesPatch,
    /// Tags.
    pub tags: TagPatch,
}

/// What downstream uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SecurityGroupOutputs {
    /// `sg-...`
    pub group_id: String,
}

/// The kind `ec2/security_group`.
pub struct SecurityGroup;

impl Kind for SecurityGroup {
    const NAME: &'static str = "ec2/security_group";
    const RECOVERY: Recovery = Recovery::Nonce;
    const DURATIONS: Durations = Durations::secs(1, 1);

    type Spec = SecurityGroupSpec;
    type Desired = SecurityGroupDesired;
    type Live = SecurityGroupLive;
    type Patch = SecurityGroupPatch;
    type Outputs = SecurityGroupOutputs;

    fn refs(spec: &SecurityGroupSpec, visit: &mut dyn FnMut(Edge)) {
        visit(Edge::ready(&spec.vpc));
        for rule in spec.ingress.iter().chain(&spec.egress) {
            if let PeerSpec::Group(group) = &rule.peer {
                visit(Edge::exists(group));
            }
        }
    }

    fn lower(spec: &SecurityGroupSpec, upstream: &Upstream<'_>) -> Result<SecurityGroupDesired, Pending> {
        let lower = |rules: &[RuleSpec]| -> Result<Vec<Rule>, Pending> {
            Ok(normal(rules.iter().map(|rule| Rule::lower(rule, upstream)).collect::<Result<_, _>>()?))
        };
        Ok(SecurityGroupDesired {
            vpc_id: upstream.of(&spec.vpc)?.vpc_id,
            group_name: spec.group_name.clone(),
            description: spec.description.clone(),
            ingress: lower(&spec.ingress)?,
            egress: lower(&spec.egress)?,
            tags: spec.tags.clone(),
        })
    }

    fn diff(desired: &SecurityGroupDesired, live: &SecurityGroupLive) -> Verdict<SecurityGroupPatch> {
        let fixed = changes()
            .field("vpc_id", &live.vpc_id, &desired.vpc_id)
            .field("group_name", &live.group_name, &desired.group_name)
            .field("description", &live.description, &desired.description);
        if !fixed.is_empty() {
            return Verdict::Replace { changes: fixed.done() };
        }
        let found = changed(changes(), "ingress", &live.ingress, &desired.ingress);
        let found = changed(found, "egress", &live.egress, &desired.egress).tags(&live.tags, &desired.tags);
        let patch = SecurityGroupPatch {
            ingress: RulesPatch::between(&live.ingress, &desired.ingress),
            egress: RulesPatch::between(&live.egress, &desired.egress),
            tags: TagPatch::between(&live.tags, &desired.tags),
        };
        Verdict::patch_if(found, patch)
    }

    fn ready(_: &SecurityGroupLive) -> Readiness {
        Readiness::Ready
    }

    fn outputs(live: &SecurityGroupLive) -> Option<SecurityGroupOutputs> {
        Some(SecurityGroupOutputs { group_id: live.id.clone() })
    }

    fn unknown(address: &Address) -> SecurityGroupOutputs {
        SecurityGroupOutputs { group_id: unknown(address, "group_id") }
    }
}

impl Driver for SecurityGroup {
    const READ_BATCH: usize = 200;
    const ACTIONS: IamActions = IamActions {
        read: &["ec2:DescribeSecurityGroups", "ec2:DescribeSecurityGroupRules"],
        write: &[
            "ec2:CreateSecurityGroup",
            "ec2:AuthorizeSecurityGroupIngress",
            "ec2:AuthorizeSecurityGroupEgress",
            "ec2:ModifySecurityGroupRules",
            "ec2:RevokeSecurityGroupIngress",
            "ec2:RevokeSecurityGroupEgress",
            "ec2:CreateTags",
            "ec2:DeleteTags",
        ],
        delete: &["ec2:DeleteSecurityGroup"],
    };

    async fn read(cx: &Scoped, ids: &[String]) -> Result<Found<SecurityGroupLive>, CallError> {
        let groups = cx.aws.ec2.describe_security_groups().filters(filter("group-id", ids)).max_results(1000);
        let groups = async {
            let pages = groups.into_paginator().items().send().try_collect().await;
            pages.map_err(failed("ec2:DescribeSecurityGroups"))
        };
        let rules = cx.aws.ec2.describe_security_group_rules().filters(filter("group-id", ids)).max_results(1000);
        let rules = async {
            let pages = rules.into_paginator().items().send().try_collect().await;
            pages.map_err(failed("ec2:DescribeSecurityGroupRules"))
        };
        let (groups, rules): (Vec<_>, Vec<_>) = tokio::try_join!(groups, rules)?;
        let mut found: Found<SecurityGroupLive> =
            groups.into_iter().filter_map(live).map(|live| (live.id.clone(), live)).collect();
        for rule in rules {
            let Some(group) = rule.group_id.as_ref().and_then(|id| found.get_mut(id)) else { continue };
            let rules = if rule.is_egress == Some(true) { &mut group.egress } else { &mut group.ingress };
            rules.extend(LiveRule::read(&group.id, rule));
            rules.sort();
        }
        Ok(found)
    }

    async fn discover(cx: &Scoped, _: &[(Address, SecurityGroupDesired)]) -> Result<Vec<Candidate>, CallError> {
        let request = cx.aws.ec2.describe_security_groups().filters(owned(cx)).max_results(1000);
        let pages = request.into_paginator().items().send().try_collect().await;
        let groups = pages.map_err(failed("ec2:DescribeSecurityGroups"))?;
        Ok(groups.into_iter().filter_map(|group| candidate(group.group_id, group.tags)).collect())
    }

    async fn create(cx: &Scoped, birth: &Birth<'_>, desired: &SecurityGroupDesired) -> Result<String, CallError> {
        const OPERATION: &str = "ec2:CreateSecurityGroup";
        let request = cx.aws.ec2.create_security_group().vpc_id(&desired.vpc_id);
        let request = request.group_name(&desired.group_name).description(&desired.description);
        let request = request.tag_specifications(born(ResourceType::SecurityGroup, birth, &desired.tags));
        let answer = request.send().await.map_err(failed(OPERATION));
        let answer = answer.reclass(FRESH_VPC, ErrorClass::NotYetConsistent)?;
        let lost = || CallError::new(ErrorClass::Ambiguous, OPERATION, "the answer names no security group");
        answer.group_id.ok_or_else(lost)
    }

    async fn update(cx: &Scoped, id: &str, patch: &SecurityGroupPatch) -> Result<(), CallError> {
        // Open before closing, so that traffic which both the old and the new rules allow is never refused.
        let (ingress, egress) = (Direction::Ingress, Direction::Egress);
        ingress.authorize(cx, id, &patch.ingress.authorize).await?;
        egress.authorize(cx, id, &patch.egress.authorize).await?;
        describe(cx, id, &patch.ingress.describe).await?;
        describe(cx, id, &patch.egress.describe).await?;
        ingress.revoke(cx, id, &patch.ingress.revoke).await?;
        egress.revoke(cx, id, &patch.egress.revoke).await?;
        retag(cx, id, &patch.tags).await
    }

    async fn delete(cx: &Scoped, id: &str, _: DataPolicy) -> Result<(), CallError> {
        let answer = cx.aws.ec2.delete_security_group().group_id(id).send().await;
        let answer = answer.map_err(failed("ec2:DeleteSecurityGroup"));
        answer.reclass(&["InvalidGroup.InUse"], ErrorClass::Dependency).unless_gone()
    }
}

/// AWS has two operations for each change, one per direction.
#[derive(Clone, Copy)]
enum Direction {
    Ingress,
    Egress,
}

impl Direction {
    /// Adds rules. When the answer to an earlier try was lost AWS refuses the batch as a whole for one rule that it
    /// has, so then each rule is added by itself.
    async fn authorize(self, cx: &Scoped, id: &str, rules: &[Rule]) -> Result<(), CallError> {
        if rules.is_empty() {
            return Ok(());
        }
        let permissions: Vec<IpPermission> = rules.iter().map(|rule| rule.permission(id)).collect();
        let have = |error: &CallError| error.class == ErrorClass::AlreadyExists;
        match self.authorize_all(cx, id, permissions.clone()).await {
            Err(error) if have(&error) && rules.len() > 1 => {
                for permission in permissions {
                    self.authorize_all(cx, id, vec![permission])
                        .await
                        .or_else(|error| have(&error).then_some(()).ok_or(error))?;
                }
                Ok(())
            }
            Err(error) if have(&error) => Ok(()),
            answer => answer,
        }
    }

    async fn authorize_all(self, cx: &Scoped, id: &str, rules: Vec<IpPermission>) -> Result<(), CallError> {
        let answer = match self {
            Self::Ingress => {
                let request =
                    cx.aws.ec2.authorize_security_group_ingress().group_id(id).set_ip_permissions(Some(rules));
                request.send().await.map_err(failed("ec2:AuthorizeSecurityGroupIngress")).map(drop)
            }
            Self::Egress => {
                let request = cx.aws.ec2.authorize_security_group_egress().group_id(id).set_ip_permissions(Some(rules));
                request.send().await.map_err(failed("ec2:AuthorizeSecurityGroupEgress")).map(drop)
            }
        };
        answer.reclass(FRESH, ErrorClass::NotYetConsistent)
    }

    /// Removes rules. One that is gone fails the batch as a whole, so then each rule is removed by itself.
    async fn revoke(self, cx: &Scoped, id: &str, rules: &[String]) -> Result<(), CallError> {
        if rules.is_empty() {
            return Ok(());
        }
        match self.revoke_all(cx, id, rules).await {
            Err(error) if error.class == ErrorClass::Gone && rules.len() > 1 => {
                for rule in rules {
                    self.revoke_all(cx, id, std::slice::from_ref(rule)).await.unless_gone()?;
                }
                Ok(())
            }
            answer => answer.unless_gone(),
        }
    }

    async fn revoke_all(self, cx: &Scoped, id: &str, rules: &[String]) -> Result<(), CallError> {
        let rules = Some(rules.to_vec());
        match self {
            Self::Ingress => {
                let request =
                    cx.aws.ec2.revoke_security_group_ingress().group_id(id).set_security_group_rule_ids(rules);
                request.send().await.map_err(failed("ec2:RevokeSecurityGroupIngress")).map(drop)
            }
            Self::Egress => {
                let request = cx.aws.ec2.revoke_security_group_egress().group_id(id).set_security_group_rule_ids(rules);
                request.send().await.map_err(failed("ec2:RevokeSecurityGroupEgress")).map(drop)
            }
        }
    }
}

/// Facts: what was made a moment ago is not found for some seconds; codes have two spellings.
const FRESH_VPC: &[&str] = &["InvalidVpcID.NotFound", "InvalidVpcId.NotFound"];

/// Facts: a group made a moment ago, this one or one that a rule names, is not found for some seconds.
const FRESH: &[&str] = &["InvalidGroup.NotFound", "InvalidSecurityGroupID.NotFound"];

/// Gives rules other descriptions; their ids stay.
async fn describe(cx: &Scoped, id: &str, rules: &[LiveRule]) -> Result<(), CallError> {
    if rules.is_empty() {
        return Ok(());
    }
    let update = |live: &LiveRule| {
        let update = SecurityGroupRuleUpdate::builder().security_group_rule_id(&live.id);
        update.security_group_rule(live.rule.request(id)).build()
    };
    let request = cx.aws.ec2.modify_security_group_rules().group_id(id);
    let request = request.set_security_group_rules(Some(rules.iter().map(update).collect()));
    request.send().await.map_err(failed("ec2:ModifySecurityGroupRules")).map(drop)
}

/// A group without its rules.
fn live(group: aws_sdk_ec2::types::SecurityGroup) -> Option<SecurityGroupLive> {
    Some(SecurityGroupLive {
        id: group.group_id?,
        vpc_id: group.vpc_id.unwrap_or_default(),
        group_name: group.group_name.unwrap_or_default(),
        description: group.description.unwrap_or_default(),
        ingress: Vec::new(),
        egress: Vec::new(),
        tags: Tags::from_live(pairs(group.tags)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live() -> SecurityGroupLive {
        SecurityGroupLive {
            id: "sg-1".into(),
            vpc_id: "vpc-1".into(),
            group_name: "web".into(),
            description: "Web".into(),
            ingress: Vec::new(),
            egress: Vec::new(),
            tags: Tags::default(),
        }
    }

    fn desired() -> SecurityGroupDesired {
        let SecurityGroupLive { vpc_id, group_name, description, tags, .. } = live();
        SecurityGroupDesired { vpc_id, group_name, description, ingress: Vec::new(), egress: Vec::new(), tags }
    }

    #[test]
    fn what_aws_cannot_change_forces_a_replacement() {
        assert_eq!(SecurityGroup::diff(&desired(), &live()), Verdict::Same);
        for other in [
            SecurityGroupDesired { vpc_id: "vpc-2".into(), ..desired() },
            SecurityGroupDesired { group_name: "other".into(), ..desired() },
            SecurityGroupDesired { description: "Other".into(), ..desired() },
        ] {
            assert!(matches!(SecurityGroup::diff(&other, &live()), Verdict::Replace { .. }), "{other:?}");
        }
    }

    #[test]
    fn the_rule_that_aws_adds_is_revoked_unless_wanted() {
        let everything = Rule {
            protocol: "-1".into(),
            from_port: -1,
            to_port: -1,
            peer: super::super::security_rule::Peer::Cidr("0.0.0.0/0".into()),
            description: String::new(),
        };
        let fresh =
            SecurityGroupLive { egress: vec![LiveRule { rule: everything.clone(), id: "sgr-1".into() }], ..live() };
        let Verdict::Patch { patch, .. } = SecurityGroup::diff(&desired(), &fresh) else { panic!("no patch") };
        assert_eq!(patch.egress.revoke, ["sgr-1"]);
        let wanted = SecurityGroupDesired { egress: vec![everything], ..desired() };
        assert_eq!(SecurityGroup::diff(&wanted, &fresh), Verdict::Same);
    }
}
