//! `[certificate.<name>]`: an ACM certificate.

use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::certificate_domain;
use crate::read::{Component, Read, Reader, reference, some};

/// A certificate of AWS Certificate Manager in every region, validated through DNS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Certificate {
    /// The names it is for; the first is its main name. `*.example.com` covers one label.
    #[schemars(length(min = 1, max = 10), extend("uniqueItems" = true))]
    pub domains: Vec<String>,
    /// The zone that proves the ownership of these names, by name.
    pub zone: String,
}

/// ACM's default quota of names on one certificate.
const DOMAINS_MAX: usize = 10;
/// Longest first name of a certificate (ACM API reference, `DomainName`): longer ones must follow a short one.
const FIRST_MAX: usize = 64;

impl Certificate {
    pub(crate) fn read(reader: &Reader<'_>) -> Read<Self> {
        let domains = reader.required("domains", some(certificate_domain));
        let zone = reader.required("zone", reference(Component::Zone));
        let certificate = Self { domains: domains?, zone: zone? };
        let problem = if certificate.domains.len() > DOMAINS_MAX {
            let message = format!("ACM puts at most {DOMAINS_MAX} names on a certificate");
            Some(reader.invalid("domains", message).help("make a second certificate"))
        } else if certificate.domains.first().is_some_and(|first| first.len() > FIRST_MAX) {
            let message = format!("the first name of a certificate has at most {FIRST_MAX} characters");
            Some(reader.invalid("domains", message).help("put a shorter name first"))
        } else {
            None
        };
        match problem {
            Some(problem) => Err(reader.cx.report(problem)),
            None => Ok(certificate),
        }
    }
}
