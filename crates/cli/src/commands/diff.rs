//! `globe diff`: makes no mutating call, writes no state.

use std::collections::BTreeMap;

use globe_model::{Action, Address, Command, Consent, DataPolicy, Glob, Journal, Plan};
use globe_report::{plan_json, plan_markdown, plan_text};

use super::explain_calls;
use crate::admission::idle_consents;
use crate::args::{DiffArgs, Global};
use crate::failure::{Exit, Failure};
use crate::out::Out;
use crate::plan_file::{PlanFile, Reserved};
use crate::planning::{Planned, Request, make_plan, refusal};
use crate::session::Session;
use crate::state::State;
use crate::{belonging, project, regions};

/// Shows what `up` would do.
///
/// # Errors
/// When the file, the state or AWS cannot be read, or the plan would be refused.
pub async fn diff(global: &Global, out: &Out, args: &DiffArgs) -> Result<Exit, Failure> {
    let project = project::load(global, out)?;
    let stack = &project.stack;
    let state = State::read_only(global, &project::state_location(global, &project.folder)).await?;
    let head = state.head(&stack.name).await?;
    belonging::check(global, &project, &head)?;
    belonging::say_beside(out, &belonging::beside(&state, &stack.name, Some(&stack.account)).await?);
    let regions = regions::for_up(stack, &head, &args.chosen)?;
    regions::say_resting(out, &regions);
    // Before anything is asked: a plan that cannot be kept need not be made.
    let reserved = args.output.as_deref().map(Reserved::at).transpose()?;
    let mut session = Session::open(global, &project).await?;
    session.remember(global, &state, &stack.name).await?;
    let consent = args.agreed.consent();
    let request = Request {
        command: Command::Up,
        regions: &regions,
        only: &args.chosen.only,
        consent: &consent,
        fresh_images: args.chosen.refresh_images,
        unsettled: &BTreeMap::new(),
    };
    let planned = make_plan(&session, stack, &head, &request).await;
    if let Ok(planned) = &planned {
        show(out, planned, &consent, args.markdown);
    }
    // A failed look made calls too.
    if args.explain_calls {
        explain_calls(out, session.cloud.meter());
    }
    let planned = planned?;
    check_consents(&planned.plan, &consent, state.journal().as_deref()).await?;
    state.close().await;
    if let (Some(file), Some(reserved)) = (&args.output, reserved) {
        keep(out, &file.display().to_string(), reserved, &planned, &consent)?;
    }
    Ok(match (args.exit_code, planned.plan.is_complete(), planned.plan.is_empty()) {
        (false, _, _) | (true, true, true) => Exit::Done,
        (true, false, _) => Exit::Partly,
        (true, true, false) => Exit::Changes,
    })
}

/// Writes the plan, unless it is refused: what is not written cannot be carried out.
fn keep(out: &Out, file: &str, reserved: Reserved, planned: &Planned, consent: &Consent) -> Result<(), Failure> {
    if let Some(mut failure) = refusal(&unconsented_is_no_refusal(planned)) {
        failure.message = format!("the plan is refused, so it was not written to {file}");
        return Err(failure);
    }
    let agreed = |step: &&globe_model::Step| consent.policy(&step.address) == DataPolicy::Delete;
    let deletes = planned.plan.steps.iter().filter(|step| step.action == Action::Delete);
    let mut needs: Vec<Address> = deletes.filter(agreed).map(|step| step.address.clone()).collect();
    needs.extend(planned.report.unconsented().map(|(address, _)| address.clone()));
    let say: String = needs.iter().map(|address| format!(" --delete-data '{address}'")).collect();
    reserved.write(&PlanFile::new(planned.plan.clone(), needs))?;
    out.note(&format!("Wrote the plan to {file}; carry it out with: globe up --plan {file}{say}"));
    Ok(())
}

/// Whoever carries the plan out agrees then, or does not.
fn unconsented_is_no_refusal(planned: &Planned) -> Planned {
    let mut report = planned.report.clone();
    report.notices.retain(|notice| !matches!(notice, globe_model::Notice::NeedsConsent { .. }));
    Planned { plan: planned.plan.clone(), report, estimate: planned.estimate, denied: planned.denied.clone() }
}

/// How many events are looked through for what an earlier run of the same command has deleted.
const RECENT: u32 = 10_000;

/// Refuses a consent that names nothing: a slip of the pen, which the next one would pay for.
///
/// # Errors
/// When a pattern matches nothing that is to be deleted or has been.
pub async fn check_consents(plan: &Plan, consent: &Consent, journal: Option<&dyn Journal>) -> Result<(), Failure> {
    if idle_consents(plan, consent, &[]).is_empty() {
        return Ok(());
    }
    let history = match journal {
        Some(journal) => journal.history(&plan.stack, RECENT).await?,
        None => Vec::new(),
    };
    match idle_consents(plan, consent, &history).first() {
        None => Ok(()),
        Some(glob) => Err(idle(glob)),
    }
}

fn idle(glob: &Glob) -> Failure {
    Failure::new(
        Exit::Usage,
        format!("`--delete-data {glob}` matches nothing that is to be deleted; nothing was changed"),
    )
    .hint("say the address as the plan shows it, such as --delete-data eu-west-1/s3/bucket/logs; `*` is any text")
}

/// Shows a plan.
pub fn show(out: &Out, planned: &Planned, consent: &Consent, markdown: bool) {
    let Planned { plan, report, estimate, .. } = planned;
    let text = if out.json {
        plan_json(plan, report, Some(*estimate))
    } else if markdown {
        plan_markdown(plan, report, Some(*estimate), out.style())
    } else {
        plan_text(plan, report, Some(*estimate), out.style())
    };
    out.data(&text);
    let goes = |step: &&globe_model::Step| {
        step.action == Action::Delete && consent.policy(&step.address) == DataPolicy::Delete
    };
    let goes: Vec<String> = plan.steps.iter().filter(goes).map(|step| step.address.to_string()).collect();
    if !goes.is_empty() {
        out.note(&format!("What these hold is deleted with them, as --delete-data says: {}.", goes.join(", ")));
    }
}
