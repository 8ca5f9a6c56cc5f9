//! `globe state settle`: a person says what became of a change that was left open.

use globe_engine::Stop;
use globe_model::{Address, Intent, IntentAction};

use crate::args::{Global, Lock};
use crate::belonging;
use crate::failure::{Exit, Failure};
use crate::hold::Holder;
use crate::out::Out;
use crate::project::Project;

/// Ends the open change of an address; asks AWS nothing.
///
/// # Errors
/// When nothing is open there, or nothing could have been made; when another run holds the region.
pub async fn settle(
    global: &Global,
    out: &Out,
    project: &Project,
    (address, made): (&str, Option<&str>),
    lock: Lock,
) -> Result<(), Failure> {
    let usage = |message: String| Failure::new(Exit::Usage, message).hint("`globe status` lists what is open");
    let address: Address = address.parse().map_err(|error| usage(format!("{error}")))?;
    let (state, _) = belonging::writable(global, out, project).await?;
    let Some(journal) = state.journal() else { return Err(usage("nothing is recorded yet".into())) };
    let stack = &project.stack.name;
    let stop = Stop::default();
    let holder = Holder { out, journal: &journal, stack, lock, stop: &stop };
    let held = holder.take([address.scope.clone()].into()).await?;
    let open: Vec<Intent> =
        journal.head(stack).await?.open.into_iter().filter(|intent| intent.address == address).collect();
    let settled = async {
        if open.is_empty() {
            return Err(usage(format!("nothing is open at {address}")));
        }
        for intent in &open {
            if made.is_some() && intent.action != IntentAction::Create {
                return Err(usage(format!("the open change of {address} was to make nothing: only --forget ends it")));
            }
            journal.settle_intent(held.tenure.lease(), intent, made).await?;
        }
        Ok(())
    };
    let settled = settled.await;
    let released = held.release(&*journal).await;
    state.close().await;
    settled?;
    released?;
    if out.json {
        out.json_line("settled", &serde_json::json!({"address": address, "made": made}));
    }
    out.note(&match made {
        Some(id) => format!("{address} is recorded as {id}; the next run compares it with the file."),
        None => format!("Nothing is open at {address} any longer; what it may have made is not recorded."),
    });
    Ok(())
}
