//! No password in any error.

use std::sync::Arc;

use globe_store::Store;

use crate::bench::{Bench, Hand};

fn whole(error: &dyn std::error::Error) -> String {
    let mut text = format!("{error} {error:?}");
    let mut source = error.source();
    while let Some(inner) = source {
        text += &format!(" {inner} {inner:?}");
        source = inner.source();
    }
    text
}

#[tokio::test]
async fn an_unreachable_server_is_named_without_credentials() {
    // Port 9 (discard) of the local host: nobody listens.
    let url = "postgres://bob:hunter2@127.0.0.1:9/globe?sslmode=disable";
    let Err(error) = Store::open(url, Arc::new(Hand::default())).await else { panic!("nobody listens") };
    let text = whole(&error);
    assert!(text.contains("postgres://127.0.0.1:9/globe"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}

#[tokio::test]
async fn a_refusing_server_is_named_without_credentials() {
    let Some(bench) = Bench::postgres("a_refusing_server_is_named_without_credentials").await else { return };
    let absent = bench.location.replace("a_refusing_server", "no_server");
    let Err(error) = Store::open(&absent, bench.clock.clone()).await else { panic!("there is no such database") };
    let text = whole(&error);
    assert!(text.contains("does not exist"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
    assert!(!bench.open().await.database().contains("hunter2"));
}
