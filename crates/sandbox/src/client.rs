//! The sandbox as the SDK's HTTP client: requests never leave the process.

use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;

use crate::torn::Torn;
use crate::{Cut, Sandbox};

#[derive(Clone, Debug)]
struct InProcess {
    sandbox: Sandbox,
    /// How long it waits for an answer.
    patience: Option<Duration>,
}

impl Sandbox {
    /// An HTTP client for the SDK that talks to this sandbox.
    pub fn http_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(InProcess { sandbox: self.clone(), patience: None })
    }
}

impl HttpClient for InProcess {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Self { sandbox: self.sandbox.clone(), patience: settings.read_timeout() })
    }
}

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (sandbox, patience) = (self.sandbox.clone(), self.patience);
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let (parts, body) = request.into_parts();
            let body = body.bytes().map(Bytes::copy_from_slice).unwrap_or_default();
            let handled = sandbox.handle(http::Request::from_parts(parts, body));
            let answer = match patience {
                Some(patience) => tokio::time::timeout(patience, handled).await,
                None => Ok(handled.await),
            };
            match answer.map_err(|elapsed| ConnectorError::timeout(elapsed.into()))? {
                Some(response) => {
                    let cut = response.extensions().get::<Cut>().is_some();
                    let response = response.map(|body: Bytes| match cut {
                        true => SdkBody::from_body_1_x(Torn::of(&body)),
                        false => SdkBody::from(body),
                    });
                    HttpResponse::try_from(response).map_err(|error| ConnectorError::user(error.into()))
                }
                None => Err(ConnectorError::io("the connection was closed before an answer came".into())),
            }
        })
    }
}
