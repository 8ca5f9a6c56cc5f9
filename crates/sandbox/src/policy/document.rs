//! Policy documents as people write them: single values and lists are the same.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Check;

/// One value, or a list.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    pub fn into_vec(self) -> Vec<T> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many,
        }
    }

    fn as_slice(&self) -> &[T] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Document {
    pub statement: OneOrMany<Statement>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Effect {
    Allow,
    Deny,
}

type Condition = BTreeMap<String, BTreeMap<String, OneOrMany<String>>>;

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Statement {
    effect: Effect,
    action: Option<OneOrMany<String>>,
    not_action: Option<OneOrMany<String>>,
    resource: Option<OneOrMany<String>>,
    not_resource: Option<OneOrMany<String>>,
    #[serde(default)]
    condition: Condition,
}

impl Statement {
    /// Whether it has this effect on what is checked.
    pub fn speaks_of(&self, effect: Effect, check: &Check) -> bool {
        self.effect == effect && self.names(check) && self.covers(check) && self.holds(check)
    }

    fn names(&self, check: &Check) -> bool {
        let action = check.action.to_ascii_lowercase();
        let any = |patterns: &OneOrMany<String>| {
            patterns.as_slice().iter().any(|pattern| fits(&pattern.to_ascii_lowercase(), &action))
        };
        match (&self.action, &self.not_action) {
            (Some(actions), _) => any(actions),
            (None, Some(others)) => !any(others),
            (None, None) => false,
        }
    }

    fn covers(&self, check: &Check) -> bool {
        let Some(resource) = &check.resource else { return true };
        let any = |patterns: &OneOrMany<String>| patterns.as_slice().iter().any(|pattern| fits(pattern, resource));
        match (&self.resource, &self.not_resource) {
            (Some(resources), _) => any(resources),
            (None, Some(others)) => !any(others),
            (None, None) => false,
        }
    }

    fn holds(&self, check: &Check) -> bool {
        let lenient = self.effect == Effect::Allow;
        self.condition.iter().all(|(operator, keys)| {
            keys.iter().all(|(key, values)| {
                let Some(actual) = check.context.get(key.as_str()) else { return lenient };
                let values = values.as_slice();
                match operator.as_str() {
                    "StringEquals" => values.contains(actual),
                    "StringNotEquals" => !values.contains(actual),
                    "StringLike" => values.iter().any(|pattern| fits(pattern, actual)),
                    _ => lenient,
                }
            })
        })
    }
}

/// Whether `text` fits a pattern in which `*` is any text and `?` any character.
fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut read, mut star) = (0, 0, None);
    while read < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, read));
                at += 1;
            }
            Some(wanted) if *wanted == '?' || Some(wanted) == text.get(read) => {
                at += 1;
                read += 1;
            }
            _ => match star {
                // The last star takes one character more.
                Some((place, taken)) => {
                    star = Some((place, taken + 1));
                    at = place + 1;
                    read = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn stars_and_question_marks() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("ec2:*", "ec2:CreateVpc", true),
            ("ec2:*Vpc", "ec2:CreateVpc", true),
            ("ec2:*Vpc", "ec2:CreateVpcs", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*a*b*", "xxaxbx", true),
            ("*ab", "aab", true),
            ("", "a", false),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }
}
