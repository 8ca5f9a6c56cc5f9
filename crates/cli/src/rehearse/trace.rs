//! What happened, in order: calls and events with their time, the same for the same seed.

use std::collections::BTreeMap;
use std::fmt::Write;

use globe_model::{Event, Timestamp};
use globe_report::event_line;
use globe_sandbox::CallLog;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When.
    pub at: Timestamp,
    /// What.
    pub text: String,
    /// A call that only read, and that nothing went wrong with: left out where a person reads.
    pub routine: bool,
}

/// Whether an operation only reads.
pub fn is_read(action: &str) -> bool {
    ["Describe", "Get", "List", "Head"].iter().any(|prefix| action.starts_with(prefix))
}

/// A call as a line.
pub fn of_call(call: &CallLog) -> Line {
    let mut text = format!("call       {} {}:{}", call.region, call.service, call.action);
    let ended = match (call.status, &call.code) {
        (0, _) => " no answer".to_owned(),
        (status, Some(code)) => format!(" {status} {code}"),
        (status, None) => format!(" {status}"),
    };
    text.push_str(&ended);
    if let Some(fault) = call.fault {
        // Writing to a text does not fail.
        let _written = write!(text, " [{}]", fault.name());
    }
    if let Some(caller) = &call.caller {
        let _written = write!(text, " to {caller}");
    }
    let routine = is_read(&call.action) && call.fault.is_none() && call.code.is_none();
    Line { at: at(call.at), text, routine }
}

/// Sandbox time as the engine sees it.
pub fn at(seconds: f64) -> Timestamp {
    #[expect(clippy::cast_possible_truncation, reason = "microseconds since 1970 fit an i64 for 292,000 years")]
    Timestamp((seconds * 1e6) as i64)
}

/// An event as a line.
pub fn of_event(at: Timestamp, event: &Event) -> Line {
    let routine = matches!(event, Event::Waiting { .. });
    let text = match event {
        Event::Retrying { address, error, after } => {
            format!("repeating  {address} in {} s: {error}", after.as_secs_f64())
        }
        Event::RunFinished { summary } => {
            let (done, failed, not_tried) = (summary.done.len(), summary.failed.len(), summary.not_tried.len());
            format!("ended: {done} done, {failed} failed, {not_tried} not tried")
        }
        other => event_line(other).unwrap_or_default(),
    };
    Line { at, text, routine }
}

/// The lines as text, with times since `start` and random ids by the order in which they appear: what is random in
/// globe is random on purpose, and no part of what a seed decides.
pub fn text(lines: &[Line], start: Timestamp) -> String {
    let mut names = Names::default();
    let mut text = String::new();
    for line in lines {
        let seconds = line.at.since(start).as_secs_f64();
        // Writing to a text does not fail.
        let _written = writeln!(text, "{seconds:>11.3}  {}", names.replace(&line.text));
    }
    text
}

/// Lengths of the random ids: a token, and the same as a UUID with its hyphens.
const RANDOM: [usize; 2] = [32, 36];

#[derive(Default)]
struct Names(BTreeMap<String, usize>);

impl Names {
    fn replace(&mut self, text: &str) -> String {
        let mut replaced = String::with_capacity(text.len());
        for word in text.split_inclusive(|c: char| !c.is_ascii_hexdigit() && c != '-') {
            let id = word.trim_end_matches(|c: char| !c.is_ascii_hexdigit() && c != '-');
            if RANDOM.contains(&id.len()) {
                let next = self.0.len() + 1;
                let number = *self.0.entry(id.to_owned()).or_insert(next);
                // Writing to a text does not fail.
                let _written = write!(replaced, "#{number}{}", &word[id.len()..]);
            } else {
                replaced.push_str(word);
            }
        }
        replaced
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_ids_are_numbered_as_they_appear() {
        let mut names = Names::default();
        let (token, other) = ("0123456789abcdef0123456789abcdef", "01234567-89ab-4def-8123-456789abcdef");
        assert_eq!(
            names.replace(&format!("run {other}: token {token}, (request id {other})")),
            "run #1: token #2, (request id #1)"
        );
        assert_eq!(
            names.replace("vpc-0123456789abcdef0"),
            "vpc-0123456789abcdef0",
            "ids of the sandbox come from the seed"
        );
    }

    #[test]
    fn what_only_reads_is_routine_unless_something_went_wrong() {
        let call = |action: &str, status| CallLog {
            at: 1.5,
            service: "ec2".into(),
            region: "us-east-1".into(),
            action: action.into(),
            status,
            code: None,
            fault: (status == 0).then_some(globe_sandbox::Fault::LostBefore),
            caller: Some("create x".into()),
        };
        assert!(of_call(&call("DescribeVpcs", 200)).routine);
        let lost = of_call(&call("DescribeVpcs", 0));
        assert!(!lost.routine);
        assert_eq!(lost.text, "call       us-east-1 ec2:DescribeVpcs no answer [lost-before] to create x");
        assert_eq!(
            text(&[lost], at(1.0)),
            "      0.500  call       us-east-1 ec2:DescribeVpcs no answer [lost-before] to create x\n"
        );
    }
}
