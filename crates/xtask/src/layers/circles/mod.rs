//! No two files of a crate may import each other, directly or through others: each can then be read before those that
//! use it.

mod source;
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Result;
use petgraph::algo::tarjan_scc;
use petgraph::graphmap::DiGraphMap;

use super::violation::Violation;
use tree::Crate;

/// Finds the circles among the files of the crate whose root file this is; `shown` names a file for people.
///
/// # Errors
/// When a file cannot be read, or is not Rust.
pub fn check(root: &Path, shown: &dyn Fn(&Path) -> String) -> Result<Vec<Violation>> {
    let krate = Crate::read(root)?;
    let circles = circles(&krate.imports());
    Ok(circles.iter().map(|files| violation(&krate, files, shown)).collect())
}

/// Groups of modules that reach each other, each sorted.
fn circles(imports: &BTreeMap<usize, BTreeSet<usize>>) -> Vec<Vec<usize>> {
    let edges = imports.iter().flat_map(|(from, to)| to.iter().map(move |to| (*from, *to, ())));
    let graph: DiGraphMap<usize, ()> = DiGraphMap::from_edges(edges);
    let mut found: Vec<Vec<usize>> = tarjan_scc(&graph).into_iter().filter(|files| files.len() > 1).collect();
    found.iter_mut().for_each(|files| files.sort_unstable());
    found.sort();
    found
}

fn violation(krate: &Crate, files: &[usize], shown: &dyn Fn(&Path) -> String) -> Violation {
    let names: Vec<String> = files.iter().map(|file| shown(krate.file(*file))).collect();
    Violation {
        place: names.first().cloned().unwrap_or_default(),
        problem: format!("these files import each other in a circle: {}", names.join(", ")),
        remedy: "move what several of them need to a file of its own, which imports none of them".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Circles in a crate of these files, each a path and a text.
    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let folder = tempfile::tempdir().expect("a folder");
        for (path, text) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            std::fs::write(path, text).expect("written");
        }
        let shown = |path: &Path| path.strip_prefix(folder.path()).expect("inside").display().to_string();
        let found = check(&folder.path().join("lib.rs"), &shown).expect("reads");
        found.into_iter().map(|violation| violation.problem).collect()
    }

    #[test]
    fn two_files_that_import_each_other_are_found() {
        let files = [
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "use crate::b::B; pub struct A;"),
            ("b.rs", "pub struct B; fn b() { crate::a::A; }"),
        ];
        assert_eq!(found(&files), ["these files import each other in a circle: a.rs, b.rs"]);
    }

    #[test]
    fn a_re_export_is_no_import_and_leads_to_where_the_item_is() {
        let facade = [("lib.rs", "mod a; mod b; pub use a::A; pub use b::*;"), ("b.rs", "use crate::A; pub struct B;")];
        let straight = [facade[0], facade[1], ("a.rs", "pub struct A;")];
        assert_eq!(found(&straight), Vec::<String>::new());
        let back = [facade[0], facade[1], ("a.rs", "use super::B; pub struct A;")];
        assert_eq!(found(&back), ["these files import each other in a circle: a.rs, b.rs"]);
    }

    #[test]
    fn a_parent_that_uses_its_child_is_not_used_by_it() {
        let parent = ("a/mod.rs", "mod child; pub const ALL: &[u8] = &[child::ONE]; pub type Word = u8;");
        let child = ("a/child.rs", "pub const ONE: super::Word = 1;");
        assert_eq!(
            found(&[("lib.rs", "mod a;"), parent, child]),
            ["these files import each other in a circle: a/mod.rs, a/child.rs"]
        );
    }

    #[test]
    fn tests_may_import_what_they_test() {
        let files = [
            ("lib.rs", "mod a; #[cfg(test)] mod tests; pub struct L;"),
            ("tests.rs", "use super::*; use crate::L;"),
            ("a.rs", "#[cfg(test)] mod inner { use crate::L; }"),
        ];
        assert_eq!(found(&files), Vec::<String>::new());
    }
}
