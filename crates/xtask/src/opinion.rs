//! The second opinion: the story of a stack in `moto`, an AWS that others wrote.
//!
//! The story and what looks at the account are Python, with boto3: `tests/opinion/story.py`. What moto lacks is in
//! `tests/opinion/skips.toml`, and nowhere else. What globe sends meanwhile is recorded, and held against AWS's models.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use toml::Table;

use crate::python::{FOLDER, succeed};
use crate::server::Server;
use crate::trial::Trial;
use crate::workspace::Workspace;

/// Tells the story with `globe`, or with the program that cargo builds.
///
/// # Errors
/// When moto cannot be started, or says that something is wrong.
pub fn run(workspace: &Workspace, globe: Option<PathBuf>) -> Result<()> {
    let trial = Trial::ready(workspace, "opinion", globe)?;
    let outcome = tell(workspace, &trial);
    trial.end(outcome)
}

fn tell(workspace: &Workspace, trial: &Trial) -> Result<()> {
    trial.python.test()?;
    let skips = trial.folder.join("skips.json");
    fs::write(&skips, as_json(&workspace.root().join(FOLDER).join("skips.toml"))?)
        .context("could not write the skips")?;
    let log = trial.folder.join("moto.log");
    let program = trial.python.installed("moto_server");
    let moto = Server::adjusted(&trial.python, &log, &program, &["-H", "127.0.0.1", "-p", "0"], like_aws)?;
    let proxy = trial.recorder(&moto)?;
    let mut story = trial.python.run("story.py");
    story
        .arg("--globe")
        .arg(&trial.globe)
        .args(["--moto", &moto.url, "--through", &proxy.url])
        .arg("--skips")
        .arg(&skips);
    succeed(story.arg("--folder").arg(&trial.folder)).context("moto is of another opinion")?;
    drop(proxy);
    trial.check_requests()
}

/// Settings under which moto is more like AWS: its managed policies exist, and a certificate takes a second, not sixty.
fn like_aws(command: &mut Command) {
    command.env("MOTO_IAM_LOAD_MANAGED_POLICIES", "true").env("MOTO_ACM_VALIDATION_WAIT", "1");
}

/// The list of skips for the story, which insists that each says why.
fn as_json(path: &Path) -> Result<String> {
    let text = fs::read_to_string(path).with_context(|| format!("could not read {}", path.display()))?;
    let skips: Table = text.parse().with_context(|| format!("could not parse {}", path.display()))?;
    for skip in skips.values().filter_map(toml::Value::as_array).flatten() {
        let says = |key: &str| skip.get(key).and_then(toml::Value::as_str).is_some_and(|text| !text.is_empty());
        if !says("name") || !says("reason") {
            bail!("{}: a skip needs a name and a reason: {skip}", path.display());
        }
    }
    serde_json::to_string(&skips).context("could not write the skips as JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skip_without_a_reason_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("skips.toml");
        fs::write(&path, "[[check]]\nname = \"a\"\nreason = \"moto has none\"\n").expect("written");
        assert_eq!(as_json(&path).expect("is whole"), r#"{"check":[{"name":"a","reason":"moto has none"}]}"#);
        fs::write(&path, "[[check]]\nname = \"a\"\nreason = \"\"\n").expect("written");
        assert!(as_json(&path).expect_err("says nothing").to_string().contains("a skip needs a name and a reason"));
    }
}
