//! Records that change their addresses, and components that may have.

use globe_model::{Notice, Plan, PlanReport};

use crate::layout::Paragraph;
use crate::style::Tone;
use crate::words::counted;

/// So many are named; a component rarely has more.
const NAMED: usize = 40;

/// `  a -> b (vpc-1)`, a line each.
pub(crate) fn paragraphs(plan: &Plan) -> Vec<Paragraph> {
    if plan.moves.is_empty() {
        return Vec::new();
    }
    let count = counted(plan.moves.len(), "record moves", "records move");
    let head = format!("{count} to another address; nothing in AWS changes with that:");
    let mut all = vec![Paragraph::blank(), Paragraph::new(0).prose(Tone::Strong, &head)];
    all.extend(plan.moves.iter().take(NAMED).map(|moved| {
        let line = Paragraph::new(2).hang(4).word(Tone::Plain, &moved.from.to_string()).word(Tone::Dim, "->");
        line.word(Tone::Plain, &moved.record.address.to_string()).word(Tone::Dim, &format!("({})", moved.record.id))
    }));
    if let Some(more) = plan.moves.len().checked_sub(NAMED).filter(|more| *more > 0) {
        all.push(Paragraph::new(2).prose(Tone::Dim, &format!("and {more} more")));
    }
    all
}

/// What the file may have forgotten to say.
pub(crate) fn proposals(report: &PlanReport) -> Vec<Paragraph> {
    let line = |notice: &Notice| match notice {
        Notice::MayHaveMoved { address, from, line } => {
            let text = format!("{from} goes and {address}, its equal, is made. If it is the same, add to the file:");
            let question = Paragraph::new(2).hang(4).prose(Tone::Update, &text);
            Some([
                question,
                Paragraph::new(6).exact(Tone::Strong, "[moved]"),
                Paragraph::new(6).exact(Tone::Strong, line),
            ])
        }
        _ => None,
    };
    report.notices.iter().filter_map(line).flatten().collect()
}
