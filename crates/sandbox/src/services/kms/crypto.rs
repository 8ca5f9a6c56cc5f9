//! Encryption for trying things out: the blob holds its key's id, a hash of the context, and the text as it is.
//!
//! It keeps what callers can notice: which key decrypts what, in which region and state. It keeps no secret.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{KEY, by_id, check_live, invalid, named_or_aliased, required, state};
use crate::call::{Answer, ApiError, Call};
use crate::world::Object;

/// Longest text that `Encrypt` takes.
const LONGEST: usize = 4096;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "Encrypt" => Some(encrypt(call)),
        "Decrypt" => Some(decrypt(call)),
        "GenerateDataKey" => Some(data_key(call, true)),
        "GenerateDataKeyWithoutPlaintext" => Some(data_key(call, false)),
        "GenerateRandom" => {
            let length = call.number("NumberOfBytes").unwrap_or(32);
            Some(random(call, length).map(|text| json!({"Plaintext": text}).into()))
        }
        _ => None,
    }
}

fn check_usable(key: &Object) -> Result<(), ApiError> {
    check_live(key)?;
    let arn = key.text("Arn");
    if state(key) != "Enabled" {
        return Err(ApiError::new("DisabledException", format!("{arn} is disabled.")));
    }
    match key.text("KeyUsage") {
        "ENCRYPT_DECRYPT" => Ok(()),
        usage => Err(ApiError::new(
            "InvalidKeyUsageException",
            format!("{arn} key usage is {usage} which is not valid for {}.", "encryption"),
        )),
    }
}

fn context(call: &Call<'_>) -> String {
    let context = call.input.get("EncryptionContext").map(Value::to_string).unwrap_or_default();
    Sha256::digest(context.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn seal(call: &Call<'_>, key: &Object, plain: &[u8]) -> String {
    let mut blob = format!("{}\n{}\n", key.id, context(call)).into_bytes();
    blob.extend_from_slice(plain);
    STANDARD.encode(blob)
}

fn encrypt(call: &mut Call<'_>) -> Answer {
    super::alias::make_managed(call);
    let key = named_or_aliased(call)?;
    check_usable(&key)?;
    let plain = STANDARD.decode(required(call, "Plaintext")?).map_err(|_| invalid("Plaintext is not base64"))?;
    if plain.is_empty() || plain.len() > LONGEST {
        return Err(invalid("Value at 'plaintext' must have a length between 1 and 4096"));
    }
    let algorithm = call.text("EncryptionAlgorithm").unwrap_or("SYMMETRIC_DEFAULT");
    let blob = seal(call, &key, &plain);
    Ok(json!({"CiphertextBlob": blob, "KeyId": key.text("Arn"), "EncryptionAlgorithm": algorithm}).into())
}

fn decrypt(call: &Call<'_>) -> Answer {
    let unreadable = || ApiError::new("InvalidCiphertextException", "");
    let blob = STANDARD.decode(required(call, "CiphertextBlob")?).map_err(|_| unreadable())?;
    let mut parts = blob.splitn(3, |byte| *byte == b'\n');
    let mut text = || parts.next().and_then(|part| std::str::from_utf8(part).ok()).map(str::to_owned);
    let (id, sealed) = (text().ok_or_else(unreadable)?, text().ok_or_else(unreadable)?);
    let plain = parts.next().ok_or_else(unreadable)?;
    // A key of another region does not exist here, unless it has a replica here.
    if call.get(KEY, &id).is_none() {
        return Err(unreadable());
    }
    let key = by_id(call, &id)?;
    if call.text("KeyId").is_some() && named_or_aliased(call)?.id != key.id {
        let message = "The key ID in the request does not identify a CMK that can perform this operation.";
        return Err(ApiError::new("IncorrectKeyException", message));
    }
    check_usable(&key)?;
    if sealed != context(call) {
        return Err(unreadable());
    }
    let algorithm = call.text("EncryptionAlgorithm").unwrap_or("SYMMETRIC_DEFAULT");
    Ok(json!({"Plaintext": STANDARD.encode(plain), "KeyId": key.text("Arn"), "EncryptionAlgorithm": algorithm}).into())
}

fn data_key(call: &mut Call<'_>, shown: bool) -> Answer {
    super::alias::make_managed(call);
    let key = named_or_aliased(call)?;
    check_usable(&key)?;
    let length = match (call.text("KeySpec"), call.number("NumberOfBytes")) {
        (Some("AES_256"), None) => 32,
        (Some("AES_128"), None) => 16,
        (None, Some(length)) => length,
        _ => return Err(invalid("Please specify either number of bytes or key spec.")),
    };
    let plain = random(call, length)?;
    let blob = seal(call, &key, &STANDARD.decode(&plain).unwrap_or_default());
    let mut answer = json!({"CiphertextBlob": blob, "KeyId": key.text("Arn")});
    if shown {
        answer["Plaintext"] = plain.into();
    }
    Ok(answer.into())
}

/// Bytes that only look random, as base64: the same seed gives the same again.
fn random(call: &mut Call<'_>, length: i64) -> Result<String, ApiError> {
    let fits = usize::try_from(length).ok().filter(|length| (1..=1024).contains(length));
    let length = fits.ok_or_else(|| invalid("Value at 'numberOfBytes' must be between 1 and 1024"))?;
    let mut bytes = Vec::new();
    while bytes.len() < length {
        bytes.extend_from_slice(&Sha256::digest(call.hex(64).as_bytes()));
    }
    bytes.truncate(length);
    Ok(STANDARD.encode(bytes))
}
