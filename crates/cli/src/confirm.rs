//! Asking before anything is changed.

use std::io::{BufRead, Write};

use crate::failure::{Exit, Failure};
use crate::out::Out;

/// Asks, unless the user said `--yes`. Off a terminal nothing is assumed.
///
/// # Errors
/// When nobody can be asked, or the answer is not yes.
pub async fn confirm(out: &Out, yes: bool, question: &str) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !out.can_ask() {
        return Err(Failure::new(Exit::Refused, "nobody can be asked here; nothing was changed")
            .hint("say --yes to go ahead without a question"));
    }
    let prompt = format!("{question} Only `yes` goes ahead: ");
    let answer = tokio::task::spawn_blocking(move || ask(&prompt)).await.ok().flatten();
    match answer.as_deref().map(str::trim) {
        Some("yes") => Ok(()),
        _ => Err(Failure::new(Exit::Refused, "not confirmed; nothing was changed")),
    }
}

fn ask(prompt: &str) -> Option<String> {
    // Locked for the prompt alone: what Ctrl-C has to say must not wait for the answer.
    write!(std::io::stderr(), "{prompt}").and_then(|()| std::io::stderr().flush()).ok()?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).ok()?;
    Some(line)
}
