//! Dashboards: one name space for all regions. What is only doubtful is saved, with messages.

use serde_json::{Value, json};

use super::{DASHBOARD, done, paging};
use crate::call::{Answer, ApiError, Call, GLOBAL, tags_from};
use crate::services::by_arn;
use crate::services::paging::listing;
use crate::wire::as_list;
use crate::world::Object;

/// Widgets of a dashboard.
const WIDGETS: usize = 500;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "PutDashboard" => Some(put(call)),
        "GetDashboard" => Some(get(call)),
        "ListDashboards" => Some(list(call)),
        "DeleteDashboards" => Some(delete(call)),
        _ => None,
    }
}

fn missing(name: &str) -> ApiError {
    ApiError::new("ResourceNotFound", format!("Dashboard {name} does not exist")).status(404)
}

fn put(call: &mut Call<'_>) -> Answer {
    let (name, text) = (call.need("DashboardName")?, call.need("DashboardBody")?);
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if name.is_empty() || name.len() > 255 || !name.bytes().all(allowed) {
        return Err(super::invalid("The value of field DashboardName contains invalid characters."));
    }
    let refused = |message: &str| {
        ApiError::new(
            "InvalidParameterInput",
            format!("The dashboard body is invalid, there are 1 validation errors: {message}"),
        )
    };
    let body: Value = serde_json::from_str(&text).map_err(|_| refused("the body is not valid JSON"))?;
    let widgets = body
        .get("widgets")
        .and_then(Value::as_array)
        .ok_or_else(|| refused("/: Should have required property 'widgets'"))?;
    if widgets.len() > WIDGETS {
        return Err(refused("/widgets: Should NOT have more than 500 items"));
    }
    let messages: Vec<Value> = widgets.iter().enumerate().filter_map(|(index, widget)| doubt(index, widget)).collect();
    let tags = tags_from(&call.list("Tags"));
    by_arn::check(&tags, "InvalidParameterValue")?;
    let arn = format!("arn:aws:cloudwatch::{}:dashboard/{name}", call.account);
    let body = json!({"DashboardArn": arn, "DashboardName": name, "DashboardBody": text, "LastModified": call.now});
    let mut dashboard = call.object_in(GLOBAL, DASHBOARD, &name, body);
    match call.get_global(DASHBOARD, &name) {
        Some(old) => {
            dashboard.tags = old.tags.clone();
            dashboard.visible = old.visible;
        }
        None => dashboard.tags = tags,
    }
    by_arn::name(&mut dashboard, &arn);
    call.world.put(dashboard);
    Ok(json!({"DashboardValidationMessages": messages}).into())
}

/// What AWS says of a widget that it saves all the same.
fn doubt(index: usize, widget: &Value) -> Option<Value> {
    let path = format!("/widgets/{index}");
    let say = |path: String, message: &str| Some(json!({"DataPath": path, "Message": message}));
    let Some(properties) = widget.get("properties") else {
        return say(path, "Should have required property 'properties'");
    };
    if widget.get("type").and_then(Value::as_str) != Some("metric") {
        return None;
    }
    let path = format!("{path}/properties");
    let source = properties.get("metrics").or(properties.get("annotations"));
    match (source, properties.get("region")) {
        (Some(metrics), _) if properties.get("metrics").is_some() && !metrics.is_array() => {
            say(format!("{path}/metrics"), "Should be array")
        }
        (Some(_), Some(_)) => None,
        (None, Some(_)) => say(path, "Should have required property 'metrics'"),
        _ => say(path, "The metric widget should have specified a region and a data source or an alarm annotation"),
    }
}

fn get(call: &Call<'_>) -> Answer {
    let name = call.need("DashboardName")?;
    let dashboard = call.get_global(DASHBOARD, &name).filter(|one| one.visible <= call.now);
    let mut body = dashboard.ok_or_else(|| missing(&name))?.body.clone();
    body.remove("LastModified");
    Ok(Value::Object(body).into())
}

fn list(call: &Call<'_>) -> Answer {
    let prefix = call.text("DashboardNamePrefix").unwrap_or_default();
    let all = call.world.list(call.account, GLOBAL, DASHBOARD).filter(|one| one.visible <= call.now);
    let row = |one: &Object| {
        json!({"DashboardName": one.id, "DashboardArn": one.text("DashboardArn"),
            "Size": one.text("DashboardBody").len(), "LastModified": one.body.get("LastModified")})
    };
    let rows = all.filter(|one| one.id.starts_with(prefix)).map(row).collect();
    listing(call, "DashboardEntries", rows, paging("", 1000))
}

/// Facts: as many as can be go, even when one is not there.
fn delete(call: &mut Call<'_>) -> Answer {
    let names = as_list(call.input.get("DashboardNames"));
    let mut lost = None;
    for name in names.iter().filter_map(Value::as_str) {
        if call.world.remove(&call.global_key(DASHBOARD, name)).is_none() {
            lost = Some(missing(name));
        }
    }
    lost.map_or_else(done, Err)
}
