//! What a distribution's configuration names in other places: all of it must be there.

use std::collections::BTreeSet;

use serde_json::Value;

use super::config::behaviors;
use super::tree::{items, text, texts};
use super::{DISTRIBUTION, conflict, function, invalid, missing, policy, vpc_origin};
use crate::call::{ApiError, Call};
use crate::services::{acm, wafv2};

/// The region of CloudFront's certificates and web ACLs.
const HOME: &str = "us-east-1";

/// Ids of everything that the distribution `own` will need.
///
/// # Errors
/// For the first thing that is not there, not ready, or taken by another distribution.
pub fn needed(call: &Call<'_>, config: &Value, own: &str) -> Result<BTreeSet<String>, ApiError> {
    let mut needs = BTreeSet::new();
    origins(call, config, &mut needs)?;
    for behavior in behaviors(config) {
        policies(call, &behavior, &mut needs)?;
        functions(call, &behavior, &mut needs)?;
    }
    needs.extend(certificate(call, config)?);
    needs.extend(web_acl(call, text(config, "WebACLId"))?);
    check_free(call, &texts(config, "Aliases"), own)?;
    Ok(needs)
}

fn origins(call: &Call<'_>, config: &Value, needs: &mut BTreeSet<String>) -> Result<(), ApiError> {
    for origin in items(config, "Origins") {
        let control = text(&origin, "OriginAccessControlId");
        if !control.is_empty() {
            if !policy::exists(call, &policy::ACCESS_CONTROL, control) {
                let message = format!("The origin access control {control} does not exist.");
                return Err(ApiError::new("InvalidOriginAccessControl", message));
            }
            needs.insert(control.to_owned());
        }
        if let Some(private) = origin.get("VpcOriginConfig") {
            let id = text(private, "VpcOriginId");
            vpc_origin::named(call, id)?;
            needs.insert(id.to_owned());
        }
    }
    Ok(())
}

fn policies(call: &Call<'_>, behavior: &Value, needs: &mut BTreeSet<String>) -> Result<(), ApiError> {
    for family in &policy::POLICIES {
        let id = text(behavior, &format!("{}Id", family.noun));
        if !id.is_empty() {
            if !policy::exists(call, family, id) {
                return Err(policy::unknown(family));
            }
            needs.insert(id.to_owned());
        }
    }
    Ok(())
}

fn functions(call: &Call<'_>, behavior: &Value, needs: &mut BTreeSet<String>) -> Result<(), ApiError> {
    let mut events = BTreeSet::new();
    for one in items(behavior, "FunctionAssociations") {
        let (arn, event) = (text(&one, "FunctionARN"), text(&one, "EventType"));
        let refused = |why: &str| ApiError::new("InvalidFunctionAssociation", format!("The function {arn} {why}."));
        if !matches!(event, "viewer-request" | "viewer-response") || !events.insert(event.to_owned()) {
            return Err(refused("must be associated with one viewer event, and the event with no other function"));
        }
        if !function::is_live(call, arn) {
            return Err(refused("does not exist or is not published"));
        }
        needs.insert(arn.to_owned());
    }
    let viewer = !events.is_empty();
    let mut events = BTreeSet::new();
    for one in items(behavior, "LambdaFunctionAssociations") {
        let (arn, event) = (text(&one, "LambdaFunctionARN"), text(&one, "EventType"));
        if viewer && event.starts_with("viewer-") {
            let message = "A CloudFront function and a Lambda@Edge function cannot both serve viewer events.";
            return Err(ApiError::new("InvalidFunctionAssociation", message));
        }
        if !is_edge_version(arn) || !events.insert(event.to_owned()) {
            let message = format!("The function ARN must reference a specific version of a function in {HOME}: {arn}");
            return Err(ApiError::new("InvalidLambdaFunctionAssociation", message));
        }
    }
    Ok(())
}

/// `arn:aws:lambda:us-east-1:ACCOUNT:function:NAME:VERSION` with a number for the version.
fn is_edge_version(arn: &str) -> bool {
    let parts: Vec<&str> = arn.split(':').collect();
    match parts.as_slice() {
        ["arn", _, "lambda", region, _, "function", _, version] => *region == HOME && version.parse::<u32>().is_ok(),
        _ => false,
    }
}

fn certificate(call: &Call<'_>, config: &Value) -> Result<Option<String>, ApiError> {
    let refused = |message: &str| ApiError::new("InvalidViewerCertificate", message);
    let shown = config.get("ViewerCertificate").unwrap_or(&Value::Null);
    let (arn, aliases) = (text(shown, "ACMCertificateArn"), texts(config, "Aliases"));
    if arn.is_empty() {
        return match aliases.is_empty() || !text(shown, "IAMCertificateId").is_empty() {
            true => Ok(None),
            false => Err(refused(
                "To add an alternate domain name (CNAME) to a CloudFront distribution, you must attach a trusted certificate that validates your authorization to use the domain name.",
            )),
        };
    }
    if !matches!(text(shown, "SSLSupportMethod"), "sni-only" | "vip" | "static-ip") {
        return Err(refused("The parameter SSLSupportMethod is required with a certificate."));
    }
    let unusable = "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or doesn't include a valid certificate chain.";
    let names = acm::issued_names(call, HOME, arn).ok_or_else(|| refused(unusable))?;
    match aliases.iter().all(|alias| names.iter().any(|name| covers(name, alias))) {
        true => Ok(Some(arn.to_owned())),
        false => Err(refused(
            "The certificate that is attached to your distribution doesn't cover the alternate domain name (CNAME) that you're trying to add.",
        )),
    }
}

/// Whether a name of a certificate stands for `alias`: itself, or a wildcard for its first label.
pub fn covers(name: &str, alias: &str) -> bool {
    let parent = |text: &str| text.split_once('.').map(|(_, rest)| rest.to_owned());
    name == alias || (name.starts_with("*.") && parent(name) == parent(alias))
}

/// The web ACL that a distribution may name: none, or a global one that is there.
///
/// # Errors
/// `InvalidWebACLId`.
pub fn web_acl(call: &Call<'_>, arn: &str) -> Result<Option<String>, ApiError> {
    if arn.is_empty() {
        return Ok(None);
    }
    match arn.contains(":global/webacl/") && call.world.get(call.account, HOME, wafv2::WEB_ACL, arn).is_some() {
        true => Ok(Some(arn.to_owned())),
        false => Err(ApiError::new("InvalidWebACLId", format!("The web ACL {arn} does not exist or is not global."))),
    }
}

/// Refuses names that a distribution other than `own` has, whosever it is.
fn check_free(call: &Call<'_>, aliases: &[String], own: &str) -> Result<(), ApiError> {
    if aliases.is_empty() {
        return Ok(());
    }
    if let Some(alias) = aliases.iter().find(|alias| !alias.contains('.') || alias.contains(['/', ' ', '_', ':'])) {
        return Err(invalid(format!("The parameter CNAME contains an invalid domain name: {alias}")));
    }
    let others = call.world.all().filter(|one| one.kind == DISTRIBUTION && one.id != own);
    let mut taken = others.flat_map(|one| texts(&Value::Object(one.body.clone())["DistributionConfig"], "Aliases"));
    match taken.find(|alias| aliases.contains(alias)) {
        None => Ok(()),
        Some(alias) => {
            let message = format!(
                "One or more of the CNAMEs you provided are already associated with a different resource: {alias}"
            );
            Err(conflict("CNAMEAlreadyExists", message))
        }
    }
}

/// The error for a distribution that is not there.
pub fn no_distribution() -> ApiError {
    missing("NoSuchDistribution", "The specified distribution does not exist.")
}
