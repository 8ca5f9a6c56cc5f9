//! Web ACLs, rule groups, IP sets and regex pattern sets: one pattern for making, reading, replacing and deleting.

use serde_json::{Map, Value, json};

use super::{
    LOCK, SCOPE, WEB_ACL, association, content, hidden, invalid, logging, missing, need, paged, scope, seen, tagging,
    too_much,
};
use crate::call::{Answer, ApiError, Call};
use crate::world::Object;

/// One kind of them.
pub struct Family {
    /// `WebACL`: the word in operations and documents.
    pub noun: &'static str,
    plural: &'static str,
    /// The sandbox's name for the kind.
    pub kind: &'static str,
    /// Part of the ARN.
    pub path: &'static str,
    /// What an update leaves as it was made.
    fixed: &'static [&'static str],
    /// Members that a request may carry besides name and description.
    members: &'static [&'static str],
    /// Whether it can be read by its ARN alone.
    by_arn: bool,
    /// The field that errors name.
    field: &'static str,
}

/// Quota of each kind in each region and scope.
const QUOTA: usize = 100;

/// All four kinds.
pub const FAMILIES: [Family; 4] = [
    Family {
        noun: "WebACL",
        plural: "WebACLs",
        kind: WEB_ACL,
        path: "webacl",
        fixed: &[],
        members: &[
            "DefaultAction",
            "Rules",
            "VisibilityConfig",
            "DataProtectionConfig",
            "CustomResponseBodies",
            "CaptchaConfig",
            "ChallengeConfig",
            "TokenDomains",
            "AssociationConfig",
            "OnSourceDDoSProtectionConfig",
            "ApplicationConfig",
        ],
        by_arn: true,
        field: "WEB_ACL",
    },
    Family {
        noun: "RuleGroup",
        plural: "RuleGroups",
        kind: content::RULE_GROUP,
        path: "rulegroup",
        fixed: &["Capacity"],
        members: &["Capacity", "Rules", "VisibilityConfig", "CustomResponseBodies"],
        by_arn: true,
        field: "RULE_GROUP",
    },
    Family {
        noun: "IPSet",
        plural: "IPSets",
        kind: content::IP_SET,
        path: "ipset",
        fixed: &["IPAddressVersion"],
        members: &["IPAddressVersion", "Addresses"],
        by_arn: false,
        field: "IP_SET",
    },
    Family {
        noun: "RegexPatternSet",
        plural: "RegexPatternSets",
        kind: content::PATTERNS,
        path: "regexpatternset",
        fixed: &[],
        members: &["RegularExpressionList"],
        by_arn: false,
        field: "REGEX_PATTERN_SET",
    },
];

/// Operations of these families.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    let action = call.action.clone();
    FAMILIES.iter().find_map(|family| {
        if action.strip_prefix("List") == Some(family.plural) {
            return Some(list(call, family));
        }
        match action.strip_suffix(family.noun)? {
            "Create" => Some(create(call, family)),
            "Get" => Some(get(call, family)),
            "Update" => Some(update(call, family)),
            "Delete" => Some(delete(call, family)),
            _ => None,
        }
    })
}

/// What the request says about the object, and what it refers to.
fn described(
    call: &Call<'_>,
    family: &Family,
    scope: &str,
    old: Option<&Object>,
) -> Result<content::Content, ApiError> {
    let mut body = Map::from_iter([("Description".to_owned(), call.text("Description").unwrap_or_default().into())]);
    for member in family.members {
        let kept = old.filter(|_| family.fixed.contains(member)).and_then(|old| old.body.get(*member));
        if let Some(value) = kept.or_else(|| call.input.get(*member)) {
            body.insert((*member).to_owned(), value.clone());
        }
    }
    content::checked(call, family.kind, scope, body)
}

fn create(call: &mut Call<'_>, family: &Family) -> Answer {
    let (scope, name) = (scope(call)?, need(call, "Name")?);
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if name.len() > 128 || !name.bytes().all(word) {
        return Err(invalid(family.field, &name, "The name has characters that are not allowed, or too many"));
    }
    let tags = tagging::checked(&call.list("Tags"))?;
    let content = described(call, family, &scope, None)?;
    let alike: Vec<&Object> = call.world.list(call.account, call.region, family.kind).collect();
    let alike: Vec<_> = alike.into_iter().filter(|one| hidden(one, SCOPE) == scope).collect();
    if alike.iter().any(|one| one.text("Name") == name) {
        let message = "AWS WAF couldn’t perform the operation because some resource in your request is a duplicate of an existing one.";
        return Err(ApiError::new("WAFDuplicateItemException", message));
    }
    if alike.len() >= QUOTA {
        return Err(too_much(family.plural));
    }
    let (id, lock) = (call.uuid(), call.uuid());
    let place = if scope == "CLOUDFRONT" { "global" } else { "regional" };
    let arn = format!("arn:aws:wafv2:{}:{}:{place}/{}/{name}/{id}", call.region, call.account, family.path);
    let mut body = content.body;
    body.extend([("Name".into(), name.clone().into()), ("Id".into(), id.into()), ("ARN".into(), arn.clone().into())]);
    if matches!(family.noun, "WebACL" | "RuleGroup") {
        body.insert("LabelNamespace".into(), format!("awswaf:{}:{}:{name}:", call.account, family.path).into());
    }
    if family.noun == "WebACL" {
        body.insert("ManagedByFirewallManager".into(), false.into());
        body.insert("RetrofittedByFirewallManager".into(), false.into());
    }
    let mut object = call.object(family.kind, &arn, body.into());
    object.hidden.extend([(SCOPE.to_owned(), scope.into()), (LOCK.to_owned(), lock.into())]);
    object.tags = tags;
    object.needs = content.needs;
    let summary = summary(&object);
    call.world.put(object);
    Ok(json!({"Summary": summary}).into())
}

fn summary(object: &Object) -> Value {
    json!({
        "Name": object.text("Name"), "Id": object.text("Id"), "Description": object.text("Description"),
        "LockToken": hidden(object, LOCK), "ARN": object.text("ARN"),
    })
}

/// The object that a request names by name, id and scope, or by ARN where the kind allows it.
fn named(call: &Call<'_>, family: &Family) -> Result<Object, ApiError> {
    if let Some(arn) = call.text("ARN").filter(|_| family.by_arn) {
        return seen(call, family.kind, arn).cloned().ok_or_else(missing);
    }
    let (scope, name, id) = (scope(call)?, need(call, "Name")?, need(call, "Id")?);
    let same = |one: &&&Object| hidden(one, SCOPE) == scope && one.text("Name") == name && one.text("Id") == id;
    call.visible(family.kind).iter().find(same).map(|one| (*one).clone()).ok_or_else(missing)
}

fn get(call: &mut Call<'_>, family: &Family) -> Answer {
    let object = named(call, family)?;
    Ok(json!({family.noun: object.body, "LockToken": hidden(&object, LOCK)}).into())
}

fn list(call: &mut Call<'_>, family: &Family) -> Answer {
    let scope = scope(call)?;
    let mut found = call.visible(family.kind);
    found.retain(|one| hidden(one, SCOPE) == scope);
    found.sort_by_key(|one| one.text("Name").to_owned());
    paged(call, family.plural, found.into_iter().map(summary).collect())
}

/// The object that a change is about, if the request has its lock token.
fn locked(call: &Call<'_>, family: &Family) -> Result<Object, ApiError> {
    let object = named(call, family)?;
    match need(call, LOCK)? == hidden(&object, LOCK) {
        true => Ok(object),
        false => Err(ApiError::new(
            "WAFOptimisticLockException",
            "AWS WAF couldn’t save your changes because someone changed the resource after you started to edit it. Reapply your changes.",
        )),
    }
}

fn update(call: &mut Call<'_>, family: &Family) -> Answer {
    let mut object = locked(call, family)?;
    let content = described(call, family, hidden(&object, SCOPE), Some(&object))?;
    let next = call.uuid();
    object.body.retain(|member, _| !family.members.contains(&member.as_str()));
    object.body.extend(content.body);
    object.needs = content.needs;
    object.hidden.insert(LOCK.into(), next.clone().into());
    call.world.put(object);
    Ok(json!({"NextLockToken": next}).into())
}

fn delete(call: &mut Call<'_>, family: &Family) -> Answer {
    let object = locked(call, family)?;
    if association::holds(call, &object.id) {
        let message = "AWS WAF couldn’t perform the operation because your resource is being used by another resource or it’s associated with another resource.";
        return Err(ApiError::new("WAFAssociatedItemException", message));
    }
    association::forget(call, &object.id);
    logging::forget(call, &object.id);
    call.world.remove(&object.key());
    Ok(Value::Null.into())
}
