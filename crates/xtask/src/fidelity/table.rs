//! The table, and the figures of other emulators.

use std::fmt::Write;

use super::Outcome;
use super::held::Held;

/// How many of [`MEASURED`] checks pass on another emulator: totals of the probe's README, October 2026.
const OTHERS: [(&str, usize); 3] =
    [("ministack 1.5.33", 157), ("moto 5.2.5", 146), ("winterbaume, stock services", 98)];
/// How many checks the probe had when the others were measured.
const MEASURED: usize = 199;

/// A row for each service in the probe's order, the totals, then what is not ok.
pub fn lines(outcomes: &[Outcome], held: &Held) -> Vec<String> {
    let mut lines = vec![row("service", "ok", "of")];
    for service in services(outcomes) {
        let of: Vec<_> = outcomes.iter().filter(|outcome| outcome.service == service).collect();
        let ok = of.iter().filter(|outcome| outcome.is_ok()).count();
        lines.push(row(service, &ok.to_string(), &of.len().to_string()));
    }
    let ok = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    lines.push(String::new());
    lines.push(row("globe's sandbox", &ok.to_string(), &outcomes.len().to_string()));
    lines.extend(OTHERS.iter().map(|(name, ok)| row(name, &ok.to_string(), &MEASURED.to_string())));
    lines.push(String::new());
    lines.extend(outcomes.iter().filter(|outcome| !outcome.is_ok()).map(|outcome| failure(outcome, held)));
    lines
}

fn services(outcomes: &[Outcome]) -> Vec<&str> {
    let mut services: Vec<&str> = Vec::new();
    for outcome in outcomes {
        if !services.contains(&outcome.service.as_str()) {
            services.push(&outcome.service);
        }
    }
    services
}

fn row(name: &str, ok: &str, of: &str) -> String {
    format!("{name:<28}{ok:>4}{of:>5}")
}

fn failure(outcome: &Outcome, held: &Held) -> String {
    let Outcome { service, op, status, note } = outcome;
    let mut line = format!("{service}: {op}: {status}: {note}");
    if let Some(fact) = held.fact(outcome) {
        let _ = write!(line, " (the check is wrong: {fact})");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_counted_and_failures_listed_with_their_notes() {
        let of = |service: &str, op: &str, status: &str| Outcome {
            service: service.into(),
            op: op.into(),
            status: status.into(),
            note: "why".into(),
        };
        let outcomes = [of("S3", "a", "ok"), of("EC2", "b", "wrong"), of("S3", "c", "ok"), of("EC2", "d", "ok")];
        let held: Held =
            toml::from_str("absent = []\n[[wrong]]\nservice = \"EC2\"\ncheck = \"b\"\nfact = \"it is so\"")
                .expect("a list");
        let lines = lines(&outcomes, &held);
        assert_eq!(lines[1..3], [row("S3", "2", "2"), row("EC2", "1", "2")]);
        assert_eq!(lines[4], row("globe's sandbox", "3", "4"));
        assert_eq!(lines.last().map(String::as_str), Some("EC2: b: wrong: why (the check is wrong: it is so)"));
    }
}
