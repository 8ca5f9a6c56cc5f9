//! The table of `--explain-calls`.

use std::time::Duration;

use globe_model::CallCount;
use serde_json::{Value, json};

use crate::json::json_line;

/// Columns before the names; numbers stand to the right.
const HEADINGS: [&str; 5] = ["calls", "retries", "throttled", "time (s)", "longest"];

fn sum(counts: &[CallCount], of: impl Fn(&CallCount) -> u64) -> u64 {
    counts.iter().map(of).sum()
}

/// All calls, a line each for service, operation and region, and their sum.
pub fn calls_text(counts: &[CallCount]) -> String {
    let retries = sum(counts, |count| count.retries);
    let throttles = sum(counts, |count| count.throttles);
    let mut text =
        format!("AWS calls: {}, {retries} repeated, {throttles} throttled\n", sum(counts, |count| count.calls));
    if counts.is_empty() {
        return text;
    }
    let name = |count: &CallCount| format!("{} {}", count.service, count.operation);
    let width = counts.iter().map(|count| name(count).len()).max().unwrap_or_default();
    text.push_str(&line(HEADINGS.map(str::to_owned), "call", width, "region"));
    for count in counts {
        let numbers = [
            count.calls.to_string(),
            count.retries.to_string(),
            count.throttles.to_string(),
            seconds(count.total),
            seconds(count.longest),
        ];
        text.push_str(&line(numbers, &name(count), width, &count.region));
    }
    text
}

fn line(numbers: [String; 5], name: &str, width: usize, region: &str) -> String {
    let columns = numbers.iter().zip(HEADINGS).map(|(number, heading)| format!("  {number:>0$}", heading.len().max(6)));
    format!("{}  {name:<width$}  {region}\n", columns.collect::<String>())
}

fn seconds(duration: Duration) -> String {
    format!("{:.2}", duration.as_secs_f64())
}

/// The same as a JSON line.
pub fn calls_json(counts: &[CallCount]) -> String {
    let value: Value = json!({
        "total": sum(counts, |count| count.calls),
        "retries": sum(counts, |count| count.retries),
        "throttles": sum(counts, |count| count.throttles),
        "calls": counts,
    });
    json_line("calls", &value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts() -> Vec<CallCount> {
        let count = |operation: &str, region: &str, calls, retries, throttles, seconds| CallCount {
            service: "ec2".into(),
            operation: operation.into(),
            region: region.into(),
            calls,
            retries,
            throttles,
            total: Duration::from_millis(seconds),
            longest: Duration::from_millis(seconds / 2),
        };
        vec![
            count("CreateNatGateway", "us-east-1", 3, 1, 1, 1250),
            count("DescribeVpcs", "eu-central-1", 12, 0, 0, 420),
        ]
    }

    #[test]
    fn the_table_names_every_call_and_sums_them() {
        insta::assert_snapshot!(calls_text(&counts()), @"
        AWS calls: 15, 1 repeated, 1 throttled
           calls  retries  throttled  time (s)  longest  call                  region
               3        1          1      1.25     0.62  ec2 CreateNatGateway  us-east-1
              12        0          0      0.42     0.21  ec2 DescribeVpcs      eu-central-1
        ");
        assert_eq!(calls_text(&[]), "AWS calls: 0, 0 repeated, 0 throttled\n");
    }

    #[test]
    fn scripts_get_the_same() {
        insta::assert_snapshot!(calls_json(&counts()[..1]), @r#"{"globe":1,"type":"calls","total":3,"retries":1,"throttles":1,"calls":[{"service":"ec2","operation":"CreateNatGateway","region":"us-east-1","calls":3,"retries":1,"throttles":1,"total_seconds":1.25,"longest_seconds":0.625}]}"#);
    }
}
