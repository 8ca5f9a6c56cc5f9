//! `globe state copy | export | import | backup`: a stack's whole history, elsewhere.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};

use globe_engine::Stop;
use globe_model::{Clock, Head, Scope};
use globe_report::{counted, rfc3339};
use globe_store::{Archive, Store};

use crate::args::{Global, Lock};
use crate::clock::SystemClock;
use crate::failure::{Exit, Failure};
use crate::hold::Holder;
use crate::out::Out;
use crate::project::{self, Project};
use crate::state::State;

fn events(archive: &Archive) -> String {
    counted(archive.len(), "event", "events")
}

/// Copies the stack to the database `to`, while nobody can change it here.
///
/// # Errors
/// When either database cannot be used, somebody changes the stack, or it has a state there already.
pub async fn copy(global: &Global, out: &Out, project: &Project, to: &str, lock: Lock) -> Result<(), Failure> {
    let location = project::state_location(global, &project.folder);
    let stack = &project.stack.name;
    let head = State::read_only(global, &location).await?.head(stack).await?;
    if head.seq == 0 {
        return Err(Failure::new(Exit::Failed, format!("stack {stack} has no state that could be copied")));
    }
    let here = State::writable(global, out, &location).await?;
    let there = State::writable(global, out, to).await?;
    let copied = under_lease(out, project, &here, &there, &head, lock).await;
    let (events, arrived) = match copied {
        Ok(archive) => (archive, there.head(stack).await?),
        Err(failure) => return Err(failure),
    };
    let same = arrived == here.head(stack).await? && there.verify(stack).await?.is_empty();
    here.close().await;
    there.close().await;
    if !same {
        return Err(Failure::new(Exit::Failed, format!("what arrived in {to} is not what was sent; do not use it")));
    }
    if out.json {
        out.json_line("copied", &serde_json::json!({"stack": stack, "events": events.len()}));
    }
    out.note(&format!("Copied {} of stack {stack}, read back and compared.", self::events(&events)));
    out.note("From now on name the new database (--state or GLOBE_STATE); what is here stays as it is and grows old.");
    Ok(())
}

async fn under_lease(
    out: &Out,
    project: &Project,
    here: &State,
    there: &State,
    head: &Head,
    lock: Lock,
) -> Result<Archive, Failure> {
    let stack = &project.stack.name;
    let Some(journal) = here.journal() else { return Err(Failure::new(Exit::Failed, "the state could not be opened")) };
    let mut scopes: BTreeSet<Scope> = project.stack.regions.keys().cloned().map(Scope::Region).collect();
    scopes.insert(Scope::Global);
    scopes.extend(head.records.keys().map(|address| address.scope.clone()));
    let held = Holder { out, journal: &journal, stack, lock, stop: &Stop::default() }.take(scopes).await?;
    let moved = async {
        let archive = here.export(stack, Some(held.tenure.lease())).await?;
        there.import(&archive).await?;
        Ok::<_, Failure>(archive)
    };
    let moved = moved.await;
    let released = held.release(&*journal).await;
    let moved = moved?;
    released?;
    Ok(moved)
}

/// Writes the stack's history as JSON lines.
///
/// # Errors
/// When there is none, somebody changes it, or the file exists.
pub async fn export(global: &Global, out: &Out, project: &Project, file: Option<&Path>) -> Result<(), Failure> {
    let state = State::read_only(global, &project::state_location(global, &project.folder)).await?;
    let archive = state.export(&project.stack.name, None).await?;
    state.close().await;
    let Some(file) = file else {
        let mut text = Vec::new();
        archive.write(&mut text).map_err(|error| Failure::from_error(Exit::Failed, &error))?;
        out.data(&String::from_utf8_lossy(&text));
        return Ok(());
    };
    let failed = |error: std::io::Error| {
        Failure::new(Exit::Failed, format!("could not write {}: {error}", file.display()))
            .hint("the file must not exist yet")
    };
    let opened = private(file).map_err(failed)?;
    archive.write(&mut BufWriter::new(&opened)).and_then(|()| opened.sync_all()).map_err(failed)?;
    if out.json {
        out.json_line(
            "exported",
            &serde_json::json!({"stack": archive.stack(), "events": archive.len(), "file": file}),
        );
    }
    out.note(&format!("Wrote {} of stack {} to {}.", events(&archive), archive.stack(), file.display()));
    Ok(())
}

/// Makes a file for the owner alone.
fn private(file: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)
}

/// Brings in what [`export`] wrote.
///
/// # Errors
/// When the file is damaged or another stack's, or the stack has a state already.
pub async fn import(global: &Global, out: &Out, project: &Project, file: &Path) -> Result<(), Failure> {
    let failed = |error: &dyn std::error::Error| {
        Failure::new(Exit::Failed, format!("could not import {}: {error}; nothing was written", file.display()))
    };
    let opened = File::open(file).map_err(|error| failed(&error))?;
    let archive = Archive::read(BufReader::new(opened)).map_err(|error| failed(&error))?;
    let stack = &project.stack.name;
    if archive.stack() != stack {
        return Err(Failure::new(
            Exit::Refused,
            format!("the file is of stack {}, and not of {stack}", archive.stack()),
        )
        .hint("`-c FILE` names the configuration of the stack that is to be imported"));
    }
    let state = State::writable(global, out, &project::state_location(global, &project.folder)).await?;
    state.import(&archive).await?;
    state.close().await;
    if out.json {
        out.json_line("imported", &serde_json::json!({"stack": stack, "events": archive.len()}));
    }
    out.note(&format!("Imported {} of stack {stack}, read back and compared.", events(&archive)));
    Ok(())
}

/// Copies the SQLite file.
///
/// # Errors
/// When the state is a server's, or the copy exists.
pub async fn backup(global: &Global, out: &Out, project: &Project, to: Option<&Path>) -> Result<(), Failure> {
    let location = project::state_location(global, &project.folder);
    let to = to.map_or_else(|| beside(&location), Path::to_owned);
    Store::backup(&location, &to).await?;
    if out.json {
        out.json_line("backup", &serde_json::json!({"file": to}));
    }
    out.note(&format!("Copied the state to {}; `--state` with that path uses it.", to.display()));
    Ok(())
}

fn beside(location: &str) -> PathBuf {
    let now = rfc3339(SystemClock.now()).replace([':', '-'], "");
    PathBuf::from(format!("{location}.{now}.backup"))
}
