//! A body whose connection breaks half-way.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame};

/// The connection broke.
#[derive(Debug, thiserror::Error)]
#[error("the connection was cut in the middle of the answer")]
pub struct Broken;

/// The first half of a body, then the break.
#[derive(Debug)]
pub struct Torn(Option<Bytes>);

impl Torn {
    /// A torn copy of `whole`.
    pub fn of(whole: &Bytes) -> Self {
        Self(Some(whole.slice(..whole.len() / 2)))
    }
}

impl Body for Torn {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        Poll::Ready(Some(self.0.take().map(Frame::data).ok_or(Broken)))
    }
}
