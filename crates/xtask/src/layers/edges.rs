//! Which package uses which.

use super::table::{LAYERS, Layer};
use super::violation::Violation;
use crate::workspace::Package;

/// Holds every normal and build dependency of `packages` against the table of layers.
pub fn check(packages: &[Package]) -> Vec<Violation> {
    packages.iter().flat_map(|package| edges_of(package, packages)).collect()
}

fn edges_of(package: &Package, packages: &[Package]) -> Vec<Violation> {
    let Some(layer) = LAYERS.iter().find(|layer| layer.name == package.name) else {
        return vec![unknown(&package.name)];
    };
    let ours = |name: &str| packages.iter().any(|other| other.name == name);
    let used = package.built_with();
    used.filter_map(|name| match () {
        () if ours(name) && !layer.may_use.contains(&name) => Some(upward(layer, name)),
        () if name.starts_with("aws-") && !layer.sdk => Some(sdk(layer, name)),
        () => None,
    })
    .collect()
}

fn unknown(name: &str) -> Violation {
    Violation {
        place: name.to_owned(),
        problem: "this package is in no layer".to_owned(),
        remedy: "say in crates/xtask/src/layers/table.rs what it may use".to_owned(),
    }
}

fn upward(layer: &Layer, used: &str) -> Violation {
    let allowed = match layer.may_use {
        [] => "nothing of ours".to_owned(),
        some => some.join(", "),
    };
    Violation {
        place: format!("{} -> {used}", layer.name),
        problem: format!("{} must not depend on {used}; it may use {allowed}", layer.name),
        remedy: "say what it needs as a type or a trait of globe-model and join the two in crates/cli; a dependency \
                 of its tests belongs in [dev-dependencies]"
            .to_owned(),
    }
}

fn sdk(layer: &Layer, used: &str) -> Violation {
    let may: Vec<_> = LAYERS.iter().filter(|layer| layer.sdk).map(|layer| layer.name).collect();
    Violation {
        place: format!("{} -> {used}", layer.name),
        problem: format!("only {} may depend on the AWS SDK", may.join(", ")),
        remedy: "put the call behind the port `Cloud` of globe-model; a dependency of its tests belongs in \
                 [dev-dependencies]"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(packages: &[Package]) -> Vec<String> {
        check(packages).into_iter().map(|violation| violation.place).collect()
    }

    #[test]
    fn an_edge_that_the_table_allows_passes() {
        let model = Package::planted("globe-model", &["serde"], &[]);
        let graph = Package::planted("globe-graph", &["globe-model", "petgraph"], &[]);
        assert_eq!(places(&[model, graph]), Vec::<String>::new());
    }

    #[test]
    fn an_edge_that_the_table_forbids_is_named_with_both_ends_and_a_way_out() {
        let store = Package::planted("globe-store", &[], &[]);
        let planner = Package::planted("globe-planner", &["globe-store"], &[]);
        let found = check(&[store, planner]);
        assert_eq!(
            found.iter().map(Violation::to_string).collect::<String>(),
            "globe-planner -> globe-store: globe-planner must not depend on globe-store; it may use globe-model, \
             globe-graph\n    help: say what it needs as a type or a trait of globe-model and join the two in \
             crates/cli; a dependency of its tests belongs in [dev-dependencies]\n"
        );
    }

    #[test]
    fn the_model_uses_nothing_and_nothing_uses_the_program() {
        let model = Package::planted("globe-model", &["globe-graph"], &[]);
        let graph = Package::planted("globe-graph", &["globe"], &[]);
        let globe = Package::planted("globe", &[], &[]);
        assert_eq!(places(&[model, graph, globe]), ["globe-model -> globe-graph", "globe-graph -> globe"]);
    }

    #[test]
    fn the_sdk_belongs_to_three_packages() {
        let packages: Vec<_> = LAYERS.iter().map(|layer| Package::planted(layer.name, &["aws-types"], &[])).collect();
        let refused = places(&packages);
        assert_eq!(refused.len(), LAYERS.len() - 3);
        for name in ["globe", "globe-aws", "globe-sandbox"] {
            assert!(!refused.contains(&format!("{name} -> aws-types")), "{name} may use the SDK");
        }
    }

    #[test]
    fn tests_may_use_more() {
        let sandbox = Package::planted("globe-sandbox", &[], &[]);
        let planner = Package::planted("globe-planner", &[], &["globe-sandbox", "aws-sdk-ec2"]);
        assert_eq!(places(&[sandbox, planner]), Vec::<String>::new());
    }

    #[test]
    fn a_package_in_no_layer_is_refused() {
        assert_eq!(places(&[Package::planted("globe-extra", &[], &[])]), ["globe-extra"]);
    }

    #[test]
    fn the_table_has_no_cycle_and_names_only_its_own_packages() {
        fn reaches(from: &str, to: &str) -> bool {
            let layer = LAYERS.iter().find(|layer| layer.name == from).expect("a layer for every name");
            layer.may_use.iter().any(|used| *used == to || reaches(used, to))
        }
        for layer in LAYERS {
            assert!(!reaches(layer.name, layer.name), "{} reaches itself", layer.name);
        }
    }
}
