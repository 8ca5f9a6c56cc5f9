//! `certificate`: one per region, issued once its validation records are there.
//!
//! The validation CNAME depends on account and domain alone: certificates of all regions share it, and `*.example.com`
//! shares that of `example.com`. The certificate of the home region tells what it is.

use globe_aws::kinds::acm::{Certificate, CertificateSpec};
use globe_aws::kinds::route53::{Record, RecordContent, RecordSpec};
use globe_model::{Ref, Scope};

use crate::cx::Cx;

/// Adds all certificates and their validation records.
pub fn expand(cx: &mut Cx<'_>) {
    let stack = cx.stack;
    for (name, certificate) in &stack.certificates {
        cx.of_component("certificate", name);
        for region in stack.regions.keys() {
            let spec = CertificateSpec { domains: certificate.domains.clone(), tags: cx.tags(name) };
            cx.graph.add::<Certificate>(region.clone(), name.as_str(), &spec);
        }
        let mut parents: Vec<&str> = Vec::new();
        for domain in &certificate.domains {
            let parent = domain.strip_prefix("*.").unwrap_or(domain);
            if parents.contains(&parent) {
                continue;
            }
            parents.push(parent);
            let content = RecordContent::Validation {
                certificate: Ref::to(stack.home().clone(), name.as_str()),
                domain: domain.clone(),
            };
            let zone = Ref::to(Scope::Global, certificate.zone.as_str());
            let spec = RecordSpec { zone, content, routed: None, health_check: None };
            cx.graph.add::<Record>(Scope::Global, format!("{name}-validation-{parent}"), &spec);
        }
    }
}
