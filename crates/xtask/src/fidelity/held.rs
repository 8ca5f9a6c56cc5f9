//! Which checks of the probe are expected to fail, and why.

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::Outcome;

/// `held.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Held {
    /// Services of which the sandbox has nothing.
    absent: Vec<String>,
    wrong: Vec<Wrong>,
}

/// A check that is held to be wrong.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wrong {
    service: String,
    check: String,
    fact: String,
    /// It passes or fails by how the probe's own pace falls into the object's changing states.
    #[serde(default)]
    by_chance: bool,
}

impl Wrong {
    fn is(&self, outcome: &Outcome) -> bool {
        self.service == outcome.service && self.check == outcome.op
    }
}

impl Held {
    /// The list of this repository.
    ///
    /// # Errors
    /// When it is not well formed, or an entry gives no fact.
    pub fn read() -> Result<Self> {
        let held: Self = toml::from_str(include_str!("held.toml")).context("could not parse fidelity/held.toml")?;
        match held.wrong.iter().find(|wrong| wrong.fact.is_empty()) {
            Some(wrong) => bail!("fidelity/held.toml gives no fact for {}: {}", wrong.service, wrong.check),
            None => Ok(held),
        }
    }

    /// The fact that a check contradicts.
    pub fn fact(&self, outcome: &Outcome) -> Option<&str> {
        self.wrong.iter().find(|wrong| wrong.is(outcome)).map(|wrong| wrong.fact.as_str())
    }

    /// Whether what fails is what is listed.
    ///
    /// # Errors
    /// Everything that fails though it is not listed, or is listed though it passes or was not checked.
    pub fn check(&self, outcomes: &[Outcome]) -> Result<()> {
        let problems: Vec<_> = [self.unexpected(outcomes), self.outlived(outcomes)].concat();
        if problems.is_empty() {
            return Ok(());
        }
        bail!("{} difference(s) from crates/xtask/src/fidelity/held.toml\n{}", problems.len(), problems.join("\n"))
    }

    fn unexpected(&self, outcomes: &[Outcome]) -> Vec<String> {
        let known = |outcome: &&Outcome| self.absent.contains(&outcome.service) || self.fact(outcome).is_some();
        let failed = outcomes.iter().filter(|outcome| !outcome.is_ok() && !known(outcome));
        failed.map(|outcome| format!("{}: {} fails: {}", outcome.service, outcome.op, outcome.note)).collect()
    }

    fn outlived(&self, outcomes: &[Outcome]) -> Vec<String> {
        let fails = |wrong: &&Wrong| outcomes.iter().any(|outcome| wrong.is(outcome) && !outcome.is_ok());
        let passing = self.wrong.iter().filter(|wrong| !wrong.by_chance && !fails(wrong));
        let gone = passing.map(|wrong| format!("{}: {} is listed, but does not fail", wrong.service, wrong.check));
        // A service that answers anything is there, and all its checks count.
        let there = |service: &&String| outcomes.iter().any(|outcome| outcome.service == **service && outcome.is_ok());
        let come = self.absent.iter().filter(there);
        gone.chain(come.map(|service| format!("{service} is listed as absent, but a check of it passes"))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(outcomes: &[(&str, &str, &str)]) -> String {
        let list = "absent = [\"RDS\"]\n[[wrong]]\nservice = \"EC2\"\ncheck = \"old\"\nfact = \"AWS refuses it\"\n";
        let held: Held = toml::from_str(list).expect("a list");
        let outcomes: Vec<_> = outcomes
            .iter()
            .map(|(service, op, status)| Outcome {
                service: (*service).into(),
                op: (*op).into(),
                status: (*status).into(),
                note: "note".into(),
            })
            .collect();
        held.check(&outcomes).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn what_is_listed_may_fail_and_nothing_else() {
        assert_eq!(problems(&[("EC2", "old", "wrong"), ("EC2", "new", "ok"), ("RDS", "any", "blocked")]), "");
        let found = problems(&[("EC2", "old", "wrong"), ("EC2", "new", "blocked")]);
        assert!(found.ends_with("\nEC2: new fails: note"), "{found}");
    }

    #[test]
    fn what_is_listed_must_fail() {
        let found = problems(&[("EC2", "old", "ok"), ("RDS", "any", "wrong")]);
        assert!(found.ends_with("\nEC2: old is listed, but does not fail"), "{found}");
        assert!(problems(&[("EC2", "new", "ok")]).contains("old is listed, but does not fail"), "a check that is gone");
        let found = problems(&[("EC2", "old", "wrong"), ("RDS", "any", "ok"), ("RDS", "other", "wrong")]);
        assert!(found.ends_with("\nRDS is listed as absent, but a check of it passes"), "{found}");
    }

    #[test]
    fn the_list_of_this_repository_is_whole() {
        Held::read().expect("is whole");
    }
}
