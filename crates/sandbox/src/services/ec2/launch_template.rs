//! Launch templates and their versions. Facts: names are unique and case-sensitive; a token makes a create happen once;
//! versions never change, and a new one is not the default by itself; members left out of a new version come from its
//! source version if one is named; data is stored as given, and shown without defaults; a describe of versions without
//! a template takes `$Latest` and `$Default` and answers for all templates.

use serde_json::{Map, Value, json};

use super::{Shelf, describe, filter, missing, show, tagging};
use crate::call::{Answer, ApiError, Call};
use crate::world::Object;

/// How templates are described.
pub const TEMPLATES: Shelf = Shelf {
    kind: "ec2/launch-template",
    set: "launchTemplates",
    ids: "LaunchTemplateId",
    unknown: "InvalidLaunchTemplateId.NotFound",
    noun: "launch template with template-id",
    filters: &[],
};

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateLaunchTemplate" => Some(create(call)),
        "CreateLaunchTemplateVersion" => Some(create_version(call)),
        "ModifyLaunchTemplate" => Some(modify(call)),
        "DescribeLaunchTemplates" => Some(describe_templates(call)),
        "DescribeLaunchTemplateVersions" => Some(describe_versions(call)),
        "DeleteLaunchTemplate" => Some(delete(call)),
        "DeleteLaunchTemplateVersions" => Some(delete_versions(call)),
        _ => None,
    }
}

fn unknown_name(name: &str) -> ApiError {
    let message = format!("The specified launch template, with template name {name}, does not exist.");
    ApiError::new("InvalidLaunchTemplateName.NotFoundException", message)
}

fn by_name<'a>(call: &'a Call<'_>, name: &str) -> Option<&'a Object> {
    let mut templates = call.world.list(call.account, call.region, TEMPLATES.kind);
    templates.find(|template| template.text("launchTemplateName") == name)
}

/// The template that a request names by id or name.
fn named(call: &Call<'_>) -> Result<Object, ApiError> {
    match (call.text("LaunchTemplateId"), call.text("LaunchTemplateName")) {
        (Some(id), None) => call.get(TEMPLATES.kind, id).cloned().ok_or_else(|| missing(&TEMPLATES, id)),
        (None, Some(name)) => by_name(call, name).cloned().ok_or_else(|| unknown_name(name)),
        _ => {
            let message = "Exactly one of LaunchTemplateId and LaunchTemplateName must be specified.";
            Err(ApiError::new("InvalidParameterCombination", message))
        }
    }
}

/// A template's versions, oldest first.
fn versions(template: &Object) -> Vec<Value> {
    crate::wire::as_list(template.hidden.get("versions"))
}

fn number(value: &Value) -> i64 {
    value.get("versionNumber").and_then(Value::as_i64).unwrap_or_default()
}

fn count(template: &Object, member: &str) -> i64 {
    template.body.get(member).and_then(Value::as_i64).unwrap_or_default()
}

/// The number that `3`, `$Latest` or `$Default` means for a template.
fn resolve(template: &Object, version: &str) -> Option<i64> {
    match version {
        "$Latest" => Some(count(template, "latestVersionNumber")),
        "$Default" => Some(count(template, "defaultVersionNumber")),
        text => text.parse().ok(),
    }
}

fn version(template: &Object, text: &str) -> Result<Value, ApiError> {
    let wanted = resolve(template, text);
    let found = versions(template).into_iter().find(|version| Some(number(version)) == wanted);
    found.ok_or_else(|| {
        let message = format!("Could not find the specified version {text} for the launch template {}.", template.id);
        ApiError::new("InvalidLaunchTemplateId.VersionNotFound", message)
    })
}

fn create(call: &mut Call<'_>) -> Answer {
    let id = call.once(call.text("ClientToken").map(str::to_owned), "IdempotentParameterMismatch", make)?;
    let template = call.get(TEMPLATES.kind, &id).ok_or_else(|| missing(&TEMPLATES, &id))?;
    Ok(json!({"launchTemplate": show(template)}).into())
}

fn make(call: &mut Call<'_>) -> Result<String, ApiError> {
    let name = call.need("LaunchTemplateName")?;
    let allowed = |char: char| char.is_ascii_alphanumeric() || "().-/_".contains(char);
    if !(3..=128).contains(&name.len()) || !name.chars().all(allowed) {
        let message = "Launch template names must be between 3 and 128 characters, and may contain letters, numbers, and ( ) . - / _";
        return Err(ApiError::new("InvalidLaunchTemplateName.MalformedException", message));
    }
    if by_name(call, &name).is_some() {
        let message = "Launch template name already in use.";
        return Err(ApiError::new("InvalidLaunchTemplateName.AlreadyExistsException", message));
    }
    let given = data(call)?;
    let tags = tagging::at_creation(call, "launch-template")?;
    let id = call.ec2_id("lt");
    let body = json!({
        "launchTemplateId": id, "launchTemplateName": name, "createTime": call.timestamp(),
        "createdBy": format!("arn:aws:iam::{}:user/sandbox", call.account),
        "defaultVersionNumber": 1, "latestVersionNumber": 1,
    });
    let mut template = call.object(TEMPLATES.kind, &id, body);
    template.tags = tags;
    template.hidden.insert("versions".to_owned(), json!([row(call, 1, Value::Object(given))]));
    call.world.put(template);
    Ok(id)
}

fn row(call: &Call<'_>, number: i64, data: Value) -> Value {
    json!({
        "versionNumber": number, "createTime": call.timestamp(), "versionDescription": call.text("VersionDescription"),
        "createdBy": format!("arn:aws:iam::{}:user/sandbox", call.account), "launchTemplateData": data,
    })
}

/// The request's data, as it will be shown.
fn data(call: &Call<'_>) -> Result<Map<String, Value>, ApiError> {
    let given = call.input.get("LaunchTemplateData").cloned().unwrap_or_else(|| json!({}));
    let interfaces = given.get("NetworkInterface").is_some();
    if interfaces && (given.get("SecurityGroupId").is_some() || given.get("SecurityGroup").is_some()) {
        let message =
            "Network interfaces and an instance-level security groups may not be specified on the same request";
        return Err(ApiError::new("InvalidParameterCombination", message));
    }
    match shown(given) {
        Value::Object(members) => Ok(members),
        _ => Err(ApiError::new("MissingParameter", "The request must contain the parameter LaunchTemplateData")),
    }
}

/// What a request to run instances says, in answer spelling, on top of what the template that it names says.
///
/// # Errors
/// When there is no such template or version.
pub fn launch_data(call: &Call<'_>) -> Result<Map<String, Value>, ApiError> {
    let mut data = match call.input.get("LaunchTemplate") {
        None => Map::new(),
        Some(reference) => {
            let text = |member: &str| reference.get(member).and_then(Value::as_str);
            let template = match (text("LaunchTemplateId"), text("LaunchTemplateName")) {
                (Some(id), _) => call.get(TEMPLATES.kind, id).ok_or_else(|| missing(&TEMPLATES, id))?,
                (None, name) => {
                    let name = name.unwrap_or_default();
                    by_name(call, name).ok_or_else(|| unknown_name(name))?
                }
            };
            let version = version(template, text("Version").unwrap_or("$Default"))?;
            version.get("launchTemplateData").and_then(Value::as_object).cloned().unwrap_or_default()
        }
    };
    if let Value::Object(given) = shown(call.input.clone()) {
        data.extend(given);
    }
    Ok(data)
}

/// Requests spell `SecurityGroupId` what answers spell `securityGroupIdSet`.
fn shown(value: Value) -> Value {
    match value {
        Value::Object(mut members) => {
            // Groups of a network interface are spelt like those of the instance, and shown otherwise.
            if let Some(groups) = members.get("DeviceIndex").and(members.get("SecurityGroupId")).cloned() {
                members.remove("SecurityGroupId");
                members.insert("Group".to_owned(), groups);
            }
            members.into_iter().map(|(name, value)| (spelt(&name, &value), shown(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(shown).collect(),
        leaf => leaf,
    }
}

fn spelt(name: &str, value: &Value) -> String {
    let (first, rest) = name.split_at_checked(1).unwrap_or((name, ""));
    let suffix = if value.is_array() { "Set" } else { "" };
    format!("{}{rest}{suffix}", first.to_ascii_lowercase())
}

fn create_version(call: &mut Call<'_>) -> Answer {
    let template = named(call)?;
    let token = call.text("ClientToken").map(str::to_owned);
    let number = call.once(token, "IdempotentParameterMismatch", |call| add_version(call, &template))?;
    let template = call.get(TEMPLATES.kind, &template.id).cloned().unwrap_or(template);
    Ok(json!({"launchTemplateVersion": show_version(&template, version(&template, &number)?)}).into())
}

fn add_version(call: &mut Call<'_>, template: &Object) -> Result<String, ApiError> {
    let mut members = match call.text("SourceVersion") {
        Some(source) => version(template, source)?.get("launchTemplateData").and_then(Value::as_object).cloned(),
        None => None,
    }
    .unwrap_or_default();
    members.extend(data(call)?);
    // A number is never given twice, not even after its version was deleted.
    let next = template.hidden.get("issued").and_then(Value::as_i64).unwrap_or(1) + 1;
    let mut all = versions(template);
    all.push(row(call, next, Value::Object(members)));
    call.world.change(&template.key(), |template| {
        template.set("latestVersionNumber", next);
        template.hidden.insert("issued".to_owned(), next.into());
        template.hidden.insert("versions".to_owned(), all.into());
    });
    Ok(next.to_string())
}

fn modify(call: &mut Call<'_>) -> Answer {
    let template = named(call)?;
    if let Some(default) = call.text("SetDefaultVersion") {
        let default = number(&version(&template, default)?);
        call.world.change(&template.key(), |template| template.set("defaultVersionNumber", default));
    }
    Ok(json!({"launchTemplate": call.get(TEMPLATES.kind, &template.id).map(show)}).into())
}

fn describe_templates(call: &Call<'_>) -> Answer {
    let names = call.texts("LaunchTemplateName");
    if names.is_empty() {
        return describe(call, &TEMPLATES);
    }
    let find = |name: &String| by_name(call, name).map(show).ok_or_else(|| unknown_name(name));
    let rows: Vec<Value> = names.iter().map(find).collect::<Result<_, _>>()?;
    Ok(json!({TEMPLATES.set: rows}).into())
}

fn show_version(template: &Object, mut version: Value) -> Value {
    let default = number(&version) == count(template, "defaultVersionNumber");
    if let Value::Object(members) = &mut version {
        members.insert("launchTemplateId".to_owned(), template.id.clone().into());
        members.insert("launchTemplateName".to_owned(), template.text("launchTemplateName").into());
        members.insert("defaultVersion".to_owned(), default.into());
        // The options of a template have not been applied to anything.
        let data = members.get_mut("launchTemplateData").and_then(|data| data.get_mut("metadataOptions"));
        if let Some(Value::Object(options)) = data {
            options.insert("state".to_owned(), "pending".into());
        }
    }
    version
}

fn describe_versions(call: &Call<'_>) -> Answer {
    let wanted = call.texts("LaunchTemplateVersion");
    let of_all = call.text("LaunchTemplateId").is_none() && call.text("LaunchTemplateName").is_none();
    if of_all && (wanted.is_empty() || wanted.iter().any(|version| !version.starts_with('$'))) {
        let message = "Without a launch template, the versions must be $Latest, $Default, or both.";
        return Err(ApiError::new("InvalidParameterCombination", message));
    }
    let templates = match of_all {
        true => call.visible(TEMPLATES.kind).into_iter().cloned().collect(),
        false => vec![named(call)?],
    };
    let filters = filter::Filters::of(call, &[("is-default-version", "defaultVersion")]);
    let mut rows = Vec::new();
    for template in &templates {
        for version in chosen(call, template, &wanted)? {
            let row = call.object("", "", show_version(template, version));
            rows.extend(filters.accept(&row).then_some(Value::Object(row.body)));
        }
    }
    let (page, next) = call.page(rows, call.number("MaxResults"), call.text("NextToken"));
    Ok(json!({"launchTemplateVersionSet": page, "nextToken": next}).into())
}

/// The wanted versions of one template, newest first; without any wanted, those between the bounds.
fn chosen(call: &Call<'_>, template: &Object, wanted: &[String]) -> Result<Vec<Value>, ApiError> {
    let mut rows: Vec<Value> = if wanted.is_empty() {
        let (low, high) = (call.number("MinVersion").unwrap_or(1), call.number("MaxVersion").unwrap_or(i64::MAX));
        versions(template).into_iter().filter(|version| (low..=high).contains(&number(version))).collect()
    } else {
        wanted.iter().map(|wanted| version(template, wanted)).collect::<Result<_, _>>()?
    };
    rows.sort_by_key(|version| std::cmp::Reverse(number(version)));
    rows.dedup_by_key(|version| number(version));
    Ok(rows)
}

fn delete(call: &mut Call<'_>) -> Answer {
    let template = named(call)?;
    call.world.remove(&template.key());
    Ok(json!({"launchTemplate": show(&template)}).into())
}

fn delete_versions(call: &mut Call<'_>) -> Answer {
    let template = named(call)?;
    let (mut deleted, mut kept) = (Vec::new(), Vec::new());
    let mut all = versions(&template);
    for wanted in call.texts("LaunchTemplateVersion") {
        let wanted = resolve(&template, &wanted).unwrap_or_default();
        let mut row = json!({"launchTemplateId": template.id, "versionNumber": wanted,
            "launchTemplateName": template.text("launchTemplateName")});
        let error = if wanted == count(&template, "defaultVersionNumber") {
            Some(("unexpectedError", "The default version cannot be deleted."))
        } else if all.iter().any(|version| number(version) == wanted) {
            None
        } else {
            Some(("launchTemplateVersionDoesNotExist", "The version does not exist."))
        };
        match error {
            None => {
                all.retain(|version| number(version) != wanted);
                deleted.push(row);
            }
            Some((code, message)) => {
                if let Value::Object(members) = &mut row {
                    members.insert("responseError".to_owned(), json!({"code": code, "message": message}));
                }
                kept.push(row);
            }
        }
    }
    let latest = all.iter().map(number).max();
    call.world.change(&template.key(), |template| {
        template.set("latestVersionNumber", latest);
        template.hidden.insert("versions".to_owned(), all.into());
    });
    Ok(json!({"successfullyDeletedLaunchTemplateVersionSet": deleted,
        "unsuccessfullyDeletedLaunchTemplateVersionSet": kept})
    .into())
}
