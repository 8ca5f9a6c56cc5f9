//! AWS's refusal for too many requests, read off the wire: before any service's own types see the answer.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use serde_json::Value;

use crate::error::says_throttled;

/// Whether `response` says that there were too many requests.
pub fn is_throttled(response: &HttpResponse) -> bool {
    let status = response.status().as_u16();
    if status < 400 {
        return false;
    }
    let body = response.body().bytes().map(String::from_utf8_lossy).unwrap_or_default();
    let named = response.headers().get("x-amzn-errortype").map(str::to_owned);
    let code = named.or_else(|| code_of(&body)).unwrap_or_default();
    says_throttled(&short(&code), &body, Some(status))
}

/// The code in a body: `<Code>` of the XML protocols, `__type` of the JSON ones.
fn code_of(body: &str) -> Option<String> {
    if let Some((_, rest)) = body.split_once("<Code>") {
        return rest.split_once("</Code>").map(|(code, _)| code.to_owned());
    }
    let value: Value = serde_json::from_str(body).ok()?;
    value.get("__type")?.as_str().map(str::to_owned)
}

/// `com.amazonaws.kms#ThrottlingException:http://...` is `ThrottlingException`.
fn short(code: &str) -> String {
    let name = code.rsplit('#').next().unwrap_or(code);
    name.split(':').next().unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::body::SdkBody;

    use super::*;

    fn answer(status: u16, body: &'static str) -> HttpResponse {
        HttpResponse::new(status.try_into().expect("a status"), SdkBody::from(body))
    }

    #[test]
    fn every_protocols_refusal_is_heard() {
        let ec2 = "<Response><Errors><Error><Code>RequestLimitExceeded</Code><Message>x</Message></Error></Errors></Response>";
        assert!(is_throttled(&answer(503, ec2)));
        assert!(is_throttled(&answer(400, r#"{"__type":"com.amazonaws.dynamodb#ThrottlingException"}"#)));
        let mut named = answer(400, "{}");
        named.headers_mut().insert("x-amzn-errortype", "ThrottlingException:http://internal.amazon.com/");
        assert!(is_throttled(&named));
        assert!(is_throttled(&answer(429, "")));
    }

    #[test]
    fn other_answers_are_not() {
        assert!(!is_throttled(&answer(200, "<Code>Throttling</Code>")));
        assert!(!is_throttled(&answer(400, "<Error><Code>VpcLimitExceeded</Code></Error>")));
        assert!(!is_throttled(&answer(503, "")));
    }
}
