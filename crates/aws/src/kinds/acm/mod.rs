//! Certificate Manager.

mod certificate;

pub use certificate::{
    Certificate, CertificateDesired, CertificateLive, CertificateOutputs, CertificatePatch, CertificateSpec, Validation,
};

use super::MakeEntry;
use crate::driver::entry;

/// Registry entries of this service.
pub(super) static ENTRIES: &[MakeEntry] = &[entry::<Certificate>];
