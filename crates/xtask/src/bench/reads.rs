//! How few calls could read a stack.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

/// Operations and objects per call, by kind.
type Table = BTreeMap<String, Vec<(String, usize)>>;

/// The fewest calls that read these resources: for every scope and kind, the pages of its lists and the reads that AWS
/// has for single objects only; and one that asks whose account it is.
///
/// # Errors
/// When an address is none, or a kind is not in the table.
pub fn fewest<'a>(addresses: impl IntoIterator<Item = &'a str>) -> Result<usize> {
    let table: Table = toml::from_str(include_str!("reads.toml")).context("could not read reads.toml")?;
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for address in addresses {
        *counts.entry(parts(address).with_context(|| format!("{address} is no address"))?).or_default() += 1;
    }
    let mut calls = 1;
    for ((_, kind), count) in counts {
        let reads = table.get(kind).with_context(|| format!("reads.toml does not say how {kind} is read"))?;
        calls += reads.iter().map(|(_, objects)| count.div_ceil(*objects)).sum::<usize>();
    }
    Ok(calls)
}

/// Scope and kind of `eu-central-1/ec2/subnet/main-a`.
fn parts(address: &str) -> Option<(&str, &str)> {
    let (scope, rest) = address.split_once('/')?;
    let service = rest.find('/')?;
    let kind = service + 1 + rest.get(service + 1..)?.find('/')?;
    Some((scope, rest.get(..kind)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_count_per_scope_and_singles_per_object() {
        let subnets: Vec<String> = (0..1001).map(|index| format!("eu-central-1/ec2/subnet/s{index}")).collect();
        let mut all: Vec<&str> = subnets.iter().map(String::as_str).collect();
        assert_eq!(fewest(all.clone()).expect("known kinds"), 1 + 2);
        all.push("us-east-1/ec2/subnet/a");
        all.extend(["us-east-1/s3/replication/a", "us-east-1/s3/replication/b"]);
        assert_eq!(fewest(all).expect("known kinds"), 1 + 2 + 1 + 2);
        assert!(fewest(["us-east-1/no/kind/a"]).is_err() && fewest(["us-east-1"]).is_err());
    }
}
