//! Keys: create, describe, list, enable, disable, describe in words.

use serde_json::{Value, json};

use super::{
    KEY, change, check_live, invalid, key_arn, named, named_or_aliased, paging, policy, replica, tags, truncated,
};
use crate::call::{Answer, ApiError, Call};
use crate::services::paging::listing;
use crate::world::Object;

/// Longest description.
const DESCRIPTION: usize = 8192;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateKey" => Some(create(call)),
        "DescribeKey" => Some(describe(call)),
        "ListKeys" => Some(list(call)),
        "EnableKey" => Some(enable(call, true)),
        "DisableKey" => Some(enable(call, false)),
        "UpdateKeyDescription" => Some(update_description(call)),
        _ => None,
    }
}

fn create(call: &mut Call<'_>) -> Answer {
    let (spec, usage) = spec_and_usage(call)?;
    let tags = tags::given(call)?;
    let description = description(call)?;
    let policy = policy::given(call)?;
    let uuid = call.uuid();
    let multi = call.flag("MultiRegion") == Some(true);
    let id = if multi { format!("mrk-{}", uuid.replace('-', "")) } else { uuid };
    let mut key = blank(call, &id, &spec, &usage);
    key.set("Description", description);
    key.set("MultiRegion", multi);
    if call.text("Origin") == Some("EXTERNAL") {
        key.set("Origin", "EXTERNAL");
        key.set("Enabled", false);
        key.set("KeyState", "PendingImport");
    }
    if multi {
        replica::make_primary(&mut key);
    }
    key.hidden.insert("policy".into(), policy.into());
    key.tags = tags;
    let shown = show(call, &key);
    call.world.put(key);
    Ok(json!({"KeyMetadata": shown}).into())
}

/// Facts of the API: only symmetric encryption keys have a default use.
fn spec_and_usage(call: &Call<'_>) -> Result<(String, String), ApiError> {
    let spec = call.text("KeySpec").or(call.text("CustomerMasterKeySpec")).unwrap_or("SYMMETRIC_DEFAULT").to_owned();
    let uses: &[&str] = match spec.split('_').next().unwrap_or_default() {
        "SYMMETRIC" => &["ENCRYPT_DECRYPT"],
        "HMAC" => &["GENERATE_VERIFY_MAC"],
        "RSA" => &["ENCRYPT_DECRYPT", "SIGN_VERIFY"],
        "ECC" | "SM2" => &["SIGN_VERIFY", "KEY_AGREEMENT"],
        "ML" => &["SIGN_VERIFY"],
        _ => return Err(invalid(format!("KeySpec {spec} is not one of the specs of a key"))),
    };
    match call.text("KeyUsage") {
        None if spec == "SYMMETRIC_DEFAULT" => Ok((spec, "ENCRYPT_DECRYPT".into())),
        None => {
            Err(invalid("You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys."))
        }
        Some(usage) if uses.contains(&usage) => Ok((spec, usage.to_owned())),
        Some(usage) => Err(invalid(format!("KeyUsage {usage} is not compatible with KeySpec {spec}"))),
    }
}

fn description(call: &Call<'_>) -> Result<String, ApiError> {
    let description = call.text("Description").unwrap_or_default();
    match description.len() <= DESCRIPTION {
        true => Ok(description.to_owned()),
        false => Err(invalid("Value at 'description' must have length less than or equal to 8192")),
    }
}

/// A key that is enabled, without description, policy and tags.
pub fn blank(call: &Call<'_>, id: &str, spec: &str, usage: &str) -> Object {
    let body = json!({
        "AWSAccountId": call.account, "KeyId": id, "Arn": key_arn(call, id), "CreationDate": call.now, "Enabled": true,
        "Description": "", "KeyUsage": usage, "KeyState": "Enabled", "Origin": "AWS_KMS", "KeyManager": "CUSTOMER",
        "CustomerMasterKeySpec": spec, "KeySpec": spec, "MultiRegion": false,
    });
    let mut key = call.object(KEY, id, body);
    let (member, algorithms) = algorithms(spec, usage);
    if !algorithms.is_empty() {
        key.set(member, algorithms);
    }
    key
}

fn algorithms(spec: &str, usage: &str) -> (&'static str, Vec<String>) {
    let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    match (usage, spec) {
        ("ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT") => ("EncryptionAlgorithms", own(&["SYMMETRIC_DEFAULT"])),
        ("ENCRYPT_DECRYPT", _) => ("EncryptionAlgorithms", own(&["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"])),
        ("GENERATE_VERIFY_MAC", _) => ("MacAlgorithms", vec![spec.replacen("HMAC_", "HMAC_SHA_", 1)]),
        ("SIGN_VERIFY", "ECC_NIST_P256" | "ECC_SECG_P256K1") => ("SigningAlgorithms", own(&["ECDSA_SHA_256"])),
        ("SIGN_VERIFY", "ECC_NIST_P384") => ("SigningAlgorithms", own(&["ECDSA_SHA_384"])),
        ("SIGN_VERIFY", "ECC_NIST_P521") => ("SigningAlgorithms", own(&["ECDSA_SHA_512"])),
        ("SIGN_VERIFY", "SM2") => ("SigningAlgorithms", own(&["SM2DSA"])),
        ("SIGN_VERIFY", spec) if spec.starts_with("RSA") => {
            let sizes = ["256", "384", "512"];
            let pss = sizes.iter().map(|size| format!("RSASSA_PSS_SHA_{size}"));
            ("SigningAlgorithms", sizes.iter().map(|size| format!("RSASSA_PKCS1_V1_5_SHA_{size}")).chain(pss).collect())
        }
        ("KEY_AGREEMENT", _) => ("KeyAgreementAlgorithms", own(&["ECDH"])),
        _ => ("SigningAlgorithms", Vec::new()),
    }
}

/// A key's metadata; those of a multi-region key tell of its siblings.
pub fn show(call: &Call<'_>, key: &Object) -> Value {
    let mut body = key.body.clone();
    if let Some(siblings) = replica::configuration(call, key) {
        body.insert("MultiRegionConfiguration".into(), siblings);
    }
    Value::Object(body)
}

fn describe(call: &mut Call<'_>) -> Answer {
    super::alias::make_managed(call);
    let key = named_or_aliased(call)?;
    Ok(json!({"KeyMetadata": show(call, &key)}).into())
}

/// Facts: ids only, those of keys that pend deletion among them.
fn list(call: &Call<'_>) -> Answer {
    let row = |key: &Object| json!({"KeyId": key.id, "KeyArn": key.text("Arn")});
    let rows = call.visible(KEY).into_iter().map(row).collect();
    truncated(listing(call, "Keys", rows, paging(100, 1000)))
}

fn enable(call: &mut Call<'_>, on: bool) -> Answer {
    let key = named(call)?;
    check_live(&key)?;
    if key.text("KeyState") == "PendingImport" {
        return Err(super::bad_state(&key, "is pending import."));
    }
    change(call, &key, |key| {
        key.set("Enabled", on);
        key.set("KeyState", if on { "Enabled" } else { "Disabled" });
    })
}

fn update_description(call: &mut Call<'_>) -> Answer {
    let key = named(call)?;
    check_live(&key)?;
    let description = description(call)?;
    change(call, &key, |key| key.set("Description", description))
}
