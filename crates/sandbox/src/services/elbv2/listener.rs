//! Listeners. Facts: one per port; HTTPS needs one certificate, issued and of the same region; described per load
//! balancer or by ARN, never all; everything but the load balancer changes in place.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::super::acm;
use super::{
    BALANCERS, LISTENERS, RULES, action, arn, chosen, done, invalid, missing, named, paged, rule, same_tags, tagging,
};
use super::{show, tail};
use crate::call::{Answer, ApiError, Call};
use crate::world::Object;

/// What AWS takes when a request says none.
const POLICY: &str = "ELBSecurityPolicy-2016-08";
/// Quota of listeners per load balancer.
const QUOTA: usize = 50;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateListener" => Some(create(call)),
        "DescribeListeners" => Some(describe(call)),
        "DescribeListenerCertificates" => Some(certificates_of(call)),
        "ModifyListener" => Some(modify(call)),
        "DeleteListener" => Some(delete(call)),
        _ => None,
    }
}

/// Members of a listener that a request sets, and the ids of what they need.
struct Settings {
    body: Map<String, Value>,
    needs: BTreeSet<String>,
}

fn create(call: &mut Call<'_>) -> Answer {
    let balancer = named(call, &BALANCERS)?.id.clone();
    let settings = settings(call, &balancer, &Map::new())?;
    let port = settings.body.get("Port").cloned().unwrap_or_default();
    let siblings = of(call, &balancer);
    if let Some(old) = siblings.iter().find(|old| old.body.get("Port") == Some(&port)) {
        let mut had = old.body.clone();
        had.retain(|member, _| member != LISTENERS.arn && member != BALANCERS.arn);
        return match had == settings.body && same_tags(call, old) {
            true => Ok(json!({LISTENERS.set: [show(old)]}).into()),
            false => {
                Err(ApiError::new("DuplicateListener", "A listener already exists on this port for this load balancer"))
            }
        };
    }
    if siblings.len() >= QUOTA {
        return Err(ApiError::new("TooManyListeners", "You have reached the maximum number of listeners"));
    }
    let arn = arn(call, &format!("listener/{}", tail(&balancer, &BALANCERS)));
    let mut listener = call.object(LISTENERS.kind, &arn, json!({LISTENERS.arn: arn, BALANCERS.arn: balancer}));
    listener.body.extend(settings.body);
    listener.tags = tagging::given(call)?;
    listener.hidden.insert("balancer".into(), balancer.as_str().into());
    listener.needs = settings.needs.into_iter().chain([balancer]).collect();
    let shown = show(&listener);
    call.world.put(listener.clone());
    rule::follow(call, &listener);
    Ok(json!({LISTENERS.set: [shown]}).into())
}

fn of(call: &Call<'_>, balancer: &str) -> Vec<Object> {
    call.world.users_of(balancer).filter(|user| user.kind == LISTENERS.kind).cloned().collect()
}

/// What a create or a modify asks for; `old` fills what it does not say.
fn settings(call: &Call<'_>, balancer: &str, old: &Map<String, Value>) -> Result<Settings, ApiError> {
    let kept = |member: &str| old.get(member).and_then(Value::as_str).map(str::to_owned);
    let protocol = call.text("Protocol").map(str::to_owned).or_else(|| kept("Protocol"));
    let protocol = protocol.ok_or_else(|| invalid("A protocol must be specified"))?;
    let port = call.number("Port").or_else(|| old.get("Port")?.as_i64()).filter(|port| (1..=65535).contains(port));
    let port = port.ok_or_else(|| invalid("A port between 1 and 65535 must be specified"))?;
    let mut body = Map::from_iter([("Port".to_owned(), port.into()), ("Protocol".to_owned(), protocol.clone().into())]);
    let mut needs = BTreeSet::new();
    if ["HTTPS", "TLS"].contains(&protocol.as_str()) {
        let certificate = certificate(call, old)?;
        let policy = call.text("SslPolicy").map(str::to_owned).or_else(|| kept("SslPolicy"));
        let policy = policy.unwrap_or_else(|| POLICY.to_owned());
        if !policy.starts_with("ELBSecurityPolicy-") {
            return Err(ApiError::new("SSLPolicyNotFound", format!("SSL policy '{policy}' not found")));
        }
        body.insert("Certificates".into(), json!([{"CertificateArn": certificate}]));
        body.insert("SslPolicy".into(), policy.into());
        needs.insert(certificate);
    }
    match (call.list("DefaultActions").is_empty(), old.get("DefaultActions")) {
        (true, Some(actions)) => {
            body.insert("DefaultActions".into(), actions.clone());
            let mut groups = Vec::new();
            collect(actions, "TargetGroupArn", &mut groups);
            needs.extend(groups);
        }
        _ => {
            let filled = action::fill(call, "DefaultActions", balancer)?;
            body.insert("DefaultActions".into(), filled.shown.into());
            needs.extend(filled.groups);
        }
    }
    Ok(Settings { body, needs })
}

fn collect(value: &Value, member: &str, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, member, found)),
        Value::Object(map) => {
            found.extend(map.get(member).and_then(Value::as_str).map(str::to_owned));
            map.values().for_each(|value| collect(value, member, found));
        }
        _ => {}
    }
}

/// The one certificate of an HTTPS listener.
fn certificate(call: &Call<'_>, old: &Map<String, Value>) -> Result<String, ApiError> {
    let mut given = Vec::new();
    let source = call.input.get("Certificates").or_else(|| old.get("Certificates")).unwrap_or(&Value::Null);
    collect(source, "CertificateArn", &mut given);
    let [arn] = given.as_slice() else {
        return Err(invalid("Exactly one certificate must be specified for HTTPS listeners"));
    };
    match acm::is_issued(call, arn) {
        true => Ok(arn.clone()),
        false => Err(ApiError::new("CertificateNotFound", format!("Certificate '{arn}' not found"))),
    }
}

fn describe(call: &mut Call<'_>) -> Answer {
    let rows = match call.text(BALANCERS.arn) {
        Some(balancer) => {
            call.get(BALANCERS.kind, balancer).ok_or_else(|| missing(&BALANCERS, balancer))?;
            of(call, balancer).iter().filter(|one| one.visible <= call.now).map(show).collect()
        }
        None if call.texts(LISTENERS.arns).is_empty() => {
            return Err(invalid("Either listener ARNs or a load balancer ARN must be specified"));
        }
        None => chosen(call, &LISTENERS)?.into_iter().map(show).collect(),
    };
    paged(call, &LISTENERS, rows)
}

fn certificates_of(call: &mut Call<'_>) -> Answer {
    let mut arns = Vec::new();
    collect(named(call, &LISTENERS)?.body.get("Certificates").unwrap_or(&Value::Null), "CertificateArn", &mut arns);
    let rows: Vec<Value> = arns.iter().map(|arn| json!({"CertificateArn": arn, "IsDefault": true})).collect();
    Ok(json!({"Certificates": rows}).into())
}

fn modify(call: &mut Call<'_>) -> Answer {
    let listener = named(call, &LISTENERS)?.clone();
    let balancer = listener.text(BALANCERS.arn).to_owned();
    let settings = settings(call, &balancer, &listener.body)?;
    let port = settings.body.get("Port");
    if of(call, &balancer).iter().any(|other| other.id != listener.id && other.body.get("Port") == port) {
        return Err(ApiError::new(
            "DuplicateListener",
            "A listener already exists on this port for this load balancer",
        ));
    }
    release(call, &listener, &settings.needs);
    let mut changed = listener;
    changed.body.retain(|member, _| member == LISTENERS.arn || member == BALANCERS.arn);
    changed.body.extend(settings.body);
    changed.needs = settings.needs.into_iter().chain([balancer]).collect();
    call.world.put(changed.clone());
    rule::follow(call, &changed);
    Ok(json!({LISTENERS.set: [show(&changed)]}).into())
}

fn delete(call: &mut Call<'_>) -> Answer {
    let arn = named(call, &LISTENERS)?.id.clone();
    remove(call, &arn);
    done()
}

/// Removes a listener with its rules.
pub fn remove(call: &mut Call<'_>, arn: &str) {
    let rules: Vec<String> =
        call.world.users_of(arn).filter(|user| user.kind == RULES.kind).map(|user| user.id.clone()).collect();
    for rule in rules {
        call.world.remove(&call.key(RULES.kind, &rule));
    }
    if let Some(listener) = call.world.remove(&call.key(LISTENERS.kind, arn)) {
        release(call, &listener, &BTreeSet::new());
    }
}

/// Tells ACM which certificates a listener does not use any more.
fn release(call: &mut Call<'_>, listener: &Object, kept: &BTreeSet<String>) {
    let certificates = listener.needs.iter().filter(|id| id.contains(":certificate/") && !kept.contains(*id));
    for certificate in certificates {
        acm::release(call, certificate, listener.text(BALANCERS.arn));
    }
}
