//! Where every call waits for the limiter.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::identity::{
    IdentityFuture, ResolveCachedIdentity, SharedIdentityCache, SharedIdentityResolver,
};
use aws_smithy_runtime_api::client::runtime_components::{RuntimeComponents, RuntimeComponentsBuilder};
use aws_smithy_types::config_bag::ConfigBag;

use super::Limiter;
use crate::call::CallName;
use crate::departure;

/// An identity cache that asks the limiter first.
///
/// The SDK asks for an identity once per attempt of every call of every service, right before it signs. That is the
/// last place where a call can wait: a signature ages, and AWS refuses it after five minutes.
#[derive(Clone, Debug)]
pub struct Gate {
    limiter: Limiter,
    inner: SharedIdentityCache,
}

impl Gate {
    /// A gate before `inner`.
    pub fn new(limiter: Limiter, inner: SharedIdentityCache) -> Self {
        Self { limiter, inner }
    }
}

impl ResolveCachedIdentity for Gate {
    fn resolve_cached_identity<'a>(
        &'a self,
        resolver: SharedIdentityResolver,
        components: &'a RuntimeComponents,
        config: &'a ConfigBag,
    ) -> IdentityFuture<'a> {
        IdentityFuture::new(async move {
            if let Some(call) = CallName::of(config) {
                self.limiter.admit(&call).await;
            }
            departure::announce();
            self.inner.resolve_cached_identity(resolver, components, config).await
        })
    }

    fn validate_base_client_config(
        &self,
        components: &RuntimeComponentsBuilder,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        self.inner.validate_base_client_config(components, config)
    }

    fn validate_final_config(&self, components: &RuntimeComponents, config: &ConfigBag) -> Result<(), BoxError> {
        self.inner.validate_final_config(components, config)
    }
}
