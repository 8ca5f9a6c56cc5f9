//! The ARN of what a request acts upon.

use serde_json::Value;

use crate::services::s3_path;
use crate::wire::{Incoming, as_list};

/// The ARN; `*` where an operation acts upon none, `None` where the request does not tell.
pub fn resource(incoming: &Incoming, account: &str) -> Option<String> {
    let Incoming { service, region, action, .. } = incoming;
    let text = |member: &str| incoming.input.get(member).and_then(Value::as_str);
    let any = || "*".to_owned();
    match service.as_str() {
        "s3" => Some(of_s3(incoming)),
        "dynamodb" => Some(match text("TableName").or_else(|| text("ResourceArn")) {
            Some(arn) if arn.starts_with("arn:") => arn.to_owned(),
            Some(name) => format!("arn:aws:dynamodb:{region}:{account}:table/{name}"),
            None => any(),
        }),
        "iam" => Some(match (text("InstanceProfileName"), text("RoleName")) {
            (Some(profile), _) => format!("arn:aws:iam::{account}:instance-profile/{profile}"),
            (None, Some(role)) => format!("arn:aws:iam::{account}:role/{role}"),
            (None, None) => any(),
        }),
        "autoscaling" if action.starts_with("Describe") => Some(any()),
        "autoscaling" => {
            let tagged = as_list(incoming.input.get("Tags"));
            let tagged = tagged.first().and_then(|tag| tag.get("ResourceId")).and_then(Value::as_str);
            let group = text("AutoScalingGroupName").or(tagged)?;
            Some(format!("arn:aws:autoscaling:{region}:{account}:autoScalingGroup:0:autoScalingGroupName/{group}"))
        }
        "elasticloadbalancing" if action.starts_with("Describe") => Some(any()),
        "elasticloadbalancing" => of_load_balancing(incoming, account),
        "route53" => Some(of_route53(&incoming.path)),
        "acm" => Some(text("CertificateArn").map_or_else(any, str::to_owned)),
        "ssm" => {
            let names = as_list(incoming.input.get("Names"));
            let name = names.first().and_then(Value::as_str).or_else(|| text("Name"))?;
            // Public parameters belong to no account.
            let owner = if name.starts_with("/aws/") { "" } else { account };
            Some(format!("arn:aws:ssm:{region}:{owner}:parameter/{}", name.trim_start_matches('/')))
        }
        _ => None,
    }
}

fn of_s3(incoming: &Incoming) -> String {
    let (bucket, key) = s3_path(&incoming.path);
    match (bucket.as_str(), key.as_str(), incoming.action.as_str()) {
        ("", _, _) => "*".to_owned(),
        (bucket, _, "DeleteObjects") => format!("arn:aws:s3:::{bucket}/*"),
        (bucket, "", _) => format!("arn:aws:s3:::{bucket}"),
        (bucket, key, _) => format!("arn:aws:s3:::{bucket}/{key}"),
    }
}

fn of_load_balancing(incoming: &Incoming, account: &str) -> Option<String> {
    let Incoming { region, action, input, .. } = incoming;
    let text = |member: &str| input.get(member).and_then(Value::as_str).map(str::to_owned);
    let first = |list: &str| as_list(input.get(list)).into_iter().next();
    let arn = |kind: &str| Some(format!("arn:aws:elasticloadbalancing:{region}:{account}:{kind}/{}/0", text("Name")?));
    match action.as_str() {
        "CreateLoadBalancer" => arn("loadbalancer/app"),
        "CreateTargetGroup" => arn("targetgroup"),
        "AddTags" | "RemoveTags" => first("ResourceArns")?.as_str().map(str::to_owned),
        "SetRulePriorities" => first("RulePriorities")?.get("RuleArn")?.as_str().map(str::to_owned),
        _ => ["RuleArn", "ListenerArn", "LoadBalancerArn", "TargetGroupArn"].into_iter().find_map(text),
    }
}

fn of_route53(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).skip(1).collect();
    match parts.as_slice() {
        ["tags", kind, id, ..] | [kind @ ("hostedzone" | "healthcheck" | "change"), id, ..] => {
            format!("arn:aws:route53:::{kind}/{id}")
        }
        ["tags", kind] => format!("arn:aws:route53:::{kind}/*"),
        _ => "*".to_owned(),
    }
}
