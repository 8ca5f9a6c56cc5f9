//! What a launch template says of an instance, to and from AWS's spellings.
//!
//! Facts: EC2 shows what was set and no defaults; lists come in any order; user data travels as base64.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{
    LaunchTemplateHttpTokensState, LaunchTemplateIamInstanceProfileSpecificationRequest,
    LaunchTemplateInstanceMetadataOptionsRequest, LaunchTemplateTagSpecificationRequest, RequestLaunchTemplateData,
    ResourceType, ResponseLaunchTemplateData, Tag,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use globe_model::Tags;
use serde::{Deserialize, Serialize};

use super::tagging::pairs;

/// What is tagged at launch: an instance and its disks.
pub(super) const TAGGED: [ResourceType; 2] = [ResourceType::Instance, ResourceType::Volume];

/// One version's data: what globe sets, and nothing else.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TemplateData {
    /// `ami-...`
    pub image_id: String,
    /// `m6i.large`
    pub instance_type: String,
    /// ARN of the instance profile.
    pub instance_profile: String,
    /// `sg-...`
    pub security_groups: BTreeSet<String>,
    /// What the instance runs at its first start; as text, at most 16 KB.
    pub user_data: Option<String>,
    /// `required` for IMDSv2 alone, `optional` for both versions; empty if not said.
    pub http_tokens: String,
    /// Tags by what is launched: `instance`, `volume`.
    pub launch_tags: BTreeMap<String, Tags>,
}

impl TemplateData {
    /// As the create calls take it.
    pub(super) fn request(&self) -> RequestLaunchTemplateData {
        let profile = LaunchTemplateIamInstanceProfileSpecificationRequest::builder().arn(&self.instance_profile);
        let tokens = LaunchTemplateHttpTokensState::from(self.http_tokens.as_str());
        let metadata = LaunchTemplateInstanceMetadataOptionsRequest::builder().http_tokens(tokens).build();
        RequestLaunchTemplateData::builder()
            .image_id(&self.image_id)
            .instance_type(self.instance_type.as_str().into())
            .iam_instance_profile(profile.build())
            .set_security_group_ids(Some(self.security_groups.iter().cloned().collect()))
            .set_user_data(self.user_data.as_ref().map(|text| STANDARD.encode(text)))
            .metadata_options(metadata)
            .set_tag_specifications(Some(self.launch_tags.iter().map(tagged).collect()))
            .build()
    }

    /// Reads a version's data.
    pub(super) fn read(data: ResponseLaunchTemplateData) -> Self {
        let tokens = data.metadata_options.and_then(|options| options.http_tokens);
        let specifications = data.tag_specifications.unwrap_or_default().into_iter();
        let launch_tags = specifications.filter_map(|specification| {
            let tags = Tags::from_live(pairs(specification.tags));
            Some((specification.resource_type?.as_str().to_owned(), tags))
        });
        Self {
            image_id: data.image_id.unwrap_or_default(),
            instance_type: data.instance_type.map(|name| name.as_str().to_owned()).unwrap_or_default(),
            instance_profile: data
                .iam_instance_profile
                .and_then(|profile| profile.arn.or(profile.name))
                .unwrap_or_default(),
            security_groups: data.security_group_ids.unwrap_or_default().into_iter().collect(),
            user_data: data.user_data.filter(|text| !text.is_empty()).map(decoded),
            http_tokens: tokens.map(|tokens| tokens.as_str().to_owned()).unwrap_or_default(),
            launch_tags: launch_tags.filter(|(_, tags)| !tags.0.is_empty()).collect(),
        }
    }
}

fn tagged((kind, tags): (&String, &Tags)) -> LaunchTemplateTagSpecificationRequest {
    let tags = tags.0.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
    let kind = ResourceType::from(kind.as_str());
    LaunchTemplateTagSpecificationRequest::builder().resource_type(kind).set_tags(Some(tags)).build()
}

/// User data as text; as it came if it is none, so that a difference shows.
fn decoded(text: String) -> String {
    STANDARD.decode(&text).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or(text)
}
