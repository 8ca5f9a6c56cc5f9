//! Kinds by boundaries: how often each was hit, and whether one was not.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::scene::Moment;
use super::strike::Hit;

/// What is counted: (command, action of the intent), in the order of the columns.
const COLUMNS: [(&str, &str); 5] =
    [("up", "create"), ("up", "update"), ("up", "delete"), ("down", "update"), ("down", "delete")];
/// Every kind is made, changed in place and deleted.
const NEEDED: [(&str, &str); 3] = [("up", "create"), ("up", "update"), ("down", "delete")];

/// Kills per kind, column and moment.
#[derive(Default)]
pub struct Table(BTreeMap<(String, &'static str, String, Moment), usize>);

impl Table {
    pub fn add(&mut self, hit: &Hit, is_going: bool, moment: Moment) {
        let command = if is_going { "down" } else { "up" };
        *self.0.entry((hit.kind.clone(), command, hit.action.clone(), moment)).or_default() += 1;
    }

    fn cell(&self, kind: &str, (command, action): (&'static str, &str), moment: Moment) -> usize {
        self.0.get(&(kind.to_owned(), command, action.to_owned(), moment)).copied().unwrap_or_default()
    }

    /// One line per kind; a cell is `before/after/answered`.
    pub fn text(&self, kinds: &BTreeSet<&str>) -> String {
        let mut text = format!("{:<26}", "before/after/answered");
        for (command, action) in COLUMNS {
            write!(text, " {:>14}", format!("{command} {action}")).expect("a String takes everything");
        }
        for kind in kinds {
            write!(text, "\n{kind:<26}").expect("a String takes everything");
            for column in COLUMNS {
                let cell = Moment::ALL.map(|moment| self.cell(kind, column, moment).to_string()).join("/");
                write!(text, " {:>14}", if cell == "0/0/0" { "-" } else { &cell }).expect("a String takes everything");
            }
        }
        text
    }

    /// Adds what another counted.
    pub fn merge(&mut self, other: Self) {
        for (key, count) in other.0 {
            *self.0.entry(key).or_default() += count;
        }
    }

    /// Kinds of which some update was not hit.
    pub fn updates_left<'a>(&self, kinds: &BTreeSet<&'a str>) -> Vec<&'a str> {
        let is_left = |kind: &&&str| Moment::ALL.into_iter().any(|moment| self.cell(kind, NEEDED[1], moment) == 0);
        kinds.iter().filter(is_left).copied().collect()
    }

    /// What was never hit and should have been.
    pub fn gaps(&self, kinds: &BTreeSet<&str>) -> Vec<String> {
        let mut gaps = Vec::new();
        for kind in kinds {
            for column in NEEDED {
                let missing = Moment::ALL.into_iter().filter(|moment| self.cell(kind, column, *moment) == 0);
                gaps.extend(missing.map(|moment| format!("{kind}: {} of {}, {moment:?}", column.1, column.0)));
            }
        }
        gaps
    }
}
