//! A listener of a load balancer.
//!
//! | | |
//! |---|---|
//! | Create | `CreateListener`; no client token: same port and settings give the existing one, other settings on the port `DuplicateListener`; a lost answer is found by load balancer and owner tags |
//! | Read | `DescribeListeners` and `DescribeTags` by ARN, 20 a call, one missing ARN fails both |
//! | Update | `ModifyListener` with all settings, `AddTags`, `RemoveTags` |
//! | Delete | `DeleteListener`; takes its rules along |
//! | Replace | load balancer; delete first |
//! | Waits | none; the load balancer may still be provisioning, the certificate must be issued |
//!
//! Quirks: a certificate issued a moment ago is answered with `CertificateNotFound` for up to minutes; AWS's default
//! security policy changes over time, so it is always said.

use std::collections::BTreeSet;

use aws_sdk_elasticloadbalancingv2::types::{self as sdk, Certificate as ListenerCertificate, ProtocolEnum};
use globe_model::{
    Address, CallError, Candidate, DataPolicy, Durations, Edge, ErrorClass, Kind, Pending, Readiness, Recovery, Ref,
    TagPatch, Tags, Upstream, Verdict, changes, is_unknown, unknown,
};
use serde::{Deserialize, Serialize};

use super::tagging::{BATCH, TagsByArn, born, by_arn, candidates, retag, tags_of};
use super::{Action, ActionSpec, LoadBalancer};
use crate::driver::{Birth, Driver, Found, IamActions, Scoped};
use crate::each::each;
use crate::error::{Reclass, failed};
use crate::kinds::acm::Certificate;

/// What clients speak.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListenerProtocol {
    /// HTTP.
    Http,
    /// HTTPS.
    Https {
        /// Shown to clients; must be issued.
        certificate: Ref<Certificate>,
        /// `ELBSecurityPolicy-...`: TLS versions and ciphers.
        ssl_policy: String,
    },
}

/// What the blueprint says of a listener.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListenerSpec {
    /// Its load balancer.
    pub load_balancer: Ref<LoadBalancer>,
    /// Port; one listener each.
    pub port: u16,
    /// Protocol.
    pub protocol: ListenerProtocol,
    /// What happens to requests that no rule matches.
    pub default_action: ActionSpec,
    /// Tags.
    pub tags: Tags,
}

/// What HTTPS takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tls {
    /// The certificate's ARN.
    pub certificate_arn: String,
    /// `ELBSecurityPolicy-...`
    pub policy: String,
}

/// Everything that changes in place, in one call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListenerSettings {
    /// Port.
    pub port: u16,
    /// `HTTP` or `HTTPS`.
    pub protocol: String,
    /// For HTTPS.
    pub tls: Option<Tls>,
    /// What happens to requests that no rule matches.
    pub default_action: Action,
}

/// What AWS is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListenerDesired {
    /// The load balancer's ARN.
    pub load_balancer_arn: String,
    /// Settings.
    pub settings: ListenerSettings,
    /// Tags.
    pub tags: Tags,
}

/// What AWS says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListenerLive {
    /// Its ARN.
    pub arn: String,
    /// The load balancer's ARN.
    pub load_balancer_arn: String,
    /// Settings.
    pub settings: ListenerSettings,
    /// Tags that a user can manage.
    pub tags: Tags,
}

/// What changes in place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ListenerPatch {
    /// Set all of them to this.
    pub settings: Option<ListenerSettings>,
    /// Tags.
    pub tags: TagPatch,
}

/// What downstream uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListenerOutputs {
    /// Its ARN.
    pub arn: String,
}

/// The kind `elbv2/listener`.
pub struct Listener;

impl Kind for Listener {
    const NAME: &'static str = "elbv2/listener";
    const RECOVERY: Recovery = Recovery::Name;
    const DURATIONS: Durations = Durations::secs(1, 1);

    type Spec = ListenerSpec;
    type Desired = ListenerDesired;
    type Live = ListenerLive;
    type Patch = ListenerPatch;
    type Outputs = ListenerOutputs;

    fn refs(spec: &ListenerSpec, visit: &mut dyn FnMut(Edge)) {
        visit(Edge::exists(&spec.load_balancer));
        if let ListenerProtocol::Https { certificate, .. } = &spec.protocol {
            visit(Edge::ready(certificate));
        }
        spec.default_action.refs(visit);
    }

    fn lower(spec: &ListenerSpec, upstream: &Upstream<'_>) -> Result<ListenerDesired, Pending> {
        let (protocol, tls) = match &spec.protocol {
            ListenerProtocol::Http => ("HTTP", None),
            ListenerProtocol::Https { certificate, ssl_policy } => {
                let certificate_arn = upstream.of(certificate)?.arn;
                ("HTTPS", Some(Tls { certificate_arn, policy: ssl_policy.clone() }))
            }
        };
        Ok(ListenerDesired {
            load_balancer_arn: upstream.of(&spec.load_balancer)?.arn,
            settings: ListenerSettings {
                port: spec.port,
                protocol: protocol.into(),
                tls,
                default_action: spec.default_action.lower(upstream)?,
            },
            tags: spec.tags.clone(),
        })
    }

    fn diff(desired: &ListenerDesired, live: &ListenerLive) -> Verdict<ListenerPatch> {
        let fixed = changes().field("load_balancer_arn", &live.load_balancer_arn, &desired.load_balancer_arn);
        if !fixed.is_empty() {
            return Verdict::Replace { changes: fixed.done() };
        }
        let (old, new) = (&live.settings, &desired.settings);
        let found = changes()
            .field("port", &old.port, &new.port)
            .field("protocol", &old.protocol, &new.protocol)
            .field("tls", &old.tls, &new.tls)
            .field("default_action", &old.default_action, &new.default_action)
            .tags(&live.tags, &desired.tags);
        let patch = ListenerPatch {
            settings: (old != new).then(|| new.clone()),
            tags: TagPatch::between(&live.tags, &desired.tags),
        };
        Verdict::patch_if(found, patch)
    }

    fn ready(_: &ListenerLive) -> Readiness {
        Readiness::Ready
    }

    fn outputs(live: &ListenerLive) -> Option<ListenerOutputs> {
        Some(ListenerOutputs { arn: live.arn.clone() })
    }

    fn unknown(address: &Address) -> ListenerOutputs {
        ListenerOutputs { arn: unknown(address, "arn") }
    }
}

impl Driver for Listener {
    const READ_BATCH: usize = BATCH;
    const ACTIONS: IamActions = IamActions {
        read: &["elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeTags"],
        write: &[
            "elasticloadbalancing:CreateListener",
            "elasticloadbalancing:ModifyListener",
            "elasticloadbalancing:AddTags",
            "elasticloadbalancing:RemoveTags",
        ],
        delete: &["elasticloadbalancing:DeleteListener"],
    };

    async fn read(cx: &Scoped, ids: &[String]) -> Result<Found<ListenerLive>, CallError> {
        let describe = |arns: Vec<String>| async move {
            let request = cx.aws.elbv2.describe_listeners().set_listener_arns(Some(arns));
            let answer = request.send().await.map_err(failed("elasticloadbalancing:DescribeListeners"))?;
            Ok(answer.listeners.unwrap_or_default())
        };
        let listeners: Vec<sdk::Listener> = by_arn(ids, describe).await?;
        let arns: Vec<String> = listeners.iter().filter_map(|listener| listener.listener_arn.clone()).collect();
        let tags = tags_of(cx, &arns).await?;
        let lives = listeners.into_iter().filter_map(|listener| live(listener, &tags));
        Ok(lives.map(|live| (live.arn.clone(), live)).collect())
    }

    async fn discover(cx: &Scoped, wanted: &[(Address, ListenerDesired)]) -> Result<Vec<Candidate>, CallError> {
        let balancers = wanted.iter().map(|(_, desired)| desired.load_balancer_arn.as_str());
        // What is to stand on a load balancer that does not exist yet does not exist either.
        let balancers: BTreeSet<&str> = balancers.filter(|arn| !is_unknown(arn)).collect();
        let listeners = each(balancers.into_iter().map(|arn| listeners_of(cx, arn))).await?;
        candidates(cx, &listeners.concat()).await
    }

    async fn create(cx: &Scoped, birth: &Birth<'_>, desired: &ListenerDesired) -> Result<String, CallError> {
        const OPERATION: &str = "elasticloadbalancing:CreateListener";
        let settings = &desired.settings;
        let request = cx.aws.elbv2.create_listener().load_balancer_arn(&desired.load_balancer_arn);
        let request = request.port(settings.port.into()).protocol(settings.protocol.as_str().into());
        let request = request.set_default_actions(settings.default_action.request().map(|action| vec![action]));
        let request = request.set_certificates(settings.tls.as_ref().map(certificates));
        let request = request.set_ssl_policy(settings.tls.as_ref().map(|tls| tls.policy.clone()));
        let answer = request.set_tags(Some(born(birth, &desired.tags))).send().await.map_err(failed(OPERATION));
        let answer = answer.reclass(FRESH, ErrorClass::NotYetConsistent)?;
        let arn = answer.listeners.unwrap_or_default().pop().and_then(|listener| listener.listener_arn);
        arn.ok_or_else(|| CallError::new(ErrorClass::Ambiguous, OPERATION, "the answer names no listener"))
    }

    async fn update(cx: &Scoped, id: &str, patch: &ListenerPatch) -> Result<(), CallError> {
        if let Some(settings) = &patch.settings {
            let request = cx.aws.elbv2.modify_listener().listener_arn(id).port(settings.port.into());
            let request = request.protocol(settings.protocol.as_str().into());
            let request = request.set_default_actions(settings.default_action.request().map(|action| vec![action]));
            let request = request.set_certificates(settings.tls.as_ref().map(certificates));
            let request = request.set_ssl_policy(settings.tls.as_ref().map(|tls| tls.policy.clone()));
            let answer = request.send().await.map_err(failed("elasticloadbalancing:ModifyListener"));
            answer.reclass(FRESH, ErrorClass::NotYetConsistent)?;
        }
        retag(cx, id, &patch.tags).await
    }

    async fn delete(cx: &Scoped, id: &str, _: DataPolicy) -> Result<(), CallError> {
        let answer = cx.aws.elbv2.delete_listener().listener_arn(id).send().await;
        answer.map_err(failed("elasticloadbalancing:DeleteListener")).unless_gone()
    }
}

/// What a call that refers to something fresh may be told for a while.
const FRESH: &[&str] = &["CertificateNotFound", "LoadBalancerNotFound", "TargetGroupNotFound"];

fn certificates(tls: &Tls) -> Vec<ListenerCertificate> {
    vec![ListenerCertificate::builder().certificate_arn(&tls.certificate_arn).build()]
}

/// ARNs of a load balancer's listeners; none if it is gone.
async fn listeners_of(cx: &Scoped, balancer: &str) -> Result<Vec<String>, CallError> {
    let request = cx.aws.elbv2.describe_listeners().load_balancer_arn(balancer);
    let pages = request.into_paginator().items().send().try_collect().await;
    match pages.map_err(failed("elasticloadbalancing:DescribeListeners")) {
        Ok(listeners) => Ok(listeners.into_iter().filter_map(|listener| listener.listener_arn).collect()),
        Err(error) if error.class == ErrorClass::Gone => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn live(listener: sdk::Listener, tags: &TagsByArn) -> Option<ListenerLive> {
    let arn = listener.listener_arn?;
    let protocol = listener.protocol.unwrap_or(ProtocolEnum::Http);
    let certificate = listener.certificates.unwrap_or_default().into_iter().find_map(|one| one.certificate_arn);
    let tls =
        certificate.map(|certificate_arn| Tls { certificate_arn, policy: listener.ssl_policy.unwrap_or_default() });
    Some(ListenerLive {
        tags: Tags::from_live(tags.get(&arn)?.clone()),
        arn,
        load_balancer_arn: listener.load_balancer_arn.unwrap_or_default(),
        settings: ListenerSettings {
            port: listener.port.and_then(|port| u16::try_from(port).ok()).unwrap_or_default(),
            protocol: protocol.as_str().to_owned(),
            tls,
            default_action: Action::from_live(listener.default_actions.as_deref().unwrap_or_default()),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live() -> ListenerLive {
        let tls = Tls { certificate_arn: "certificate".into(), policy: "ELBSecurityPolicy-TLS13-1-2-2021-06".into() };
        ListenerLive {
            arn: "listener".into(),
            load_balancer_arn: "balancer".into(),
            settings: ListenerSettings {
                port: 443,
                protocol: "HTTPS".into(),
                tls: Some(tls),
                default_action: Action::NotFound,
            },
            tags: Tags::default(),
        }
    }

    fn desired() -> ListenerDesired {
        let ListenerLive { load_balancer_arn, settings, tags, .. } = live();
        ListenerDesired { load_balancer_arn, settings, tags }
    }

    #[test]
    fn another_certificate_moves_over_in_place() {
        assert_eq!(Listener::diff(&desired(), &live()), Verdict::Same);
        let mut renewed = desired();
        renewed.settings.tls.as_mut().expect("HTTPS").certificate_arn = "another".into();
        let Verdict::Patch { patch, .. } = Listener::diff(&renewed, &live()) else { panic!("no patch") };
        assert_eq!(patch.settings, Some(renewed.settings));
        let moved = ListenerDesired { load_balancer_arn: "another".into(), ..desired() };
        assert!(matches!(Listener::diff(&moved, &live()), Verdict::Replace { .. }));
    }
}
