//! What one file says: its modules, its re-exports, and the paths that it names.

use std::collections::BTreeSet;

use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, ItemUse, Path, UseTree, Visibility};

/// A path as the file writes it, `crate`, `self` and `super` included.
pub type Written = Vec<String>;

/// What a file says of itself and of others.
#[derive(Debug, Default)]
pub struct Source {
    /// Modules in files of their own.
    pub modules: Vec<String>,
    /// Re-exports: the name here, `*` for all, and what it stands for.
    pub exports: Vec<(String, Written)>,
    /// Paths that it names, in imports and in code.
    pub names: BTreeSet<Written>,
    /// Items that it defines.
    pub items: BTreeSet<String>,
}

impl Source {
    /// Reads a file's text; what is there for tests alone is left out.
    pub fn of(file: &syn::File) -> Self {
        let mut source = Self::default();
        source.visit_file(file);
        source
    }

    fn add_use(&mut self, tree: &UseTree, before: &mut Written, exported: bool) {
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.add_use(&path.tree, before, exported);
                before.pop();
            }
            UseTree::Name(name) => self.add_name(&name.ident.to_string(), &name.ident.to_string(), before, exported),
            UseTree::Rename(name) => self.add_name(&name.ident.to_string(), &name.rename.to_string(), before, exported),
            UseTree::Glob(_) => self.add_name("*", "*", before, exported),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.add_use(tree, before, exported)),
        }
    }

    fn add_name(&mut self, name: &str, known_as: &str, before: &Written, exported: bool) {
        let mut path = before.clone();
        let known_as = if name == "self" { before.last().cloned().unwrap_or_default() } else { known_as.to_owned() };
        if name != "self" {
            path.push(name.to_owned());
        }
        if exported {
            self.exports.push((known_as, path));
        } else {
            self.names.insert(path);
        }
    }
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg") && attribute.parse_args::<syn::Ident>().is_ok_and(|name| name == "test")
    })
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn defined(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}

impl<'ast> Visit<'ast> for Source {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_for_tests(attributes(item)) {
            self.items.extend(defined(item));
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        if module.content.is_none() {
            self.modules.push(module.ident.to_string());
        } else {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_use(&mut self, import: &'ast ItemUse) {
        let exported = !matches!(import.vis, Visibility::Inherited);
        self.add_use(&import.tree, &mut Vec::new(), exported);
    }

    fn visit_path(&mut self, path: &'ast Path) {
        if path.segments.len() > 1 {
            self.names.insert(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        }
        visit::visit_path(self, path);
    }
}
