//! Event selectors: which events a trail writes down.

use serde_json::{Value, json};

use super::{at_home, named};
use crate::call::{Answer, ApiError, Call, Reply};
use crate::world::Object;

/// `PutEventSelectors`.
pub fn put(call: &mut Call<'_>) -> Answer {
    let trail = at_home(call, "TrailName")?;
    let given = ["EventSelectors", "AdvancedEventSelectors"].map(|member| (member, call.list(member)));
    let given: Vec<_> = given.into_iter().filter(|(_, list)| !list.is_empty()).collect();
    let [(member, list)] = given.as_slice() else {
        let message = "Specify either event selectors or advanced event selectors.";
        return Err(ApiError::new("InvalidEventSelectorsException", message));
    };
    if *member == "EventSelectors" && list.len() > 5 {
        return Err(ApiError::new("InvalidEventSelectorsException", "A trail has at most 5 event selectors."));
    }
    let selectors = json!({*member: list});
    call.world.change(&trail.key(), |trail| {
        trail.set("HasCustomEventSelectors", true);
        trail.hidden.insert("selectors".into(), selectors.clone());
    });
    Ok(with_arn(&trail, selectors))
}

fn with_arn(trail: &Object, mut selectors: Value) -> Reply {
    selectors["TrailARN"] = trail.text("TrailARN").into();
    selectors.into()
}

/// `GetEventSelectors`.
pub fn get(call: &Call<'_>) -> Answer {
    let trail = named(call, "TrailName")?;
    let default = json!([{"ReadWriteType": "All", "IncludeManagementEvents": true, "DataResources": [],
        "ExcludeManagementEventSources": []}]);
    let selectors = trail.hidden.get("selectors").cloned().unwrap_or_else(|| json!({"EventSelectors": default}));
    Ok(with_arn(&trail, selectors))
}
