//! Why a sandbox cannot be opened.

use std::path::PathBuf;

/// The sandbox cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// Another process has it open: two would invent the same ids and not see each other's objects.
    #[error("the sandbox in {folder} is in use by process {process}")]
    InUse {
        /// Its folder.
        folder: PathBuf,
        /// Number of that process, as it wrote it down.
        process: String,
    },
    /// Its state cannot be read or written.
    #[error("could not open the sandbox's state {path}")]
    State {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}
