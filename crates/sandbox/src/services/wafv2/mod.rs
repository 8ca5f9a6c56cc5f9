//! WAFv2.
use crate::call::{Answer, Call};
pub const WEB_ACL: &str = "wafv2/web-acl";
pub fn handle(call: &mut Call<'_>) -> Answer {
    Err(super::unknown_operation(call))
}
