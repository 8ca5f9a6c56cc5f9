//! Security Token Service. Facts: `GetCallerIdentity` needs no permission.

use serde_json::json;

use super::unknown_operation;
use crate::call::{Answer, Call};

/// Operations of this service.
pub fn handle(call: &mut Call<'_>) -> Answer {
    match call.action.as_str() {
        "GetCallerIdentity" => {
            let arn = format!("arn:aws:iam::{}:user/sandbox", call.account);
            Ok(json!({"Account": call.account, "Arn": arn, "UserId": "AIDASANDBOXSANDBOX000"}).into())
        }
        _ => Err(unknown_operation(call)),
    }
}
