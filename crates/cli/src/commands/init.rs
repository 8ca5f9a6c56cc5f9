//! `globe init`

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};

use crate::args::{Global, InitArgs};
use crate::failure::{Exit, Failure};
use crate::out::Out;

/// Writes a small commented file to start from.
///
/// # Errors
/// When a file is there already, or it cannot be written.
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
            if out.json {
                out.json_line("init", &serde_json::json!({"file": name}));
            }
            out.note(&format!("Wrote {name}. Edit it, then try it without an account: globe --sandbox -c {name} up"));
            Ok(Exit::Done)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Err(Failure::new(Exit::Failed, format!("{name} exists already and was left as it is"))
                .hint("--force overwrites it; `-c FILE` names another"))
        }
        Err(error) => Err(Failure::new(Exit::Failed, format!("could not write {name}: {error}"))),
    }
}
