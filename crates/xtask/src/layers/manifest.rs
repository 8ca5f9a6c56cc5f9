//! What every member's manifest must say.

use toml::{Table, Value};

use super::violation::Violation;

const SECTIONS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// Checks that a member inherits the workspace's lints and takes its dependencies from the workspace.
pub fn check(place: &str, manifest: &Table) -> Vec<Violation> {
    let mut found = Vec::new();
    if !manifest.get("lints").is_some_and(inherits) {
        found.push(Violation {
            place: place.to_owned(),
            problem: "the workspace's lints do not apply to this crate".to_owned(),
            remedy: "add `[lints]` with `workspace = true`".to_owned(),
        });
    }
    for (name, value) in dependencies(manifest) {
        if !inherits(value) {
            found.push(own_version(place, name));
        }
    }
    found
}

fn own_version(place: &str, name: &str) -> Violation {
    Violation {
        place: place.to_owned(),
        problem: format!("the dependency {name} does not come from the workspace"),
        remedy: format!("move it to [workspace.dependencies] in Cargo.toml and write `{name}.workspace = true` here"),
    }
}

/// All dependencies of a manifest, those for certain targets among them.
fn dependencies(manifest: &Table) -> impl Iterator<Item = (&String, &Value)> {
    let targets = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
    let tables = std::iter::once(manifest).chain(targets.filter_map(Value::as_table));
    tables.flat_map(|table| SECTIONS.iter().filter_map(|section| table.get(*section)?.as_table())).flatten()
}

/// Whether a value says `workspace = true`.
fn inherits(value: &Value) -> bool {
    value.get("workspace").and_then(Value::as_bool) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let manifest = text.parse().expect("TOML");
        check("crates/x/Cargo.toml", &manifest).into_iter().map(|violation| violation.problem).collect()
    }

    #[test]
    fn a_manifest_that_inherits_passes() {
        let text = "[lints]\nworkspace = true\n[dependencies]\na.workspace = true\nb = { workspace = true, optional = true }\n";
        assert_eq!(problems(text), Vec::<String>::new());
    }

    #[test]
    fn missing_and_own_lints_are_refused() {
        let problem = ["the workspace's lints do not apply to this crate"];
        assert_eq!(problems(""), problem);
        assert_eq!(problems("[lints]\nworkspace = false\n"), problem);
        assert_eq!(problems("[lints.rust]\nmissing_docs = \"allow\"\n"), problem);
    }

    #[test]
    fn a_version_of_its_own_is_refused_in_every_section() {
        for section in ["dependencies", "dev-dependencies", "build-dependencies", "target.'cfg(unix)'.dependencies"] {
            let text = format!("[lints]\nworkspace = true\n[{section}]\nserde = \"1\"\nclap = {{ version = \"4\" }}\n");
            let found = problems(&text);
            assert_eq!(found.len(), 2, "{section}: {found:?}");
            assert!(found.iter().any(|problem| problem.contains("serde")), "{section}: {found:?}");
        }
    }
}
