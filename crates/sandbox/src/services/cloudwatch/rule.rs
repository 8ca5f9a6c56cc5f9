//! Rules of composite alarms: `ALARM(a) AND (OK("b") OR NOT INSUFFICIENT_DATA(c))`, `TRUE`, `FALSE`.

/// A rule.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// `TRUE` or `FALSE`.
    Constant(bool),
    /// The alarm, by name or ARN, has the state.
    State(String, String),
    /// Not so.
    Not(Box<Rule>),
    /// Both.
    And(Box<Rule>, Box<Rule>),
    /// One of them.
    Or(Box<Rule>, Box<Rule>),
}

/// Deepest nesting.
const DEPTH: usize = 100;

/// Reads a rule; `None` if it is not one.
pub fn parse(text: &str) -> Option<Rule> {
    let mut reader = Reader { rest: text };
    let rule = reader.any(DEPTH)?;
    reader.rest.trim().is_empty().then_some(rule)
}

/// Whether a rule speaks of an alarm.
pub fn mentions(text: &str, name: &str, arn: &str) -> bool {
    parse(text).is_some_and(|rule| rule.alarms().iter().any(|alarm| alarm == name || alarm == arn))
}

impl Rule {
    /// Alarms that the rule speaks of.
    pub fn alarms(&self) -> Vec<String> {
        match self {
            Self::Constant(_) => Vec::new(),
            Self::State(_, alarm) => vec![alarm.clone()],
            Self::Not(rule) => rule.alarms(),
            Self::And(one, other) | Self::Or(one, other) => [one.alarms(), other.alarms()].concat(),
        }
    }

    /// Whether it holds, where `state` gives an alarm's state.
    pub fn holds(&self, state: &impl Fn(&str) -> String) -> bool {
        match self {
            Self::Constant(value) => *value,
            Self::State(wanted, alarm) => state(alarm) == *wanted,
            Self::Not(rule) => !rule.holds(state),
            Self::And(one, other) => one.holds(state) && other.holds(state),
            Self::Or(one, other) => one.holds(state) || other.holds(state),
        }
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    /// Takes `word` if it comes next and is not the beginning of a longer one.
    fn word(&mut self, word: &str) -> bool {
        let Some(rest) = self.rest.trim_start().strip_prefix(word) else { return false };
        let ends = !word.ends_with(char::is_alphabetic)
            || !rest.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '_');
        if ends {
            self.rest = rest;
        }
        ends
    }

    fn any(&mut self, depth: usize) -> Option<Rule> {
        let mut rule = self.all(depth)?;
        while self.word("OR") {
            rule = Rule::Or(Box::new(rule), Box::new(self.all(depth)?));
        }
        Some(rule)
    }

    fn all(&mut self, depth: usize) -> Option<Rule> {
        let mut rule = self.one(depth)?;
        while self.word("AND") {
            rule = Rule::And(Box::new(rule), Box::new(self.one(depth)?));
        }
        Some(rule)
    }

    fn one(&mut self, depth: usize) -> Option<Rule> {
        let depth = depth.checked_sub(1)?;
        if self.word("NOT") {
            return Some(Rule::Not(Box::new(self.one(depth)?)));
        }
        if self.word("(") {
            let rule = self.any(depth)?;
            return self.word(")").then_some(rule);
        }
        for (word, value) in [("TRUE", true), ("FALSE", false)] {
            if self.word(word) {
                return Some(Rule::Constant(value));
            }
        }
        let state = super::evaluation::STATES.into_iter().find(|state| self.word(state))?;
        self.word("(").then_some(())?;
        let (alarm, rest) = self.rest.split_once(')')?;
        self.rest = rest;
        let alarm = alarm.trim().trim_matches(['"', '\'']);
        (!alarm.is_empty()).then(|| Rule::State(state.to_owned(), alarm.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_nest_and_bind_as_usual() {
        let rule = parse("ALARM(a) OR OK(\"b c\") AND NOT (INSUFFICIENT_DATA(d) OR FALSE)").expect("a rule");
        assert_eq!(rule.alarms(), ["a", "b c", "d"]);
        let holds = |alarm: &'static str, state: &'static str| {
            rule.holds(&|name: &str| if name == alarm { state.to_owned() } else { String::new() })
        };
        assert!(holds("a", "ALARM"), "OR binds less than AND");
        assert!(holds("b c", "OK"));
        assert!(!holds("d", "INSUFFICIENT_DATA"));
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for text in ["", "ALARM(a", "ALARM()", "ALARM(a) OK(b)", "MAYBE(a)", "ALARM(a) AND"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
