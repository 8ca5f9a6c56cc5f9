//! `globe down`

use globe_model::Command;

use super::apply::{Order, apply};
use crate::args::{DownArgs, Global};
use crate::failure::{Exit, Failure};
use crate::out::Out;
use crate::{project, regions};

/// Removes regions, or everything.
///
/// # Errors
/// See [`Failure`].
pub async fn down(global: &Global, out: &Out, args: &DownArgs) -> Result<Exit, Failure> {
    let stack = project::load(global, out)?.stack;
    let order = Order {
        command: Command::Down,
        regions: &|head| regions::for_down(&stack, head, &args.chosen),
        only: &args.chosen.only,
        consent: args.agreed.consent(),
        fresh_images: false,
        plan: None,
        new_stack: false,
        yes: args.yes,
        explain_calls: args.explain_calls,
        lock: args.lock,
    };
    apply(global, out, order).await
}
