//! Certificate Manager.

mod certificate;

pub use certificate::{Certificate, CertificateOutputs, Validation};

use super::MakeEntry;

/// Registry entries of this service.
pub(super) static ENTRIES: &[MakeEntry] = &[];
