//! From text to typed values, collecting every error on the way.

mod context;
mod moved;
mod overrides;
mod protect;
mod reader;
mod regions;
mod settings;
mod sink;
mod top;
mod tree;
mod unbuilt;
mod values;

pub use context::Component;
pub(crate) use context::Context;
pub(crate) use moved::moved;
pub(crate) use overrides::regional;
pub(crate) use protect::PROTECT;
pub(crate) use reader::{Read, Reader};
pub(crate) use sink::{Problem, Reported};
pub(crate) use top::{Parts, stack};
pub(crate) use tree::{Node, Value};
pub(crate) use values::*;
#[cfg(test)]
pub(crate) use {sink::Sink, tree::Table as TomlTable};
