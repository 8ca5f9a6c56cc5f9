//! A record set: an alias to a load balancer, literal values, or the proof that a certificate's domain is ours.
//!
//! | | |
//! |---|---|
//! | Create | `ChangeResourceRecordSets` with `CREATE`, which never overwrites. There is no token and no tag: zone, name, type and set identifier are the identity. A repeat is refused; when what is there says the same, it is ours |
//! | Read | `ListResourceRecordSets`, all records of a zone in pages of 300; a single name starts at that name |
//! | Update | `ChangeResourceRecordSets` with `UPSERT` of the whole set |
//! | Delete | `ChangeResourceRecordSets` with `DELETE` of the set exactly as it is listed |
//! | Replace | zone, name, type, set identifier and routing other than the weight; delete first |
//! | Waits | none: a record is ready when it is listed. The name servers answer it 30-60 s later (`GetChange`), which no read of the record shows and nothing downstream depends on |
//!
//! Quirks: whose a record is follows from whose its zone is, so discovery goes by name. One policy per name and type: while
//! sets of another policy are still there, a create is refused and repeated until they are gone. A fresh zone or health
//! check may not be known yet. The same validation CNAME serves the certificates of all regions: one record, from one.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_sdk_route53::types::{Change, ChangeAction, ChangeBatch, ResourceRecordSet, RrType};
use globe_model::{
    Address, CallError, Candidate, DataPolicy, Durations, Edge, ErrorClass, Kind, Pending, Readiness, Recovery, Ref,
    Upstream, Verdict, changes, is_unknown, unknown,
};
use serde::{Deserialize, Serialize};

use super::names::{plain, target};
use super::record_set::{RecordId, RecordSet, RecordValue, Routed};
use super::{HealthCheck, Zone};
use crate::driver::{Birth, Driver, Found, IamActions, Scoped};
use crate::each::each;
use crate::error::{Reclass, failed};
use crate::kinds::acm::Certificate;
use crate::kinds::elbv2::LoadBalancer;

const OPERATION: &str = "route53:ChangeResourceRecordSets";
/// Facts: the most that one page of a list holds.
const PAGE: i32 = 300;
/// Seconds for which resolvers may keep a validation record: it never changes while it is needed.
const VALIDATION_TTL: u32 = 300;

/// What the blueprint says of a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordSpec {
    /// Where it is kept.
    pub zone: Ref<Zone>,
    /// Name, type and answer.
    pub content: RecordContent,
    /// `None` for a simple record.
    pub routed: Option<Routed>,
    /// Takes it out of the answers while unhealthy.
    pub health_check: Option<Ref<HealthCheck>>,
}

/// Name, type and answer of a record. Names are whole, with or without the trailing dot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordContent {
    /// The addresses of a load balancer, while it has healthy targets.
    Alias {
        /// Whole name.
        name: String,
        /// `A` or `AAAA`.
        record_type: String,
        /// The load balancer.
        target: Ref<LoadBalancer>,
    },
    /// Literal values.
    Values {
        /// Whole name.
        name: String,
        /// Any type.
        record_type: String,
        /// Seconds for which resolvers keep them.
        ttl: u32,
        /// At least one; those of `TXT` may come without quotes.
        values: Vec<String>,
    },
    /// The CNAME by which Certificate Manager sees that a domain is ours.
    Validation {
        /// One of the certificates for the domain.
        certificate: Ref<Certificate>,
        /// The domain as the certificate says it.
        domain: String,
    },
}

/// What downstream uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordOutputs {
    /// Whole name in plain spelling.
    pub name: String,
}

/// The kind `route53/record`.
pub struct Record;

impl Kind for Record {
    const NAME: &'static str = "route53/record";
    const RECOVERY: Recovery = Recovery::Name;
    const DURATIONS: Durations = Durations::secs(1, 1);
    /// Resolvers keep the addresses behind an alias of a load balancer for 60 s (fact sheet "edge", 1.3).
    const LINGERS: Duration = Duration::from_secs(60);

    type Spec = RecordSpec;
    type Desired = RecordSet;
    type Live = RecordSet;
    type Patch = RecordSet;
    type Outputs = RecordOutputs;

    fn refs(spec: &RecordSpec, visit: &mut dyn FnMut(Edge)) {
        visit(Edge::ready(&spec.zone));
        match &spec.content {
            // Clients are not sent to a load balancer that cannot take them.
            RecordContent::Alias { target, .. } => visit(Edge::ready(target)),
            RecordContent::Validation { certificate, .. } => visit(Edge::exists(certificate)),
            RecordContent::Values { .. } => {}
        }
        if let Some(check) = &spec.health_check {
            visit(Edge::ready(check));
        }
    }

    fn lower(spec: &RecordSpec, upstream: &Upstream<'_>) -> Result<RecordSet, Pending> {
        let (name, record_type, value) = content(&spec.content, upstream)?;
        let check = spec.health_check.as_ref().map(|check| upstream.of(check)).transpose()?;
        Ok(RecordSet {
            zone_id: upstream.of(&spec.zone)?.zone_id,
            name: plain(&name),
            record_type,
            routed: spec.routed.clone(),
            value,
            health_check_id: check.map(|check| check.health_check_id),
        })
    }

    fn diff(desired: &RecordSet, live: &RecordSet) -> Verdict<RecordSet> {
        let fixed = changes()
            .field("zone_id", &live.zone_id, &desired.zone_id)
            .field("name", &live.name, &desired.name)
            .field("record_type", &live.record_type, &desired.record_type)
            .field("routed", &live.fixed_routing(), &desired.fixed_routing());
        if !fixed.is_empty() {
            return Verdict::Replace { changes: fixed.done() };
        }
        let found = changes()
            .field("weight", &live.weight(), &desired.weight())
            .field("value", &live.compared_value(), &desired.compared_value())
            .field("health_check_id", &live.health_check_id, &desired.health_check_id);
        Verdict::patch_if(found, desired.clone())
    }

    fn ready(_: &RecordSet) -> Readiness {
        Readiness::Ready
    }

    fn outputs(live: &RecordSet) -> Option<RecordOutputs> {
        Some(RecordOutputs { name: live.name.clone() })
    }

    fn unknown(address: &Address) -> RecordOutputs {
        RecordOutputs { name: unknown(address, "name") }
    }
}

/// Name, type and answer once upstream is known.
fn content(content: &RecordContent, upstream: &Upstream<'_>) -> Result<(String, String, RecordValue), Pending> {
    match content {
        RecordContent::Alias { name, record_type, target: balancer } => {
            let balancer = upstream.of(balancer)?;
            let value = RecordValue::Alias {
                dns_name: target(&balancer.dns_name),
                zone_id: balancer.zone_id,
                evaluate_target_health: true,
            };
            Ok((name.clone(), record_type.clone(), value))
        }
        RecordContent::Values { name, record_type, ttl, values } => {
            let quote = matches!(record_type.as_str(), "TXT" | "SPF");
            let values = values.iter().map(|value| if quote { quoted(value) } else { value.clone() }).collect();
            Ok((name.clone(), record_type.clone(), RecordValue::Values { ttl: *ttl, values }))
        }
        RecordContent::Validation { certificate, domain } => {
            let (name, value) = validation(certificate, domain, upstream)?;
            let values = BTreeSet::from([value]);
            Ok((name, "CNAME".to_owned(), RecordValue::Values { ttl: VALIDATION_TTL, values }))
        }
    }
}

/// Name and value of the CNAME that proves a domain; stand-ins while the certificate is only planned. A wildcard is
/// proved by its parent's.
fn validation(
    certificate: &Ref<Certificate>,
    domain: &str,
    upstream: &Upstream<'_>,
) -> Result<(String, String), Pending> {
    let outputs = upstream.of(certificate)?;
    let parent = |domain: &str| plain(domain).trim_start_matches("*.").to_owned();
    let found = outputs.validations.into_iter().find(|proof| parent(&proof.domain) == parent(domain));
    match found {
        Some(proof) => Ok((proof.name, proof.value)),
        None if is_unknown(&outputs.arn) => {
            let stand_in = |what: &str| unknown(certificate.address(), &format!("validation {what} for {domain}"));
            Ok((stand_in("name"), stand_in("value")))
        }
        None => Err(Pending::Outputs(certificate.address().clone())),
    }
}

/// Facts: a text is quoted, in pieces of at most 255 characters.
fn quoted(text: &str) -> String {
    if text.starts_with('"') || is_unknown(text) {
        return text.to_owned();
    }
    let characters: Vec<char> = text.chars().collect();
    let pieces = characters.chunks(255).map(|piece| piece.iter().collect::<String>().replace('"', "\\\""));
    pieces.map(|piece| format!("\"{piece}\"")).collect::<Vec<_>>().join(" ")
}

impl Driver for Record {
    const READ_BATCH: usize = 10_000;
    const ACTIONS: IamActions = IamActions {
        read: &["route53:ListResourceRecordSets"],
        write: &["route53:ChangeResourceRecordSets"],
        delete: &["route53:ChangeResourceRecordSets"],
    };

    async fn read(cx: &Scoped, ids: &[String]) -> Result<Found<RecordSet>, CallError> {
        let mut zones: BTreeMap<String, BTreeSet<RecordId>> = BTreeMap::new();
        for id in ids.iter().filter_map(|id| RecordId::parse(id)) {
            zones.entry(id.zone_id.clone()).or_default().insert(id);
        }
        let found = each(zones.iter().map(|(zone, ids)| read_zone(cx, zone, ids))).await?;
        Ok(found.into_iter().flatten().map(|live| (live.id().to_string(), live)).collect())
    }

    async fn discover(cx: &Scoped, wanted: &[(Address, RecordSet)]) -> Result<Vec<Candidate>, CallError> {
        let known = wanted.iter().filter(|(_, set)| !is_unknown(&set.zone_id) && !is_unknown(&set.name));
        let named: Vec<(&Address, String)> = known.map(|(address, set)| (address, set.id().to_string())).collect();
        let ids: Vec<String> = named.iter().map(|(_, id)| id.clone()).collect();
        let found = Self::read(cx, &ids).await?;
        let named = named.into_iter().filter(|(_, id)| found.contains_key(id));
        Ok(named.map(|(address, id)| Candidate { address: address.clone(), id, nonce: None }).collect())
    }

    async fn create(cx: &Scoped, _: &Birth<'_>, desired: &RecordSet) -> Result<String, CallError> {
        let id = desired.id().to_string();
        match change(cx, &desired.zone_id, ChangeAction::Create, desired.to_sdk()?).await {
            Err(error) if error.class == ErrorClass::AlreadyExists => {
                let found = Self::read(cx, std::slice::from_ref(&id)).await?;
                match found.get(&id) {
                    Some(live) if Self::diff(desired, live) == Verdict::Same => Ok(id),
                    Some(_) => Err(error),
                    // It went between the two calls.
                    None => Err(CallError { class: ErrorClass::Conflict, ..error }),
                }
            }
            answer => unknown_upstream(answer).map(|()| id),
        }
    }

    async fn update(cx: &Scoped, _: &str, patch: &RecordSet) -> Result<(), CallError> {
        unknown_upstream(change(cx, &patch.zone_id, ChangeAction::Upsert, patch.to_sdk()?).await)
    }

    async fn delete(cx: &Scoped, id: &str, _: DataPolicy) -> Result<(), CallError> {
        let Some(id) = RecordId::parse(id) else { return Ok(()) };
        let sets = match list(cx, &id.zone_id, Some(&id.name)).await {
            Err(error) if error.class == ErrorClass::Gone => return Ok(()),
            sets => sets?,
        };
        match sets.into_iter().find(|set| RecordId::of(&id.zone_id, set) == id) {
            None => Ok(()),
            Some(set) => change(cx, &id.zone_id, ChangeAction::Delete, set).await.unless_gone(),
        }
    }
}

async fn read_zone(cx: &Scoped, zone: &str, ids: &BTreeSet<RecordId>) -> Result<Vec<RecordSet>, CallError> {
    let names: BTreeSet<&str> = ids.iter().map(|id| id.name.as_str()).collect();
    let only = names.first().filter(|_| names.len() == 1).copied();
    let sets = match list(cx, zone, only).await {
        Err(error) if error.class == ErrorClass::Gone => return Ok(Vec::new()),
        sets => sets?,
    };
    let wanted = sets.into_iter().filter(|set| ids.contains(&RecordId::of(zone, set)));
    Ok(wanted.map(|set| RecordSet::from_live(zone, set)).collect())
}

/// All sets of a zone, or those from one name on to the end of a page: sets of one name stand together.
///
/// # Errors
/// When a call fails; `Gone` when the zone is not there.
pub async fn list(cx: &Scoped, zone: &str, only: Option<&str>) -> Result<Vec<ResourceRecordSet>, CallError> {
    let (mut sets, mut name) = (Vec::new(), only.map(str::to_owned));
    let (mut kind, mut identifier): (Option<RrType>, Option<String>) = (None, None);
    loop {
        let request = cx.aws.route53.list_resource_record_sets().hosted_zone_id(zone).max_items(PAGE);
        // All three, or sets of one name and type are lost between two pages.
        let request = request.set_start_record_name(name).set_start_record_type(kind);
        let page = request.set_start_record_identifier(identifier).send().await;
        let page = page.map_err(failed("route53:ListResourceRecordSets"))?;
        sets.extend(page.resource_record_sets);
        let next_is_another = only.is_some_and(|only| page.next_record_name.as_deref().map(plain) != Some(plain(only)));
        if !page.is_truncated || next_is_another {
            return Ok(sets);
        }
        (name, kind, identifier) = (page.next_record_name, page.next_record_type, page.next_record_identifier);
    }
}

/// One change in one batch, so that an error speaks of it alone.
async fn change(cx: &Scoped, zone: &str, action: ChangeAction, set: ResourceRecordSet) -> Result<(), CallError> {
    let broken = |error: aws_smithy_types::error::operation::BuildError| {
        CallError::new(ErrorClass::Broken, OPERATION, error.to_string())
    };
    let change = Change::builder().action(action).resource_record_set(set).build().map_err(broken)?;
    let batch = ChangeBatch::builder().changes(change).build().map_err(broken)?;
    let request = cx.aws.route53.change_resource_record_sets().hosted_zone_id(zone).change_batch(batch);
    request.send().await.map_err(failed(OPERATION)).map_err(read_message).map(drop)
}

/// One code stands for all that can be wrong with a change, so AWS's words decide. Facts quote them.
fn read_message(error: CallError) -> CallError {
    if error.code.as_deref() != Some("InvalidChangeBatch") {
        return error;
    }
    let says = |words: &str| error.message.contains(words);
    let class = if says("but it already exists") {
        ErrorClass::AlreadyExists
    } else if says("but it was not found") {
        ErrorClass::Gone
    } else if says("do not match the current values") || says("cannot be created as") {
        // Somebody changed it meanwhile, or sets of another policy are about to go.
        ErrorClass::Conflict
    } else {
        error.class
    };
    CallError { class, ..error }
}

/// A fresh zone or health check may not be known everywhere yet.
fn unknown_upstream(answer: Result<(), CallError>) -> Result<(), CallError> {
    answer.reclass(&["NoSuchHostedZone", "NoSuchHealthCheck"], ErrorClass::NotYetConsistent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::route53::Policy;

    fn record(policy: Policy) -> RecordSet {
        RecordSet {
            zone_id: "Z1".into(),
            name: "www.example.com".into(),
            record_type: "CNAME".into(),
            routed: Some(Routed { set_identifier: "x".into(), policy }),
            value: RecordValue::Values { ttl: 60, values: BTreeSet::from(["a.example.com".into()]) },
            health_check_id: None,
        }
    }

    #[test]
    fn a_weight_is_a_patch_and_another_policy_a_replacement() {
        let live = record(Policy::Weighted { weight: 10 });
        let heavier = record(Policy::Weighted { weight: 20 });
        assert!(matches!(Record::diff(&heavier, &live), Verdict::Patch { .. }));
        let latency = record(Policy::Latency { region: "eu-central-1".into() });
        assert!(matches!(Record::diff(&latency, &live), Verdict::Replace { .. }));
        let dotted = RecordSet {
            value: RecordValue::Values { ttl: 60, values: BTreeSet::from(["a.example.com.".into()]) },
            ..live.clone()
        };
        assert_eq!(Record::diff(&dotted, &live), Verdict::Same);
    }

    #[test]
    fn the_words_of_a_refusal_decide_its_class() {
        for (words, class) in [
            (
                "[Tried to create resource record set [name='a.', type='A'] but it already exists]",
                ErrorClass::AlreadyExists,
            ),
            ("[Tried to delete resource record set [name='a.', type='A'] but it was not found]", ErrorClass::Gone),
            ("[... but the values provided do not match the current values]", ErrorClass::Conflict),
            (
                "[RRSet with DNS name a. cannot be created as other RRSets exist with the same name and type.]",
                ErrorClass::Conflict,
            ),
            ("[RRSet of type CNAME with DNS name a. is not permitted at apex in zone a.]", ErrorClass::Invalid),
        ] {
            let error = CallError::new(ErrorClass::Invalid, OPERATION, words);
            let error = CallError { code: Some("InvalidChangeBatch".into()), ..error };
            assert_eq!(read_message(error).class, class, "{words}");
        }
    }

    #[test]
    fn texts_are_quoted_in_pieces() {
        assert_eq!(quoted("v=spf1 -all"), "\"v=spf1 -all\"");
        assert_eq!(quoted("\"done\""), "\"done\"");
        assert_eq!(quoted(&"a".repeat(300)), format!("\"{}\" \"{}\"", "a".repeat(255), "a".repeat(45)));
    }

    #[test]
    fn a_planned_certificate_stands_in_for_its_validation() {
        let certificate: Ref<Certificate> = Ref::to("us-east-1", "site");
        let outputs = globe_model::Outputs::of(Certificate::unknown(certificate.address()));
        let lookup = |_: &Address| Some(outputs.clone());
        let (name, value) = validation(&certificate, "example.com", &Upstream::new(&lookup)).expect("a stand-in");
        assert!(is_unknown(&name) && is_unknown(&value));
    }
}
