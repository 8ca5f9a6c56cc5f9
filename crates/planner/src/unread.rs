//! What was chosen and could not be read.

use globe_model::{Notice, PlanReport, Unread};

use crate::Input;
use crate::concern::covers;

/// By scope and manner. What could not be read and is only referred to is no part of what was asked for.
pub fn unread(input: &Input<'_>, report: &PlanReport) -> Vec<Unread> {
    let mut all = Vec::new();
    for notice in &report.notices {
        if let Notice::Unreadable { address, error } = notice
            && covers(input, address)
        {
            Unread::note(&mut all, address, error, input.inventory.at);
        }
    }
    all
}
