//! A plan for a pull request.

use std::fmt::Write;
use std::time::Duration;

use globe_model::{Plan, PlanReport};

use super::body::{Region, regions};
use super::view::{Counts, Sign, by_scope};
use super::{after_body, title};
use crate::layout::{Paragraph, render};
use crate::style::Style;

/// The plan as Markdown: a table of counts by region, then the plan itself folded away in a block that GitHub and GitLab
/// colour as a diff. Refusals and what is unknown stay in sight. The style's colour is ignored.
pub fn plan_markdown(plan: &Plan, report: &PlanReport, estimate: Option<Duration>, style: Style) -> String {
    let style = Style { color: false, ..style };
    let mut text = format!("### {}\n", render([&title(plan)], style).replace('\n', ""));
    if !plan.is_empty() {
        text.push_str(&table(plan));
        text.push_str(&folded(&diff_block(plan, style)));
    }
    let prose = super::moves::paragraphs(plan).into_iter().chain(after_body(plan, report, estimate, style));
    text.push_str(&fenced("text", render(&prose.collect::<Vec<_>>(), style).trim_matches('\n')));
    text
}

fn table(plan: &Plan) -> String {
    let scopes = by_scope(plan);
    let mut text = "\n| region | + create | ~ update | -/+ replace | - delete | = adopt | . forget |\n".to_owned();
    text.push_str("|---|--:|--:|--:|--:|--:|--:|\n");
    let rows = scopes.iter().map(|(scope, entries)| (scope.to_string(), Counts::of(entries)));
    let total = ("**all**".to_owned(), Counts::of(scopes.values().flatten()));
    for (name, counts) in rows.chain([total]) {
        let Counts { create, update, replace, delete, adopt, forget } = counts;
        let _infallible =
            writeln!(text, "| {name} | {create} | {update} | {replace} | {delete} | {adopt} | {forget} |");
    }
    text
}

/// The regions as a diff: headings are hunks, and every line of an entry begins with what colours it.
fn diff_block(plan: &Plan, style: Style) -> String {
    let mut text = String::new();
    for Region { heading, entries } in regions(plan, style) {
        let _infallible = writeln!(text, "@@ {} @@", render([&heading], style).trim_end());
        for entry in entries {
            for (place, paragraph) in entry.paragraphs.iter().enumerate() {
                text.push_str(&marked(paragraph, (place == 0).then_some(entry.sign), style));
            }
        }
    }
    text
}

/// Moves the sign from the third column to the first, and repeats its mark on further lines of the same entry.
fn marked(paragraph: &Paragraph, sign: Option<Sign>, style: Style) -> String {
    let mark = match sign {
        Some(Sign::Create) => '+',
        Some(Sign::Delete | Sign::Replace) => '-',
        // a diff has no sign for a change in place; this one is coloured as a warning
        Some(Sign::Update) => '!',
        Some(Sign::Adopt | Sign::Forget) | None => ' ',
    };
    let mut text = String::new();
    for line in paragraph.lines(style) {
        let line = line.strip_prefix("  ").unwrap_or(&line);
        let first = line.chars().next().unwrap_or(' ');
        let rest = line.get(first.len_utf8()..).unwrap_or_default();
        let begin = if first == ' ' || first == '~' { mark } else { first };
        let _infallible = writeln!(text, "{begin}{rest}");
    }
    text
}

fn folded(block: &str) -> String {
    format!("\n<details><summary>Every change</summary>\n{}\n</details>\n", fenced("diff", block.trim_end()))
}

/// Fenced with more backticks than the text holds in a row, so that no value can end the block.
fn fenced(language: &str, text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("\n{fence}{language}\n{text}\n{fence}\n")
}
