//! A plan on its way from `diff --out` to `up --plan`: written whole or not at all, for its owner alone, and read back
//! only as it was written.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use globe_model::{Address, Plan, Region};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

/// Version of the file around the plan.
const FORMAT: u32 = 1;
/// The member that makes a JSON object a plan file.
const MARK: &str = "globe_plan";
/// The member that says whether the rest is as it was written.
const CHECKSUM: &str = "checksum";

/// A plan and what it was made for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlanFile {
    /// Version of this format.
    pub globe_plan: u32,
    /// The globe that wrote it.
    pub written_by: String,
    /// Name of the stack.
    pub stack: String,
    /// AWS account.
    pub account: String,
    /// The regions that it changes something in.
    pub regions: BTreeSet<Region>,
    /// What `up --plan` must be told with `--delete-data`.
    pub delete_data: Vec<Address>,
    /// The plan.
    pub plan: Plan,
}

/// Why a file cannot be carried out.
#[derive(Debug, thiserror::Error)]
pub enum PlanFileError {
    /// It cannot be read at all.
    #[error("could not read {0}: {1}")]
    Unreadable(PathBuf, std::io::Error),
    /// It is something else.
    #[error("{0} is not a plan file: `globe diff --out FILE` writes one")]
    NotAPlan(PathBuf),
    /// It ends too early, or is no JSON any more.
    #[error("the plan file {0} is damaged or cut short ({1})")]
    Damaged(PathBuf, String),
    /// Its checksum does not fit.
    #[error("the plan file {0} was changed after it was written")]
    Changed(PathBuf),
    /// Another globe wrote it.
    #[error("the plan file {0} was written by globe {1}, and this is globe {2}")]
    OtherGlobe(PathBuf, String, &'static str),
    /// It cannot be written there.
    #[error("could not write a plan to {0}: {1}")]
    Unwritable(PathBuf, std::io::Error),
}

/// A place for a plan file, held until it is written.
pub struct Reserved {
    path: PathBuf,
    file: NamedTempFile,
}

impl Reserved {
    /// Makes sure that a plan can be written to `path`, before one is made.
    ///
    /// # Errors
    /// When the folder does not exist or cannot be written, or `path` is a folder.
    pub fn at(path: &Path) -> Result<Self, PlanFileError> {
        let unwritable = |error| PlanFileError::Unwritable(path.to_owned(), error);
        if path.is_dir() {
            return Err(unwritable(std::io::ErrorKind::IsADirectory.into()));
        }
        // Only its owner may read what `tempfile` makes.
        let file = NamedTempFile::new_in(crate::project::folder(path)).map_err(unwritable)?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Writes the file; whoever looks sees all of it, or what was there before.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn write(mut self, plan: &PlanFile) -> Result<(), PlanFileError> {
        let unwritable = |error| PlanFileError::Unwritable(self.path.clone(), error);
        let text = encode(plan).map_err(|error| unwritable(error.into()))?;
        self.file.write_all(text.as_bytes()).and_then(|()| self.file.as_file().sync_all()).map_err(unwritable)?;
        self.file.persist(&self.path).map_err(|error| PlanFileError::Unwritable(self.path.clone(), error.error))?;
        Ok(())
    }
}

impl PlanFile {
    /// A plan as this globe writes it.
    pub fn new(plan: Plan, delete_data: Vec<Address>) -> Self {
        Self {
            globe_plan: FORMAT,
            written_by: env!("CARGO_PKG_VERSION").to_owned(),
            stack: plan.stack.clone(),
            account: plan.account.clone(),
            regions: plan.scopes().iter().filter_map(|scope| scope.as_region().cloned()).collect(),
            delete_data,
            plan,
        }
    }

    /// Reads a file back.
    ///
    /// # Errors
    /// See [`PlanFileError`].
    pub fn read(path: &Path) -> Result<Self, PlanFileError> {
        let text = std::fs::read(path).map_err(|error| PlanFileError::Unreadable(path.to_owned(), error))?;
        decode(path, &String::from_utf8_lossy(&text))
    }
}

fn encode(plan: &PlanFile) -> Result<String, serde_json::Error> {
    let mut value = serde_json::to_value(plan)?;
    value[CHECKSUM] = checksum(&value).into();
    Ok(format!("{value:#}\n"))
}

/// Of all but the checksum itself.
fn checksum(value: &Value) -> String {
    let mut value = value.clone();
    if let Some(members) = value.as_object_mut() {
        members.remove(CHECKSUM);
        members.sort_keys();
    }
    Sha256::digest(value.to_string().as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn decode(path: &Path, text: &str) -> Result<PlanFile, PlanFileError> {
    let marked = text.trim_start().starts_with('{') && text.contains(&format!("\"{MARK}\""));
    let damaged = |error: serde_json::Error| {
        let path = path.to_owned();
        if marked { PlanFileError::Damaged(path, error.to_string()) } else { PlanFileError::NotAPlan(path) }
    };
    let value: Value = serde_json::from_str(text).map_err(damaged)?;
    if value.get(MARK).is_none() {
        let old = value.get("parent").is_some() && value.get("steps").is_some();
        let (path, this) = (path.to_owned(), env!("CARGO_PKG_VERSION"));
        let older = PlanFileError::OtherGlobe(path.clone(), "of an earlier version".into(), this);
        return Err(if old { older } else { PlanFileError::NotAPlan(path) });
    }
    if value.get(CHECKSUM).and_then(Value::as_str) != Some(&checksum(&value)) {
        return Err(PlanFileError::Changed(path.to_owned()));
    }
    let (format, version) = (value.get(MARK).and_then(Value::as_u64), value["plan"]["version"].as_u64());
    if (format, version) != (Some(FORMAT.into()), Some(Plan::VERSION.into())) {
        let by = value["written_by"].as_str().unwrap_or("of another version").to_owned();
        return Err(PlanFileError::OtherGlobe(path.to_owned(), by, env!("CARGO_PKG_VERSION")));
    }
    serde_json::from_value(value).map_err(damaged)
}

#[cfg(test)]
mod tests {
    use globe_model::{Action, Command, Step};

    use super::*;

    fn plan() -> Plan {
        let address = Address::new("us-east-1", "s3/bucket", "files");
        Plan {
            moves: Vec::new(),
            version: Plan::VERSION,
            stack: "acme".into(),
            account: "123456789012".into(),
            command: Command::Up,
            parent: 7,
            leaves_down: Default::default(),
            leaves_up: Default::default(),
            protects: Default::default(),
            roles: Default::default(),
            unread: Vec::new(),
            steps: vec![Step::bare(address, Action::Delete, Some("files".into()))],
            known: Default::default(),
        }
    }

    fn said(text: &str) -> String {
        decode(Path::new("p"), text).expect_err("is refused").to_string()
    }

    #[test]
    fn it_is_read_back_as_it_was_written_and_not_otherwise() {
        let file = PlanFile::new(plan(), Vec::new());
        let text = encode(&file).expect("is JSON");
        assert_eq!(decode(Path::new("p"), &text).expect("is whole"), file);
        // Another layout is no other plan.
        let compact = serde_json::from_str::<Value>(&text).expect("is JSON").to_string();
        assert_eq!(decode(Path::new("p"), &compact).expect("is whole"), file);
        assert_eq!(said(&text.replace("us-east-1/", "us-west-2/")), "the plan file p was changed after it was written");
        assert!(said(&text[..text.len() / 2]).starts_with("the plan file p is damaged or cut short"), "cut");
        for other in ["", "stack = \"acme\"", "[]", "{}", "{\"a\": 1", "\u{fffd}\u{0}"] {
            assert_eq!(said(other), "p is not a plan file: `globe diff --out FILE` writes one", "{other}");
        }
        let old = serde_json::to_string(&plan()).expect("is JSON");
        assert!(said(&old).contains("of an earlier version"));
    }

    #[cfg(unix)]
    #[test]
    fn it_is_for_its_owner_alone_and_nothing_is_left_beside_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a scratch folder");
        let path = folder.path().join("p.plan");
        drop(Reserved::at(&path).expect("can be written"));
        assert_eq!(std::fs::read_dir(folder.path()).expect("reads").count(), 0, "nothing was written");
        Reserved::at(&path).expect("can be written").write(&PlanFile::new(plan(), Vec::new())).expect("writes");
        assert_eq!(std::fs::metadata(&path).expect("is there").permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).expect("reads").count(), 1);
        assert!(Reserved::at(&folder.path().join("missing/p.plan")).is_err());
        assert!(Reserved::at(folder.path()).is_err());
    }
}
