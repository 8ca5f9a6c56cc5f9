//! The secret of a managed master password. Facts: its name is `rds!db-…`, it belongs to RDS and goes with its instance;
//! it is `creating` before it is `active`.

use serde_json::{Value, json};

use super::super::placement;
use super::INSTANCES;
use crate::call::Call;
use crate::world::Object;

/// How the Secrets Manager of the sandbox keeps secrets.
const SECRETS: &str = "secretsmanager/secret";
const MEMBER: &str = "MasterUserSecret";

/// Makes the secret of an instance; it is active at `ready`.
pub fn make(call: &mut Call<'_>, instance: &mut Object, ready: f64) {
    let (uuid, suffix, version, password) = (call.uuid(), call.hex(6), call.uuid(), call.hex(28));
    let name = format!("rds!db-{uuid}");
    let arn = format!("arn:aws:secretsmanager:{}:{}:secret:{name}-{suffix}", call.region, call.account);
    let key = placement::key_arn(call, call.text("MasterUserSecretKmsKeyId").unwrap_or("alias/aws/secretsmanager"));
    let shown = |status: &str| json!({"SecretArn": arn, "SecretStatus": status, "KmsKeyId": key});
    instance.set(MEMBER, shown("creating"));
    instance.set_later(ready, MEMBER, shown("active"));
    let text = json!({"username": instance.text("MasterUsername"), "password": password}).to_string();
    let body = json!({
        "ARN": arn, "Name": name, "KmsKeyId": key, "OwningService": "rds", "RotationEnabled": true,
        "CreatedDate": call.now, "LastChangedDate": call.now,
        "Description": format!("Secret associated with primary RDS DB instance: {}", instance.text(INSTANCES.arn_member)),
    });
    let mut secret = call.object(SECRETS, &name, body);
    let current = json!({"SecretString": text, "CreatedDate": call.now, "Stages": ["AWSCURRENT"]});
    secret.hidden.insert("versions".into(), json!({version: current}));
    secret.tags = [
        ("aws:rds:primaryDBInstanceArn".to_owned(), instance.text(INSTANCES.arn_member).to_owned()),
        ("aws:secretsmanager:owningService".to_owned(), "rds".to_owned()),
    ]
    .into();
    call.world.put(secret);
}

/// Takes the secret away at a time.
pub fn forget(call: &mut Call<'_>, instance: &Object, at: f64) {
    let arn = instance.body.get(MEMBER).and_then(|secret| secret.get("SecretArn")).and_then(Value::as_str);
    let name = arn.and_then(|arn| arn.split(":secret:").nth(1)?.rsplit_once('-')).map(|(name, _)| name.to_owned());
    if let Some(name) = name {
        call.world.change(&call.key(SECRETS, &name), |secret| secret.remove_later(at));
    }
}

/// Whether RDS manages the master password of an instance.
pub fn is_managed(instance: &Object) -> bool {
    instance.body.get(MEMBER).is_some_and(Value::is_object)
}
