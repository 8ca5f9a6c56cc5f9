//! Subscriptions: who confirms by hand stays pending; the account's own queues and functions confirm themselves.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{SUBSCRIPTION, attributes, done, entries, invalid, not_found, pages, set_attributes, topic};
use crate::call::{Answer, ApiError, Call};
use crate::world::Object;

/// Seconds after which what nobody confirmed is gone: facts say days.
const PENDING: f64 = 3.0 * 86_400.0;
/// What lists show in place of a pending subscription's ARN.
const UNCONFIRMED: &str = "PendingConfirmation";

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "Subscribe" => Some(subscribe(call)),
        "Unsubscribe" => Some(unsubscribe(call)),
        "ListSubscriptions" => Some(list(call, None)),
        "ListSubscriptionsByTopic" => Some(topic::named(call).and_then(|topic| list(call, Some(&topic)))),
        "GetSubscriptionAttributes" => Some(get(call)),
        "SetSubscriptionAttributes" => Some(set(call)),
        _ => None,
    }
}

fn check_endpoint(protocol: &str, endpoint: &str) -> Result<(), ApiError> {
    let fits = match protocol {
        "email" | "email-json" => endpoint.contains('@'),
        "http" | "https" => endpoint.starts_with(&format!("{protocol}://")),
        "sqs" | "lambda" | "firehose" | "application" => endpoint.starts_with("arn:"),
        "sms" => endpoint.trim_start_matches('+').bytes().all(|byte| byte.is_ascii_digit() || byte == b'-'),
        _ => return Err(invalid(format!("Does not support this protocol string: {protocol}"))),
    };
    match fits && !endpoint.is_empty() {
        true => Ok(()),
        false => Err(invalid(format!("Endpoint Reason: it is no endpoint of the protocol {protocol}"))),
    }
}

fn needs_confirmation(call: &Call<'_>, protocol: &str, endpoint: &str) -> bool {
    match protocol {
        "email" | "email-json" | "http" | "https" => true,
        "sqs" | "lambda" | "firehose" => !endpoint.contains(call.account),
        _ => false,
    }
}

/// Facts: repeatable on topic, protocol and endpoint, while the attributes are the same.
fn subscribe(call: &mut Call<'_>) -> Answer {
    let topic = topic::named(call)?;
    let (protocol, endpoint) = (call.need("Protocol")?, call.text("Endpoint").unwrap_or_default().to_owned());
    check_endpoint(&protocol, &endpoint)?;
    let given = attributes(call);
    let arn = topic.text("TopicArn").to_owned();
    let same = |one: &&Object| {
        one.text("TopicArn") == arn && one.text("Protocol") == protocol && one.text("Endpoint") == endpoint
    };
    if let Some(there) = call.world.list(call.account, call.region, SUBSCRIPTION).find(same) {
        let known = set_attributes(there);
        if !given.is_empty() && known != given {
            return Err(invalid("Attributes Reason: Subscription already exists with different attributes"));
        }
        return answer(call, there);
    }
    let pending = needs_confirmation(call, &protocol, &endpoint);
    let id = format!("{arn}:{}", call.uuid());
    let mut subscription = call.object(
        SUBSCRIPTION,
        &id,
        json!({"SubscriptionArn": id, "Owner": call.account, "Protocol": protocol, "Endpoint": endpoint,
            "TopicArn": arn, "PendingConfirmation": pending.to_string()}),
    );
    subscription.hidden.insert("attributes".into(), Value::Object(given));
    subscription.needs.insert(arn);
    if pending {
        subscription.remove_later(call.now + PENDING);
    }
    let reply = answer(call, &subscription);
    call.world.put(subscription);
    reply
}

fn is_pending(subscription: &Object) -> bool {
    subscription.text("PendingConfirmation") == "true"
}

/// Facts: a pending subscription's ARN is told only to who asks for it.
fn answer(call: &Call<'_>, subscription: &Object) -> Answer {
    let told = !is_pending(subscription) || call.flag("ReturnSubscriptionArn") == Some(true);
    let arn = if told { subscription.id.as_str() } else { "pending confirmation" };
    Ok(json!({"SubscriptionArn": arn}).into())
}

fn named(call: &Call<'_>) -> Result<Object, ApiError> {
    let arn = call.text("SubscriptionArn").unwrap_or_default();
    if arn.split(':').count() != 7 {
        return Err(invalid("SubscriptionArn Reason: An ARN must have at least 6 elements, not 1"));
    }
    call.get(SUBSCRIPTION, arn).cloned().ok_or_else(|| not_found("Subscription"))
}

fn unsubscribe(call: &mut Call<'_>) -> Answer {
    match named(call) {
        Ok(one) if is_pending(&one) => {
            Err(invalid("SubscriptionArn Reason: Cannot unsubscribe a subscription that is pending confirmation"))
        }
        Ok(one) => {
            call.world.remove(&one.key());
            done()
        }
        Err(error) if error.code == "NotFound" => done(),
        Err(error) => Err(error),
    }
}

fn list(call: &Call<'_>, topic: Option<&Object>) -> Answer {
    let wanted = |one: &&Object| topic.is_none_or(|topic| topic.text("TopicArn") == one.text("TopicArn"));
    let row = |one: &Object| {
        let mut row: Map<String, Value> = one.body.clone();
        row.remove("PendingConfirmation");
        if is_pending(one) {
            row.insert("SubscriptionArn".into(), UNCONFIRMED.into());
        }
        Value::Object(row)
    };
    pages(call, "Subscriptions", call.visible(SUBSCRIPTION).into_iter().filter(wanted).map(row).collect())
}

fn get(call: &Call<'_>) -> Answer {
    let one = named(call)?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut all: BTreeMap<String, String> = one.body.iter().map(|(name, value)| (name.clone(), text(value))).collect();
    all.insert("ConfirmationWasAuthenticated".into(), "false".into());
    all.insert("RawMessageDelivery".into(), "false".into());
    all.insert("SubscriptionPrincipal".into(), format!("arn:aws:iam::{}:root", call.account));
    all.extend(set_attributes(&one).iter().map(|(name, value)| (name.clone(), text(value))));
    Ok(json!({"Attributes": entries(&all)}).into())
}

fn set(call: &mut Call<'_>) -> Answer {
    let (one, name) = (named(call)?, call.need("AttributeName")?);
    let settable = [
        "DeliveryPolicy",
        "FilterPolicy",
        "FilterPolicyScope",
        "RawMessageDelivery",
        "RedrivePolicy",
        "SubscriptionRoleArn",
        "ReplayPolicy",
    ];
    if !settable.contains(&name.as_str()) {
        return Err(invalid("AttributeName"));
    }
    let mut all = set_attributes(&one);
    all.insert(name, call.text("AttributeValue").unwrap_or_default().into());
    call.world.change(&one.key(), |one| one.hidden.insert("attributes".into(), Value::Object(all)));
    done()
}
