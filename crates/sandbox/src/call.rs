//! One request as a service sees it, and what the service answers.

use std::collections::BTreeMap;

use http::HeaderMap;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::world::{Key, Object, Seconds, TokenUse, World};

/// Region under which objects of global services are kept.
pub const GLOBAL: &str = "aws-global";

/// An error as AWS reports it.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiError {
    /// HTTP status.
    pub status: u16,
    /// Error code, as on the wire.
    pub code: String,
    /// Message.
    pub message: String,
}

impl ApiError {
    /// A client error (HTTP 400).
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { status: 400, code: code.into(), message: message.into() }
    }

    /// The same with another HTTP status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }
}

/// What a service answers; encoded by the protocol it speaks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reply {
    /// HTTP status; 0 stands for 200.
    pub status: u16,
    /// The body as a tree. REST-XML: one member, the root element.
    pub body: Value,
    /// Headers of REST answers.
    pub headers: Vec<(&'static str, String)>,
    /// The bytes of an answer that is no document, such as an object's; sent if `body` is `Null`.
    pub raw: bytes::Bytes,
}

impl From<Value> for Reply {
    fn from(body: Value) -> Self {
        Self { body, ..Self::default() }
    }
}

/// The result of an operation.
pub type Answer = Result<Reply, ApiError>;

/// One request, decoded, with the world it acts upon.
pub struct Call<'a> {
    /// Everything that exists.
    pub world: &'a mut World,
    /// Caller's account.
    pub account: &'a str,
    /// Region of the request's signature.
    pub region: &'a str,
    /// `CreateVpc`; for REST services the service works it out from method and path.
    pub action: String,
    /// Query and JSON protocols: the request's members. REST: the XML body as a tree, `Null` if empty.
    pub input: Value,
    /// HTTP method.
    pub method: String,
    /// Path, percent-decoded, without the query.
    pub path: String,
    /// Query parameters.
    pub query: BTreeMap<String, String>,
    /// Headers.
    pub headers: HeaderMap,
    /// Raw body.
    pub body: bytes::Bytes,
    /// Sandbox time.
    pub now: Seconds,
    /// How long reads lag behind creates.
    pub lag: Seconds,
    /// Seed of the ids.
    pub seed: u64,
}

impl Call<'_> {
    /// A member of the input as text.
    pub fn text(&self, member: &str) -> Option<&str> {
        self.input.get(member).and_then(Value::as_str)
    }

    /// A member that must be there.
    ///
    /// # Errors
    /// `MissingParameter`, as the query services say it.
    pub fn need(&self, member: &str) -> Result<String, ApiError> {
        self.text(member).map(str::to_owned).ok_or_else(|| {
            ApiError::new("MissingParameter", format!("The request must contain the parameter {member}"))
        })
    }

    /// A member as a whole number; query protocols send numbers as text.
    pub fn number(&self, member: &str) -> Option<i64> {
        let value = self.input.get(member)?;
        value.as_i64().or_else(|| value.as_str()?.parse().ok())
    }

    /// A member as a flag; query protocols send `true`.
    pub fn flag(&self, member: &str) -> Option<bool> {
        let value = self.input.get(member)?;
        value.as_bool().or_else(|| value.as_str()?.parse().ok())
    }

    /// A list member; empty if absent. A single XML element counts as a list of one.
    pub fn list(&self, member: &str) -> Vec<Value> {
        crate::wire::as_list(self.input.get(member))
    }

    /// A list of texts.
    pub fn texts(&self, member: &str) -> Vec<String> {
        self.list(member).iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
    }

    /// A fresh hexadecimal number of `digits` digits, from the seed and a counter.
    pub fn hex(&mut self, digits: usize) -> String {
        let number = self.world.next_number();
        let hash = Sha256::digest(format!("{}/{number}", self.seed).as_bytes());
        let text: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        text.chars().take(digits).collect()
    }

    /// A fresh EC2 id: `vpc-` and 17 hexadecimal digits.
    pub fn ec2_id(&mut self, prefix: &str) -> String {
        format!("{prefix}-0{}", self.hex(16))
    }

    /// A fresh UUID.
    pub fn uuid(&mut self) -> String {
        let hex = self.hex(32);
        let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default().to_owned();
        [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
    }

    /// Sandbox time as `2026-11-23T07:24:00.000Z`.
    pub fn timestamp(&self) -> String {
        timestamp(self.now)
    }

    /// A new object of `kind` in the caller's account and region; not in the world before [`World::put`].
    pub fn object(&self, kind: &str, id: &str, body: Value) -> Object {
        self.object_in(self.region, kind, id, body)
    }

    /// A new object in a given region, or in that of the global services.
    pub fn object_in(&self, region: &str, kind: &str, id: &str, body: Value) -> Object {
        let body = match body {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        let visible = self.now + self.lag;
        Object { body, visible, ..Object::born(self.account, region, kind, id, self.now) }
    }

    /// The key of an object in the caller's account and region.
    pub fn key(&self, kind: &str, id: &str) -> Key {
        (self.account.to_owned(), self.region.to_owned(), kind.to_owned(), id.to_owned())
    }

    /// The key of an object of a global service.
    pub fn global_key(&self, kind: &str, id: &str) -> Key {
        (self.account.to_owned(), GLOBAL.to_owned(), kind.to_owned(), id.to_owned())
    }

    /// An object in the caller's account and region.
    pub fn get(&self, kind: &str, id: &str) -> Option<&Object> {
        self.world.get(self.account, self.region, kind, id)
    }

    /// An object of a global service.
    pub fn get_global(&self, kind: &str, id: &str) -> Option<&Object> {
        self.world.get(self.account, GLOBAL, kind, id)
    }

    /// Objects of a kind that reads see by now, in the caller's account and region.
    pub fn visible(&self, kind: &str) -> Vec<&Object> {
        self.world.list(self.account, self.region, kind).filter(|object| object.visible <= self.now).collect()
    }

    /// Makes a request with a client token happen once: the same token and request give the same id again.
    ///
    /// # Errors
    /// `mismatch` (the service's error code) when the token came with another request.
    pub fn once(
        &mut self,
        token: Option<String>,
        mismatch: &str,
        make: impl FnOnce(&mut Self) -> Result<String, ApiError>,
    ) -> Result<String, ApiError> {
        let Some(token) = token else { return make(self) };
        let scoped = format!("{}/{}/{}/{token}", self.account, self.region, self.action);
        let mut request = self.input.clone();
        if let Value::Object(members) = &mut request {
            members.retain(|_, value| value.as_str() != Some(token.as_str()));
        }
        match self.world.token(&scoped) {
            Some(used) if used.request == request => return Ok(used.id.clone()),
            Some(_) => {
                return Err(ApiError::new(mismatch, "The client token was used before with other parameters."));
            }
            None => {}
        }
        let id = make(self)?;
        self.world.remember_token(scoped, TokenUse { request, id: id.clone() });
        Ok(id)
    }

    /// Cuts `items` into pages: `limit` items from the place `token` names, and the next token.
    pub fn page<T>(&self, items: Vec<T>, limit: Option<i64>, token: Option<&str>) -> (Vec<T>, Option<String>) {
        let start = token.and_then(|token| token.strip_prefix("page-")?.parse::<usize>().ok()).unwrap_or(0);
        let limit =
            limit.and_then(|limit| usize::try_from(limit).ok()).filter(|limit| *limit > 0).unwrap_or(usize::MAX);
        let end = start.saturating_add(limit);
        let next = (end < items.len()).then(|| format!("page-{end}"));
        (items.into_iter().skip(start).take(limit).collect(), next)
    }
}

/// A moment of sandbox time as RFC 3339 with milliseconds.
pub fn timestamp(at: Seconds) -> String {
    #[allow(clippy::cast_possible_truncation, reason = "milliseconds since 1970 fit an i64 for 292 million years")]
    let millis = (at * 1000.0) as i64;
    jiff::Timestamp::from_millisecond(millis).map_or_else(|_| String::new(), |moment| format!("{moment:.3}"))
}

/// Tags as a list of `{Key, Value}`, in the spelling that query and JSON services use.
pub fn tag_list(tags: &BTreeMap<String, String>) -> Value {
    tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect()
}

/// A list of `{Key, Value}` as tags.
pub fn tags_from(list: &[Value]) -> BTreeMap<String, String> {
    let text = |tag: &Value, member: &str| tag.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
    list.iter().map(|tag| (text(tag, "Key"), text(tag, "Value"))).collect()
}
