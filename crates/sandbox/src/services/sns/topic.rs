//! Topics: create, attributes, list, delete, publish.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{SUBSCRIPTION, TOPIC, attributes, done, entries, invalid, not_found, pages, set_attributes};
use crate::call::{Answer, ApiError, Call, tags_from};
use crate::services::by_arn;
use crate::world::Object;

/// Attributes that can be set.
const SETTABLE: [&str; 12] = [
    "ApplicationSuccessFeedbackRoleArn",
    "ArchivePolicy",
    "ContentBasedDeduplication",
    "DataProtectionPolicy",
    "DeliveryPolicy",
    "DisplayName",
    "FifoThroughputScope",
    "FifoTopic",
    "KmsMasterKeyId",
    "Policy",
    "SignatureVersion",
    "TracingConfig",
];
/// How deliveries are retried if nobody says otherwise.
const DELIVERY: &str = r#"{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},"disableSubscriptionOverrides":false,"defaultRequestPolicy":{"headerContentType":"text/plain; charset=UTF-8"}}}"#;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateTopic" => Some(create(call)),
        "DeleteTopic" => Some(delete(call)),
        "GetTopicAttributes" => Some(get(call)),
        "SetTopicAttributes" => Some(set(call)),
        "ListTopics" => {
            let topics = call.visible(TOPIC).into_iter();
            Some(pages(call, "Topics", topics.map(|topic| json!({"TopicArn": topic.text("TopicArn")})).collect()))
        }
        "Publish" => Some(publish(call)),
        _ => None,
    }
}

/// The topic that the request names.
///
/// # Errors
/// `NotFound`, or `InvalidParameter` if that is no ARN of this region.
pub fn named(call: &Call<'_>) -> Result<Object, ApiError> {
    let arn = call.text("TopicArn").or(call.text("TargetArn")).unwrap_or_default();
    if arn.split(':').count() != 6 || !arn.starts_with("arn:aws:sns:") {
        return Err(invalid("TopicArn Reason: An ARN must have at least 6 elements, not 1"));
    }
    let name = arn.rsplit(':').next().unwrap_or_default();
    let found = call.get(TOPIC, name).filter(|topic| topic.text("TopicArn") == arn && topic.visible <= call.now);
    found.cloned().ok_or_else(|| not_found("Topic"))
}

fn check_attribute(name: &str) -> Result<(), ApiError> {
    match SETTABLE.contains(&name) || name.contains("FeedbackRoleArn") || name.contains("FeedbackSampleRate") {
        true => Ok(()),
        false => Err(invalid("AttributeName")),
    }
}

fn check_name(name: &str, fifo: bool) -> Result<(), ApiError> {
    let base = name.strip_suffix(".fifo").unwrap_or(name);
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    match !base.is_empty() && name.len() <= 256 && base.bytes().all(allowed) && fifo == name.ends_with(".fifo") {
        true => Ok(()),
        false if fifo => Err(invalid(
            "Fifo Topic names must end with .fifo and must be made up of only uppercase and lowercase ASCII letters, numbers, underscores, and hyphens, and must be between 1 and 256 characters long.",
        )),
        false => Err(invalid("Topic Name")),
    }
}

/// Facts: the same again gives the topic that is there; something else is refused.
fn create(call: &mut Call<'_>) -> Answer {
    let name = call.need("Name")?;
    let given = attributes(call);
    given.keys().try_for_each(|name| check_attribute(name))?;
    check_name(&name, given.get("FifoTopic").and_then(Value::as_str) == Some("true"))?;
    let tags = tags_from(&call.list("Tags"));
    by_arn::check(&tags, "InvalidParameter")?;
    let arn = format!("arn:aws:sns:{}:{}:{name}", call.region, call.account);
    if let Some(topic) = call.get(TOPIC, &name) {
        check_same(topic, &given, &tags)?;
        return Ok(json!({"TopicArn": arn}).into());
    }
    let mut topic = call.object(TOPIC, &name, json!({"TopicArn": arn}));
    topic.hidden.insert("attributes".into(), Value::Object(given));
    topic.tags = tags;
    by_arn::name(&mut topic, &arn);
    call.world.put(topic);
    Ok(json!({"TopicArn": arn}).into())
}

fn check_same(topic: &Object, given: &Map<String, Value>, tags: &BTreeMap<String, String>) -> Result<(), ApiError> {
    if !tags.is_empty() && *tags != topic.tags {
        return Err(invalid("Tags Reason: Topic already exists with different tags"));
    }
    let there = set_attributes(topic);
    match given.iter().all(|(name, value)| there.get(name) == Some(value)) {
        true => Ok(()),
        false => Err(invalid("Attributes Reason: Topic already exists with different attributes")),
    }
}

/// Facts: no error when it is gone; its subscriptions go with it.
fn delete(call: &mut Call<'_>) -> Answer {
    match named(call) {
        Ok(topic) => {
            let arn = topic.text("TopicArn");
            let subscriptions: Vec<_> = call.world.users_of(arn).filter(|user| user.kind == SUBSCRIPTION).collect();
            let keys: Vec<_> = subscriptions.into_iter().map(Object::key).collect();
            keys.iter().chain([&topic.key()]).for_each(|key| {
                call.world.remove(key);
            });
            done()
        }
        Err(error) if error.code == "NotFound" => done(),
        Err(error) => Err(error),
    }
}

fn default_policy(call: &Call<'_>, arn: &str) -> String {
    let actions = [
        "GetTopicAttributes",
        "SetTopicAttributes",
        "AddPermission",
        "RemovePermission",
        "DeleteTopic",
        "Subscribe",
        "ListSubscriptionsByTopic",
        "Publish",
    ];
    let statement = json!([{
        "Sid": "__default_statement_ID", "Effect": "Allow", "Principal": {"AWS": "*"},
        "Action": actions.map(|action| format!("SNS:{action}")), "Resource": arn,
        "Condition": {"StringEquals": {"AWS:SourceOwner": call.account}},
    }]);
    json!({"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": statement}).to_string()
}

fn get(call: &Call<'_>) -> Answer {
    let topic = named(call)?;
    let arn = topic.text("TopicArn");
    let count = |pending: &str| {
        let subscriptions = call.world.users_of(arn).filter(|user| user.kind == SUBSCRIPTION);
        subscriptions.filter(|one| one.text("PendingConfirmation") == pending).count().to_string()
    };
    let mut all: BTreeMap<String, String> = [
        ("TopicArn", arn.to_owned()),
        ("Owner", call.account.to_owned()),
        ("DisplayName", String::new()),
        ("Policy", default_policy(call, arn)),
        ("EffectiveDeliveryPolicy", DELIVERY.to_owned()),
        ("SubscriptionsConfirmed", count("false")),
        ("SubscriptionsPending", count("true")),
        ("SubscriptionsDeleted", "0".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    let text = |value: Value| value.as_str().unwrap_or_default().to_owned();
    all.extend(set_attributes(&topic).into_iter().map(|(name, value)| (name, text(value))));
    Ok(json!({"Attributes": entries(&all)}).into())
}

fn set(call: &mut Call<'_>) -> Answer {
    let (topic, name) = (named(call)?, call.need("AttributeName")?);
    check_attribute(&name)?;
    if name == "FifoTopic" {
        return Err(invalid("AttributeName Reason: FifoTopic cannot be changed"));
    }
    let value = call.text("AttributeValue").unwrap_or_default().to_owned();
    if ["Policy", "DeliveryPolicy"].contains(&name.as_str())
        && !value.is_empty()
        && serde_json::from_str::<Map<String, Value>>(&value).is_err()
    {
        return Err(invalid(format!("{name} Reason: it is not valid JSON")));
    }
    let mut all = set_attributes(&topic);
    match value.is_empty() {
        true => all.remove(&name),
        false => all.insert(name, value.into()),
    };
    call.world.change(&topic.key(), |topic| topic.hidden.insert("attributes".into(), Value::Object(all)));
    done()
}

fn publish(call: &mut Call<'_>) -> Answer {
    named(call)?;
    if call.text("Message").is_none_or(str::is_empty) {
        return Err(invalid("Empty message"));
    }
    Ok(json!({"MessageId": call.uuid()}).into())
}
