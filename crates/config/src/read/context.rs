//! What every reader needs to know about the rest of the file.

use globe_model::Region;
use indexmap::IndexMap;
use ipnet::Ipv4Net;
use serde::Serialize;

use super::sink::{Problem, Reported, Sink};
use super::tree::{Entry, Table, Value};
use crate::error::{ErrorKind, Span};
use crate::{names, suggest};

/// The component kinds that this version builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Component {
    /// `[network.<name>]`
    Network,
    /// `[load_balancer.<name>]`
    LoadBalancer,
    /// `[service.<name>]`
    Service,
    /// `[certificate.<name>]`
    Certificate,
    /// `[zone.<name>]`
    Zone,
    /// `[record.<name>]`
    Record,
    /// `[table.<name>]`
    Table,
    /// `[bucket.<name>]`
    Bucket,
}

impl Component {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Network,
        Self::LoadBalancer,
        Self::Service,
        Self::Table,
        Self::Bucket,
        Self::Zone,
        Self::Certificate,
        Self::Record,
    ];

    /// The key in the file.
    pub fn key(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::LoadBalancer => "load_balancer",
            Self::Service => "service",
            Self::Certificate => "certificate",
            Self::Zone => "zone",
            Self::Record => "record",
            Self::Table => "table",
            Self::Bucket => "bucket",
        }
    }
}

/// A region as far as it could be read; one whose range is wrong still counts as present.
pub(crate) struct DeclaredRegion {
    pub(crate) cidr: Option<(Ipv4Net, Span)>,
    pub(crate) jurisdiction: Option<String>,
}

/// The file as a whole, and the sink for its errors.
pub(crate) struct Context<'s> {
    pub(crate) sink: Sink<'s>,
    pub(crate) root: &'s Table,
    pub(crate) stack: Option<String>,
    pub(crate) account: Option<String>,
    pub(crate) primary: Option<Region>,
    pub(crate) regions: IndexMap<Region, DeclaredRegion>,
    /// What unknown names in `[regions]` may have meant: those regions are not missing, only misspelt.
    pub(crate) misspelt_regions: Vec<String>,
}

impl Context<'_> {
    pub(crate) fn report(&self, problem: Problem) -> Reported {
        self.sink.report(problem)
    }

    /// The names of the components of one kind, readable or not.
    pub(crate) fn declared(&self, component: Component) -> Vec<&str> {
        match self.root.get(component.key()).map(|entry| &entry.node.value) {
            Some(Value::Table(table)) => table.keys().map(String::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether the file has a component of this kind and name, readable or not.
    pub(crate) fn declares(&self, component: Component, name: &str) -> bool {
        self.entry(component, name).is_some()
    }

    /// Where a component's name is written.
    pub(crate) fn key_of(&self, component: Component, name: &str) -> Span {
        self.entry(component, name).map_or(Span::default(), |entry| entry.key)
    }

    /// Where a component's key has its value, or else where the component's name is written.
    pub(crate) fn place(&self, component: Component, name: &str, key: &str) -> Span {
        let entry = self.entry(component, name);
        let inner = entry.and_then(|entry| match &entry.node.value {
            Value::Table(table) => table.get(key),
            _ => None,
        });
        inner.map_or_else(|| self.key_of(component, name), |entry| entry.node.span)
    }

    fn entry(&self, component: Component, name: &str) -> Option<&Entry> {
        match &self.root.get(component.key())?.node.value {
            Value::Table(table) => table.get(name),
            _ => None,
        }
    }

    /// The names of the stack's regions.
    pub(crate) fn region_names(&self) -> Vec<&str> {
        self.regions.keys().map(Region::as_str).collect()
    }

    /// Whether the region is in the file under a misspelt name, which has been reported.
    pub(crate) fn is_misspelt_region(&self, name: &str) -> bool {
        self.misspelt_regions.iter().any(|meant| meant == name)
    }

    /// One of the stack's regions by name.
    pub(crate) fn region(&self, name: &str, span: Span) -> Result<Region, Reported> {
        let region = Region::new(name);
        if self.regions.contains_key(&region) {
            return Ok(region);
        }
        if self.is_misspelt_region(name) {
            return Err(self.sink.promised());
        }
        let names = self.region_names();
        let problem = if crate::is_aws_region(name) {
            let message = format!("`{name}` is not one of this stack's regions");
            let help = format!("add `[regions.{name}]`, or use {}", suggest::list(&names, "or"));
            Problem::new(ErrorKind::UnknownRegion, span, message).help(help)
        } else {
            Problem::new(ErrorKind::UnknownRegion, span, format!("unknown region `{name}`")).meant(name, &names)
        };
        Err(self.report(problem.label("not in `[regions]`")))
    }

    /// Refuses a name that AWS does not accept once it is complete.
    pub(crate) fn fits(&self, what: &str, name: &str, max: usize, span: Span) {
        let length = name.chars().count();
        if length > max {
            let over = length - max;
            let characters = if over == 1 { "character" } else { "characters" };
            let message = format!("the name of the {what} would be {length} characters long; AWS allows {max}");
            let help = format!("it becomes `{name}`: shorten the component or the stack by {over} {characters}");
            self.report(Problem::new(ErrorKind::NameTooLong, span, message).label("too long").help(help));
        }
    }

    /// Checks the names that a component gets in AWS, as far as stack and account could be read.
    pub(crate) fn check_names(&self, component: Component, name: &str, span: Span) {
        let Some(stack) = &self.stack else { return };
        match component {
            Component::LoadBalancer => {
                self.fits("load balancer", &names::load_balancer(stack, name), names::LOAD_BALANCER_MAX, span);
            }
            Component::Service => self.check_service_names(stack, name, span),
            Component::Bucket => self.check_bucket_names(stack, name, span),
            Component::Table => self.fits("table", &names::table(stack, name), names::LONG_MAX, span),
            Component::Network | Component::Certificate | Component::Zone | Component::Record => {}
        }
    }

    fn check_service_names(&self, stack: &str, name: &str, span: Span) {
        self.fits("target group", &names::target_group(stack, name, &[]), names::LOAD_BALANCER_MAX, span);
        self.fits("launch template", &names::launch_template(stack, name), names::LAUNCH_TEMPLATE_MAX, span);
        if let Some(region) = self.longest_region() {
            let role = names::role(stack, name, names::RolePurpose::Instance, region);
            self.fits("IAM role", &role, names::ROLE_MAX, span);
        }
    }

    fn check_bucket_names(&self, stack: &str, name: &str, span: Span) {
        let Some(region) = self.longest_region() else { return };
        if let Some(account) = &self.account {
            self.fits("bucket", &names::bucket(stack, name, account, region), names::BUCKET_MAX, span);
        }
        let role = names::role(stack, name, names::RolePurpose::Replication, region);
        self.fits("IAM role", &role, names::ROLE_MAX, span);
    }

    fn longest_region(&self) -> Option<&Region> {
        self.regions.keys().max_by_key(|region| region.as_str().len())
    }
}
