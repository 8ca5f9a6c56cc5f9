//! `globe diff`: makes no mutating call, writes no state.

use std::path::Path;

use globe_model::{Command, DataPolicy, Plan};
use globe_report::{plan_json, plan_markdown, plan_text};

use super::explain_calls;
use crate::args::{DiffArgs, Global};
use crate::failure::{Exit, Failure};
use crate::out::Out;
use crate::planning::{Planned, Request, make_plan};
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
    let mut session = Session::open(global, &project).await?;
    session.remember(global, &state, &stack.name).await?;
    let request = Request {
        command: Command::Up,
        regions: &regions,
        only: &args.chosen.only,
        data: DataPolicy::Keep,
        fresh_images: args.chosen.refresh_images,
    };
    let planned = make_plan(&session, stack, &head, &request).await;
    if let Ok(planned) = &planned {
        show(out, planned, args.markdown);
    }
    // A failed look made calls too.
    if args.explain_calls {
        explain_calls(out, session.cloud.meter());
    }
    let planned = planned?;
    if let Some(file) = &args.output {
        write_plan(file, &planned.plan)?;
        out.note(&format!("Wrote the plan to {0}; carry it out with: globe up --plan {0}", file.display()));
    }
    state.close().await;
    Ok(if args.exit_code && !planned.plan.is_empty() { Exit::Changes } else { Exit::Done })
}

/// Shows a plan.
pub fn show(out: &Out, planned: &Planned, markdown: bool) {
    let Planned { plan, report, estimate, .. } = planned;
    let text = if out.json {
        plan_json(plan, report, Some(*estimate))
    } else if markdown {
        plan_markdown(plan, report, Some(*estimate), out.style())
    } else {
        plan_text(plan, report, Some(*estimate), out.style())
    };
    out.data(&text);
}

fn write_plan(file: &Path, plan: &Plan) -> Result<(), Failure> {
    let failed = |error: String| Failure::new(Exit::Failed, format!("could not write {}: {error}", file.display()));
    let text = serde_json::to_string_pretty(plan).map_err(|error| failed(error.to_string()))?;
    std::fs::write(file, text + "\n").map_err(|error| failed(error.to_string()))
}
