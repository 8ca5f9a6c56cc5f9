//! `[moved]`: what stands under another name now.

use std::fmt;

use globe_model::Address;
use indexmap::IndexMap;
use serde::Serialize;

use crate::{Component, Stack, Target};

/// One line of `[moved]`: the old name and the new one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Moved {
    /// A component with all its resources: `"table.orders" = "table.purchases"`.
    Component {
        /// Its kind.
        component: Component,
        /// Its old name.
        from: String,
        /// Its new name; in the file, unless another line moves it on.
        to: String,
    },
    /// One resource: `"eu-central-1/ec2/vpc/main" = "eu-central-1/ec2/vpc/core"`.
    Resource {
        /// Its old address.
        from: Address,
        /// Its new address, of the same kind and in the same scope.
        to: Address,
    },
}

impl fmt::Display for Moved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Component { component, from, to } => {
                let key = component.key();
                write!(f, "\"{key}.{from}\" = \"{key}.{to}\"")
            }
            Self::Resource { from, to } => write!(f, "\"{from}\" = \"{to}\""),
        }
    }
}

impl Stack {
    /// What a component that moved is called in the file: where a line leads that the next one leads on.
    pub fn present_name<'a>(&'a self, component: Component, name: &'a str) -> &'a str {
        let mut present = name;
        // A file's lines lead in no circle; bounded all the same.
        for _ in 0..self.moved.len() {
            if self.names(component).any(|declared| declared == present) {
                return present;
            }
            let next = self.moved.iter().find_map(|moved| match moved {
                Moved::Component { component: kind, from, to } if *kind == component && from == present => Some(to),
                _ => None,
            });
            let Some(next) = next else { return present };
            present = next;
        }
        present
    }

    /// The names of the components of one kind, in the order of the file.
    pub fn names(&self, component: Component) -> Box<dyn Iterator<Item = &str> + '_> {
        fn keys<T>(map: &IndexMap<String, T>) -> Box<dyn Iterator<Item = &str> + '_> {
            Box::new(map.keys().map(String::as_str))
        }
        match component {
            Component::Network => keys(&self.networks),
            Component::LoadBalancer => keys(&self.load_balancers),
            Component::Service => keys(&self.services),
            Component::Certificate => keys(&self.certificates),
            Component::Zone => keys(&self.zones),
            Component::Record => keys(&self.records),
            Component::Table => keys(&self.tables),
            Component::Bucket => keys(&self.buckets),
        }
    }

    /// The same stack with a component under another name, and everything that refers to it.
    #[must_use]
    pub fn renamed(&self, component: Component, from: &str, to: &str) -> Self {
        let mut stack = self.clone();
        let change = |name: &mut String| {
            if name == from {
                to.clone_into(name);
            }
        };
        match component {
            Component::Network => {
                rekey(&mut stack.networks, from, to);
                let balancers = stack.load_balancers.values_mut().flat_map(|regional| regional.values_mut());
                balancers.for_each(|balancer| change(&mut balancer.network));
            }
            Component::LoadBalancer => {
                rekey(&mut stack.load_balancers, from, to);
                let services = stack.services.values_mut().flat_map(|regional| regional.values_mut());
                services.for_each(|service| change(&mut service.load_balancer));
                for record in stack.records.values_mut() {
                    if let Target::LoadBalancer { name, .. } = &mut record.target {
                        change(name);
                    }
                }
            }
            Component::Certificate => {
                rekey(&mut stack.certificates, from, to);
                let balancers = stack.load_balancers.values_mut().flat_map(|regional| regional.values_mut());
                balancers.filter_map(|balancer| balancer.certificate.as_mut()).for_each(change);
            }
            Component::Zone => {
                rekey(&mut stack.zones, from, to);
                stack.certificates.values_mut().for_each(|certificate| change(&mut certificate.zone));
                stack.records.values_mut().for_each(|record| change(&mut record.zone));
            }
            Component::Service => rekey(&mut stack.services, from, to),
            Component::Record => rekey(&mut stack.records, from, to),
            Component::Table => rekey(&mut stack.tables, from, to),
            Component::Bucket => rekey(&mut stack.buckets, from, to),
        }
        stack
    }
}

/// Another key in the same place.
fn rekey<T>(map: &mut IndexMap<String, T>, from: &str, to: &str) {
    let named = |(name, value): (String, T)| (if name == from { to.to_owned() } else { name }, value);
    *map = std::mem::take(map).into_iter().map(named).collect();
}
