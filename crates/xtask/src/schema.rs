//! `config/globe.schema.json`, from which editors complete a configuration file.

use anyhow::Result;

use crate::generated::{self, Mode};
use crate::workspace::Workspace;

/// Writes or checks the schema.
///
/// # Errors
/// As [`generated::settle`].
pub fn run(workspace: &Workspace, mode: Mode) -> Result<()> {
    let path = workspace.root().join("config/globe.schema.json");
    generated::settle(mode, &path, &globe_config::schema(), "schema")
}
