//! What AWS writes into a bucket's policy when logs are to be delivered into the bucket. Facts: the two statements come
//! by themselves into the owner's bucket, unless the policy has them; this is drift for who manages the policy.

use serde_json::{Value, json};

use crate::world::Object;

/// Completes the policy of a bucket; `path` is the bucket and, behind a slash, a prefix of keys.
pub fn allow_log_delivery(bucket: &mut Object, path: &str) {
    let text = bucket.hidden.get("policy").and_then(Value::as_str).unwrap_or("{}");
    let mut policy: Value = serde_json::from_str(text).unwrap_or_else(|_| json!({}));
    let before = crate::wire::as_list(policy.get("Statement"));
    let mut statements = before.clone();
    for statement in wanted(bucket, path) {
        if !before.iter().any(|have| have.get("Sid") == statement.get("Sid")) {
            statements.push(statement);
        }
    }
    if statements == before {
        return;
    }
    policy["Statement"] = statements.into();
    if policy.get("Version").is_none() {
        policy["Version"] = "2012-10-17".into();
    }
    bucket.hidden.insert("policy".into(), policy.to_string().into());
}

fn wanted(bucket: &Object, path: &str) -> [Value; 2] {
    let (account, arn) = (bucket.account.as_str(), format!("arn:aws:s3:::{}", bucket.id));
    let principal = json!({"Service": "delivery.logs.amazonaws.com"});
    [
        json!({
            "Sid": "AWSLogDeliveryWrite", "Effect": "Allow", "Principal": principal, "Action": "s3:PutObject",
            "Resource": format!("arn:aws:s3:::{}/AWSLogs/{account}/*", path.trim_end_matches('/')),
            "Condition": {
                "StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control", "aws:SourceAccount": account}},
        }),
        json!({
            "Sid": "AWSLogDeliveryAclCheck", "Effect": "Allow", "Principal": principal, "Action": "s3:GetBucketAcl",
            "Resource": arn, "Condition": {"StringEquals": {"aws:SourceAccount": account}},
        }),
    ]
}
