//! `acm/certificate`: outputs only.

use globe_model::{Address, Durations, Edge, Kind, Pending, Readiness, Recovery, Upstream, Verdict, unknown};
use serde::{Deserialize, Serialize};

/// What downstream uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CertificateOutputs {
    /// Its ARN.
    pub arn: String,
    /// One CNAME per distinct validation name.
    pub validations: Vec<Validation>,
}

/// The CNAME that proves control of a domain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Validation {
    /// Domain that it proves; a wildcard's is the same as its parent's.
    pub domain: String,
    /// Record name, with the trailing dot that ACM writes.
    pub name: String,
    /// Record value.
    pub value: String,
}

/// The kind `acm/certificate`.
pub struct Certificate;

impl Kind for Certificate {
    const NAME: &'static str = "acm/certificate";
    const RECOVERY: Recovery = Recovery::Name;
    const DURATIONS: Durations = Durations::secs(1, 1);
    type Spec = ();
    type Desired = ();
    type Live = ();
    type Patch = ();
    type Outputs = CertificateOutputs;
    fn refs((): &(), _: &mut dyn FnMut(Edge)) {}
    fn lower((): &(), _: &Upstream<'_>) -> Result<(), Pending> {
        Ok(())
    }
    fn diff((): &(), (): &()) -> Verdict<()> {
        Verdict::Same
    }
    fn ready((): &()) -> Readiness {
        Readiness::Ready
    }
    fn outputs((): &()) -> Option<CertificateOutputs> {
        None
    }
    fn unknown(address: &Address) -> CertificateOutputs {
        CertificateOutputs { arn: unknown(address, "arn"), validations: Vec::new() }
    }
}
