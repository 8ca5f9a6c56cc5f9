//! A public certificate, validated through DNS.
//!
//! | | |
//! |---|---|
//! | Create | `RequestCertificate` with the client token (remembered for an hour) |
//! | Read | `DescribeCertificate` and `ListTagsForCertificate`, once each per certificate |
//! | Update | `AddTagsToCertificate`, `RemoveTagsFromCertificate` |
//! | Delete | `DeleteCertificate`; `ResourceInUseException` while a load balancer uses it, and for up to 20 minutes after |
//! | Replace | names; and a certificate that failed, expired or was revoked, which never recovers; create first: users move over, then the old one can go |
//! | Waits | its validation records appear after some 5 s; `PENDING_VALIDATION` to `ISSUED` some 30 s after they stand in DNS |
//!
//! Quirks: for seconds after the create a describe answers `ResourceNotFoundException`, then without records; a record
//! depends only on account and domain, so a name and its wildcard share one, and all regions do; the first name is
//! repeated among the alternative names, in any order.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_acm::types::{CertificateDetail, CertificateSummary, Filters, KeyAlgorithm, Tag, ValidationMethod};
use globe_model::{
    Address, CallError, Candidate, DataPolicy, Durations, Edge, ErrorClass, Kind, OWNER_ADDRESS, OWNER_NONCE,
    OWNER_STACK, Pending, Readiness, Recovery, ReplaceOrder, TagPatch, Tags, Upstream, Verdict, changes, unknown,
};
use serde::{Deserialize, Serialize};

use crate::driver::{Birth, Driver, Found, IamActions, Scoped};
use crate::each::each;
use crate::error::{Reclass, failed};

/// What the blueprint says of a certificate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CertificateSpec {
    /// The names it is for, without trailing dot; the first (at most 64 characters) is its common name; at most ten.
    pub domains: Vec<String>,
    /// Tags.
    pub tags: Tags,
}

/// What AWS is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CertificateDesired {
    /// Its common name.
    pub domain: String,
    /// All names, the common name too.
    pub names: BTreeSet<String>,
    /// Tags.
    pub tags: Tags,
}

/// What AWS says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CertificateLive {
    /// Its ARN.
    pub arn: String,
    /// `PENDING_VALIDATION`, `ISSUED`, `FAILED`, `VALIDATION_TIMED_OUT`, `EXPIRED`, `REVOKED` or `INACTIVE`.
    pub status: String,
    /// AWS's words on a failure.
    pub reason: Option<String>,
    /// Its common name.
    pub domain: String,
    /// All names, the common name too.
    pub names: BTreeSet<String>,
    /// One record per distinct record name; `None` until AWS shows all of them.
    pub validations: Option<Vec<Validation>>,
    /// Tags that a user can manage.
    pub tags: Tags,
}

/// What changes in place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CertificatePatch {
    /// Tags.
    pub tags: TagPatch,
}

/// What downstream uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CertificateOutputs {
    /// Its ARN.
    pub arn: String,
    /// One CNAME per distinct validation name.
    pub validations: Vec<Validation>,
}

/// The CNAME that proves control of a domain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Validation {
    /// Domain that it proves; a wildcard's is the same as its parent's.
    pub domain: String,
    /// Record name, with the trailing dot that ACM writes.
    pub name: String,
    /// Record value.
    pub value: String,
}

/// The kind `acm/certificate`.
pub struct Certificate;

/// States that a certificate never leaves.
const LOST: &[&str] = &["FAILED", "VALIDATION_TIMED_OUT", "EXPIRED", "REVOKED"];
const ISSUED: &str = "ISSUED";

impl Kind for Certificate {
    const NAME: &'static str = "acm/certificate";
    const REPLACE: ReplaceOrder = ReplaceOrder::CreateFirst;
    const RECOVERY: Recovery = Recovery::Token;
    const DURATIONS: Durations = Durations::secs(40, 1);

    type Spec = CertificateSpec;
    type Desired = CertificateDesired;
    type Live = CertificateLive;
    type Patch = CertificatePatch;
    type Outputs = CertificateOutputs;

    fn refs(_: &CertificateSpec, _: &mut dyn FnMut(Edge)) {}

    fn lower(spec: &CertificateSpec, _: &Upstream<'_>) -> Result<CertificateDesired, Pending> {
        Ok(CertificateDesired {
            domain: spec.domains.first().cloned().unwrap_or_default(),
            names: spec.domains.iter().cloned().collect(),
            tags: spec.tags.clone(),
        })
    }

    fn diff(desired: &CertificateDesired, live: &CertificateLive) -> Verdict<CertificatePatch> {
        let fixed =
            changes().field("domain", &live.domain, &desired.domain).field("names", &live.names, &desired.names);
        let lost = LOST.contains(&live.status.as_str());
        let fixed = if lost { fixed.field("status", &live.status, &ISSUED.to_owned()) } else { fixed };
        if !fixed.is_empty() {
            return Verdict::Replace { changes: fixed.done() };
        }
        let patch = CertificatePatch { tags: TagPatch::between(&live.tags, &desired.tags) };
        Verdict::patch_if(changes().tags(&live.tags, &desired.tags), patch)
    }

    fn ready(live: &CertificateLive) -> Readiness {
        match (live.status.as_str(), &live.reason) {
            (ISSUED, _) => Readiness::Ready,
            ("PENDING_VALIDATION", _) => Readiness::wait("status PENDING_VALIDATION"),
            (status, Some(reason)) => Readiness::Failed { reason: format!("status {status}: {reason}") },
            (status, None) => Readiness::Failed { reason: format!("status {status}") },
        }
    }

    fn outputs(live: &CertificateLive) -> Option<CertificateOutputs> {
        Some(CertificateOutputs { arn: live.arn.clone(), validations: live.validations.clone()? })
    }

    fn unknown(address: &Address) -> CertificateOutputs {
        CertificateOutputs { arn: unknown(address, "arn"), validations: Vec::new() }
    }
}

impl Driver for Certificate {
    const READ_BATCH: usize = 20;
    const ACTIONS: IamActions = IamActions {
        read: &["acm:DescribeCertificate", "acm:ListCertificates", "acm:ListTagsForCertificate"],
        write: &["acm:RequestCertificate", "acm:AddTagsToCertificate", "acm:RemoveTagsFromCertificate"],
        delete: &["acm:DeleteCertificate"],
    };

    async fn read(cx: &Scoped, ids: &[String]) -> Result<Found<CertificateLive>, CallError> {
        let lives = each(ids.iter().map(|arn| read_one(cx, arn))).await?;
        Ok(lives.into_iter().flatten().map(|live| (live.arn.clone(), live)).collect())
    }

    async fn discover(cx: &Scoped, wanted: &[(Address, CertificateDesired)]) -> Result<Vec<Candidate>, CallError> {
        // Without key types only those of RSA with 1024 or 2048 bits are listed.
        let filters =
            Filters::builder().set_key_types(Some(KeyAlgorithm::values().iter().map(|&key| key.into()).collect()));
        let request = cx.aws.acm.list_certificates().includes(filters.build()).max_items(1000);
        let pages = request.into_paginator().items().send().try_collect().await;
        let all: Vec<CertificateSummary> = pages.map_err(failed("acm:ListCertificates"))?;
        let like =
            |one: &CertificateSummary| wanted.iter().any(|(_, desired)| one.domain_name() == Some(&desired.domain));
        let arns = all.into_iter().filter(like).filter_map(|one| one.certificate_arn);
        let found = each(arns.map(|arn| candidate(cx, arn))).await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn create(cx: &Scoped, birth: &Birth<'_>, desired: &CertificateDesired) -> Result<String, CallError> {
        const OPERATION: &str = "acm:RequestCertificate";
        let others: Vec<String> = desired.names.iter().filter(|name| **name != desired.domain).cloned().collect();
        let request = cx.aws.acm.request_certificate().domain_name(&desired.domain);
        let request = request.set_subject_alternative_names((!others.is_empty()).then_some(others));
        let request = request.validation_method(ValidationMethod::Dns).key_algorithm(KeyAlgorithm::Rsa2048);
        let request = request.idempotency_token(birth.token.as_str());
        let request = request.set_tags(Some(tag_list(&birth.tags(&desired.tags))?));
        let answer = request.send().await.map_err(failed(OPERATION))?;
        let ambiguous = || CallError::new(ErrorClass::Ambiguous, OPERATION, "the answer names no certificate");
        answer.certificate_arn.ok_or_else(ambiguous)
    }

    async fn update(cx: &Scoped, id: &str, patch: &CertificatePatch) -> Result<(), CallError> {
        if !patch.tags.set.is_empty() {
            let tags = tag_list(&patch.tags.set)?;
            let request = cx.aws.acm.add_tags_to_certificate().certificate_arn(id).set_tags(Some(tags));
            request.send().await.map_err(failed("acm:AddTagsToCertificate"))?;
        }
        if !patch.tags.remove.is_empty() {
            let tags = patch.tags.remove.iter().map(|key| tag(key, None)).collect::<Result<_, _>>()?;
            let request = cx.aws.acm.remove_tags_from_certificate().certificate_arn(id).set_tags(Some(tags));
            request.send().await.map_err(failed("acm:RemoveTagsFromCertificate"))?;
        }
        Ok(())
    }

    async fn delete(cx: &Scoped, id: &str, _: DataPolicy) -> Result<(), CallError> {
        let answer = cx.aws.acm.delete_certificate().certificate_arn(id).send().await;
        answer.map_err(failed("acm:DeleteCertificate")).unless_gone()
    }
}

fn tag(key: &str, value: Option<&str>) -> Result<Tag, CallError> {
    let tag = Tag::builder().key(key).set_value(value.map(str::to_owned)).build();
    tag.map_err(|error| CallError::new(ErrorClass::Broken, "acm:AddTagsToCertificate", error.to_string()))
}

fn tag_list(tags: &BTreeMap<String, String>) -> Result<Vec<Tag>, CallError> {
    tags.iter().map(|(key, value)| tag(key, Some(value))).collect()
}

/// All tags; `None` when the certificate vanished between two reads.
async fn tags_of(cx: &Scoped, arn: &str) -> Result<Option<BTreeMap<String, String>>, CallError> {
    let answer = cx.aws.acm.list_tags_for_certificate().certificate_arn(arn).send().await;
    match answer.map_err(failed("acm:ListTagsForCertificate")) {
        Ok(answer) => {
            let tags = answer.tags.unwrap_or_default().into_iter();
            Ok(Some(tags.map(|tag| (tag.key, tag.value.unwrap_or_default())).collect()))
        }
        Err(error) if error.class == ErrorClass::Gone => Ok(None),
        Err(error) => Err(error),
    }
}

async fn candidate(cx: &Scoped, arn: String) -> Result<Option<Candidate>, CallError> {
    let Some(mut tags) = tags_of(cx, &arn).await? else { return Ok(None) };
    let ours = tags.get(OWNER_STACK) == Some(&cx.owner.stack);
    let address = tags.get(OWNER_ADDRESS).filter(|_| ours).and_then(|address| address.parse().ok());
    Ok(address.map(|address| Candidate { address, id: arn, nonce: tags.remove(OWNER_NONCE) }))
}

async fn read_one(cx: &Scoped, arn: &str) -> Result<Option<CertificateLive>, CallError> {
    let answer = cx.aws.acm.describe_certificate().certificate_arn(arn).send().await;
    let detail = match answer.map_err(failed("acm:DescribeCertificate")) {
        Ok(answer) => answer.certificate,
        Err(error) if error.class == ErrorClass::Gone => None,
        Err(error) => return Err(error),
    };
    let Some(detail) = detail else { return Ok(None) };
    Ok(tags_of(cx, arn).await?.map(|tags| live(arn, detail, tags)))
}

fn live(arn: &str, detail: CertificateDetail, tags: BTreeMap<String, String>) -> CertificateLive {
    let validations = validations(&detail);
    let domain = detail.domain_name.unwrap_or_default();
    CertificateLive {
        arn: arn.to_owned(),
        status: detail.status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
        reason: detail.failure_reason.map(|reason| reason.as_str().to_owned()),
        names: detail.subject_alternative_names.into_iter().flatten().chain([domain.clone()]).collect(),
        domain,
        validations,
        tags: Tags::from_live(tags),
    }
}

/// One record per distinct record name; `None` while one is missing.
fn validations(detail: &CertificateDetail) -> Option<Vec<Validation>> {
    let mut by_name = BTreeMap::new();
    for option in detail.domain_validation_options() {
        let record = option.resource_record.as_ref()?;
        let domain = option.domain_name.strip_prefix("*.").unwrap_or(&option.domain_name).to_owned();
        let validation = Validation { domain, name: record.name.clone(), value: record.value.clone() };
        by_name.insert(record.name.clone(), validation);
    }
    let mut validations: Vec<Validation> = by_name.into_values().collect();
    validations.sort();
    (!validations.is_empty()).then_some(validations)
}

#[cfg(test)]
mod tests {
    use aws_sdk_acm::types::{CertificateStatus, DomainValidation, RecordType, ResourceRecord};

    use super::*;

    fn option(domain: &str, record: Option<&str>) -> DomainValidation {
        let record = record.map(|name| {
            let record =
                ResourceRecord::builder().name(name).r#type(RecordType::Cname).value("_v.acm-validations.aws.");
            record.build().expect("complete")
        });
        DomainValidation::builder().domain_name(domain).set_resource_record(record).build().expect("complete")
    }

    fn read(second: Option<&str>) -> CertificateLive {
        let detail =
            CertificateDetail::builder().domain_name("example.com").status(CertificateStatus::PendingValidation);
        let detail = detail.subject_alternative_names("*.example.com").subject_alternative_names("example.com");
        let detail = detail.domain_validation_options(option("*.example.com", Some("_x.example.com.")));
        live("arn", detail.domain_validation_options(option("example.com", second)).build(), BTreeMap::new())
    }

    fn desired() -> CertificateDesired {
        let domains = vec!["example.com".to_owned(), "*.example.com".to_owned()];
        let spec = CertificateSpec { domains, tags: Tags::default() };
        Certificate::lower(&spec, &Upstream::new(&|_| None)).expect("it refers to nothing")
    }

    #[test]
    fn a_name_and_its_wildcard_share_a_record_and_all_records_must_be_there() {
        let outputs = Certificate::outputs(&read(Some("_x.example.com."))).expect("all records are there");
        assert_eq!(outputs.validations.len(), 1);
        assert_eq!(outputs.validations[0].domain, "example.com");
        let two = Certificate::outputs(&read(Some("_y.example.com."))).expect("all records are there");
        assert_eq!(two.validations.len(), 2);
        assert_eq!(Certificate::outputs(&read(None)), None);
    }

    #[test]
    fn names_and_hopeless_states_force_another_certificate() {
        let live = read(None);
        assert_eq!(Certificate::diff(&desired(), &live), Verdict::Same);
        let mut other = desired();
        other.names.insert("api.example.com".into());
        assert!(matches!(Certificate::diff(&other, &live), Verdict::Replace { .. }));
        let failed = CertificateLive { status: "FAILED".into(), reason: Some("CAA_ERROR".into()), ..live };
        assert!(matches!(Certificate::diff(&desired(), &failed), Verdict::Replace { .. }));
        assert_eq!(Certificate::ready(&failed), Readiness::Failed { reason: "status FAILED: CAA_ERROR".into() });
    }
}
