//! A wire that can swallow an answer: AWS has done what it was asked, and nobody hears of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use globe_sandbox::Sandbox;

/// Whether an operation only reads.
pub fn is_read(operation: &str) -> bool {
    ["Describe", "Get", "List", "Head"].iter().any(|prefix| operation.starts_with(prefix))
}

/// Decides about the answers of one bench; clones share one decision.
#[derive(Clone, Debug, Default)]
pub struct Wire {
    armed: Arc<AtomicBool>,
}

impl Wire {
    /// The sandbox behind this wire.
    pub fn before(&self, sandbox: &Sandbox) -> SharedHttpClient {
        SharedHttpClient::new(Lossy { wire: self.clone(), sandbox: sandbox.clone(), inner: sandbox.http_client() })
    }

    /// Swallows the answer of the next call that changes something, and of no other.
    pub fn lose_next_write(&self) {
        self.armed.store(true, Ordering::Relaxed);
    }

    /// Whether a loss is still to come.
    pub fn is_armed(&self) -> bool {
        self.armed.load(Ordering::Relaxed)
    }
}

#[derive(Clone, Debug)]
struct Lossy {
    wire: Wire,
    sandbox: Sandbox,
    inner: SharedHttpClient,
}

#[derive(Debug)]
struct LossyConnector {
    lossy: Lossy,
    inner: SharedHttpConnector,
}

impl HttpClient for Lossy {
    fn http_connector(&self, settings: &HttpConnectorSettings, parts: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, parts);
        SharedHttpConnector::new(LossyConnector { lossy: self.clone(), inner })
    }
}

impl HttpConnector for LossyConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (answer, lossy) = (self.inner.call(request), self.lossy.clone());
        HttpConnectorFuture::new(async move {
            let response = answer.await?;
            // One call at a time while a loss is due: the last one that the sandbox saw is this one.
            let written = lossy.wire.is_armed()
                && response.status().is_success()
                && lossy.sandbox.calls().last().is_some_and(|call| !is_read(&call.action));
            if !written {
                return Ok(response);
            }
            lossy.wire.armed.store(false, Ordering::Relaxed);
            Err(ConnectorError::io("the answer was swallowed".into()))
        })
    }
}
