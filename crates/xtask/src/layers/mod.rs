//! Which crate may use which, and the house rules that a compiler does not know.
//!
//! Each rule is a pure function from what was read to the violations it found; all are reported at once.

mod circles;
mod edges;
mod manifest;
mod names;
mod table;
mod violation;
mod workspace_dependencies;

pub use table::LAYERS;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::workspace::Workspace;
use violation::Violation;

/// Checks everything.
///
/// # Errors
/// All violations, or what could not be read.
pub fn run(workspace: &Workspace) -> Result<()> {
    report(&violations(workspace)?, "of the layers and house rules")
}

/// Checks that no files of a crate import each other in a circle.
///
/// # Errors
/// All circles, or what could not be read.
pub fn circles(workspace: &Workspace) -> Result<()> {
    let mut found = vec![];
    for root in workspace.packages.iter().filter_map(|package| package.root_file()) {
        found.extend(circles::check(root, &|path| workspace.relative(path))?);
    }
    report(&found, "of the rule that no files import each other in a circle")
}

fn report(violations: &[Violation], rule: &str) -> Result<()> {
    if violations.is_empty() {
        return Ok(());
    }
    let texts: Vec<_> = violations.iter().map(Violation::to_string).collect();
    bail!("{} breach(es) {rule}\n\n{}", texts.len(), texts.join("\n"))
}

fn violations(workspace: &Workspace) -> Result<Vec<Violation>> {
    let mut found = edges::check(&workspace.packages);
    for package in &workspace.packages {
        let text = text(package.manifest())?;
        let table = text.parse().with_context(|| format!("could not parse {}", package.manifest().display()))?;
        found.extend(manifest::check(&workspace.relative(package.manifest()), &table));
    }
    found.extend(workspace_dependencies::check(&text(&workspace.root().join("Cargo.toml"))?));
    let files: Vec<_> = workspace.rust_files()?.iter().map(|file| workspace.relative(file)).collect();
    found.extend(names::check(&files));
    Ok(found)
}

fn text(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("could not read {}", path.display()))
}
