//! The longest chain of waits: why it takes as long as it takes.

use std::time::Duration;

use globe_model::Address;
use serde::Serialize;
use serde_json::{Value, json};

use crate::layout::{Paragraph, render};
use crate::style::{Style, Tone};
use crate::words::{counted, duration_words};

/// Where a duration comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// What is known of the kind.
    Typical,
    /// The median of this stack's own runs.
    History,
}

/// One resource of the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainLink {
    /// Which.
    pub address: Address,
    /// How long the next one waits for it; of the last, until it is ready.
    pub takes: Duration,
    /// Where that comes from.
    pub source: Source,
}

fn total(chain: &[ChainLink]) -> Duration {
    chain.iter().map(|link| link.takes).sum()
}

/// The chain for a person, with the moment at which each resource starts.
pub fn chain_text(chain: &[ChainLink], style: Style) -> String {
    let mut all = vec![Paragraph::new(0).prose(Tone::Strong, &heading(chain))];
    if !chain.is_empty() {
        all.push(Paragraph::blank());
        all.push(Paragraph::new(2).word(Tone::Dim, "starts").at(16).word(Tone::Dim, "takes"));
    }
    let mut starts = Duration::ZERO;
    for link in chain {
        let mut line = Paragraph::new(2).hang(4).word(Tone::Plain, &duration_words(starts));
        line = line.at(16).word(Tone::Plain, &duration_words(link.takes)).at(30);
        line = line.word(Tone::Adopt, &link.address.to_string());
        if link.source == Source::History {
            line = line.prose(Tone::Dim, "(as in this stack's runs)");
        }
        all.push(line);
        starts += link.takes;
    }
    render(&all, style)
}

fn heading(chain: &[ChainLink]) -> String {
    if chain.is_empty() {
        return "There is nothing to wait for.".to_owned();
    }
    let count = counted(chain.len(), "resource", "resources");
    format!("The longest chain of waits is {} long, over {count}; no `up` is faster.", duration_words(total(chain)))
}

/// The chain for a script: `total_seconds` and `chain` with `address`, `starts_seconds`, `takes_seconds`, `source`.
pub fn chain_json(chain: &[ChainLink]) -> Value {
    let mut starts = Duration::ZERO;
    let mut links = Vec::new();
    for ChainLink { address, takes, source } in chain {
        let (from, takes_seconds) = (starts.as_secs_f64(), takes.as_secs_f64());
        links.push(json!({
            "address": address, "starts_seconds": from, "takes_seconds": takes_seconds, "source": source,
        }));
        starts += *takes;
    }
    json!({"total_seconds": starts.as_secs_f64(), "chain": links})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn chain() -> Vec<ChainLink> {
        let link = |address: &str, seconds, source| ChainLink {
            address: sample::address(address),
            takes: Duration::from_secs(seconds),
            source,
        };
        vec![
            link("eu-central-1/ec2/vpc/main", 3, Source::Typical),
            link("eu-central-1/ec2/nat_gateway/main-a", 95, Source::History),
        ]
    }

    #[test]
    fn every_link_says_when_it_starts_and_how_long_it_takes() {
        insta::assert_snapshot!(chain_text(&chain(), Style::PLAIN), @r"
        The longest chain of waits is 1 min 38 s long, over 2 resources; no `up` is
        faster.

          starts        takes
          0 s           3 s           eu-central-1/ec2/vpc/main
          3 s           1 min 35 s    eu-central-1/ec2/nat_gateway/main-a (as in this
            stack's runs)
        ");
        assert_eq!(chain_text(&[], Style::PLAIN), "There is nothing to wait for.\n");
    }

    #[test]
    fn scripts_get_seconds() {
        let value = chain_json(&chain());
        assert_eq!((&value["total_seconds"], &value["chain"][1]["starts_seconds"]), (&json!(98.0), &json!(3.0)));
        assert_eq!(value["chain"][1]["source"], "history");
    }
}
