//! `globe policy`

use std::collections::BTreeSet;

use globe_aws::kind_table;
use globe_aws::policy::{Grant, Subject, policy as document};
use globe_blueprint::Facts;
use globe_config::Image;
use serde_json::{Value, json};

use crate::args::{Global, PolicyArgs, PolicyFor};
use crate::failure::{Exit, Failure};
use crate::out::Out;
use crate::{planning, project};

/// Longest managed policy, in characters other than white space (IAM quotas).
const MANAGED_MAX: usize = 6_144;

/// Prints the policy; needs no credentials.
///
/// # Errors
/// When the file has errors.
pub fn policy(global: &Global, out: &Out, args: &PolicyArgs) -> Result<Exit, Failure> {
    let stack = project::load(global, out)?.stack;
    let graph = planning::graph(&stack, &Facts::nominal(&stack), &kind_table())?;
    let images = stack.lookups();
    let parameter = |image: &'_ globe_config::ImageLookup| match &image.image {
        Image::Ssm(name) => Some(name.clone()),
        Image::Ami(_) => None,
    };
    let parameters: BTreeSet<String> = images.iter().filter_map(parameter).collect();
    let mut resources = Vec::new();
    for resource in graph.resources() {
        let spec = resource.spec.json().map_err(|error| Failure::from_error(Exit::Failed, &error))?;
        resources.push((resource.address.kind.as_str(), spec));
    }
    let subject = Subject {
        account: &stack.account,
        regions: stack.regions.keys().map(globe_model::Region::as_str).collect(),
        parameters: parameters.iter().map(String::as_str).collect(),
        resources,
    };
    print(out, &document(&subject, &grants(args.command)));
    Ok(Exit::Done)
}

fn grants(command: PolicyFor) -> BTreeSet<Grant> {
    match command {
        PolicyFor::Diff => [Grant::Diff].into(),
        PolicyFor::Up => [Grant::Diff, Grant::Up].into(),
        PolicyFor::Down => [Grant::Diff, Grant::Down].into(),
        PolicyFor::All => [Grant::Diff, Grant::Up, Grant::Down].into(),
    }
}

fn print(out: &Out, document: &Value) {
    if out.json {
        out.json_line("policy", &json!({"document": document}));
        return;
    }
    out.data(&format!("{document:#}"));
    let length = document.to_string().len();
    if length > MANAGED_MAX {
        out.note(&format!(
            "{length} characters, more than the {MANAGED_MAX} of a managed policy: put its statements into several."
        ));
    }
}
