//! Who makes which call: a label on every request, from the port down to the wire.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use globe_model::{
    Address, CallError, Candidate, Cloud, DataPolicy, Desired, IntentAction, Live, Patch, Risk, Scope, Token, Wanted,
};
use globe_sandbox::CALLER;

use super::book::Book;

tokio::task_local! {
    /// What the present task calls AWS for.
    static PURPOSE: String;
}

/// AWS as the engine sees it, with somebody who looks on.
pub struct Witness {
    cloud: Arc<dyn Cloud>,
    book: Book,
}

impl Witness {
    /// Looks on at `cloud`.
    pub fn new(cloud: Arc<dyn Cloud>, book: Book) -> Self {
        Self { cloud, book }
    }
}

/// How the purpose of a call is written: the verb, then the address.
pub fn purpose(action: IntentAction, address: &Address) -> String {
    let verb = match action {
        IntentAction::Create => "create",
        IntentAction::Update => "update",
        IntentAction::Delete => "delete",
    };
    format!("{verb} {address}")
}

#[async_trait]
impl Cloud for Witness {
    async fn read(&self, address: &Address, id: &str) -> Result<Option<Live>, CallError> {
        self.cloud.read(address, id).await
    }

    async fn discover(&self, kind: &str, scope: &Scope, wanted: &[Wanted]) -> Result<Vec<Candidate>, CallError> {
        self.cloud.discover(kind, scope, wanted).await
    }

    async fn create(&self, address: &Address, desired: &Desired, token: &Token) -> Result<String, CallError> {
        self.book.calling(address, IntentAction::Create, Some(token));
        PURPOSE.scope(purpose(IntentAction::Create, address), self.cloud.create(address, desired, token)).await
    }

    async fn update(&self, address: &Address, id: &str, patch: &Patch) -> Result<(), CallError> {
        self.book.calling(address, IntentAction::Update, None);
        PURPOSE.scope(purpose(IntentAction::Update, address), self.cloud.update(address, id, patch)).await
    }

    async fn delete(&self, address: &Address, id: &str, data: DataPolicy) -> Result<(), CallError> {
        self.book.calling(address, IntentAction::Delete, None);
        PURPOSE.scope(purpose(IntentAction::Delete, address), self.cloud.delete(address, id, data)).await
    }

    async fn data_at_risk(&self, address: &Address, id: &str) -> Result<Option<Risk>, CallError> {
        self.cloud.data_at_risk(address, id).await
    }
}

/// `client`, with the purpose of each request in a header of it.
pub fn labelling(client: SharedHttpClient) -> SharedHttpClient {
    SharedHttpClient::new(Labelling(client))
}

#[derive(Debug)]
struct Labelling(SharedHttpClient);

impl HttpClient for Labelling {
    fn http_connector(&self, settings: &HttpConnectorSettings, parts: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Labeller(self.0.http_connector(settings, parts)))
    }
}

struct Labeller(SharedHttpConnector);

impl fmt::Debug for Labeller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Labeller")
    }
}

impl HttpConnector for Labeller {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        // Outside of a step nothing is labelled: it must not change anything.
        let _unlabelled = PURPOSE.try_with(|purpose| request.headers_mut().insert(CALLER, purpose.clone()));
        self.0.call(request)
    }
}
