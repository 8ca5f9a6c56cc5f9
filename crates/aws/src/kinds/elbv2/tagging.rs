//! Tags, and look-ups by ARN, which one missing ARN fails as a whole.

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types::Tag;
use globe_model::{CallError, Candidate, ErrorClass, OWNER_ADDRESS, OWNER_NONCE, OWNER_STACK, TagPatch, Tags};

use crate::driver::{Birth, Scoped};
use crate::each::each;
use crate::error::failed;

/// How many ARNs one describe takes.
pub const BATCH: usize = 20;

/// Tags by ARN.
pub type TagsByArn = BTreeMap<String, BTreeMap<String, String>>;

/// The tags of a create.
pub fn born(birth: &Birth<'_>, user: &Tags) -> Vec<Tag> {
    list(&birth.tags(user))
}

fn list(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// Describes `arns` in as few calls as there can be; those that are gone are left out.
///
/// # Errors
/// When a call fails for another reason than that something is gone.
pub async fn by_arn<T, F>(arns: &[String], call: impl Fn(Vec<String>) -> F) -> Result<Vec<T>, CallError>
where
    F: Future<Output = Result<Vec<T>, CallError>>,
{
    let mut found = Vec::new();
    for chunk in arns.chunks(BATCH) {
        match call(chunk.to_vec()).await {
            Err(error) if error.class == ErrorClass::Gone && chunk.len() > 1 => {
                let alone = each(chunk.iter().map(|arn| call(vec![arn.clone()])).map(unless_gone)).await?;
                found.extend(alone.into_iter().flatten());
            }
            answer => found.extend(unless_gone(std::future::ready(answer)).await?),
        }
    }
    Ok(found)
}

async fn unless_gone<T>(answer: impl Future<Output = Result<Vec<T>, CallError>>) -> Result<Vec<T>, CallError> {
    match answer.await {
        Err(error) if error.class == ErrorClass::Gone => Ok(Vec::new()),
        answer => answer,
    }
}

/// All tags of objects of one kind; what vanished in the meantime is left out.
///
/// # Errors
/// When a call fails.
pub async fn tags_of(cx: &Scoped, arns: &[String]) -> Result<TagsByArn, CallError> {
    let describe = |arns: Vec<String>| async move {
        let request = cx.aws.elbv2.describe_tags().set_resource_arns(Some(arns));
        let answer = request.send().await.map_err(failed("elasticloadbalancing:DescribeTags"))?;
        Ok(answer.tag_descriptions.unwrap_or_default())
    };
    let pairs = |tags: Vec<Tag>| tags.into_iter().filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default())));
    let rows = by_arn(arns, describe).await?.into_iter();
    Ok(rows.filter_map(|row| Some((row.resource_arn?, pairs(row.tags.unwrap_or_default()).collect()))).collect())
}

/// Those of `arns` that carry the owner's tags.
///
/// # Errors
/// When a call fails.
pub async fn candidates(cx: &Scoped, arns: &[String]) -> Result<Vec<Candidate>, CallError> {
    let candidate = |(id, mut tags): (String, BTreeMap<String, String>)| {
        let ours = tags.get(OWNER_STACK) == Some(&cx.owner.stack);
        let address = tags.get(OWNER_ADDRESS).filter(|_| ours)?.parse().ok()?;
        Some(Candidate { address, id, nonce: tags.remove(OWNER_NONCE) })
    };
    Ok(tags_of(cx, arns).await?.into_iter().filter_map(candidate).collect())
}

/// Decides whether an object that has a wanted name already is the one that `birth` made.
///
/// A create with the settings of an existing object answers with that object, whoever made it: so creates look
/// first, and take it only if it carries their own token.
///
/// # Errors
/// [`ErrorClass::AlreadyExists`] if it is somebody else's, [`ErrorClass::NotYetConsistent`] if it went meanwhile.
pub async fn claim(cx: &Scoped, arn: String, birth: &Birth<'_>, operation: &str) -> Result<String, CallError> {
    let tags = tags_of(cx, std::slice::from_ref(&arn)).await?;
    match tags.get(&arn).map(|tags| tags.get(OWNER_NONCE)) {
        Some(Some(nonce)) if nonce == birth.token.as_str() => Ok(arn),
        Some(_) => {
            let message = format!("the name is taken by {arn}, which was not made for {}", birth.address);
            Err(CallError::new(ErrorClass::AlreadyExists, operation, message))
        }
        None => {
            let message = format!("{arn} had the name and went meanwhile");
            Err(CallError::new(ErrorClass::NotYetConsistent, operation, message))
        }
    }
}

/// Whether an object of this name may be the stack's: names begin with the stack's, so that strangers' objects need
/// not be asked for their tags.
pub fn may_be_ours(cx: &Scoped, name: &str, wanted: impl IntoIterator<Item = impl AsRef<str>>) -> bool {
    let prefixed = name.strip_prefix(&cx.owner.stack).is_some_and(|rest| rest.starts_with('-'));
    prefixed || wanted.into_iter().any(|wanted| wanted.as_ref() == name)
}

/// Sets and removes tags of one object.
///
/// # Errors
/// When a call fails.
pub async fn retag(cx: &Scoped, arn: &str, patch: &TagPatch) -> Result<(), CallError> {
    if !patch.set.is_empty() {
        let request = cx.aws.elbv2.add_tags().resource_arns(arn).set_tags(Some(list(&patch.set)));
        request.send().await.map_err(failed("elasticloadbalancing:AddTags"))?;
    }
    if !patch.remove.is_empty() {
        let request = cx.aws.elbv2.remove_tags().resource_arns(arn).set_tag_keys(Some(patch.remove.clone()));
        request.send().await.map_err(failed("elasticloadbalancing:RemoveTags"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn describe(arns: Vec<String>) -> Result<Vec<String>, CallError> {
        match arns.iter().find(|arn| arn.as_str() != "here" && arn.as_str() != "there") {
            Some(arn) if arn == "denied" => Err(CallError::new(ErrorClass::Denied, "test", arn.clone())),
            Some(arn) => Err(CallError::new(ErrorClass::Gone, "test", arn.clone())),
            None => Ok(arns),
        }
    }

    #[tokio::test]
    async fn one_missing_arn_does_not_hide_the_others() {
        let arns = |arns: &[&str]| arns.iter().map(ToString::to_string).collect::<Vec<_>>();
        for (asked, expected) in [
            (arns(&["here", "gone", "there"]), arns(&["here", "there"])),
            (arns(&["here", "there"]), arns(&["here", "there"])),
            (arns(&["gone"]), arns(&[])),
            (arns(&[]), arns(&[])),
        ] {
            assert_eq!(by_arn(&asked, describe).await, Ok(expected), "{asked:?}");
        }
        let refused = by_arn(&arns(&["here", "denied"]), describe).await;
        assert_eq!(refused.map_err(|error| error.class), Err(ErrorClass::Denied));
    }
}
