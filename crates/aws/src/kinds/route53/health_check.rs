//! An HTTP or HTTPS check of a host from outside.
//!
//! | | |
//! |---|---|
//! | Create | `CreateHealthCheck`; the caller reference is the token: a repeat with the same settings gives the existing check, with others `HealthCheckAlreadyExists`, and the check is then found by its reference |
//! | Read | `ListHealthChecks`, all of the account in one or two calls; `ListTagsForResources` for ten |
//! | Update | `UpdateHealthCheck`; `ChangeTagsForResource` |
//! | Delete | `DeleteHealthCheck`; never refused, so records go first by the graph |
//! | Replace | protocol and interval; create first, so that no record is without its check |
//! | Waits | none: until the first evaluation a check counts as healthy |
//!
//! Quirks: a reference is used up for days even when its check is deleted, so it is the intent's and never the address
//! alone; tags are a second call (see `reference`); a check that is disabled counts as healthy and one that is inverted
//! lies, so both are drift; creates are limited to one in two seconds after the first fifty.

use aws_sdk_route53::types::{HealthCheckConfig, HealthCheckType, TagResourceType};
use globe_model::{
    Address, CallError, Candidate, DataPolicy, Durations, Edge, ErrorClass, Kind, OWNER_STACK, Pending, Readiness,
    Recovery, Ref, ReplaceOrder, TagPatch, Tags, Upstream, Verdict, changes, unknown,
};
use serde::{Deserialize, Serialize};

use super::reference::{candidates, reference};
use super::tagging::{marked, retag, tags_of};
use crate::driver::{Birth, Driver, Found, IamActions, Scoped};
use crate::error::{Reclass, failed};
use crate::kinds::elbv2::LoadBalancer;

/// How a host is spoken to. HTTPS does not validate the certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Probe {
    /// Plain.
    Http,
    /// With TLS and the host's name in it.
    Https,
}

impl Probe {
    fn as_type(self) -> HealthCheckType {
        match self {
            Self::Http => HealthCheckType::Http,
            Self::Https => HealthCheckType::Https,
        }
    }
}

/// Which host is checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProbeTarget {
    /// A load balancer, by its DNS name.
    LoadBalancer(Ref<LoadBalancer>),
    /// A host by its name.
    Host(String),
}

/// What the blueprint says of a health check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HealthCheckSpec {
    /// Which host.
    pub target: ProbeTarget,
    /// How.
    pub probe: Probe,
    /// TCP port.
    pub port: u16,
    /// Path with its leading slash, at most 255 characters.
    pub path: String,
    /// Seconds between two checks of one checker: 10 or 30.
    pub interval: u16,
    /// Checks in a row that change the verdict: 1 to 10.
    pub threshold: u8,
    /// Tags, `Name` among them: the console shows it.
    pub tags: Tags,
}

/// What AWS is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HealthCheckDesired {
    /// Host name.
    pub host: String,
    /// How.
    pub probe: Probe,
    /// TCP port.
    pub port: u16,
    /// Path.
    pub path: String,
    /// Seconds between two checks.
    pub interval: u16,
    /// Checks in a row that change the verdict.
    pub threshold: u8,
    /// Tags.
    pub tags: Tags,
}

/// What AWS says. Numbers are as AWS gives them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HealthCheckLive {
    /// A UUID.
    pub id: String,
    /// `HTTP`, `HTTPS` or another type.
    pub check_type: String,
    /// Host name.
    pub host: String,
    /// TCP port.
    pub port: i32,
    /// Path.
    pub path: String,
    /// Seconds between two checks.
    pub interval: i32,
    /// Checks in a row that change the verdict.
    pub threshold: i32,
    /// Whether it is switched off and so counts as healthy.
    pub disabled: bool,
    /// Whether healthy counts as unhealthy.
    pub inverted: bool,
    /// Whether the owner tag is on it.
    pub marked: bool,
    /// Tags that a user can manage.
    pub tags: Tags,
}

/// What changes in place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HealthCheckPatch {
    /// Set to this.
    pub host: Option<String>,
    /// Set to this.
    pub port: Option<u16>,
    /// Set to this.
    pub path: Option<String>,
    /// Set to this.
    pub threshold: Option<u8>,
    /// Set to this.
    pub disabled: Option<bool>,
    /// Set to this.
    pub inverted: Option<bool>,
    /// Put the owner tag on it.
    pub mark: bool,
    /// Tags.
    pub tags: TagPatch,
}

/// What downstream uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HealthCheckOutputs {
    /// A UUID.
    pub health_check_id: String,
}

/// The kind `route53/health_check`.
pub struct HealthCheck;

impl Kind for HealthCheck {
    const NAME: &'static str = "route53/health_check";
    const REPLACE: ReplaceOrder = ReplaceOrder::CreateFirst;
    const RECOVERY: Recovery = Recovery::Token;
    const DURATIONS: Durations = Durations::secs(1, 1);

    type Spec = HealthCheckSpec;
    type Desired = HealthCheckDesired;
    type Live = HealthCheckLive;
    type Patch = HealthCheckPatch;
    type Outputs = HealthCheckOutputs;

    fn refs(spec: &HealthCheckSpec, visit: &mut dyn FnMut(Edge)) {
        // A check may ask for a load balancer that is still provisioning: it counts as healthy until it has data.
        if let ProbeTarget::LoadBalancer(balancer) = &spec.target {
            visit(Edge::exists(balancer));
        }
    }

    fn lower(spec: &HealthCheckSpec, upstream: &Upstream<'_>) -> Result<HealthCheckDesired, Pending> {
        Ok(HealthCheckDesired {
            host: match &spec.target {
                ProbeTarget::LoadBalancer(balancer) => upstream.of(balancer)?.dns_name,
                ProbeTarget::Host(host) => host.clone(),
            },
            probe: spec.probe,
            port: spec.port,
            path: spec.path.clone(),
            interval: spec.interval,
            threshold: spec.threshold,
            tags: spec.tags.clone(),
        })
    }

    fn diff(desired: &HealthCheckDesired, live: &HealthCheckLive) -> Verdict<HealthCheckPatch> {
        let fixed = changes().field("probe", &live.check_type.as_str(), &desired.probe.as_type().as_str()).field(
            "interval",
            &live.interval,
            &i32::from(desired.interval),
        );
        if !fixed.is_empty() {
            return Verdict::Replace { changes: fixed.done() };
        }
        let found = changes()
            .field("host", &live.host, &desired.host)
            .field("port", &live.port, &i32::from(desired.port))
            .field("path", &live.path, &desired.path)
            .field("threshold", &live.threshold, &i32::from(desired.threshold))
            .field("disabled", &live.disabled, &false)
            .field("inverted", &live.inverted, &false)
            .field(&format!("tags.{OWNER_STACK}"), &live.marked, &true)
            .tags(&live.tags, &desired.tags);
        let patch = HealthCheckPatch {
            host: (live.host != desired.host).then(|| desired.host.clone()),
            port: (live.port != i32::from(desired.port)).then_some(desired.port),
            path: (live.path != desired.path).then(|| desired.path.clone()),
            threshold: (live.threshold != i32::from(desired.threshold)).then_some(desired.threshold),
            disabled: live.disabled.then_some(false),
            inverted: live.inverted.then_some(false),
            mark: !live.marked,
            tags: TagPatch::between(&live.tags, &desired.tags),
        };
        Verdict::patch_if(found, patch)
    }

    fn ready(_: &HealthCheckLive) -> Readiness {
        Readiness::Ready
    }

    fn outputs(live: &HealthCheckLive) -> Option<HealthCheckOutputs> {
        Some(HealthCheckOutputs { health_check_id: live.id.clone() })
    }

    fn unknown(address: &Address) -> HealthCheckOutputs {
        HealthCheckOutputs { health_check_id: unknown(address, "health_check_id") }
    }
}

impl Driver for HealthCheck {
    const READ_BATCH: usize = 200;
    const ACTIONS: IamActions = IamActions {
        read: &["route53:ListHealthChecks", "route53:ListTagsForResources"],
        write: &["route53:CreateHealthCheck", "route53:UpdateHealthCheck", "route53:ChangeTagsForResource"],
        delete: &["route53:DeleteHealthCheck"],
    };

    async fn read(cx: &Scoped, ids: &[String]) -> Result<Found<HealthCheckLive>, CallError> {
        let mut checks = list(cx).await?;
        checks.retain(|check| ids.contains(&check.id));
        let present: Vec<String> = checks.iter().map(|check| check.id.clone()).collect();
        let mut tags = tags_of(cx, TagResourceType::Healthcheck, &present).await?;
        let lives = checks.into_iter().filter_map(|check| {
            let tags = tags.remove(&check.id).unwrap_or_default();
            let live = live(check.id, check.health_check_config?);
            Some(HealthCheckLive { marked: marked(cx, &tags), tags: Tags::from_live(tags), ..live })
        });
        Ok(lives.map(|live| (live.id.clone(), live)).collect())
    }

    async fn discover(cx: &Scoped, wanted: &[(Address, HealthCheckDesired)]) -> Result<Vec<Candidate>, CallError> {
        let checks = list(cx).await?.into_iter().map(|check| (check.id, check.caller_reference));
        let checks: Vec<(String, String)> = checks.collect();
        Ok(wanted.iter().flat_map(|(address, _)| candidates(cx, address, checks.clone())).collect())
    }

    async fn create(cx: &Scoped, birth: &Birth<'_>, desired: &HealthCheckDesired) -> Result<String, CallError> {
        const OPERATION: &str = "route53:CreateHealthCheck";
        let reference = reference(birth);
        let request = cx.aws.route53.create_health_check().caller_reference(&reference);
        match request.health_check_config(config(desired)?).send().await.map_err(failed(OPERATION)) {
            Ok(answer) => answer
                .health_check
                .map(|check| check.id)
                .ok_or_else(|| CallError::new(ErrorClass::Ambiguous, OPERATION, "the answer names no health check")),
            // The token is this intent's own, so the check is too, with settings that changed since.
            Err(error) if error.class == ErrorClass::AlreadyExists => {
                let ours = list(cx).await?.into_iter().find(|check| check.caller_reference == reference);
                let unlisted = CallError { class: ErrorClass::NotYetConsistent, ..error };
                ours.map(|check| check.id).ok_or(unlisted)
            }
            Err(error) => Err(error),
        }
    }

    async fn update(cx: &Scoped, id: &str, patch: &HealthCheckPatch) -> Result<(), CallError> {
        if (HealthCheckPatch { mark: false, tags: TagPatch::default(), ..patch.clone() }) != HealthCheckPatch::default()
        {
            let request = cx.aws.route53.update_health_check().health_check_id(id);
            let request = request
                .set_fully_qualified_domain_name(patch.host.clone())
                .set_port(patch.port.map(i32::from))
                .set_resource_path(patch.path.clone())
                .set_failure_threshold(patch.threshold.map(i32::from))
                .set_disabled(patch.disabled)
                .set_inverted(patch.inverted);
            request.send().await.map_err(failed("route53:UpdateHealthCheck"))?;
        }
        retag(cx, TagResourceType::Healthcheck, id, patch.mark, &patch.tags).await
    }

    async fn delete(cx: &Scoped, id: &str, _: DataPolicy) -> Result<(), CallError> {
        let request = cx.aws.route53.delete_health_check().health_check_id(id);
        request.send().await.map_err(failed("route53:DeleteHealthCheck")).map(drop).unless_gone()
    }
}

async fn list(cx: &Scoped) -> Result<Vec<aws_sdk_route53::types::HealthCheck>, CallError> {
    let pages = cx.aws.route53.list_health_checks().max_items(1000).into_paginator();
    pages.items().send().try_collect().await.map_err(failed("route53:ListHealthChecks"))
}

fn config(desired: &HealthCheckDesired) -> Result<HealthCheckConfig, CallError> {
    let config = HealthCheckConfig::builder()
        .r#type(desired.probe.as_type())
        .fully_qualified_domain_name(&desired.host)
        .port(i32::from(desired.port))
        .resource_path(&desired.path)
        .request_interval(i32::from(desired.interval))
        .failure_threshold(i32::from(desired.threshold))
        .build();
    config.map_err(|error| CallError::new(ErrorClass::Broken, "route53:CreateHealthCheck", error.to_string()))
}

fn live(id: String, config: HealthCheckConfig) -> HealthCheckLive {
    HealthCheckLive {
        id,
        check_type: config.r#type.as_str().to_owned(),
        host: config.fully_qualified_domain_name.unwrap_or_default(),
        port: config.port.unwrap_or_default(),
        path: config.resource_path.unwrap_or_default(),
        // Facts: the defaults of AWS.
        interval: config.request_interval.unwrap_or(30),
        threshold: config.failure_threshold.unwrap_or(3),
        disabled: config.disabled.unwrap_or_default(),
        inverted: config.inverted.unwrap_or_default(),
        marked: false,
        tags: Tags::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drill_that_was_left_on_is_drift_and_the_interval_is_for_ever() {
        let desired = HealthCheckDesired {
            host: "www.example.com".into(),
            probe: Probe::Https,
            port: 443,
            path: "/healthz".into(),
            interval: 30,
            threshold: 3,
            tags: Tags::default(),
        };
        let made = config(&desired).expect("complete");
        let settled = HealthCheckLive { marked: true, ..live("1".into(), made) };
        assert_eq!(HealthCheck::diff(&desired, &settled), Verdict::Same);
        let drilled = HealthCheckLive { inverted: true, ..settled.clone() };
        let Verdict::Patch { patch, .. } = HealthCheck::diff(&desired, &drilled) else { panic!("no patch") };
        assert_eq!((patch.inverted, patch.disabled), (Some(false), None));
        let fast = HealthCheckDesired { interval: 10, ..desired };
        assert!(matches!(HealthCheck::diff(&fast, &settled), Verdict::Replace { .. }));
    }
}
