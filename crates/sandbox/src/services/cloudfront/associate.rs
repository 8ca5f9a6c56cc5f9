//! Parts of a distribution that change by calls of their own: its web ACL, and names that move between distributions.

use serde_json::{Value, json};

use super::distribution::{all, asked, change, config_of, named};
use super::references::{covers, web_acl};
use super::tree::{list, text, texts};
use super::{DISTRIBUTION, check_version, invalid, missing, reply, segment, version, versioned};
use crate::call::{Answer, ApiError, Call, GLOBAL};
use crate::services::acm;

/// Most rows of conflicting names.
const CONFLICTS: usize = 100;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "AssociateDistributionWebACL" => Some(set_web_acl(call, true)),
        "DisassociateDistributionWebACL" => Some(set_web_acl(call, false)),
        "AssociateAlias" => Some(move_alias(call)),
        "ListConflictingAliases" => Some(conflicts(call)),
        _ => None,
    }
}

fn set_web_acl(call: &mut Call<'_>, on: bool) -> Answer {
    let id = segment(call, 1);
    let unknown = |_| missing("EntityNotFound", "The entity was not found.");
    let distribution = named(call, &id).map_err(unknown)?;
    check_version(call, &version(distribution))?;
    let mut config = config_of(distribution).clone();
    let arn = if on { text(&call.input, "WebACLArn").to_owned() } else { String::new() };
    if on && web_acl(call, &arn).map_err(unknown)?.is_none() {
        return Err(invalid("The parameter WebACLArn is required."));
    }
    config["WebACLId"] = arn.clone().into();
    change(call, &id, config)?;
    let etag = named(call, &id).map(version)?;
    let mut body = json!({"Id": id});
    if on {
        body["WebACLArn"] = arn.into();
    }
    let root = if on { "AssociateDistributionWebACLResult" } else { "DisassociateDistributionWebACLResult" };
    Ok(versioned(root, body, &etag))
}

/// Takes a name from the distribution that has it, if the target's certificate covers it.
fn move_alias(call: &mut Call<'_>) -> Answer {
    let (id, alias) = (segment(call, 1), asked(call, "Alias")?.to_lowercase());
    let target = config_of(named(call, &id)?).clone();
    if texts(&target, "Aliases").contains(&alias) {
        return Ok(crate::call::Reply::default());
    }
    let certificate = text(&target["ViewerCertificate"], "ACMCertificateArn");
    let names = acm::issued_names(call, "us-east-1", certificate).unwrap_or_default();
    if !names.iter().any(|name| covers(name, &alias)) {
        return Err(invalid("The certificate of the target distribution does not cover the alias."));
    }
    let has = |one: &&crate::world::Object| {
        one.kind == DISTRIBUTION && one.region == GLOBAL && texts(config_of(one), "Aliases").contains(&alias)
    };
    let owner = call.world.all().find(has).map(|one| (one.account.clone(), one.id.clone()));
    if let Some((account, owner)) = owner {
        if account != call.account {
            let message = "The alias belongs to a distribution of another account, and no TXT record proves its move.";
            return Err(ApiError::new("IllegalUpdate", message));
        }
        let mut source = config_of(named(call, &owner)?).clone();
        set_aliases(&mut source, |aliases| aliases.retain(|one| *one != alias));
        change(call, &owner, source)?;
    }
    let mut target = target;
    set_aliases(&mut target, |aliases| aliases.push(alias.clone()));
    change(call, &id, target)?;
    Ok(crate::call::Reply::default())
}

fn set_aliases(config: &mut Value, edit: impl FnOnce(&mut Vec<String>)) {
    let mut aliases = texts(config, "Aliases");
    edit(&mut aliases);
    config["Aliases"] = list("CNAME", aliases.into_iter().map(Value::from).collect());
}

/// Names of other distributions, of any account, that are or overlap the asked one; owners are half hidden.
fn conflicts(call: &mut Call<'_>) -> Answer {
    let (own, alias) = (asked(call, "DistributionId")?, asked(call, "Alias")?.to_lowercase());
    if all(call, |one| one.id == own).is_empty() {
        return Err(super::references::no_distribution());
    }
    let overlap = |name: &String| *name == alias || covers(name, &alias) || covers(&alias, name);
    let hide = |text: &str| {
        let shown = text.len().saturating_sub(6);
        format!("{}{}", "*".repeat(shown), text.get(shown..).unwrap_or_default())
    };
    let mut rows = Vec::new();
    for one in call.world.all().filter(|one| one.kind == DISTRIBUTION && one.id != own) {
        for name in texts(config_of(one), "Aliases").into_iter().filter(overlap) {
            rows.push(json!({"Alias": name, "DistributionId": hide(&one.id), "AccountId": hide(&one.account)}));
        }
    }
    let limit = call.query.get("MaxItems").and_then(|text| text.parse().ok()).unwrap_or(CONFLICTS).clamp(1, CONFLICTS);
    let (limit, marker) = (i64::try_from(limit).ok(), call.query.get("Marker").map(String::as_str));
    let (rows, next) = call.page(rows, limit, marker);
    let mut body = list("ConflictingAlias", rows);
    body["MaxItems"] = limit.into();
    if let Some(next) = next {
        body["NextMarker"] = next.into();
    }
    Ok(reply("ConflictingAliasesList", body))
}
