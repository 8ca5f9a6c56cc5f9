//! What is peculiar to CloudWatch, which speaks CBOR, JSON and query: error names, and how moments are written.

use serde_json::Value;

use super::Protocol;
use crate::call::{Answer, timestamp};

/// Headers that only CloudWatch's newer protocols have: which protocol this is, and the error code of the old one.
pub fn headers(protocol: Protocol, answer: &Answer) -> Vec<(&'static str, String)> {
    let mut headers = Vec::new();
    if protocol == Protocol::Cbor {
        headers.push(("smithy-protocol", "rpc-v2-cbor".to_owned()));
    }
    if let Err(error) = answer
        && protocol != Protocol::Query
    {
        let side = if error.status < 500 { "Sender" } else { "Receiver" };
        headers.push(("x-amzn-query-error", format!("{};{side}", error.code)));
    }
    headers
}

/// The modelled name of an error of CloudWatch, which its newer protocols carry beside the old code.
pub fn shape(code: &str) -> &str {
    match code {
        "InvalidFormat" => "InvalidFormatFault",
        "InvalidParameterCombination" => "InvalidParameterCombinationException",
        "InvalidParameterInput" => "DashboardInvalidInputError",
        "InvalidParameterValue" => "InvalidParameterValueException",
        "LimitExceeded" => "LimitExceededFault",
        "MissingParameter" => "MissingRequiredParameterException",
        other => other,
    }
}

/// Whether a member of CloudWatch's holds moments: JSON carries them as numbers, CBOR tags them, XML writes dates.
pub fn is_moment(member: &str) -> bool {
    member.ends_with("Timestamp") || ["Timestamps", "LastModified"].contains(&member)
}

/// The same tree with dates in place of moments.
pub fn dates(value: &Value, moment: bool) -> Value {
    match value {
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), dates(value, is_moment(name)))).collect()
        }
        Value::Array(items) => items.iter().map(|item| dates(item, moment)).collect(),
        Value::Number(seconds) if moment => timestamp(seconds.as_f64().unwrap_or_default()).into(),
        other => other.clone(),
    }
}
