//! A private Python with pinned packages, outside of the tree.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::console;
use crate::workspace::Workspace;

/// The folder of our Python programs and of the packages that they need.
pub const FOLDER: &str = "tests/opinion";
/// What a Python must have: TOML and a pip of its own are newer, or left out by some distributions.
const NEEDED: &str = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))";

/// A virtual environment in which `tests/opinion/requirements.txt` is installed.
pub struct Python {
    folder: PathBuf,
    programs: PathBuf,
}

impl Python {
    /// The environment under the target directory; it is made, or made anew, when the requirements changed.
    ///
    /// # Errors
    /// When there is no Python 3.11 with `venv`, or the packages cannot be installed.
    pub fn ready(workspace: &Workspace) -> Result<Self> {
        let programs = workspace.root().join(FOLDER);
        let requirements = programs.join("requirements.txt");
        let wanted = fs::read_to_string(&requirements).context("could not read the list of Python packages")?;
        let home = workspace.target().join("opinion");
        fs::create_dir_all(&home).with_context(|| format!("could not make {}", home.display()))?;
        // Clones may share a target directory, and run at the same time.
        let lock = File::create(home.join("venv.lock")).context("could not open the lock of the Python environment")?;
        lock.lock().context("could not take the lock of the Python environment")?;
        let python = Self { folder: home.join("venv"), programs };
        let stamp = python.folder.join("installed.txt");
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
            return Ok(python);
        }
        console::note(&format!("installing {} into {}", requirements.display(), python.folder.display()));
        python.install(&requirements)?;
        // Last, so that an installation that was interrupted is made anew.
        fs::write(&stamp, wanted).with_context(|| format!("could not write {}", stamp.display()))?;
        Ok(python)
    }

    fn install(&self, requirements: &Path) -> Result<()> {
        succeed(Command::new("python3").args(["-c", NEEDED])).context(
            "Python 3.11 or later with `venv` and `ensurepip` is needed (on Debian: apt-get install python3-venv)",
        )?;
        succeed(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&self.folder))
            .context("could not make a virtual environment")?;
        let mut pip = Command::new(self.program());
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]).arg(requirements);
        succeed(&mut pip).context("could not install the Python packages: is the package index within reach?")
    }

    fn program(&self) -> PathBuf {
        self.folder.join("bin/python")
    }

    /// Python, to be given arguments; it leaves no compiled files in the tree.
    pub fn command(&self) -> Command {
        let mut command = Command::new(self.program());
        command.env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONUNBUFFERED", "1");
        command
    }

    /// Python with one of our programs.
    pub fn run(&self, program: &str) -> Command {
        let mut command = self.command();
        command.arg(self.program_file(program));
        command
    }

    /// One of our programs.
    pub fn program_file(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    /// A program that a package has brought.
    pub fn installed(&self, name: &str) -> PathBuf {
        self.folder.join("bin").join(name)
    }

    /// Runs the tests of our Python programs.
    ///
    /// # Errors
    /// When one fails.
    pub fn test(&self) -> Result<()> {
        let mut tests = self.command();
        tests.args(["-m", "unittest", "--quiet"]).current_dir(&self.programs);
        succeed(&mut tests).context("the tests of tests/opinion failed")
    }
}

/// Runs a command that must succeed, with this program's own output.
///
/// # Errors
/// When it cannot be run, or fails.
pub fn succeed(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("could not run `{name}`"))?;
    if !status.success() {
        bail!("`{name}` failed: {status}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_fails_or_is_missing_is_named() {
        succeed(Command::new("cargo").args(["--version", "--quiet"])).expect("passes");
        let error = succeed(Command::new("cargo").args(["pkgid", "none"])).expect_err("no package").to_string();
        assert!(error.starts_with("`cargo` failed: "), "{error}");
        let error = succeed(&mut Command::new("no-such-program-in-a-test")).expect_err("missing").to_string();
        assert_eq!(error, "could not run `no-such-program-in-a-test`");
    }
}
