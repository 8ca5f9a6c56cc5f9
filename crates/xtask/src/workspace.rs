//! The workspace as `cargo metadata` tells it.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

/// The packages of this workspace, without those of others.
#[derive(Debug, Deserialize)]
pub struct Workspace {
    workspace_root: PathBuf,
    target_directory: PathBuf,
    /// Its members.
    pub packages: Vec<Package>,
}

/// One member.
#[derive(Clone, Debug, Deserialize)]
pub struct Package {
    /// As in its manifest.
    pub name: String,
    manifest_path: PathBuf,
    /// What its manifest names, of ours and of others.
    pub dependencies: Vec<Dependency>,
    targets: Vec<Target>,
}

/// One dependency of a manifest.
#[derive(Clone, Debug, Deserialize)]
pub struct Dependency {
    /// The package's own name, whatever the manifest renames it to.
    pub name: String,
    kind: Option<Aside>,
}

/// What a dependency is for, if not for the crate itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Aside {
    Dev,
    Build,
}

#[derive(Clone, Debug, Deserialize)]
struct Target {
    kind: Vec<String>,
    src_path: PathBuf,
}

impl Workspace {
    /// Asks cargo.
    ///
    /// # Errors
    /// When cargo cannot be run, or cannot read a manifest.
    pub fn read() -> Result<Self> {
        let mut command = cargo();
        command.args(["metadata", "--no-deps", "--format-version", "1"]);
        let output = command.output().context("could not run `cargo metadata`")?;
        if !output.status.success() {
            bail!("`cargo metadata` failed: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        serde_json::from_slice(&output.stdout).context("could not read the answer of `cargo metadata`")
    }

    /// The folder of the workspace's own manifest.
    pub fn root(&self) -> &Path {
        &self.workspace_root
    }

    /// Where cargo puts what it makes; outside of the tree when `CARGO_TARGET_DIR` says so.
    pub fn target(&self) -> &Path {
        &self.target_directory
    }

    /// The member of this name.
    pub fn package(&self, name: &str) -> Option<&Package> {
        self.packages.iter().find(|package| package.name == name)
    }

    /// `path` from the root on, with slashes on every system.
    pub fn relative(&self, path: &Path) -> String {
        path.strip_prefix(&self.workspace_root).unwrap_or(path).display().to_string().replace('\\', "/")
    }

    /// All Rust files of the members, in order of their paths.
    ///
    /// # Errors
    /// When a folder cannot be read.
    pub fn rust_files(&self) -> Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for package in &self.packages {
            collect(package.folder(), &mut files)?;
        }
        files.sort();
        Ok(files)
    }
}

impl Package {
    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(Path::new(""))
    }

    /// Its manifest.
    pub fn manifest(&self) -> &Path {
        &self.manifest_path
    }

    /// The root file of its library, else of its program; a package of tests alone has none.
    pub fn root_file(&self) -> Option<&Path> {
        let of = |kind: &str| self.targets.iter().find(|target| target.kind.iter().any(|is| is == kind));
        of("lib").or_else(|| of("bin")).map(|target| target.src_path.as_path())
    }

    /// What the crate itself is built with: all but the dependencies of its tests.
    pub fn built_with(&self) -> impl Iterator<Item = &str> {
        self.dependencies.iter().filter(|dependency| dependency.kind != Some(Aside::Dev)).map(|d| d.name.as_str())
    }
}

/// The cargo that started this program, without what it told this program about itself: build scripts that watch
/// these variables would run again.
pub fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    for (name, _) in env::vars_os() {
        let told =
            name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"));
        if told {
            command.env_remove(name);
        }
    }
    command
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let unreadable = || format!("could not read the folder {}", folder.display());
    for entry in fs::read_dir(folder).with_context(unreadable)? {
        let entry = entry.with_context(unreadable)?;
        let path = entry.path();
        if entry.file_type().with_context(unreadable)?.is_dir() {
            if entry.file_name() != "target" {
                collect(&path, files)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
impl Package {
    /// A package for tests of rules: `built` and `tested` are its normal and its dev-dependencies.
    pub fn planted(name: &str, built: &[&str], tested: &[&str]) -> Self {
        let of = |names: &[&str], kind| -> Vec<_> {
            names.iter().map(|name| Dependency { name: (*name).to_owned(), kind }).collect()
        };
        let dependencies = [of(built, None), of(tested, Some(Aside::Dev))].concat();
        Self { name: name.to_owned(), manifest_path: PathBuf::from("Cargo.toml"), dependencies, targets: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_workspace_is_read() {
        let workspace = Workspace::read().expect("cargo metadata");
        let me = workspace.package("xtask").expect("this package");
        assert!(me.built_with().any(|name| name == "globe-config"));
        assert!(!me.built_with().any(|name| name == "tempfile"), "a dev-dependency counts as a dependency");
        assert_eq!(workspace.relative(me.manifest()), "crates/xtask/Cargo.toml");
        assert_eq!(me.root_file().map(|path| workspace.relative(path)).as_deref(), Some("crates/xtask/src/main.rs"));
        let files = workspace.rust_files().expect("files");
        assert!(files.iter().any(|file| workspace.relative(file) == "crates/xtask/src/workspace.rs"));
    }

    #[test]
    fn build_dependencies_count_and_dev_dependencies_do_not() {
        let answer = r#"{
            "workspace_root": "/w",
            "target_directory": "/w/target",
            "packages": [{ "name": "a", "manifest_path": "/w/a/Cargo.toml", "targets": [], "dependencies": [
                { "name": "n", "kind": null }, { "name": "b", "kind": "build" }, { "name": "d", "kind": "dev" }
            ] }]
        }"#;
        let workspace: Workspace = serde_json::from_str(answer).expect("the form of cargo metadata");
        assert_eq!(workspace.packages[0].built_with().collect::<Vec<_>>(), ["n", "b"]);
    }
}
