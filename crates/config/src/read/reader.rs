//! Reads the keys of one table and refuses those that nobody asked for.

use std::cell::RefCell;

use globe_model::Region;

use super::context::Context;
use super::protect::PROTECT;
use super::sink::{Problem, Reported};
use super::tree::{Node, Table};
use super::unbuilt;
use crate::error::{ErrorKind, Span};

/// A value, or the fact that its error has been reported.
pub(crate) type Read<T> = Result<T, Reported>;

/// One table of the file while it is read. The keys it knows are the keys that were asked for, so there is no
/// second list to keep.
pub(crate) struct Reader<'a> {
    pub(crate) cx: &'a Context<'a>,
    pub(crate) table: &'a Table,
    /// What a missing key points at: the table's own key.
    pub(crate) span: Span,
    /// How errors name it: `service.web`.
    pub(crate) title: String,
    /// The component's key, for keys that are not built yet; empty for inner tables.
    pub(crate) kind: &'static str,
    /// The component's own name: `web`.
    pub(crate) name: &'a str,
    /// For which region the table was put together, if the component is regional.
    pub(crate) region: Option<&'a Region>,
    /// Whether the block differs between regions, so that an error must say which it means.
    varies: bool,
    asked: RefCell<Vec<&'static str>>,
    /// Required keys that are not there; [`Reader::finish`] reports them.
    missing: RefCell<Vec<&'static str>>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(cx: &'a Context<'a>, table: &'a Table, span: Span, title: impl Into<String>) -> Self {
        let (kind, name, region, varies) = ("", "", None, false);
        let (asked, missing) = (RefCell::default(), RefCell::default());
        Self { cx, table, span, title: title.into(), kind, name, region, varies, asked, missing }
    }

    /// The reader of the component `kind.name`.
    pub(crate) fn component(
        cx: &'a Context<'a>,
        table: &'a Table,
        span: Span,
        kind: &'static str,
        name: &'a str,
    ) -> Self {
        // Read for all components alike, in one place.
        let asked = RefCell::new(vec![PROTECT]);
        Self { kind, name, asked, ..Self::new(cx, table, span, format!("{kind}.{name}")) }
    }

    /// Says which region the table was put together for, and whether others have another.
    pub(crate) fn for_region(self, region: &'a Region, varies: bool) -> Self {
        Self { region: Some(region), varies, ..self }
    }

    /// Whether the table was put together for this region.
    pub(crate) fn is_for(&self, region: &Region) -> bool {
        self.region == Some(region)
    }

    /// Where the value of a key is, or the table's own key.
    pub(crate) fn span_of(&self, key: &str) -> Span {
        self.table.get(key).map_or(self.span, |entry| entry.node.span)
    }

    /// The value of a key that may be absent.
    pub(crate) fn node(&self, key: &'static str) -> Option<&'a Node> {
        self.asked.borrow_mut().push(key);
        self.table.get(key).map(|entry| &entry.node)
    }

    pub(crate) fn optional<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&Context<'_>, &Node) -> Read<T>,
    ) -> Read<Option<T>> {
        self.node(key).map(|node| read(self.cx, node)).transpose()
    }

    pub(crate) fn or<T>(
        &self,
        key: &'static str,
        default: T,
        read: impl FnOnce(&Context<'_>, &Node) -> Read<T>,
    ) -> Read<T> {
        Ok(self.optional(key, read)?.unwrap_or(default))
    }

    pub(crate) fn required<T>(&self, key: &'static str, read: impl FnOnce(&Context<'_>, &Node) -> Read<T>) -> Read<T> {
        self.optional(key, read)?.ok_or_else(|| self.missing(key))
    }

    /// Notes that a key is not there; [`Reader::finish`] says so, unless the key is there misspelt.
    pub(crate) fn missing(&self, key: &'static str) -> Reported {
        self.missing.borrow_mut().push(key);
        self.cx.sink.promised()
    }

    fn missing_problem(&self, key: &str) -> Problem {
        let whole = match self.region {
            Some(region) if self.varies => format!("`{}` for {region}", self.title),
            _ if self.title.is_empty() => "the file".to_owned(),
            _ => format!("`{}`", self.title),
        };
        Problem::new(ErrorKind::MissingKey, self.span, format!("missing key `{key}` in {whole}"))
            .help(format!("add `{key} = ...`"))
    }

    /// Reports a value that has the right type and cannot be right.
    pub(crate) fn invalid(&self, key: &str, message: impl Into<String>) -> Problem {
        Problem::new(ErrorKind::InvalidValue, self.span_of(key), message)
    }

    /// Refuses every key that was not asked for, and reports the keys that are missing. Must come after the last
    /// key was asked for.
    pub(crate) fn finish(&self) {
        let asked = self.asked.borrow();
        let mut misspelt = Vec::new();
        for (key, entry) in self.table {
            if !asked.contains(&key.as_str()) {
                let problem = self.unknown(key, entry.key, &asked);
                misspelt.extend(problem.best().map(str::to_owned));
                self.cx.report(problem);
            }
        }
        self.report_missing(&misspelt);
    }

    /// Reports the keys that are missing; a key that is there under one of the `misspelt` names is not.
    pub(crate) fn report_missing(&self, misspelt: &[String]) {
        for key in self.missing.borrow().iter().filter(|key| !misspelt.iter().any(|meant| meant == *key)) {
            self.cx.report(self.missing_problem(key));
        }
    }

    fn unknown(&self, key: &str, span: Span, asked: &[&'static str]) -> Problem {
        if let Some(what) = unbuilt::key(self.kind, key) {
            return unbuilt::problem(span, &format!("`{key}` of `{}`", self.title), what);
        }
        let whole = if self.title.is_empty() { String::new() } else { format!(" in `{}`", self.title) };
        let label = if self.kind.is_empty() { String::new() } else { format!("not a key of `{}`", self.kind) };
        Problem::new(ErrorKind::UnknownKey, span, format!("unknown key `{key}`{whole}")).label(label).meant(key, asked)
    }

    /// The keys that were asked for so far.
    #[cfg(test)]
    pub(crate) fn asked(&self) -> Vec<&'static str> {
        self.asked.borrow().clone()
    }
}
