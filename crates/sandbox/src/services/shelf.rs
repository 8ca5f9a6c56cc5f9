//! Objects with names: what RDS and ElastiCache say of them alike.
//!
//! Facts: names are lower-cased; no create has a token, so a name that is taken is an error whoever took it; pages of 20
//! to 100 rows, 100 unless asked otherwise, with a `Marker`; a describe by an unknown name fails.

use serde_json::{Value, json};

use crate::call::{Answer, ApiError, Call, tags_from};
use crate::world::{Object, Seconds};

const DAY: f64 = 86_400.0;
const DAYS: [&str; 7] = ["thu", "fri", "sat", "sun", "mon", "tue", "wed"];

/// One kind of named object.
pub struct Shelf {
    /// The sandbox's name for the kind.
    pub kind: &'static str,
    /// Service in the ARN, and the noun after region and account.
    pub arn: (&'static str, &'static str),
    /// Member with the name.
    pub name: &'static str,
    /// Member with the ARN.
    pub arn_member: &'static str,
    /// Member of an answer that holds one, and several.
    pub answers: (&'static str, &'static str),
    /// Error code and HTTP status for one that is not there.
    pub unknown: (&'static str, u16),
    /// Error code for a name that is taken.
    pub taken: &'static str,
    /// Most of them per region, and the error code for more.
    pub quota: (usize, &'static str),
}

impl Shelf {
    /// The error for one that is not there.
    pub fn missing(&self, name: &str) -> ApiError {
        ApiError::new(self.unknown.0, format!("{} {name} not found.", self.answers.0)).status(self.unknown.1)
    }

    /// An ARN in the caller's region.
    pub fn arn_of(&self, call: &Call<'_>, name: &str) -> String {
        let (service, noun) = self.arn;
        format!("arn:aws:{service}:{}:{}:{noun}:{name}", call.region, call.account)
    }

    /// The one called `name`, in any case.
    ///
    /// # Errors
    /// When it is not there.
    pub fn find<'a>(&self, call: &'a Call<'_>, name: &str) -> Result<&'a Object, ApiError> {
        call.get(self.kind, &name.to_lowercase()).ok_or_else(|| self.missing(name))
    }

    /// The one that the request names.
    ///
    /// # Errors
    /// When the request names none or one that is not there.
    pub fn named(&self, call: &Call<'_>) -> Result<Object, ApiError> {
        self.find(call, &call.need(self.name)?).cloned()
    }

    /// The lower-cased name of a create, when it may be taken.
    ///
    /// # Errors
    /// When it is absent, taken, or one too many.
    pub fn free_name(&self, call: &Call<'_>) -> Result<String, ApiError> {
        let name = call.need(self.name)?.to_lowercase();
        if call.get(self.kind, &name).is_some() {
            return Err(ApiError::new(self.taken, format!("{} {name} already exists.", self.answers.0)));
        }
        let own = call.world.list(call.account, call.region, self.kind).filter(|one| !one.id.starts_with("default"));
        if own.count() >= self.quota.0 {
            return Err(ApiError::new(self.quota.1, format!("The quota of {} has been reached", self.quota.0)));
        }
        Ok(name)
    }

    /// A new one with its name, its ARN and the request's tags; not in the world yet.
    ///
    /// # Errors
    /// When a tag may not be set.
    pub fn make(&self, call: &Call<'_>, name: &str, body: Value) -> Result<Object, ApiError> {
        let mut object = call.object(self.kind, name, body);
        object.set(self.name, name);
        object.set(self.arn_member, self.arn_of(call, name));
        let tags = call.list("Tags");
        check_tags(&tags)?;
        object.tags = tags_from(&tags);
        Ok(object)
    }

    /// The ones that a describe asks for: by name, or all that reads see.
    ///
    /// # Errors
    /// When the named one is not there.
    pub fn chosen<'a>(&self, call: &'a Call<'_>) -> Result<Vec<&'a Object>, ApiError> {
        match call.text(self.name) {
            None => Ok(call.visible(self.kind)),
            // Describes of RDS take the ARN as well.
            Some(name) => {
                let own = name.strip_prefix(&self.arn_of(call, "")).unwrap_or(name);
                let object = self.find(call, own)?;
                if object.visible > call.now { Err(self.missing(name)) } else { Ok(vec![object]) }
            }
        }
    }

    /// Answers a describe.
    ///
    /// # Errors
    /// When the named one is not there or the page size is out of range.
    pub fn describe(&self, call: &Call<'_>) -> Answer {
        let rows = self.chosen(call)?.into_iter().map(|object| Value::Object(object.body.clone())).collect();
        page(call, self.answers.1, rows)
    }

    /// Answers with one object.
    pub fn answer(&self, object: &Object) -> Answer {
        Ok(json!({self.answers.0: Value::Object(object.body.clone())}).into())
    }
}

/// A value that the API does not take.
pub fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterValue", message)
}

/// Values that do not go together.
pub fn clash(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterCombination", message)
}

/// When the next maintenance window (`sun:09:00-sun:09:30`) opens.
pub fn next_window(now: Seconds, window: &str) -> Seconds {
    let mut parts = window.split([':', '-']);
    let day = parts.next().and_then(|day| DAYS.iter().position(|known| *known == day)).unwrap_or_default();
    let mut two = || parts.next().and_then(|part| part.parse::<u32>().ok()).map_or(0.0, f64::from);
    let (hour, minute) = (two(), two());
    let day = u32::try_from(day).map_or(0.0, f64::from);
    // 1 January 1970 was a Thursday.
    let offset = day * DAY + hour * 3600.0 + minute * 60.0;
    let week = 7.0 * DAY;
    now + (offset - now.rem_euclid(week)).rem_euclid(week)
}

/// One page of a describe.
///
/// # Errors
/// When the page size is out of range.
pub fn page(call: &Call<'_>, member: &str, rows: Vec<Value>) -> Answer {
    let size = call.number("MaxRecords").unwrap_or(100);
    if !(20..=100).contains(&size) {
        return Err(invalid(format!("Invalid value {size} for MaxRecords. Must be between 20 and 100")));
    }
    let (rows, marker) = call.page(rows, Some(size), call.text("Marker"));
    Ok(json!({member: rows, "Marker": marker}).into())
}

/// Letters, digits and hyphens from a letter on, no two hyphens together and none at the end.
///
/// # Errors
/// When the name is anything else or longer than `longest`.
pub fn check_name(member: &str, name: &str, longest: usize) -> Result<(), ApiError> {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let starts = name.starts_with(|first: char| first.is_ascii_alphabetic());
    match plain && starts && name.len() <= longest && !name.ends_with('-') && !name.contains("--") {
        true => Ok(()),
        false => Err(invalid(format!(
            "The parameter {member} is not a valid identifier. Identifiers must begin with a letter; must contain only \
             ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens."
        ))),
    }
}

/// Refuses tags that AWS keeps for itself.
///
/// # Errors
/// When a key is reserved.
pub fn check_tags(tags: &[Value]) -> Result<(), ApiError> {
    let keys = tags.iter().filter_map(|tag| tag.get("Key")?.as_str());
    match keys.into_iter().find(|key| key.starts_with("aws:") || key.starts_with("rds:")) {
        Some(key) => Err(invalid(format!("The tag key {key} is reserved for system use"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::next_window;

    #[test]
    fn the_next_window_opens_within_a_week() {
        // 2026-11-23 was a Monday; 09:15 UTC.
        let now = 1_795_425_300.0;
        assert_eq!(next_window(now, "mon:09:30-mon:10:00") - now, 900.0);
        assert_eq!(next_window(now, "mon:09:00-mon:09:30") - now, 7.0 * 86_400.0 - 900.0);
        assert_eq!(next_window(now, "sun:09:15-sun:09:45") - now, 6.0 * 86_400.0);
    }
}
