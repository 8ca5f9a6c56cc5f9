//! What is built and tested.

use crate::workspace::{Package, Workspace};

/// The packages that are built and tested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All.
    Workspace,
    /// These.
    Packages(Vec<String>),
}

impl Scope {
    /// The packages that can be built and tested without the AWS SDK and without the program.
    pub fn without_sdk(workspace: &Workspace) -> Self {
        let light = workspace.packages.iter().filter(|package| is_light(package, &workspace.packages));
        Self::Packages(light.map(|package| package.name.clone()).collect())
    }

    /// Whether the program is among them.
    pub fn holds_the_program(&self) -> bool {
        *self == Self::Workspace
    }

    /// How cargo is told.
    pub fn arguments(&self) -> Vec<String> {
        match self {
            Self::Workspace => vec!["--workspace".to_owned()],
            Self::Packages(names) => names.iter().flat_map(|name| ["-p".to_owned(), name.clone()]).collect(),
        }
    }
}

/// Whether neither the package nor its tests use the SDK, in whatever way. End-to-end tests use the program.
fn is_light(package: &Package, packages: &[Package]) -> bool {
    let own = |name: &str| packages.iter().find(|other| other.name == name);
    package.name != "globe-e2e"
        && package.dependencies.iter().all(|dependency| {
            !dependency.name.starts_with("aws-") && own(&dependency.name).is_none_or(|used| is_light(used, packages))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_leads_to_the_sdk_is_left_out() {
        let packages = [
            Package::planted("globe-model", &["serde"], &[]),
            Package::planted("globe-aws", &["globe-model", "aws-sdk-ec2"], &[]),
            Package::planted("globe-blueprint", &["globe-aws"], &[]),
            Package::planted("globe-planner", &["globe-model"], &["globe-aws"]),
            Package::planted("globe-store", &["globe-model"], &["tempfile"]),
            Package::planted("globe-e2e", &[], &["tempfile"]),
        ];
        let light: Vec<_> = packages.iter().filter(|p| is_light(p, &packages)).map(|p| p.name.as_str()).collect();
        assert_eq!(light, ["globe-model", "globe-store"]);
    }
}
