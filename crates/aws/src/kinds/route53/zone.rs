//! A public hosted zone.
//!
//! | | |
//! |---|---|
//! | Create | `CreateHostedZone`; the caller reference is the token: a repeat is refused with `HostedZoneAlreadyExists`, and the zone is then found by name and reference |
//! | Read | `GetHostedZone` once per zone (only it gives the name servers), `ListTagsForResources` for ten |
//! | Update | `UpdateHostedZoneComment`; `ChangeTagsForResource` |
//! | Delete | `DeleteHostedZone`; `HostedZoneNotEmpty` while it holds any record but its own NS and SOA, whoever made it: the error names them |
//! | Replace | the domain; create first, as zones do not exclude each other. A new zone has new name servers: the parent's delegation must follow |
//! | Waits | none: a zone takes records as soon as it is listed, its change is in sync after 30-60 s, which no read shows |
//!
//! Quirks: tags are a second call, so the reference holds a mark of the owner (see `reference`) and discovery goes by it;
//! record calls on a fresh zone can answer `NoSuchHostedZone`.

use aws_sdk_route53::types::{HostedZone, HostedZoneConfig, TagResourceType};
use globe_model::{
    Address, CallError, Candidate, DataPolicy, Durations, Edge, ErrorClass, Highlight, Kind, OWNER_STACK, Pending,
    Readiness, Recovery, ReplaceOrder, TagPatch, Tags, Upstream, Verdict, changes, unknown,
};
use serde::{Deserialize, Serialize};

use super::names::{bare_id, plain};
use super::reference::{candidates, reference};
use super::tagging::{marked, retag, tags_of};
use super::{record, record_set};
use crate::driver::{Birth, Driver, Found, IamActions, Scoped};
use crate::each::each;
use crate::error::{Reclass, failed};

/// How many left-over records an error names.
const NAMED: usize = 5;

/// What the blueprint says of a zone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ZoneSpec {
    /// `example.com`
    pub domain: String,
    /// At most 256 characters; empty for none.
    pub comment: String,
    /// Tags, `Name` among them.
    pub tags: Tags,
}

/// What AWS is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ZoneDesired {
    /// Domain, in plain spelling.
    pub domain: String,
    /// Comment.
    pub comment: String,
    /// Tags.
    pub tags: Tags,
}

/// What AWS says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ZoneLive {
    /// `Z...`
    pub id: String,
    /// Domain, in plain spelling.
    pub domain: String,
    /// Comment; empty for none.
    pub comment: String,
    /// Name servers, sorted.
    pub name_servers: Vec<String>,
    /// Whether the owner tag is on it.
    pub marked: bool,
    /// Tags that a user can manage.
    pub tags: Tags,
}

/// What changes in place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ZonePatch {
    /// Set to this.
    pub comment: Option<String>,
    /// Put the owner tag on it.
    pub mark: bool,
    /// Tags.
    pub tags: TagPatch,
}

/// What downstream uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ZoneOutputs {
    /// `Z...`, without `/hostedzone/`.
    pub zone_id: String,
    /// What the parent zone or the registrar must delegate to.
    pub name_servers: Vec<String>,
}

/// The kind `route53/zone`.
pub struct Zone;

impl Kind for Zone {
    const NAME: &'static str = "route53/zone";
    const REPLACE: ReplaceOrder = ReplaceOrder::CreateFirst;
    const RECOVERY: Recovery = Recovery::Token;
    const DURATIONS: Durations = Durations::secs(1, 1);

    type Spec = ZoneSpec;
    type Desired = ZoneDesired;
    type Live = ZoneLive;
    type Patch = ZonePatch;
    type Outputs = ZoneOutputs;

    fn refs(_: &ZoneSpec, _: &mut dyn FnMut(Edge)) {}

    fn lower(spec: &ZoneSpec, _: &Upstream<'_>) -> Result<ZoneDesired, Pending> {
        Ok(ZoneDesired { domain: plain(&spec.domain), comment: spec.comment.clone(), tags: spec.tags.clone() })
    }

    fn diff(desired: &ZoneDesired, live: &ZoneLive) -> Verdict<ZonePatch> {
        let fixed = changes().field("domain", &live.domain, &desired.domain);
        if !fixed.is_empty() {
            return Verdict::Replace { changes: fixed.done() };
        }
        let found = changes()
            .field("comment", &live.comment, &desired.comment)
            .field(&format!("tags.{OWNER_STACK}"), &live.marked, &true)
            .tags(&live.tags, &desired.tags);
        let patch = ZonePatch {
            comment: (live.comment != desired.comment).then(|| desired.comment.clone()),
            mark: !live.marked,
            tags: TagPatch::between(&live.tags, &desired.tags),
        };
        Verdict::patch_if(found, patch)
    }

    fn ready(_: &ZoneLive) -> Readiness {
        Readiness::Ready
    }

    fn outputs(live: &ZoneLive) -> Option<ZoneOutputs> {
        Some(ZoneOutputs { zone_id: live.id.clone(), name_servers: live.name_servers.clone() })
    }

    fn highlights(address: &Address, outputs: &ZoneOutputs) -> Vec<Highlight> {
        let label = format!("name servers of zone {}", address.name);
        vec![Highlight { label, value: outputs.name_servers.join(" ") }]
    }

    fn unknown(address: &Address) -> ZoneOutputs {
        ZoneOutputs { zone_id: unknown(address, "zone_id"), name_servers: vec![unknown(address, "name_servers")] }
    }
}

impl Driver for Zone {
    const READ_BATCH: usize = 10;
    const ACTIONS: IamActions = IamActions {
        read: &["route53:GetHostedZone", "route53:ListHostedZonesByName", "route53:ListTagsForResources"],
        write: &["route53:CreateHostedZone", "route53:UpdateHostedZoneComment", "route53:ChangeTagsForResource"],
        delete: &["route53:DeleteHostedZone", "route53:ListResourceRecordSets"],
    };

    async fn read(cx: &Scoped, ids: &[String]) -> Result<Found<ZoneLive>, CallError> {
        let found = each(ids.iter().map(|id| get(cx, id))).await?;
        let mut lives: Vec<ZoneLive> = found.into_iter().flatten().collect();
        let present: Vec<String> = lives.iter().map(|live| live.id.clone()).collect();
        let mut tags = tags_of(cx, TagResourceType::Hostedzone, &present).await?;
        for live in &mut lives {
            let tags = tags.remove(&live.id).unwrap_or_default();
            live.marked = marked(cx, &tags);
            live.tags = Tags::from_live(tags);
        }
        Ok(lives.into_iter().map(|live| (live.id.clone(), live)).collect())
    }

    async fn discover(cx: &Scoped, wanted: &[(Address, ZoneDesired)]) -> Result<Vec<Candidate>, CallError> {
        let find = async |(address, desired): &(Address, ZoneDesired)| {
            let zones = named(cx, &desired.domain).await?;
            let pairs = zones.into_iter().map(|zone| (bare_id(&zone.id), zone.caller_reference));
            Ok::<_, CallError>(candidates(cx, address, pairs).collect::<Vec<_>>())
        };
        Ok(each(wanted.iter().map(find)).await?.concat())
    }

    async fn create(cx: &Scoped, birth: &Birth<'_>, desired: &ZoneDesired) -> Result<String, CallError> {
        const OPERATION: &str = "route53:CreateHostedZone";
        let reference = reference(birth);
        let comment = Some(desired.comment.clone()).filter(|comment| !comment.is_empty());
        let config = HostedZoneConfig::builder().set_comment(comment).build();
        let request = cx.aws.route53.create_hosted_zone().name(&desired.domain).caller_reference(&reference);
        match request.hosted_zone_config(config).send().await.map_err(failed(OPERATION)) {
            Ok(answer) => answer
                .hosted_zone
                .map(|zone| bare_id(&zone.id))
                .ok_or_else(|| CallError::new(ErrorClass::Ambiguous, OPERATION, "the answer names no zone")),
            // The token is this intent's own, so the zone is too; it may not be listed yet.
            Err(error) if error.class == ErrorClass::AlreadyExists => {
                let zones = named(cx, &desired.domain).await?;
                let ours = zones.into_iter().find(|zone| zone.caller_reference == reference);
                let unlisted = CallError { class: ErrorClass::NotYetConsistent, ..error };
                ours.map(|zone| bare_id(&zone.id)).ok_or(unlisted)
            }
            Err(error) => Err(error),
        }
    }

    async fn update(cx: &Scoped, id: &str, patch: &ZonePatch) -> Result<(), CallError> {
        if let Some(comment) = &patch.comment {
            let request = cx.aws.route53.update_hosted_zone_comment().id(id).comment(comment);
            request.send().await.map_err(failed("route53:UpdateHostedZoneComment"))?;
        }
        retag(cx, TagResourceType::Hostedzone, id, patch.mark, &patch.tags).await
    }

    async fn delete(cx: &Scoped, id: &str, _: DataPolicy) -> Result<(), CallError> {
        let answer = cx.aws.route53.delete_hosted_zone().id(id).send().await;
        match answer.map_err(failed("route53:DeleteHostedZone")) {
            Err(error) if error.class == ErrorClass::Dependency => Err(name_leftovers(cx, id, error).await),
            answer => answer.map(drop).unless_gone(),
        }
    }
}

async fn get(cx: &Scoped, id: &str) -> Result<Option<ZoneLive>, CallError> {
    let answer = cx.aws.route53.get_hosted_zone().id(id).send().await.map_err(failed("route53:GetHostedZone"));
    let answer = match answer {
        Err(error) if error.class == ErrorClass::Gone => return Ok(None),
        answer => answer?,
    };
    let mut name_servers = answer.delegation_set.map(|set| set.name_servers).unwrap_or_default();
    name_servers.sort_unstable();
    Ok(answer.hosted_zone.map(|zone| ZoneLive {
        id: bare_id(&zone.id),
        domain: plain(&zone.name),
        comment: zone.config.and_then(|config| config.comment).unwrap_or_default(),
        name_servers,
        marked: false,
        tags: Tags::default(),
    }))
}

/// All zones of one name. Facts: the list starts at the name and goes on with others.
async fn named(cx: &Scoped, domain: &str) -> Result<Vec<HostedZone>, CallError> {
    let (mut zones, mut name, mut id) = (Vec::new(), Some(domain.to_owned()), None);
    loop {
        let request = cx.aws.route53.list_hosted_zones_by_name().set_dns_name(name).set_hosted_zone_id(id);
        let page = request.send().await.map_err(failed("route53:ListHostedZonesByName"))?;
        let (all, before) = (page.hosted_zones.len(), zones.len());
        zones.extend(page.hosted_zones.into_iter().filter(|zone| plain(&zone.name) == domain));
        if !page.is_truncated || zones.len() - before < all {
            return Ok(zones);
        }
        (name, id) = (page.next_dns_name, page.next_hosted_zone_id.map(|id| bare_id(&id)));
    }
}

/// AWS says only that the zone is not empty; records that others made block it as well, so they are named.
async fn name_leftovers(cx: &Scoped, id: &str, error: CallError) -> CallError {
    let Ok(sets) = record::list(cx, id, None).await else { return error };
    let left: Vec<String> = record_set::not_the_zones_own(&sets);
    if left.is_empty() {
        return error;
    }
    let more = left.len().checked_sub(NAMED).filter(|more| *more > 0);
    let more = more.map(|more| format!(" and {more} more")).unwrap_or_default();
    let named = left.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    CallError { message: format!("{} (it holds {named}{more})", error.message), ..error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_zone_gets_its_tags_and_another_domain_another_zone() {
        let desired = ZoneDesired {
            domain: "example.com".into(),
            comment: String::new(),
            tags: Tags::default().with("team", "sre"),
        };
        let fresh = ZoneLive {
            id: "Z1".into(),
            domain: "example.com".into(),
            comment: String::new(),
            name_servers: Vec::new(),
            marked: false,
            tags: Tags::default(),
        };
        let Verdict::Patch { patch, .. } = Zone::diff(&desired, &fresh) else { panic!("no patch") };
        assert!(patch.mark && patch.comment.is_none());
        assert_eq!(patch.tags.set.len(), 1);
        let settled = ZoneLive { marked: true, tags: desired.tags.clone(), ..fresh };
        assert_eq!(Zone::diff(&desired, &settled), Verdict::Same);
        let other = ZoneDesired { domain: "example.org".into(), ..desired };
        assert!(matches!(Zone::diff(&other, &settled), Verdict::Replace { .. }));
    }
}
