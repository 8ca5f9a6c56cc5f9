//! Rules of security groups: nouns, and to and from AWS's spellings.
//!
//! Facts: AWS counts one rule per source; two rules of a group may not differ in the description alone; networks come
//! back canonical, and protocols that have a name by name.

use aws_sdk_ec2::types::{
    IpPermission, IpRange, Ipv6Range, PrefixListId, SecurityGroupRule, SecurityGroupRuleRequest, UserIdGroupPair,
};
use globe_model::{Changes, Pending, Ref, Upstream};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::SecurityGroup;

/// All protocols.
const ALL: &str = "-1";

/// What may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Traffic {
    /// All protocols and ports.
    All,
    /// TCP to these ports.
    Tcp {
        /// Lowest port.
        from: u16,
        /// Highest port.
        to: u16,
    },
    /// UDP to these ports.
    Udp {
        /// Lowest port.
        from: u16,
        /// Highest port.
        to: u16,
    },
}

/// Where it comes from (ingress) or goes to (egress).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeerSpec {
    /// An IPv4 or IPv6 network.
    Cidr(String),
    /// Members of another group. Two groups that name each other would be a cycle: name one of them by network.
    Group(Ref<SecurityGroup>),
    /// Members of the group that the rule is in.
    Itself,
}

/// What the blueprint says of a rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuleSpec {
    /// What may pass.
    pub traffic: Traffic,
    /// From or to whom.
    pub peer: PeerSpec,
    /// Why; may be empty. At most 255 of AWS's characters.
    pub description: String,
}

/// From or to whom, in AWS's ids.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Peer {
    /// A canonical network.
    Cidr(String),
    /// `sg-...`, another group.
    Group(String),
    /// The group that the rule is in.
    Itself,
    /// `pl-...`; never wanted, but somebody may have added one.
    PrefixList(String),
}

/// A rule as AWS counts them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Rule {
    /// `tcp`, `udp`, `icmp`, `icmpv6`, a number, or `-1` for all.
    pub protocol: String,
    /// Lowest port, or ICMP type; -1 for all.
    pub from_port: i32,
    /// Highest port, or ICMP code; -1 for all.
    pub to_port: i32,
    /// From or to whom.
    pub peer: Peer,
    /// Why; empty if AWS has none.
    pub description: String,
}

/// A rule that exists.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LiveRule {
    /// What it says.
    pub rule: Rule,
    /// `sgr-...`
    pub id: String,
}

/// What must change in one direction.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RulesPatch {
    /// To be added.
    pub authorize: Vec<Rule>,
    /// Ids of those to be removed.
    pub revoke: Vec<String>,
    /// Those that get another description.
    pub describe: Vec<LiveRule>,
}

impl Rule {
    /// Resolves what the blueprint says.
    ///
    /// # Errors
    /// [`Pending`] while a group that it names has no id.
    pub fn lower(spec: &RuleSpec, upstream: &Upstream<'_>) -> Result<Self, Pending> {
        let (protocol, from_port, to_port) = match spec.traffic {
            Traffic::All => (ALL, -1, -1),
            Traffic::Tcp { from, to } => ("tcp", i32::from(from), i32::from(to)),
            Traffic::Udp { from, to } => ("udp", i32::from(from), i32::from(to)),
        };
        let peer = match &spec.peer {
            PeerSpec::Cidr(cidr) => Peer::Cidr(canonical(cidr)),
            PeerSpec::Group(group) => Peer::Group(upstream.of(group)?.group_id),
            PeerSpec::Itself => Peer::Itself,
        };
        Ok(Self { protocol: protocol.into(), from_port, to_port, peer, description: spec.description.clone() })
    }

    /// Whether AWS takes the two for the same rule.
    fn is_same(&self, other: &Self) -> bool {
        let key = |rule: &Self| (rule.protocol.clone(), rule.from_port, rule.to_port, rule.peer.clone());
        key(self) == key(other)
    }

    /// `tcp 443 0.0.0.0/0`.
    fn label(&self) -> String {
        let protocol = if self.protocol == ALL { "all" } else { &self.protocol };
        let peer = match &self.peer {
            Peer::Cidr(text) | Peer::Group(text) | Peer::PrefixList(text) => text,
            Peer::Itself => "itself",
        };
        match (self.from_port, self.to_port) {
            (-1, _) => format!("{protocol} {peer}"),
            (from, to) if from == to => format!("{protocol} {from} {peer}"),
            (from, to) => format!("{protocol} {from}-{to} {peer}"),
        }
    }

    /// As the authorise calls take it. `own` is the id of the group that the rule is in.
    pub(super) fn permission(&self, own: &str) -> IpPermission {
        let why = (!self.description.is_empty()).then(|| self.description.clone());
        let permission = IpPermission::builder().ip_protocol(&self.protocol);
        let permission = permission.set_from_port(self.port(self.from_port)).set_to_port(self.port(self.to_port));
        let pair = |id: &str| UserIdGroupPair::builder().group_id(id).set_description(why.clone()).build();
        match &self.peer {
            Peer::Cidr(cidr) if cidr.contains(':') => {
                permission.ipv6_ranges(Ipv6Range::builder().cidr_ipv6(cidr).set_description(why).build())
            }
            Peer::Cidr(cidr) => permission.ip_ranges(IpRange::builder().cidr_ip(cidr).set_description(why).build()),
            Peer::Group(id) => permission.user_id_group_pairs(pair(id)),
            Peer::Itself => permission.user_id_group_pairs(pair(own)),
            Peer::PrefixList(id) => {
                permission.prefix_list_ids(PrefixListId::builder().prefix_list_id(id).set_description(why).build())
            }
        }
        .build()
    }

    /// As the modify call takes it: the whole rule, its ports as the describe call gives them, -1 for all protocols.
    pub(super) fn request(&self, own: &str) -> SecurityGroupRuleRequest {
        let request = SecurityGroupRuleRequest::builder().ip_protocol(&self.protocol).description(&self.description);
        let request = request.from_port(self.from_port).to_port(self.to_port);
        match &self.peer {
            Peer::Cidr(cidr) if cidr.contains(':') => request.cidr_ipv6(cidr),
            Peer::Cidr(cidr) => request.cidr_ipv4(cidr),
            Peer::Group(id) => request.referenced_group_id(id),
            Peer::Itself => request.referenced_group_id(own),
            Peer::PrefixList(id) => request.prefix_list_id(id),
        }
        .build()
    }

    /// A rule for all protocols has no ports.
    fn port(&self, port: i32) -> Option<i32> {
        (self.protocol != ALL).then_some(port)
    }
}

impl LiveRule {
    /// Reads a rule of the group `own`.
    pub(super) fn read(own: &str, rule: SecurityGroupRule) -> Option<Self> {
        let group = rule.referenced_group_info.and_then(|group| group.group_id);
        let peer = match (rule.cidr_ipv4.or(rule.cidr_ipv6), group, rule.prefix_list_id) {
            (Some(cidr), _, _) => Peer::Cidr(cidr),
            (_, Some(group), _) if group == own => Peer::Itself,
            (_, Some(group), _) => Peer::Group(group),
            (_, _, Some(list)) => Peer::PrefixList(list),
            _ => return None,
        };
        let rule_read = Rule {
            protocol: rule.ip_protocol.unwrap_or_default(),
            from_port: rule.from_port.unwrap_or(-1),
            to_port: rule.to_port.unwrap_or(-1),
            peer,
            description: rule.description.unwrap_or_default(),
        };
        Some(Self { rule: rule_read, id: rule.security_group_rule_id? })
    }
}

impl RulesPatch {
    /// What makes `live` into `desired`.
    pub fn between(live: &[LiveRule], desired: &[Rule]) -> Self {
        let mut patch = Self::default();
        for rule in desired {
            match live.iter().find(|live| live.rule.is_same(rule)) {
                None => patch.authorize.push(rule.clone()),
                Some(live) if live.rule.description != rule.description => {
                    patch.describe.push(LiveRule { rule: rule.clone(), id: live.id.clone() });
                }
                Some(_) => {}
            }
        }
        let unwanted = live.iter().filter(|live| !desired.iter().any(|rule| rule.is_same(&live.rule)));
        patch.revoke = unwanted.map(|live| live.id.clone()).collect();
        patch
    }
}

/// Sorted, and without rules that AWS would take for the same.
pub(super) fn normal(mut rules: Vec<Rule>) -> Vec<Rule> {
    rules.sort();
    rules.dedup_by(|later, first| later.is_same(first));
    rules
}

/// One change per rule, as `ingress.tcp 443 0.0.0.0/0`, from and to its description.
pub(super) fn changed(mut found: Changes, direction: &str, live: &[LiveRule], desired: &[Rule]) -> Changes {
    let gone = live.iter().map(|live| &live.rule).filter(|rule| !desired.iter().any(|other| other.is_same(rule)));
    for rule in desired.iter().chain(gone) {
        let before = live.iter().find(|live| live.rule.is_same(rule)).map(|live| live.rule.description.clone());
        let after = desired.iter().find(|other| other.is_same(rule)).map(|rule| rule.description.clone());
        found = found.field(&format!("{direction}.{}", rule.label()), &before, &after);
    }
    found
}

/// AWS stores networks without host bits. What is no network is left for AWS to refuse.
fn canonical(cidr: &str) -> String {
    cidr.parse::<IpNet>().map_or_else(|_| cidr.to_owned(), |net| net.trunc().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(port: i32, peer: Peer, description: &str) -> Rule {
        Rule { protocol: "tcp".into(), from_port: port, to_port: port, peer, description: description.into() }
    }

    fn live(id: &str, rule: Rule) -> LiveRule {
        LiveRule { rule, id: id.into() }
    }

    #[test]
    fn a_rule_is_added_removed_or_described_anew_but_never_twice() {
        let world = || Peer::Cidr("0.0.0.0/0".into());
        let have = [
            live("sgr-1", rule(80, world(), "web")),
            live("sgr-2", rule(443, world(), "web")),
            live("sgr-3", rule(8080, Peer::Group("sg-1".into()), "")),
        ];
        let want = [
            rule(443, world(), "secure web"),
            rule(8080, Peer::Group("sg-1".into()), ""),
            rule(9090, Peer::Itself, ""),
        ];
        let patch = RulesPatch::between(&have, &want);
        assert_eq!(patch.authorize, [rule(9090, Peer::Itself, "")]);
        assert_eq!(patch.revoke, ["sgr-1"]);
        assert_eq!(patch.describe, [live("sgr-2", rule(443, world(), "secure web"))]);
        let fields: Vec<String> = changed(globe_model::changes(), "ingress", &have, &want)
            .done()
            .into_iter()
            .map(|change| change.field)
            .collect();
        assert_eq!(fields, ["ingress.tcp 443 0.0.0.0/0", "ingress.tcp 9090 itself", "ingress.tcp 80 0.0.0.0/0"]);
    }

    #[test]
    fn a_rule_for_all_protocols_is_modified_with_the_ports_that_aws_describes() {
        let all = Rule { protocol: ALL.into(), from_port: -1, to_port: -1, ..rule(0, Peer::Itself, "out") };
        let request = all.request("sg-1");
        assert_eq!((request.from_port, request.to_port), (Some(-1), Some(-1)));
        let permission = all.permission("sg-1");
        assert_eq!((permission.from_port, permission.to_port), (None, None), "an authorised rule has none");
    }

    #[test]
    fn spellings_of_one_network_are_one_rule() {
        let nobody = |_: &globe_model::Address| None;
        let lower = |cidr: &str| {
            let traffic = Traffic::Tcp { from: 22, to: 22 };
            let spec = RuleSpec { traffic, peer: PeerSpec::Cidr(cidr.into()), description: String::new() };
            Rule::lower(&spec, &Upstream::new(&nobody)).expect("names no other resource")
        };
        let rules = normal(vec![lower("10.0.0.5/8"), lower("10.0.0.0/8"), lower("2001:DB8::/32")]);
        let labels: Vec<String> = rules.iter().map(Rule::label).collect();
        assert_eq!(labels, ["tcp 22 10.0.0.0/8", "tcp 22 2001:db8::/32"]);
    }
}
