//! `globe up`

use globe_model::{Command, DataPolicy, Plan};

use super::apply::{Order, apply};
use crate::args::{Global, UpArgs};
use crate::failure::{Exit, Failure};
use crate::out::Out;
use crate::{project, regions};

/// Makes AWS as the file says.
///
/// # Errors
/// See [`Failure`].
pub async fn up(global: &Global, out: &Out, args: &UpArgs) -> Result<Exit, Failure> {
    let stack = project::load(global, out)?.stack;
    let order = Order {
        command: Command::Up,
        regions: &|head| regions::for_up(&stack, head, &args.chosen),
        only: &args.chosen.only,
        data: if args.delete_data { DataPolicy::Delete } else { DataPolicy::Keep },
        fresh_images: args.chosen.refresh_images,
        plan: args.plan.as_deref().map(read_plan).transpose()?,
        new_stack: args.new_stack,
        yes: args.yes,
        explain_calls: args.explain_calls,
        lock: args.lock,
    };
    apply(global, out, order).await
}

fn read_plan(file: &std::path::Path) -> Result<Plan, Failure> {
    let failed =
        |error: String| Failure::new(Exit::Failed, format!("could not read the plan {}: {error}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| failed(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| failed(error.to_string()))
}
