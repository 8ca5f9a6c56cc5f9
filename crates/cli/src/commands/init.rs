//! `globe init`

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::args::{Global, InitArgs};
use crate::failure::{Exit, Failure};
use crate::out::Out;

/// What the first line of the file names, so that editors complete and check it.
const SCHEMA: &str = "globe.schema.json";

/// Writes a small commented file to start from, and its schema beside it.
///
/// # Errors
/// When the file is there already, or one of them cannot be written.
pub fn init(global: &Global, out: &Out, args: &InitArgs) -> Result<Exit, Failure> {
    let file = &global.config;
    let name = file.display().to_string();
    let mut options = OpenOptions::new();
    options.write(true);
    if args.force {
        options.create(true).truncate(true)
    } else {
        options.create_new(true)
    };
    let written = options.open(file).and_then(|mut opened| opened.write_all(globe_config::starter().as_bytes()));
    match written {
        Ok(()) => {
            let schema = write_schema(file)?;
            if out.json {
                out.json_line("init", &serde_json::json!({"file": name, "schema": schema}));
            }
            out.note(&format!("Wrote {name}, and {} for editors.", schema.display()));
            out.note(&format!("Edit it, then try it without an account: globe --sandbox -c {name} up"));
            Ok(Exit::Done)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Err(Failure::new(Exit::Failed, format!("{name} exists already and was left as it is"))
                .hint("--force overwrites it; `-c FILE` names another"))
        }
        Err(error) => Err(Failure::new(Exit::Failed, format!("could not write {name}: {error}"))),
    }
}

/// It is written anew whatever is there: nobody edits it.
fn write_schema(file: &Path) -> Result<PathBuf, Failure> {
    let path = file.with_file_name(SCHEMA);
    let failed = |error| Failure::new(Exit::Failed, format!("could not write {}: {error}", path.display()));
    std::fs::write(&path, globe_config::schema()).map_err(failed)?;
    Ok(path)
}
