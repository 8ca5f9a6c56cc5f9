//! `globe up`

use globe_model::Command;

use super::apply::{Order, apply};
use crate::args::{Global, UpArgs};
use crate::failure::{Exit, Failure};
use crate::out::Out;
use crate::plan_file::PlanFile;
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
        consent: args.agreed.consent(),
        fresh_images: args.chosen.refresh_images,
        plan: args.plan.as_deref().map(PlanFile::read).transpose()?,
        new_stack: args.new_stack,
        yes: args.yes,
        explain_calls: args.explain_calls,
        lock: args.lock,
    };
    apply(global, out, order).await
}
