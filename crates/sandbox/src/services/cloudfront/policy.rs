//! Origin access controls and the three kinds of policies: one pattern. Facts: names are unique per account and kind;
//! an update replaces all; none goes while a distribution names it; AWS's own policies are listed and cannot change.

use serde_json::{Value, json};

use super::tree::{check_quantities, text};
use super::{
    ETAG, all_visible, check_version, conflict, created, fresh, gone, invalid, listing, managed, missing, segment,
    used, version, versioned, visible,
};
use crate::call::{Answer, ApiError, Call, GLOBAL};
use crate::world::Object;

/// One kind of them.
pub struct Family {
    /// `CachePolicy`: the word in operations, documents and error codes.
    pub noun: &'static str,
    plural: &'static str,
    kind: &'static str,
    path: &'static str,
    quota: usize,
    too_many: &'static str,
    required: &'static [&'static str],
}

/// Origin access controls.
pub const ACCESS_CONTROL: Family = Family {
    noun: "OriginAccessControl",
    plural: "OriginAccessControls",
    kind: "cloudfront/origin-access-control",
    path: "origin-access-control",
    quota: 100,
    too_many: "TooManyOriginAccessControls",
    required: &["SigningProtocol", "SigningBehavior", "OriginAccessControlOriginType"],
};
/// Policies of cache behaviours; a behaviour names one in the member `<noun>Id`.
pub const POLICIES: [Family; 3] = [
    Family {
        noun: "CachePolicy",
        plural: "CachePolicies",
        kind: "cloudfront/cache-policy",
        path: "cache-policy",
        quota: 20,
        too_many: "TooManyCachePolicies",
        required: &["MinTTL"],
    },
    Family {
        noun: "OriginRequestPolicy",
        plural: "OriginRequestPolicies",
        kind: "cloudfront/origin-request-policy",
        path: "origin-request-policy",
        quota: 20,
        too_many: "TooManyOriginRequestPolicies",
        required: &["HeadersConfig", "CookiesConfig", "QueryStringsConfig"],
    },
    Family {
        noun: "ResponseHeadersPolicy",
        plural: "ResponseHeadersPolicies",
        kind: "cloudfront/response-headers-policy",
        path: "response-headers-policy",
        quota: 20,
        too_many: "TooManyResponseHeadersPolicies",
        required: &[],
    },
];
/// What the enumerated members of an origin access control can be.
const ENUMS: [(&str, &[&str]); 3] = [
    ("SigningProtocol", &["sigv4", "sigv4a"]),
    ("SigningBehavior", &["never", "always", "no-override", "always-amz-auth"]),
    ("OriginAccessControlOriginType", &["s3", "mediastore", "mediapackagev2", "lambda"]),
];

impl Family {
    fn config(&self) -> String {
        format!("{}Config", self.noun)
    }

    fn is_control(&self) -> bool {
        self.noun == ACCESS_CONTROL.noun
    }
}

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    [&ACCESS_CONTROL].into_iter().chain(&POLICIES).find_map(|family| operation(call, family))
}

fn operation(call: &mut Call<'_>, family: &Family) -> Option<Answer> {
    let action = call.action.clone();
    if action.strip_prefix("List") == Some(family.plural) {
        return Some(list(call, family));
    }
    let (verb, noun) = action.split_at(action.find(family.noun)?);
    match (verb, noun.strip_prefix(family.noun)?) {
        ("Create", "") => Some(create(call, family)),
        ("Get", "") => Some(get(call, family, false)),
        ("Get", "Config") => Some(get(call, family, true)),
        ("Update", "") => Some(update(call, family)),
        ("Delete", "") => Some(delete(call, family)),
        _ => None,
    }
}

/// The error for one that is not there.
pub fn unknown(family: &Family) -> ApiError {
    missing(&format!("NoSuch{}", family.noun), format!("The {} does not exist.", family.path.replace('-', " ")))
}

/// Whether there is one with this id, of the caller's or AWS's.
pub fn exists(call: &Call<'_>, family: &Family, id: &str) -> bool {
    visible(call, family.kind, id).is_some() || managed::find(family.noun, id).is_some()
}

fn own<'a>(call: &'a Call<'_>, family: &Family, id: &str) -> Result<&'a Object, ApiError> {
    visible(call, family.kind, id).ok_or_else(|| unknown(family))
}

fn checked(call: &Call<'_>, family: &Family, own: &str) -> Result<Value, ApiError> {
    let mut config = call.input.clone();
    check_quantities(&config)?;
    let name = text(&config, "Name").to_owned();
    if name.is_empty() || name.len() > 128 {
        return Err(invalid("The parameter Name is required and has at most 128 characters."));
    }
    if let Some(member) = family.required.iter().find(|member| config.get(**member).is_none()) {
        return Err(invalid(format!("The parameter {member} is required.")));
    }
    let strange = |(member, known): &&(&str, &[&str])| !known.contains(&text(&config, member));
    if family.is_control()
        && let Some((member, _)) = ENUMS.iter().find(strange)
    {
        return Err(invalid(format!("The parameter {member} is not valid.")));
    }
    let mut others = call.world.list(call.account, GLOBAL, family.kind).filter(|one| one.id != own);
    if others.any(|one| text(config_of(family, one), "Name") == name) {
        let message = format!("A {} with the name {name} already exists.", family.path.replace('-', " "));
        return Err(conflict(&format!("{}AlreadyExists", family.noun), message));
    }
    if family.is_control() && config.get("Description").is_none() {
        config["Description"] = "".into();
    }
    Ok(config)
}

fn config_of<'a>(family: &Family, object: &'a Object) -> &'a Value {
    object.body.get(&family.config()).unwrap_or(&Value::Null)
}

fn create(call: &mut Call<'_>, family: &Family) -> Answer {
    let config = checked(call, family, "")?;
    if call.world.list(call.account, GLOBAL, family.kind).count() >= family.quota {
        let message = format!("You have reached the maximum number of {}.", family.plural);
        return Err(ApiError::new(family.too_many, message));
    }
    let id = if family.is_control() { fresh(call) } else { call.uuid() };
    let mut body = json!({"Id": id, family.config(): config});
    if !family.is_control() {
        body["LastModifiedTime"] = call.timestamp().into();
    }
    let etag = fresh(call);
    let mut object = call.object_in(GLOBAL, family.kind, &id, body.clone());
    object.hidden.insert(ETAG.into(), etag.clone().into());
    call.world.put(object);
    created(201, versioned(family.noun, body, &etag), &format!("{}/{id}", family.path))
}

fn get(call: &mut Call<'_>, family: &Family, config: bool) -> Answer {
    let id = segment(call, 1);
    let (body, etag) = match managed::find(family.noun, &id) {
        Some(body) => (body, managed::VERSION.to_owned()),
        None => {
            let object = own(call, family, &id)?;
            (Value::Object(object.body.clone()), version(object))
        }
    };
    match config {
        true => Ok(versioned(&family.config(), body[family.config()].clone(), &etag)),
        false => Ok(versioned(family.noun, body, &etag)),
    }
}

fn list(call: &mut Call<'_>, family: &Family) -> Answer {
    let (root, row) = (format!("{}List", family.noun), format!("{}Summary", family.noun));
    let customs = all_visible(call, family.kind).into_iter();
    if family.is_control() {
        let flat = |one: &Object| {
            let mut members = config_of(family, one).clone();
            members["Id"] = one.id.clone().into();
            (one.id.clone(), members)
        };
        return listing::page(call, &root, &row, customs.map(flat).collect(), true);
    }
    let row_of = |kind: &str, body: Value| (text(&body, "Id").to_owned(), json!({"Type": kind, family.noun: body}));
    let customs: Vec<_> = customs.map(|one| row_of("custom", Value::Object(one.body.clone()))).collect();
    let ours = managed::all(family.noun).into_iter().map(|body| row_of("managed", body));
    let rows = match call.query.get("Type").map(String::as_str) {
        Some("custom") => customs,
        Some("managed") => ours.collect(),
        None => ours.chain(customs).collect(),
        Some(_) => return Err(invalid("The parameter Type must be managed or custom.")),
    };
    listing::page(call, &root, &row, rows, false)
}

fn update(call: &mut Call<'_>, family: &Family) -> Answer {
    let id = segment(call, 1);
    if managed::find(family.noun, &id).is_some() {
        return Err(ApiError::new("IllegalUpdate", "You cannot update a managed policy."));
    }
    check_version(call, &version(own(call, family, &id)?))?;
    let config = checked(call, family, &id)?;
    let (etag, at) = (fresh(call), call.timestamp());
    call.world.change(&call.global_key(family.kind, &id), |object| {
        object.set(&family.config(), config);
        if !family.is_control() {
            object.set("LastModifiedTime", at);
        }
        object.hidden.insert(ETAG.into(), etag.into());
    });
    get(call, family, false)
}

fn delete(call: &mut Call<'_>, family: &Family) -> Answer {
    let id = segment(call, 1);
    if managed::find(family.noun, &id).is_some() {
        return Err(ApiError::new("IllegalDelete", "You cannot delete a managed policy."));
    }
    check_version(call, &version(own(call, family, &id)?))?;
    if used(call, &id) {
        let message = format!("The {} is in use by a distribution.", family.path.replace('-', " "));
        return Err(conflict(&format!("{}InUse", family.noun), message));
    }
    call.world.remove(&call.global_key(family.kind, &id));
    gone()
}
