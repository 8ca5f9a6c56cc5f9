//! The README's crate map: one row per crate, from the first paragraph of its own documentation.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::generated::{self, Mode};
use crate::layers::LAYERS;
use crate::workspace::Workspace;

const BEGIN: &str = "<!-- crate-map: written by `cargo xtask crate-map` -->";
const END: &str = "<!-- crate-map: end -->";

/// Writes or checks the map.
///
/// # Errors
/// When a crate has no documentation, when the README has no place for the map, or as [`generated::settle`].
pub fn run(workspace: &Workspace, mode: Mode) -> Result<()> {
    let path = workspace.root().join("README.md");
    let readme = fs::read_to_string(&path).with_context(|| format!("could not read {}", path.display()))?;
    let wanted = placed(&readme, &table(workspace)?)
        .with_context(|| format!("README.md needs the lines `{BEGIN}` and `{END}` around the crate map"))?;
    generated::settle(mode, &path, &wanted, "crate-map")
}

/// The rows, in the order of the layers.
fn table(workspace: &Workspace) -> Result<String> {
    let mut table = String::from("| crate | what it is |\n|---|---|\n");
    for package in LAYERS.iter().filter_map(|layer| workspace.package(layer.name)) {
        let Some(file) = package.root_file() else { continue };
        let folder = workspace.relative(package.folder());
        table.push_str(&format!("| [`{folder}`]({folder}) | {} |\n", summary_of(file)?));
    }
    Ok(table)
}

fn summary_of(file: &Path) -> Result<String> {
    let text = fs::read_to_string(file).with_context(|| format!("could not read {}", file.display()))?;
    summary(&text).with_context(|| format!("{} does not begin with a `//!` paragraph", file.display()))
}

/// The first paragraph of a file's documentation in one line, fit for a table.
fn summary(text: &str) -> Option<String> {
    let lines = text.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim);
    let paragraph: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
    // Links to items lead nowhere outside of rustdoc.
    let text = paragraph.join(" ").replace("[`", "`").replace("`]", "`").replace('|', "\\|");
    (!text.is_empty()).then_some(text)
}

/// `readme` with `table` between the two marks, or `None` without them.
fn placed(readme: &str, table: &str) -> Option<String> {
    let (before, rest) = readme.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n\n{table}\n{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_the_first_paragraph_alone_and_fits_a_table() {
        let text = "//! A graph of [`Resource`]s,\n//! a|b.\n//!\n//! More.\nmod a;\n";
        assert_eq!(summary(text).as_deref(), Some("A graph of `Resource`s, a\\|b."));
        assert_eq!(summary("mod a;\n//! Too late.\n"), None);
        assert_eq!(summary(""), None);
    }

    #[test]
    fn the_map_replaces_what_stood_between_the_marks_and_nothing_else() {
        let readme = format!("# globe\n{BEGIN}\nold\n{END}\nend\n");
        let once = placed(&readme, "| new |\n").expect("marks");
        assert_eq!(once, format!("# globe\n{BEGIN}\n\n| new |\n\n{END}\nend\n"));
        assert_eq!(placed(&once, "| new |\n").as_deref(), Some(once.as_str()), "a second run changes nothing");
    }

    #[test]
    fn a_readme_without_marks_has_no_place_for_the_map() {
        assert_eq!(placed("# globe\n", "| new |\n"), None);
        assert_eq!(placed(&format!("{END}\n{BEGIN}\n"), "| new |\n"), None);
    }

    #[test]
    fn every_crate_of_the_workspace_has_a_row() {
        let workspace = Workspace::read().expect("cargo metadata");
        let table = table(&workspace).expect("a table");
        for name in ["crates/model", "crates/cli", "crates/xtask"] {
            assert!(table.contains(&format!("| [`{name}`]({name}) | ")), "{table}");
        }
    }
}
