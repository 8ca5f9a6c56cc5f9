//! Resource policies, and passwords.

use serde_json::Value;

use super::{ids, invalid, named, writable};
use crate::call::{Answer, ApiError, Call};

/// What passwords are made of, in this order: letters, digits, punctuation.
const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &str = "0123456789";
const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "PutResourcePolicy" => Some(put(call)),
        "GetResourcePolicy" => Some(get(call)),
        "DeleteResourcePolicy" => Some(delete(call)),
        "GetRandomPassword" => Some(password(call)),
        _ => None,
    }
}

fn put(call: &mut Call<'_>) -> Answer {
    let secret = writable(call)?;
    let policy = call.text("ResourcePolicy").unwrap_or_default().to_owned();
    if !serde_json::from_str::<Value>(&policy).is_ok_and(|policy| policy.get("Statement").is_some()) {
        let message = "This resource policy contains a syntax error.";
        return Err(ApiError::new("MalformedPolicyDocumentException", message));
    }
    call.world.change(&secret.key(), |secret| secret.hidden.insert("policy".into(), policy.into()));
    Ok(ids(&secret).into())
}

fn get(call: &Call<'_>) -> Answer {
    let secret = named(call)?;
    let mut answer = ids(&secret);
    if let Some(policy) = secret.hidden.get("policy") {
        answer["ResourcePolicy"] = policy.clone();
    }
    Ok(answer.into())
}

fn delete(call: &mut Call<'_>) -> Answer {
    let secret = writable(call)?;
    call.world.change(&secret.key(), |secret| secret.hidden.remove("policy"));
    Ok(ids(&secret).into())
}

fn password(call: &mut Call<'_>) -> Answer {
    let length = call.number("PasswordLength").unwrap_or(32);
    let length = usize::try_from(length).ok().filter(|length| (1..=4096).contains(length));
    let length = length.ok_or_else(|| invalid("PasswordLength must be between 1 and 4096."))?;
    let without = |flag: &str| call.flag(flag) == Some(true);
    let sets = [(LETTERS, false), (DIGITS, without("ExcludeNumbers")), (PUNCTUATION, without("ExcludePunctuation"))];
    let excluded = call.text("ExcludeCharacters").unwrap_or_default().to_owned();
    let lower = without("ExcludeUppercase");
    let all: Vec<char> = sets.iter().filter(|(_, out)| !out).flat_map(|(set, _)| set.chars()).collect();
    let all: Vec<char> =
        all.into_iter().filter(|one| !(excluded.contains(*one) || lower && one.is_ascii_uppercase())).collect();
    let mut text = String::new();
    while text.chars().count() < length {
        let number = usize::from_str_radix(&call.hex(8), 16).unwrap_or_default();
        match all.get(number.checked_rem(all.len()).unwrap_or_default()) {
            Some(one) => text.push(*one),
            None => return Err(invalid("No characters are left to make a password of.")),
        }
    }
    Ok(serde_json::json!({"RandomPassword": text}).into())
}
