//! What `globe state` shows.

use std::fmt::Write;

use globe_model::{Departing, HistoryEntry, NameHold, Outputs, Record, Timestamp};
use serde_json::Value;

use crate::event_line::under_way;
use crate::layout::{Paragraph, one_line, render};
use crate::style::{Style, Tone};
use crate::value::redacted;
use crate::words::rfc3339;

/// Addresses are aligned up to this length; longer ones push their identity to the right.
const WIDEST_ADDRESS: usize = 64;

/// One line per record, never wrapped, for eyes and for `grep`: address, AWS identity, and whether it was never ready.
pub fn state_list_text<'a>(records: impl IntoIterator<Item = &'a Record>, style: Style) -> String {
    let records: Vec<(String, &Record)> =
        records.into_iter().map(|record| (record.address.to_string(), record)).collect();
    let widest = records.iter().map(|(address, _)| address.len()).max().unwrap_or(0).min(WIDEST_ADDRESS);
    let line = |(address, record): &(String, &Record)| {
        let line = Paragraph::new(0).word(Tone::Plain, address).at(widest + 2).word(Tone::Dim, &record.id);
        if record.outputs.is_none() { line.word(Tone::Update, "(not ready yet)") } else { line }
    };
    render(&records.iter().map(line).collect::<Vec<_>>(), Style { width: usize::MAX, ..style })
}

/// One line per object that AWS deletes slowly: address, identity, when AWS is to have finished, and whether its name can
/// be used before.
pub fn ledger_text(ledger: &[Departing], style: Style) -> String {
    let widest = ledger.iter().map(|departing| departing.address.to_string().len()).max().unwrap_or(0);
    let line = |departing: &Departing| {
        let line = Paragraph::new(0)
            .word(Tone::Plain, &departing.address.to_string())
            .at(widest.min(WIDEST_ADDRESS) + 2)
            .word(Tone::Dim, &departing.id)
            .word(Tone::Delete, &format!("(leaving, due {})", rfc3339(departing.due)));
        match departing.name {
            NameHold::Kept => line.word(Tone::Dim, "name kept until then"),
            NameHold::Free => line,
        }
    };
    render(&ledger.iter().map(line).collect::<Vec<_>>(), Style { width: usize::MAX, ..style })
}

/// One record in full: identity, time, and spec, lowered form and outputs as indented JSON, secrets masked.
pub fn record_text(record: &Record, style: Style) -> String {
    let style = Style { width: usize::MAX, ..style };
    let field = |name: &str, value: &str| Paragraph::new(0).word(Tone::Dim, name).at(9).word(Tone::Plain, value);
    let mut text = render(
        &[
            Paragraph::new(0).word(Tone::Strong, &record.address.to_string()),
            field("id", &record.id),
            field("written", &rfc3339(record.at)),
        ],
        style,
    );
    let outputs = record.outputs.as_ref().map_or(Ok(Value::Null), Outputs::json);
    for (name, value) in [("spec", record.spec.json()), ("desired", record.desired.json()), ("outputs", outputs)] {
        let json = value.map_or_else(|error| error.to_string(), |value| format!("{:#}", redacted(&value)));
        text.push_str(&render(&[field(name, json.lines().next().unwrap_or_default())], style));
        for line in json.lines().skip(1) {
            let _infallible = writeln!(text, "{}{}", " ".repeat(9), crate::layout::printable(line));
        }
    }
    text
}

/// Events with their times in UTC, in the order given, under a heading per run.
pub fn history_text<'a>(entries: impl IntoIterator<Item = &'a HistoryEntry>, style: Style) -> String {
    let mut lines = Vec::new();
    let mut run = None;
    for entry in entries {
        if run.replace(&entry.run) != Some(&entry.run) {
            lines.push(Paragraph::new(0).prose(Tone::Strong, &format!("run {}", entry.run)));
        }
        lines.push(history_line(entry));
    }
    render(&lines, style)
}

/// `  2026-03-01T12:00:00Z  #41  created  eu-central-1/ec2/vpc/main  vpc-1`
fn history_line(entry: &HistoryEntry) -> Paragraph {
    let mut line = Paragraph::new(2).hang(24).word(Tone::Dim, &rfc3339(entry.at)).at(24);
    line = line.word(Tone::Dim, &format!("#{}", entry.seq)).at(31).word(tone(&entry.what), &entry.what).at(45);
    if let Some(action) = entry.action {
        line = line.word(Tone::Plain, under_way(action));
    }
    if let Some(address) = &entry.address {
        line = line.word(Tone::Plain, &address.to_string());
    }
    details(&redacted(&entry.detail)).iter().fold(line, |line, detail| line.prose(Tone::Dim, detail))
}

fn tone(what: &str) -> Tone {
    match what {
        "failed" => Tone::Delete,
        "settled" | "created" | "updated" => Tone::Create,
        _ => Tone::Plain,
    }
}

/// `id=vpc-1`: nulls and empty values say nothing.
fn details(detail: &Value) -> Vec<String> {
    match detail {
        Value::Null => Vec::new(),
        Value::Object(map) => {
            let says = map.iter().filter(|(_, value)| !value.is_null());
            says.map(|(name, value)| format!("{name}={}", said(name, value))).collect()
        }
        other => vec![plain(other)],
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => one_line(text),
        other => other.to_string(),
    }
}

/// A moment is recorded as a number.
fn said(name: &str, value: &Value) -> String {
    match value.as_i64() {
        Some(micros) if name == "due" => rfc3339(Timestamp(micros)),
        _ => plain(value),
    }
}

#[cfg(test)]
mod tests {
    use globe_model::Action;
    use serde_json::json;

    use super::*;
    use crate::sample;

    #[test]
    fn the_list_has_a_line_per_record() {
        insta::assert_snapshot!(state_list_text(&sample::records(), Style::PLAIN), @r"
        eu-central-1/ec2/vpc/main    vpc-0f3e
        global/acm/certificate/site  arn:aws:acm:us-east-1:123456789012:certificate/5f0c (not ready yet)
        ");
    }

    #[test]
    fn the_ledger_says_when_and_whether_the_name_is_free() {
        let departing = |address: &str, id: &str, name| Departing {
            address: sample::address(address),
            id: id.into(),
            since: Timestamp(0),
            due: sample::NOON,
            name,
        };
        let ledger = [
            departing("eu-central-1/kms/key/main", "mrk-1", NameHold::Free),
            departing("us-east-1/secretsmanager/secret/app", "app", NameHold::Kept),
        ];
        insta::assert_snapshot!(ledger_text(&ledger, Style::PLAIN), @r"
        eu-central-1/kms/key/main            mrk-1 (leaving, due 2026-03-01T12:00:00Z)
        us-east-1/secretsmanager/secret/app  app (leaving, due 2026-03-01T12:00:00Z) name kept until then
        ");
    }

    #[test]
    fn a_record_is_shown_whole_without_secrets() {
        let text = record_text(&sample::records()[0], Style::PLAIN);
        assert!(!text.contains("hunter2"), "{text}");
        insta::assert_snapshot!(text, @r#"
        eu-central-1/ec2/vpc/main
        id       vpc-0f3e
        written  2026-03-01T12:00:00Z
        spec     {
                   "cidr": "10.2.0.0/16",
                   "auth_token": "(sensitive)"
                 }
        desired  {
                   "cidr": "10.2.0.0/16"
                 }
        outputs  {
                   "id": "vpc-0f3e"
                 }
        "#);
    }

    #[test]
    fn history_has_times_in_utc_and_a_heading_per_run() {
        let entry = |seq, run: &str, what: &str, address: Option<&str>, action, detail| HistoryEntry {
            seq,
            at: sample::NOON,
            run: run.into(),
            what: what.into(),
            address: address.map(sample::address),
            action,
            detail,
        };
        let vpc = Some("eu-central-1/ec2/vpc/main");
        let refused = json!({"error": "ec2:CreateVpc: VpcLimitExceeded: The maximum number of VPCs has been reached."});
        let entries = [
            entry(5, "run-2", "run_finished", None, None, json!({"done": 1, "failed": 0})),
            entry(4, "run-2", "created", vpc, None, json!({"id": "vpc-0f3e", "nonce": null})),
            entry(3, "run-2", "intent", vpc, Some(Action::Create), Value::Null),
            entry(2, "run-1", "failed", vpc, None, refused),
        ];
        insta::assert_snapshot!(history_text(&entries, Style::PLAIN), @r"
        run run-2
          2026-03-01T12:00:00Z  #5     run_finished  done=1 failed=0
          2026-03-01T12:00:00Z  #4     created       eu-central-1/ec2/vpc/main
                                id=vpc-0f3e
          2026-03-01T12:00:00Z  #3     intent        creating eu-central-1/ec2/vpc/main
        run run-1
          2026-03-01T12:00:00Z  #2     failed        eu-central-1/ec2/vpc/main
                                error=ec2:CreateVpc: VpcLimitExceeded: The maximum
                                number of VPCs has been reached.
        ");
    }
}
