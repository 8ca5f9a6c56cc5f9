//! Buckets. Facts: the region is a constraint in the body except in us-east-1; one's own bucket again is an error
//! except in us-east-1; a name that was just given up is busy for a moment.

use serde_json::{Value, json};

use super::{BUCKET, asked, document, done, header, settings, taken, upload, version};
use crate::call::{Answer, ApiError, Call, GLOBAL, Reply, tags_from};
use crate::wire::as_list;
use crate::world::Object;

/// The region where buckets are made without a constraint.
const CLASSIC_REGION: &str = "us-east-1";
/// Marks a name that was given up a moment ago.
const TOMBSTONE: &str = "s3/deleted-bucket";
/// Seconds for which a name that was given up is busy.
const BUSY: f64 = 5.0;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>, bucket: &Object) -> Option<Answer> {
    match call.action.as_str() {
        "HeadBucket" => Some(Ok(Reply {
            headers: vec![("x-amz-bucket-region", bucket.text("Region").to_owned())],
            ..Reply::default()
        })),
        "GetBucketLocation" => Some(location(bucket)),
        "DeleteBucket" => Some(delete(call, bucket)),
        _ => None,
    }
}

/// `CreateBucket`.
pub fn create(call: &mut Call<'_>) -> Answer {
    let (name, _) = super::route::split(&call.path);
    check_name(&name)?;
    check_constraint(call)?;
    if let Some(existing) = call.get_global(BUCKET, &name) {
        let classic = call.region == CLASSIC_REGION && existing.text("Region") == CLASSIC_REGION;
        return if classic { created(&name) } else { Err(yours()) };
    }
    if taken(call, &name) {
        let message = "The requested bucket name is not available. The bucket namespace is shared by all users of the \
                       system. Please select a different name and try again.";
        return Err(ApiError::new("BucketAlreadyExists", message).status(409));
    }
    if call.world.all().any(|object| object.kind == TOMBSTONE && object.id == name) {
        let message = "A conflicting conditional operation is currently in progress against this resource. Try again.";
        return Err(ApiError::new("OperationAborted", message).status(409));
    }
    let tags = call.input.get("Tags").map(|tags| tags_from(&as_list(tags.get("Tag")))).unwrap_or_default();
    settings::check_tags(&tags)?;
    let body = json!({"Name": name, "Region": call.region, "CreationDate": call.timestamp()});
    let mut bucket = call.object_in(GLOBAL, BUCKET, &name, body);
    bucket.tags = tags;
    settings::at_creation(&mut bucket, header(call, "x-amz-object-ownership"));
    call.world.put(bucket);
    created(&name)
}

fn created(name: &str) -> Answer {
    Ok(Reply { headers: vec![("location", format!("/{name}"))], ..Reply::default() })
}

fn yours() -> ApiError {
    let message = "Your previous request to create the named bucket succeeded and you already own it.";
    ApiError::new("BucketAlreadyOwnedByYou", message).status(409)
}

fn check_constraint(call: &Call<'_>) -> Result<(), ApiError> {
    let asked = call.text("LocationConstraint").filter(|constraint| !constraint.is_empty());
    match asked {
        Some(CLASSIC_REGION) => {
            Err(ApiError::new("InvalidLocationConstraint", "The specified location-constraint is not valid"))
        }
        Some(constraint) if constraint == call.region => Ok(()),
        None if call.region == CLASSIC_REGION => Ok(()),
        other => {
            let other = other.unwrap_or("unspecified");
            let message = format!(
                "The {other} location constraint is incompatible for the region specific endpoint this request was \
                 sent to."
            );
            Err(ApiError::new("IllegalLocationConstraintException", message))
        }
    }
}

fn check_name(name: &str) -> Result<(), ApiError> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.';
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = name.as_bytes();
    let fine = (3..=63).contains(&bytes.len())
        && bytes.iter().all(|byte| allowed(*byte))
        && edge(bytes.first())
        && edge(bytes.last())
        && !name.contains("..")
        && !name.starts_with("xn--")
        && !name.ends_with("-an")
        && name.parse::<std::net::Ipv4Addr>().is_err();
    if fine { Ok(()) } else { Err(ApiError::new("InvalidBucketName", "The specified bucket is not valid.")) }
}

/// `ListBuckets`.
pub fn list(call: &mut Call<'_>) -> Answer {
    let (prefix, region) = (asked(call, "prefix"), asked(call, "bucket-region"));
    let chosen = call.world.list(call.account, GLOBAL, BUCKET);
    let chosen = chosen.filter(|bucket| bucket.id.starts_with(prefix));
    let chosen = chosen.filter(|bucket| region.is_empty() || bucket.text("Region") == region);
    let show = |bucket: &Object| {
        let [name, date, region] = ["Name", "CreationDate", "Region"].map(|member| bucket.text(member));
        json!({"Name": name, "CreationDate": date, "BucketRegion": region})
    };
    let rows: Vec<Value> = chosen.map(show).collect();
    let token = Some(asked(call, "continuation-token")).filter(|token| !token.is_empty());
    let (page, next) = call.page(rows, asked(call, "max-buckets").parse().ok(), token);
    let owner = json!({"ID": call.account});
    document("ListAllMyBucketsResult", json!({"Owner": owner, "Buckets": {"Bucket": page}, "ContinuationToken": next}))
}

fn location(bucket: &Object) -> Answer {
    let region = bucket.text("Region");
    let constraint = if region == CLASSIC_REGION { "" } else { region };
    let namespace = super::NAMESPACE;
    let text = format!("<LocationConstraint xmlns=\"{namespace}\">{constraint}</LocationConstraint>");
    Ok(Reply { raw: text.into(), ..Reply::default() })
}

fn delete(call: &mut Call<'_>, bucket: &Object) -> Answer {
    if version::all(call, &bucket.id).next().is_some() {
        let message = "The bucket you tried to delete is not empty. You must delete all versions in the bucket.";
        return Err(ApiError::new("BucketNotEmpty", message).status(409));
    }
    // Replicas that are still on their way have nowhere to arrive.
    version::forget(call, &bucket.id);
    upload::forget(call, &bucket.id);
    call.world.remove(&bucket.key());
    let mut tombstone = call.object_in(GLOBAL, TOMBSTONE, &bucket.id, Value::Null);
    tombstone.remove_later(call.now + BUSY);
    call.world.put(tombstone);
    done(204)
}
