//! `[service.<name>]`: instances behind a load balancer.

use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::path;
use crate::read::{Component, Context, Node, Read, Reader, inner, integer, invalid, reference, text};

/// Instances behind a load balancer in every region: launch template, Auto Scaling group, target group, listener rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Service {
    /// The load balancer that sends it requests, by name.
    pub load_balancer: String,
    /// Which paths it answers, with `*` and `?` as wildcards.
    #[schemars(default = "default_path", regex(pattern = "^/"), length(max = 128))]
    pub path: String,
    /// The port on which the instances listen.
    #[schemars(range(min = 1))]
    pub port: u16,
    /// The path that answers 200 while an instance is healthy.
    #[schemars(default = "default_health_check", regex(pattern = "^/"))]
    pub health_check: String,
    /// The machine image: an AMI id, or `ssm:` and the public SSM parameter that holds one.
    #[schemars(with = "String", regex(pattern = "^(ssm:/.+|ami-([0-9a-f]{8}|[0-9a-f]{17}))$"))]
    pub image: Image,
    /// The EC2 instance type, such as `m6i.large`.
    #[schemars(regex(pattern = "^[a-z0-9-]+\\.[a-z0-9-]+$"))]
    pub instance_type: String,
    /// How many instances run.
    pub instances: Instances,
    /// What makes it scale between `min` and `max`; without it the number stays.
    pub scale_on: Option<ScaleOn>,
}

/// How many instances run in each region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Instances {
    /// Never fewer.
    pub min: u32,
    /// How many to start with; later scaling decides.
    pub desired: u32,
    /// Never more.
    pub max: u32,
}

/// What makes a service scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ScaleOn {
    /// The average CPU utilisation to keep, in percent.
    #[schemars(range(min = 1, max = 100))]
    pub cpu: u8,
}

/// A machine image, or where to look it up.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Image {
    /// The SSM parameter that holds the AMI id, in each region its own.
    Ssm(String),
    /// An AMI id, which belongs to one region.
    Ami(String),
}

fn default_path() -> String {
    "/*".to_owned()
}

fn default_health_check() -> String {
    "/".to_owned()
}

/// Most instances of one Auto Scaling group that a typing error is not suspected of.
const INSTANCES_MAX: u32 = 10_000;

impl Service {
    /// Keys that must be the same in all regions.
    pub(crate) const FIXED: &[&str] = &["load_balancer"];

    pub(crate) fn read(reader: &Reader<'_>) -> Read<Self> {
        let load_balancer = reader.required("load_balancer", reference(Component::LoadBalancer));
        let path = reader.or("path", default_path(), pattern);
        let port = reader.required("port", integer(1..=u16::MAX));
        let health_check = reader.or("health_check", default_health_check(), path_up_to_1024);
        let image = reader.required("image", image);
        let instance_type = reader.required("instance_type", instance_type);
        let instances = reader.required("instances", instances);
        let scale_on = reader.optional("scale_on", scale_on);
        Ok(Self {
            load_balancer: load_balancer?,
            path: path?,
            port: port?,
            health_check: health_check?,
            image: image?,
            instance_type: instance_type?,
            instances: instances?,
            scale_on: scale_on?,
        })
    }
}

/// A path pattern of a listener rule: at most 128 characters and five wildcards (Elastic Load Balancing user guide).
fn pattern(cx: &Context<'_>, node: &Node) -> Read<String> {
    let pattern = path(128)(cx, node)?;
    if pattern.matches(['*', '?']).count() > 5 {
        return Err(cx.report(invalid(node, "a path has at most five wildcards")));
    }
    Ok(pattern)
}

fn path_up_to_1024(cx: &Context<'_>, node: &Node) -> Read<String> {
    let path = path(1024)(cx, node)?;
    if path.contains('*') {
        return Err(cx.report(invalid(node, "a health check asks for one path, without wildcards")));
    }
    Ok(path)
}

fn image(cx: &Context<'_>, node: &Node) -> Read<Image> {
    let image = text(cx, node)?;
    if let Some(parameter) = image.strip_prefix("ssm:") {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
        if parameter.len() > 1 && parameter.starts_with('/') && parameter.chars().all(allowed) {
            return Ok(Image::Ssm(parameter.to_owned()));
        }
        let message = format!("`{parameter}` is not the name of an SSM parameter");
        return Err(cx.report(invalid(node, message).help("it starts with `/`: \"ssm:/aws/service/...\"")));
    }
    let id = image.strip_prefix("ami-").filter(|id| matches!(id.len(), 8 | 17));
    if id.is_some_and(|id| id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))) {
        return Ok(Image::Ami(image));
    }
    let help = "write \"ssm:/aws/service/...\" or an AMI id, `ami-` and 17 hexadecimal digits";
    Err(cx.report(invalid(node, format!("`{image}` is not a machine image")).help(help)))
}

fn instance_type(cx: &Context<'_>, node: &Node) -> Read<String> {
    let name = text(cx, node)?;
    let part =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if name.split_once('.').is_some_and(|(family, size)| part(family) && part(size)) {
        return Ok(name);
    }
    let message = format!("`{name}` is not an EC2 instance type");
    Err(cx.report(invalid(node, message).help("one looks like \"m6i.large\"")))
}

fn instances(cx: &Context<'_>, node: &Node) -> Read<Instances> {
    inner(cx, node, "instances", |reader| {
        let count = || integer(0..=INSTANCES_MAX);
        let (min, desired) = (reader.required("min", count()), reader.required("desired", count()));
        let max = reader.required("max", count());
        reader.finish();
        let instances = Instances { min: min?, desired: desired?, max: max? };
        let Instances { min, desired, max } = instances;
        if min <= desired && desired <= max {
            return Ok(instances);
        }
        let message = format!("min <= desired <= max does not hold: {min}, {desired}, {max}");
        Err(cx.report(invalid(node, message)))
    })
}

fn scale_on(cx: &Context<'_>, node: &Node) -> Read<ScaleOn> {
    inner(cx, node, "scale_on", |reader| {
        let cpu = reader.required("cpu", integer(1..=100));
        reader.finish();
        Ok(ScaleOn { cpu: cpu? })
    })
}
