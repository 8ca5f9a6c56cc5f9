//! Certificate Manager: public certificates, validated through DNS.
//!
//! Facts: validation records appear some seconds after the request and depend on account and domain alone; a
//! certificate is issued some time after its records stand in DNS and stays so; users hold it, and for a while after
//! they are gone; only certificates of RSA with 1024 or 2048 bits are listed unless others are asked for.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::unknown_operation;
use crate::call::{Answer, ApiError, Call, GLOBAL, tag_list, tags_from};
use crate::world::{Object, Seconds};

const KIND: &str = "acm/certificate";
/// A use that ended a moment ago and still holds the certificate.
const USE: &str = "acm/use";
/// Seconds from the request until the validation records are shown.
const RECORDS: Seconds = 5.0;
/// Seconds from the records standing in DNS until the certificate is issued; the facts saw 2 to 61.
const ISSUE: Seconds = 30.0;
/// Seconds that an ended use still holds a certificate: the facts only say that it can take up to 20 minutes.
const RELEASE: Seconds = 10.0;
/// Default quota of names on a certificate.
const NAMES: usize = 10;
/// Tags of a certificate.
const TAGS: usize = 50;

/// Operations of this service.
pub fn handle(call: &mut Call<'_>) -> Answer {
    match call.action.as_str() {
        "RequestCertificate" => request(call),
        "DescribeCertificate" => describe(call),
        "ListCertificates" => list(call),
        "DeleteCertificate" => delete(call),
        "AddTagsToCertificate" => add_tags(call),
        "RemoveTagsFromCertificate" => remove_tags(call),
        "ListTagsForCertificate" => {
            let certificate = named(call)?;
            Ok(json!({"Tags": tag_list(&certificate.tags)}).into())
        }
        _ => Err(unknown_operation(call)),
    }
}

fn missing(arn: &str) -> ApiError {
    ApiError::new("ResourceNotFoundException", format!("Could not find certificate {arn}."))
}

fn named<'a>(call: &'a Call<'_>) -> Result<&'a Object, ApiError> {
    let arn =
        call.text("CertificateArn").ok_or_else(|| ApiError::new("ValidationException", "CertificateArn is missing"))?;
    if !arn.starts_with("arn:") {
        return Err(ApiError::new("InvalidArnException", format!("'{arn}' is not a valid ARN")));
    }
    call.get(KIND, arn).filter(|one| one.visible <= call.now).ok_or_else(|| missing(arn))
}

fn request(call: &mut Call<'_>) -> Answer {
    let token = call.text("IdempotencyToken").map(str::to_owned);
    let word = |token: &String| {
        (1..=32).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    if token.as_ref().is_some_and(|token| !word(token)) {
        return Err(ApiError::new(
            "ValidationException",
            "idempotencyToken must match the pattern \\w+ and have 1 to 32 characters",
        ));
    }
    let arn = call.once(token, "InvalidParameterException", make)?;
    Ok(json!({"CertificateArn": arn}).into())
}

fn make(call: &mut Call<'_>) -> Result<String, ApiError> {
    let domain = call.text("DomainName").unwrap_or_default().to_lowercase();
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if domain.len() > 64 || !domain.strip_prefix("*.").unwrap_or(&domain).split('.').all(label) {
        return Err(ApiError::new(
            "ValidationException",
            format!("'{domain}' is not a valid domain name: 1 to 64 characters, no dot at the end"),
        ));
    }
    let others = call.texts("SubjectAlternativeNames").into_iter().map(|name| name.to_lowercase());
    let names: BTreeSet<String> = others.chain([domain.clone()]).collect();
    if names.len() > NAMES {
        return Err(ApiError::new("LimitExceededException", format!("A certificate can have at most {NAMES} names")));
    }
    let id = call.uuid();
    let arn = format!("arn:aws:acm:{}:{}:certificate/{id}", call.region, call.account);
    let algorithm = call.text("KeyAlgorithm").unwrap_or("RSA_2048").to_owned();
    let body = json!({
        "CertificateArn": arn, "DomainName": domain, "SubjectAlternativeNames": names, "Status": "PENDING_VALIDATION",
        "Type": "AMAZON_ISSUED", "CreatedAt": call.now, "KeyAlgorithm": algorithm.replacen('_', "-", 1),
        "RenewalEligibility": "INELIGIBLE", "Options": {"CertificateTransparencyLoggingPreference": "ENABLED"},
    });
    let mut certificate = call.object(KIND, &arn, body);
    certificate.tags = tags_from(&call.list("Tags"));
    check_tags(&certificate.tags)?;
    call.world.put(certificate);
    Ok(arn)
}

/// Name and value of the record that proves a domain to ACM; a wildcard's is its parent's.
fn record(account: &str, domain: &str) -> (String, String) {
    let base = domain.strip_prefix("*.").unwrap_or(domain);
    let digits = |salt: &str| {
        let hash = Sha256::digest(format!("{salt}/{account}/{base}").as_bytes());
        hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    (format!("_{}.{base}.", digits("name")), format!("_{}.jkddzztszm.acm-validations.aws.", digits("value")))
}

/// Since when the record that proves `domain` stands in a zone of the account.
fn proven_since(call: &Call<'_>, domain: &str) -> Option<Seconds> {
    let (name, value) = record(call.account, domain);
    let bare = |text: &str| text.trim_end_matches('.').to_lowercase();
    let says = |object: &&Object| {
        let values = crate::wire::as_list(object.body.get("ResourceRecords"));
        let mut values = values.iter().filter_map(|one| one.get("Value").unwrap_or(one).as_str());
        object.text("Type") == "CNAME"
            && bare(object.text("Name")) == bare(&name)
            && values.any(|one| bare(one) == bare(&value))
    };
    call.world.list(call.account, GLOBAL, "route53/record").find(says).map(|record| record.created)
}

/// When a pending certificate's validation is over, if it ever will be with the records that stand now.
fn issue_time(call: &Call<'_>, certificate: &Object) -> Option<Seconds> {
    let start = certificate.created + RECORDS;
    let mut ready = start;
    for name in names(certificate) {
        ready = ready.max(proven_since(call, &name)?);
    }
    Some(ready + ISSUE)
}

fn names(certificate: &Object) -> Vec<String> {
    let names = crate::wire::as_list(certificate.body.get("SubjectAlternativeNames"));
    names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect()
}

fn pending(certificate: &Object) -> bool {
    certificate.text("Status") == "PENDING_VALIDATION"
}

/// Issues what is due: certificates are polled, so the transition is worked out when somebody looks.
fn settle(call: &mut Call<'_>) {
    let waiting = call.world.list(call.account, call.region, KIND).filter(|one| pending(one));
    let due: Vec<(String, Seconds)> =
        waiting.filter_map(|one| Some((one.id.clone(), issue_time(call, one).filter(|at| *at <= call.now)?))).collect();
    for (arn, at) in due {
        call.world.change(&call.key(KIND, &arn), |certificate| {
            certificate.set("Status", "ISSUED");
            certificate.set("IssuedAt", at);
            certificate.set("NotBefore", at);
            // Thirteen months.
            certificate.set("NotAfter", at + 395.0 * 86_400.0);
            certificate.set("RenewalEligibility", "ELIGIBLE");
        });
    }
}

/// Whether a certificate of this region can be used.
pub fn is_issued(call: &Call<'_>, arn: &str) -> bool {
    issued_names(call, call.region, arn).is_some()
}

/// The names on a certificate of `region` that can be used; `None` if there is none.
pub fn issued_names(call: &Call<'_>, region: &str, arn: &str) -> Option<Vec<String>> {
    let certificate = call.world.get(call.account, region, KIND, arn)?;
    let usable = match pending(certificate) {
        true => issue_time(call, certificate).is_some_and(|at| at <= call.now),
        false => certificate.text("Status") == "ISSUED",
    };
    usable.then(|| names(certificate))
}

/// Ends a use of a certificate: ACM notices with a lag.
pub fn release(call: &mut Call<'_>, arn: &str, user: &str) {
    let mut ended = call.object(USE, &format!("{arn} {user}"), json!({"LoadBalancerArn": user}));
    ended.needs.insert(arn.to_owned());
    ended.remove_later(call.now + RELEASE);
    call.world.put(ended);
}

/// Load balancers and distributions that use a certificate.
fn users(call: &Call<'_>, arn: &str) -> BTreeSet<String> {
    let name = |user: &Object| match user.text("LoadBalancerArn") {
        "" => user.text("ARN").to_owned(),
        balancer => balancer.to_owned(),
    };
    call.world.users_of(arn).map(name).collect()
}

fn describe(call: &mut Call<'_>) -> Answer {
    settle(call);
    let certificate = named(call)?;
    let (shown, waits) = (call.now >= certificate.created + RECORDS, pending(certificate));
    let option = |domain: &String| {
        let (name, value) = record(call.account, domain);
        let status = if waits { "PENDING_VALIDATION" } else { "SUCCESS" };
        let mut option = json!({
            "DomainName": domain, "ValidationDomain": domain, "ValidationStatus": status, "ValidationMethod": "DNS"});
        if shown {
            option["ResourceRecord"] = json!({"Name": name, "Type": "CNAME", "Value": value});
        }
        option
    };
    let mut body = certificate.body.clone();
    body.insert("DomainValidationOptions".into(), names(certificate).iter().map(option).collect());
    body.insert("InUseBy".into(), users(call, &certificate.id).into_iter().collect());
    Ok(json!({"Certificate": body}).into())
}

fn list(call: &mut Call<'_>) -> Answer {
    settle(call);
    let statuses = call.texts("CertificateStatuses");
    let mut types = crate::wire::as_list(call.input.get("Includes").and_then(|includes| includes.get("keyTypes")));
    if types.is_empty() {
        types = vec!["RSA_1024".into(), "RSA_2048".into()];
    }
    let wanted = |one: &&Object| {
        let algorithm = one.text("KeyAlgorithm").replace("RSA-", "RSA_").replace("EC-", "EC_");
        types.contains(&algorithm.into())
            && (statuses.is_empty() || statuses.iter().any(|status| status == one.text("Status")))
    };
    let summary = |one: &Object| {
        let members = ["CertificateArn", "DomainName", "Status", "Type", "KeyAlgorithm", "CreatedAt", "IssuedAt"];
        let mut row: serde_json::Map<String, Value> =
            members.iter().filter_map(|member| Some(((*member).to_owned(), one.body.get(*member)?.clone()))).collect();
        row.insert("SubjectAlternativeNameSummaries".into(), names(one).into());
        row.insert("HasAdditionalSubjectAlternativeNames".into(), false.into());
        row.insert("InUse".into(), (!users(call, &one.id).is_empty()).into());
        Value::Object(row)
    };
    let rows: Vec<Value> = call.visible(KIND).into_iter().filter(wanted).map(summary).collect();
    let (page, next) = call.page(rows, call.number("MaxItems"), call.text("NextToken"));
    let mut answer = json!({"CertificateSummaryList": page});
    if let Some(next) = next {
        answer["NextToken"] = next.into();
    }
    Ok(answer.into())
}

fn delete(call: &mut Call<'_>) -> Answer {
    let arn = named(call)?.id.clone();
    if !users(call, &arn).is_empty() {
        return Err(ApiError::new("ResourceInUseException", format!("Certificate {arn} is in use.")));
    }
    call.world.remove(&call.key(KIND, &arn));
    Ok(Value::Null.into())
}

fn add_tags(call: &mut Call<'_>) -> Answer {
    let (key, tags) = (named(call)?.key(), tags_from(&call.list("Tags")));
    let live = named(call)?.tags.clone();
    check_tags(&tags)?;
    check_tags(&live.into_iter().chain(tags.clone()).collect())?;
    call.world.change(&key, |certificate| certificate.tags.extend(tags));
    Ok(Value::Null.into())
}

fn check_tags(tags: &BTreeMap<String, String>) -> Result<(), ApiError> {
    if tags.keys().any(|key| key.starts_with("aws:")) {
        return Err(ApiError::new(
            "InvalidTagException",
            "aws: prefixed tag key names are not allowed for external use.",
        ));
    }
    match tags.len() > TAGS {
        true => Err(ApiError::new("TooManyTagsException", format!("A certificate can have at most {TAGS} tags"))),
        false => Ok(()),
    }
}

fn remove_tags(call: &mut Call<'_>) -> Answer {
    let (key, tags) = (named(call)?.key(), call.list("Tags"));
    call.world.change(&key, |certificate| {
        for tag in &tags {
            let name = tag.get("Key").and_then(Value::as_str).unwrap_or_default();
            let value = tag.get("Value").and_then(Value::as_str);
            if value.is_none() || certificate.tags.get(name).map(String::as_str) == value {
                certificate.tags.remove(name);
            }
        }
    });
    Ok(Value::Null.into())
}
