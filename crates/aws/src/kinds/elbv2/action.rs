//! What a listener or a rule does with a request.
//!
//! AWS echoes an action with everything filled in (a forward both as an ARN and as a list of weights, a redirect with
//! placeholders, an order), so answers are read into the same few forms that requests are made from.

use aws_sdk_elasticloadbalancingv2::types as sdk;
use globe_model::{Edge, Pending, Ref, Upstream};
use serde::{Deserialize, Serialize};

use super::TargetGroup;

/// An action as the blueprint says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionSpec {
    /// Answers 404 itself.
    NotFound,
    /// Hands the request to a target of this group.
    Forward(Ref<TargetGroup>),
    /// Answers 301 to the same address on HTTPS, port 443.
    RedirectToHttps,
}

/// An action with its reference resolved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// See [`ActionSpec::NotFound`].
    NotFound,
    /// See [`ActionSpec::Forward`]: the target group's ARN.
    Forward(String),
    /// See [`ActionSpec::RedirectToHttps`].
    RedirectToHttps,
    /// One that globe does not make, as AWS describes it.
    Other(String),
}

impl ActionSpec {
    /// Visits the target group. Its identity suffices: a target group is in use from its first moment.
    pub fn refs(&self, visit: &mut dyn FnMut(Edge)) {
        if let Self::Forward(group) = self {
            visit(Edge::exists(group));
        }
    }

    /// Resolves the reference.
    ///
    /// # Errors
    /// [`Pending`] while the target group's ARN is not known.
    pub fn lower(&self, upstream: &Upstream<'_>) -> Result<Action, Pending> {
        Ok(match self {
            Self::NotFound => Action::NotFound,
            Self::Forward(group) => Action::Forward(upstream.of(group)?.arn),
            Self::RedirectToHttps => Action::RedirectToHttps,
        })
    }
}

impl Action {
    /// As a request says it; `None` for one that globe does not make.
    pub fn request(&self) -> Option<sdk::Action> {
        let action = sdk::Action::builder();
        let action = match self {
            Self::NotFound => {
                let fixed = sdk::FixedResponseActionConfig::builder().status_code("404").content_type("text/plain");
                action.r#type(sdk::ActionTypeEnum::FixedResponse).fixed_response_config(fixed.build())
            }
            Self::Forward(arn) => action.r#type(sdk::ActionTypeEnum::Forward).target_group_arn(arn),
            Self::RedirectToHttps => {
                let redirect = sdk::RedirectActionConfig::builder().protocol("HTTPS").port("443");
                let redirect = redirect.status_code(sdk::RedirectActionStatusCodeEnum::Http301);
                action.r#type(sdk::ActionTypeEnum::Redirect).redirect_config(redirect.build())
            }
            Self::Other(_) => return None,
        };
        Some(action.build())
    }

    /// As an answer says it.
    pub fn from_live(actions: &[sdk::Action]) -> Self {
        let known = match actions {
            [action] => Self::forward(action).or_else(|| Self::fixed(action)).or_else(|| Self::redirect(action)),
            _ => None,
        };
        known.unwrap_or_else(|| Self::Other(format!("{actions:?}")))
    }

    fn forward(action: &sdk::Action) -> Option<Self> {
        if action.r#type != Some(sdk::ActionTypeEnum::Forward) {
            return None;
        }
        let config = action.forward_config.as_ref();
        let sticky = config.and_then(|config| config.target_group_stickiness_config.as_ref()?.enabled);
        match (config.map(|config| config.target_groups()), &action.target_group_arn) {
            _ if sticky == Some(true) => None,
            (Some([one]), _) => one.target_group_arn.clone().map(Self::Forward),
            (None | Some([]), Some(arn)) => Some(Self::Forward(arn.clone())),
            _ => None,
        }
    }

    fn fixed(action: &sdk::Action) -> Option<Self> {
        let fixed = action.fixed_response_config.as_ref()?;
        let plain = fixed.message_body.as_deref().is_none_or(str::is_empty);
        (fixed.status_code.as_deref() == Some("404") && plain).then_some(Self::NotFound)
    }

    fn redirect(action: &sdk::Action) -> Option<Self> {
        let redirect = action.redirect_config.as_ref()?;
        let is = |value: &Option<String>, expected: &str| value.as_deref().is_none_or(|value| value == expected);
        let same_place = is(&redirect.host, "#{host}") && is(&redirect.path, "/#{path}");
        let secure = redirect.protocol.as_deref() == Some("HTTPS") && redirect.port.as_deref() == Some("443");
        let permanent = redirect.status_code == Some(sdk::RedirectActionStatusCodeEnum::Http301);
        (same_place && is(&redirect.query, "#{query}") && secure && permanent).then_some(Self::RedirectToHttps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_read_back_as_themselves() {
        for action in [Action::NotFound, Action::Forward("arn".into()), Action::RedirectToHttps] {
            let request = action.request().expect("globe makes it");
            assert_eq!(Action::from_live(&[request]), action);
        }
        assert!(Action::Other(String::new()).request().is_none());
    }

    #[test]
    fn what_aws_fills_in_is_no_difference() {
        let tuple = sdk::TargetGroupTuple::builder().target_group_arn("arn").weight(1).build();
        let off = sdk::TargetGroupStickinessConfig::builder().enabled(false).build();
        let config = sdk::ForwardActionConfig::builder().target_groups(tuple.clone());
        let echoed = sdk::Action::builder().r#type(sdk::ActionTypeEnum::Forward).order(1).target_group_arn("arn");
        let echoed = echoed.forward_config(config.clone().target_group_stickiness_config(off).build()).build();
        assert_eq!(Action::from_live(std::slice::from_ref(&echoed)), Action::Forward("arn".into()));

        let two = config.target_groups(tuple).build();
        let split = sdk::Action::builder().r#type(sdk::ActionTypeEnum::Forward).forward_config(two).build();
        assert!(matches!(Action::from_live(&[split]), Action::Other(_)), "a weighted forward is somebody's change");
        assert!(matches!(Action::from_live(&[echoed.clone(), echoed]), Action::Other(_)));
        assert!(matches!(Action::from_live(&[]), Action::Other(_)));
    }
}
