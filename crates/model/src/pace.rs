//! How long kinds take in one stack, as its own history tells.

use std::collections::BTreeMap;
use std::time::Duration;

/// What takes time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Work {
    /// From the intent of a create to its record.
    Create,
    /// From the intent of a delete to its being struck out.
    Delete,
}

/// Medians by kind and work; what a stack has never done is not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pace(BTreeMap<(String, Work), Duration>);

impl Pace {
    /// The medians of all samples, each a kind, what was done, and how long it took.
    pub fn of_samples(samples: impl IntoIterator<Item = (String, Work, Duration)>) -> Self {
        let mut all: BTreeMap<(String, Work), Vec<Duration>> = BTreeMap::new();
        for (kind, work, took) in samples {
            all.entry((kind, work)).or_default().push(took);
        }
        Self(all.into_iter().filter_map(|(key, times)| Some((key, median(times)?))).collect())
    }

    /// How long this typically took.
    pub fn get(&self, kind: &str, work: Work) -> Option<Duration> {
        self.0.get(&(kind.to_owned(), work)).copied()
    }

    /// The same where a clock of AWS's time runs `factor` times as fast as the journal's.
    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        let stretched = |took: Duration| Duration::try_from_secs_f64(took.as_secs_f64() * factor).unwrap_or(took);
        Self(self.0.into_iter().map(|(key, took)| (key, stretched(took))).collect())
    }
}

/// The middle one; of two middle ones the shorter.
fn median(mut times: Vec<Duration>) -> Option<Duration> {
    times.sort_unstable();
    times.get(times.len().checked_sub(1)? / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_forgives_an_outlier() {
        let took = |seconds: u64| ("ec2/nat_gateway".to_owned(), Work::Create, Duration::from_secs(seconds));
        let pace = Pace::of_samples([took(100), took(2_000), took(90)]);
        assert_eq!(pace.get("ec2/nat_gateway", Work::Create), Some(Duration::from_secs(100)));
        assert_eq!(pace.get("ec2/nat_gateway", Work::Delete), None);
        let half = Pace::of_samples([took(90), took(100)]).times(0.5);
        assert_eq!(half.get("ec2/nat_gateway", Work::Create), Some(Duration::from_secs(45)));
    }
}
