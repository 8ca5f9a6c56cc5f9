//! What Auto Scaling reads of a launch template.

use serde_json::{Value, json};

use super::invalid;
use crate::call::{ApiError, Call};
use crate::services::iam;
use crate::wire::as_list;
use crate::world::Object;

const TEMPLATES: &str = "ec2/launch-template";

/// A template as a group refers to it, and what its version says.
#[derive(Clone, Debug)]
pub struct Template {
    /// `{LaunchTemplateId, LaunchTemplateName, Version}`.
    pub reference: Value,
    data: Value,
}

impl Template {
    /// A text member of the data in EC2's answer spelling.
    pub fn text(&self, member: &str) -> Option<&str> {
        self.data.get(member).and_then(Value::as_str)
    }

    /// Ids of the security groups of its instances.
    pub fn security_groups(&self) -> Vec<String> {
        let of_interface = as_list(self.data.get("networkInterfaceSet")).into_iter().next();
        let groups = of_interface.and_then(|interface| interface.get("groupSet").cloned());
        let groups = groups.or_else(|| self.data.get("securityGroupIdSet").cloned());
        as_list(groups.as_ref()).iter().filter_map(|id| id.as_str().map(str::to_owned)).collect()
    }
}

fn unusable(what: impl std::fmt::Display) -> ApiError {
    invalid(format!("You must use a valid fully-formed launch template. {what}"))
}

/// Finds the template of a request or of a group, and checks what Auto Scaling checks.
///
/// # Errors
/// When there is no such template or version, or when its instance profile is not known yet.
pub fn resolve(call: &Call<'_>, given: &Value) -> Result<Template, ApiError> {
    let text = |member: &str| given.get(member).and_then(Value::as_str);
    let template = find(call, text("LaunchTemplateId"), text("LaunchTemplateName"))?;
    let version = text("Version").unwrap_or("$Default");
    let data = data(template, version)?;
    let profile = data.get("iamInstanceProfile");
    let profile = profile.and_then(|profile| profile.get("arn").or_else(|| profile.get("name"))?.as_str());
    if let Some(profile) = profile.filter(|profile| !iam::usable_profile(call, profile)) {
        let part = if profile.starts_with("arn:") { "ARN" } else { "name" };
        return Err(unusable(format!(
            "Value ({profile}) for parameter iamInstanceProfile.{part} is invalid. Invalid IAM Instance Profile {part}"
        )));
    }
    let reference = json!({
        "LaunchTemplateId": template.id, "LaunchTemplateName": template.text("launchTemplateName"),
        "Version": version,
    });
    Ok(Template { reference, data })
}

fn find<'a>(call: &'a Call<'_>, id: Option<&str>, name: Option<&str>) -> Result<&'a Object, ApiError> {
    match (id, name) {
        (Some(id), _) => call
            .get(TEMPLATES, id)
            .ok_or_else(|| unusable(format!("The specified launch template, with template ID {id}, does not exist."))),
        (None, Some(name)) => {
            let mut templates = call.world.list(call.account, call.region, TEMPLATES);
            templates.find(|template| template.text("launchTemplateName") == name).ok_or_else(|| {
                unusable(format!("The specified launch template, with template name {name}, does not exist."))
            })
        }
        (None, None) => Err(invalid("Valid requests must contain either LaunchTemplate or MixedInstancesPolicy")),
    }
}

fn data(template: &Object, version: &str) -> Result<Value, ApiError> {
    let number = match version {
        "$Latest" => template.body.get("latestVersionNumber").and_then(Value::as_i64),
        "$Default" => template.body.get("defaultVersionNumber").and_then(Value::as_i64),
        text => text.parse().ok(),
    };
    let versions = as_list(template.hidden.get("versions"));
    let found = versions.iter().find(|row| row.get("versionNumber").and_then(Value::as_i64) == number);
    let data = found.and_then(|row| row.get("launchTemplateData")).cloned();
    data.ok_or_else(|| {
        unusable(format!("Could not find the specified version {version} for the launch template {}.", template.id))
    })
}
