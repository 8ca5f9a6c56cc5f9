//! The modules of a crate, and to which of them a path leads.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::source::Source;

/// Re-exports that lead to each other are followed no further than this.
const DEEPEST: usize = 16;

#[derive(Debug)]
struct Module {
    file: PathBuf,
    parent: Option<usize>,
    children: BTreeMap<String, usize>,
    source: Source,
}

/// A crate's modules that have files of their own; the first is its root.
#[derive(Debug)]
pub struct Crate(Vec<Module>);

impl Crate {
    /// Reads a crate from its root file on.
    ///
    /// # Errors
    /// When a file cannot be read, or is not Rust.
    pub fn read(root: &Path) -> Result<Self> {
        let mut krate = Self(Vec::new());
        let folder = root.parent().unwrap_or(Path::new("")).to_owned();
        krate.add(root.to_owned(), &folder, None)?;
        Ok(krate)
    }

    /// Adds the module in `file`, whose own modules are in `folder`.
    fn add(&mut self, file: PathBuf, folder: &Path, parent: Option<usize>) -> Result<usize> {
        let text = fs::read_to_string(&file).with_context(|| format!("could not read {}", file.display()))?;
        let parsed = syn::parse_file(&text).with_context(|| format!("could not parse {}", file.display()))?;
        let index = self.0.len();
        let source = Source::of(&parsed);
        let names = source.modules.clone();
        self.0.push(Module { file, parent, children: BTreeMap::new(), source });
        for name in names {
            let flat = folder.join(format!("{name}.rs"));
            let inside = folder.join(&name);
            let file = if flat.exists() { flat } else { inside.join("mod.rs") };
            let child = self.add(file, &inside, Some(index))?;
            self.0[index].children.insert(name, child);
        }
        Ok(index)
    }

    /// The file of a module.
    pub fn file(&self, module: usize) -> &Path {
        &self.0[module].file
    }

    /// Which module names something of which others. A re-export is none: it only says where something is.
    pub fn imports(&self) -> BTreeMap<usize, BTreeSet<usize>> {
        let mut imports: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for (index, module) in self.0.iter().enumerate() {
            let targets = module.source.names.iter().filter_map(|path| self.resolve(index, path, 0));
            imports.insert(index, targets.filter(|target| *target != index).collect());
        }
        imports
    }

    /// The module that holds what `path` names in `module`; `None` for what is not of this crate.
    fn resolve(&self, module: usize, path: &[String], depth: usize) -> Option<usize> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => self.descend(0, rest, depth),
            "self" => self.descend(module, rest, depth),
            "super" => {
                let parent = self.0[module].parent?;
                if rest.first().is_some_and(|next| next == "super") {
                    return self.resolve(parent, rest, depth);
                }
                self.descend(parent, rest, depth)
            }
            name if self.0[module].children.contains_key(name) => self.descend(module, path, depth),
            // Imported above under this name, which counts there.
            _ => None,
        }
    }

    fn descend(&self, module: usize, path: &[String], depth: usize) -> Option<usize> {
        let Some((name, rest)) = path.split_first() else { return Some(module) };
        if depth > DEEPEST {
            return None;
        }
        let here = &self.0[module];
        if let Some(child) = here.children.get(name) {
            return self.descend(*child, rest, depth);
        }
        let named = here.source.exports.iter().filter(|(known_as, _)| known_as == name);
        if let Some(found) = named.filter_map(|(_, target)| self.resolve(module, target, depth + 1)).next() {
            return Some(found);
        }
        self.through_globs(module, name, depth).or(Some(module))
    }

    /// The module behind a `pub use child::*` that has `name`.
    fn through_globs(&self, module: usize, name: &str, depth: usize) -> Option<usize> {
        let globs = self.0[module].source.exports.iter().filter(|(known_as, _)| known_as == "*");
        globs
            .filter_map(|(_, target)| {
                let (_, of) = target.split_last()?;
                self.resolve(module, of, depth + 1)
            })
            .find(|target| self.defines(*target, name))
    }

    fn defines(&self, module: usize, name: &str) -> bool {
        self.0[module].source.items.contains(name)
    }
}
