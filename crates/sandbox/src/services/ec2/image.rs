//! Machine images: those that public parameters name, see [`super::super::ssm`].

use serde_json::{Value, json};

use super::filter::Filters;
use crate::call::{Answer, ApiError, Call};
use crate::services::ssm::public_images;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "DescribeImages" => Some(describe(call)),
        _ => None,
    }
}

fn describe(call: &Call<'_>) -> Answer {
    let row = |(parameter, id): (&str, String)| {
        let architecture = if parameter.contains("arm64") { "arm64" } else { "x86_64" };
        let name = parameter.trim_start_matches("/aws/service/").replace('/', "-");
        let body = json!({
            "imageId": id, "imageLocation": format!("amazon/{name}"), "imageState": "available", "isPublic": true,
            "imageOwnerId": "137112412989", "imageOwnerAlias": "amazon", "architecture": architecture,
            "imageType": "machine", "name": name, "description": format!("The image that {parameter} names"),
            "creationDate": "2026-05-20T00:00:00.000Z", "rootDeviceName": "/dev/xvda", "rootDeviceType": "ebs",
            "virtualizationType": "hvm", "hypervisor": "xen", "enaSupport": true, "platformDetails": "Linux/UNIX",
            "blockDeviceMapping": [{"deviceName": "/dev/xvda",
                "ebs": {"volumeSize": 8, "volumeType": "gp3", "deleteOnTermination": true, "encrypted": false}}],
        });
        call.object("", &id, body)
    };
    let images: Vec<_> = public_images(call.region).map(row).collect();
    let (ids, owners) = (call.texts("ImageId"), call.texts("Owner"));
    if let Some(unknown) = ids.iter().find(|id| !images.iter().any(|image| image.id == **id)) {
        return Err(ApiError::new("InvalidAMIID.NotFound", format!("The image id '[{unknown}]' does not exist")));
    }
    let amazons = owners.is_empty() || owners.iter().any(|owner| owner == "amazon" || owner == "137112412989");
    let filters = Filters::of(call, &[("state", "imageState"), ("owner-alias", "imageOwnerAlias")]);
    let chosen = images.into_iter().filter(|image| ids.is_empty() || ids.contains(&image.id));
    let rows: Vec<Value> =
        chosen.filter(|image| amazons && filters.accept(image)).map(|image| Value::Object(image.body)).collect();
    let (page, next) = call.page(rows, call.number("MaxResults"), call.text("NextToken"));
    Ok(json!({"imagesSet": page, "nextToken": next}).into())
}
