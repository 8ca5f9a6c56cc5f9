//! Rules of security groups. Facts: one rule per source; a batch is all or nothing and a repeat is refused with
//! `InvalidPermission.Duplicate`; protocol numbers with a name come back as the name; networks come back canonical;
//! revoking by terms what is not there succeeds and says so; filters know group, rule id and tags alone.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use serde_json::{Map, Value, json};

use super::security_group::{GROUPS, unknown_group};
use super::{Shelf, describe, done, missing, show, tagging};
use crate::call::{Answer, ApiError, Call};
use crate::wire::as_list;

/// How rules are described.
pub const RULES: Shelf = Shelf {
    kind: "ec2/security-group-rule",
    set: "securityGroupRuleSet",
    ids: "SecurityGroupRuleId",
    unknown: "InvalidSecurityGroupRuleId.NotFound",
    noun: "security group rule ID",
    filters: &[],
};

/// Rules per group, direction and IP version.
const LIMIT: usize = 60;
/// Where a permission names its sources: (list, member, member of the rule).
const SOURCES: [(&str, &str, &str); 4] = [
    ("IpRanges", "CidrIp", "cidrIpv4"),
    ("Ipv6Ranges", "CidrIpv6", "cidrIpv6"),
    ("PrefixListIds", "PrefixListId", "prefixListId"),
    ("Groups", "GroupId", "groupId"),
];
/// Where a whole rule names its source: (member, member of the rule).
const SOURCE: [(&str, &str); 4] = [
    ("CidrIpv4", "cidrIpv4"),
    ("CidrIpv6", "cidrIpv6"),
    ("PrefixListId", "prefixListId"),
    ("ReferencedGroupId", "groupId"),
];

/// What a rule says.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    egress: bool,
    protocol: String,
    from: i64,
    to: i64,
    /// Kind of the source, as a member of the rule, and the source.
    peer: (&'static str, String),
    description: Option<String>,
}

impl Terms {
    /// All traffic.
    pub fn everything(egress: bool, peer: (&'static str, String)) -> Self {
        Self { egress, protocol: "-1".to_owned(), from: -1, to: -1, peer, description: None }
    }

    /// Two rules of a group may not be the same but for the description.
    fn same(&self, other: &Self) -> bool {
        let key = |terms: &Self| (terms.egress, terms.protocol.clone(), terms.from, terms.to, terms.peer.clone());
        key(self) == key(other)
    }

    /// Reads a rule as it is shown.
    fn shown(body: &Map<String, Value>) -> Self {
        let text = |member: &str| body.get(member).and_then(Value::as_str).map(str::to_owned);
        let port = |member: &str| body.get(member).and_then(Value::as_i64).unwrap_or(-1);
        let group = body.get("referencedGroupInfo").and_then(|group| group.get("groupId")).and_then(Value::as_str);
        let plain = ["cidrIpv4", "cidrIpv6", "prefixListId"].into_iter();
        let peer = plain.filter_map(|member| Some((member, text(member)?))).next();
        Self {
            egress: body.get("isEgress").and_then(Value::as_bool).unwrap_or_default(),
            protocol: text("ipProtocol").unwrap_or_default(),
            from: port("fromPort"),
            to: port("toPort"),
            peer: peer.unwrap_or_else(|| ("groupId", group.unwrap_or_default().to_owned())),
            description: text("description"),
        }
    }
}

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "AuthorizeSecurityGroupIngress" => Some(authorize(call, false)),
        "AuthorizeSecurityGroupEgress" => Some(authorize(call, true)),
        "RevokeSecurityGroupIngress" => Some(revoke(call, false)),
        "RevokeSecurityGroupEgress" => Some(revoke(call, true)),
        "ModifySecurityGroupRules" => Some(modify(call)),
        "UpdateSecurityGroupRuleDescriptionsIngress" | "UpdateSecurityGroupRuleDescriptionsEgress" => {
            Some(redescribe(call))
        }
        "DescribeSecurityGroupRules" => Some(describe(call, &RULES)),
        _ => None,
    }
}

/// Ids of a group's rules.
pub fn ids_of(call: &Call<'_>, group_id: &str) -> Vec<String> {
    of(call, group_id).into_iter().map(|(id, _)| id).collect()
}

fn of(call: &Call<'_>, group_id: &str) -> Vec<(String, Terms)> {
    let rules = call.world.list(call.account, call.region, RULES.kind);
    let own = rules.filter(|rule| rule.text("groupId") == group_id);
    own.map(|rule| (rule.id.clone(), Terms::shown(&rule.body))).collect()
}

/// Adds a rule; answers its id.
pub fn put(call: &mut Call<'_>, group_id: &str, terms: &Terms, tags: BTreeMap<String, String>) -> String {
    let id = call.ec2_id("sgr");
    let mut rule = call.object(RULES.kind, &id, body(call, &id, group_id, terms));
    rule.tags = tags;
    rule.needs = needs(group_id, terms);
    call.world.put(rule);
    id
}

/// Another group holds as long as a rule refers to it; the own group takes its rules along.
fn needs(group_id: &str, terms: &Terms) -> BTreeSet<String> {
    let (kind, peer) = &terms.peer;
    (*kind == "groupId" && peer != group_id).then(|| peer.clone()).into_iter().collect()
}

fn body(call: &Call<'_>, id: &str, group_id: &str, terms: &Terms) -> Value {
    let (kind, peer) = &terms.peer;
    let mut body = json!({
        "securityGroupRuleId": id, "groupId": group_id, "groupOwnerId": call.account, "isEgress": terms.egress,
        "securityGroupRuleArn": format!("arn:aws:ec2:{}:{}:security-group-rule/{id}", call.region, call.account),
        "ipProtocol": terms.protocol, "fromPort": terms.from, "toPort": terms.to, "description": terms.description,
    });
    if let Value::Object(members) = &mut body {
        match *kind {
            "groupId" => {
                members.insert("referencedGroupInfo".to_owned(), json!({"groupId": peer, "userId": call.account}))
            }
            kind => members.insert(kind.to_owned(), peer.clone().into()),
        };
    }
    body
}

/// Merges a group's rules into what `DescribeSecurityGroups` shows.
pub fn refresh(call: &mut Call<'_>, group_id: &str) {
    let rules = of(call, group_id);
    let merged = |egress: bool| {
        let mut rows: BTreeMap<(String, i64, i64), Vec<&Terms>> = BTreeMap::new();
        for (_, terms) in rules.iter().filter(|(_, terms)| terms.egress == egress) {
            rows.entry((terms.protocol.clone(), terms.from, terms.to)).or_default().push(terms);
        }
        rows.into_values().map(|rows| permission(call.account, &rows)).collect::<Value>()
    };
    let (ingress, egress) = (merged(false), merged(true));
    call.world.change(&call.key(GROUPS.kind, group_id), |group| {
        group.set("ipPermissions", ingress);
        group.set("ipPermissionsEgress", egress);
    });
}

/// Rules of one protocol and port range as one permission.
fn permission(account: &str, rows: &[&Terms]) -> Value {
    let list = |kind: &str, member: &str| {
        let chosen = rows.iter().filter(|terms| terms.peer.0 == kind);
        let row = |terms: &&Terms| json!({member: terms.peer.1, "description": terms.description});
        chosen.map(row).collect::<Vec<Value>>()
    };
    let mut groups = list("groupId", "groupId");
    groups.iter_mut().filter_map(Value::as_object_mut).for_each(|group| {
        group.insert("userId".to_owned(), account.into());
    });
    let first = rows.first().filter(|terms| terms.protocol != "-1");
    json!({
        "ipProtocol": rows.first().map(|terms| terms.protocol.clone()),
        "fromPort": first.map(|terms| terms.from), "toPort": first.map(|terms| terms.to),
        "ipRanges": list("cidrIpv4", "cidrIp"), "ipv6Ranges": list("cidrIpv6", "cidrIpv6"),
        "prefixListIds": list("prefixListId", "prefixListId"), "groups": groups,
    })
}

fn member<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}

/// The permissions of a request, also in the old form without a list.
fn permissions(call: &Call<'_>) -> Vec<Value> {
    let listed = call.list("IpPermissions");
    match call.text("IpProtocol") {
        Some(_) if listed.is_empty() => {
            let mut only = call.input.clone();
            if let (Some(cidr), Value::Object(members)) = (call.text("CidrIp"), &mut only) {
                members.insert("IpRanges".to_owned(), json!([{"CidrIp": cidr}]));
            }
            vec![only]
        }
        _ => listed,
    }
}

fn wanted(call: &Call<'_>, egress: bool) -> Result<Vec<Terms>, ApiError> {
    let mut all: Vec<Terms> = Vec::new();
    for permission in permissions(call) {
        let mut found = 0;
        for (list, name, kind) in SOURCES {
            for source in as_list(permission.get(list)) {
                let peer = member(&source, name).unwrap_or_default().to_owned();
                let description = member(&source, "Description").map(str::to_owned);
                all.push(terms(call, &permission, egress, (kind, peer), description)?);
                found += 1;
            }
        }
        if found == 0 {
            return Err(ApiError::new("MissingParameter", "Source group ID missing."));
        }
    }
    let twice = |(index, terms): (usize, &Terms)| all.iter().skip(index + 1).any(|other| other.same(terms));
    if all.iter().enumerate().any(twice) {
        return Err(ApiError::new("InvalidParameterValue", "The same permission must not appear multiple times"));
    }
    Ok(all)
}

fn terms(
    call: &Call<'_>,
    permission: &Value,
    egress: bool,
    peer: (&'static str, String),
    description: Option<String>,
) -> Result<Terms, ApiError> {
    let protocol = match member(permission, "IpProtocol").unwrap_or_default().to_ascii_lowercase().as_str() {
        "" => return Err(ApiError::new("MissingParameter", "The request must contain the parameter ipProtocol")),
        "1" => "icmp".to_owned(),
        "6" => "tcp".to_owned(),
        "17" => "udp".to_owned(),
        "58" => "icmpv6".to_owned(),
        "all" => "-1".to_owned(),
        other => other.to_owned(),
    };
    let port = |name: &str| member(permission, name).and_then(|text| text.parse::<i64>().ok());
    let (from, to) = match (protocol.as_str(), port("FromPort"), port("ToPort")) {
        ("tcp" | "udp", Some(from @ 0..=65535), Some(to @ 0..=65535)) if from <= to => (from, to),
        ("tcp" | "udp", ..) => {
            let message = "Invalid value for portRange. Must specify both from and to ports with TCP/UDP, low to high.";
            return Err(ApiError::new("InvalidParameterValue", message));
        }
        ("icmp" | "icmpv6", from, to) => (from.unwrap_or(-1), to.unwrap_or(-1)),
        _ => (-1, -1),
    };
    Ok(Terms { egress, protocol, from, to, peer: checked(call, peer)?, description })
}

/// A source in canonical form; groups must exist.
fn checked(call: &Call<'_>, (kind, peer): (&'static str, String)) -> Result<(&'static str, String), ApiError> {
    match kind {
        "groupId" if call.get(GROUPS.kind, &peer).is_none() => Err(unknown_group(&peer)),
        "cidrIpv4" | "cidrIpv6" => match peer.parse::<IpNet>() {
            Ok(net) if net.addr().is_ipv4() == (kind == "cidrIpv4") => Ok((kind, net.trunc().to_string())),
            _ => Err(ApiError::new("InvalidParameterValue", format!("CIDR block {peer} is malformed"))),
        },
        _ => Ok((kind, peer)),
    }
}

fn group(call: &Call<'_>) -> Result<String, ApiError> {
    let id = call.need("GroupId")?;
    call.get(GROUPS.kind, &id).map(|_| id.clone()).ok_or_else(|| unknown_group(&id))
}

fn authorize(call: &mut Call<'_>, egress: bool) -> Answer {
    let group_id = group(call)?;
    let wanted = wanted(call, egress)?;
    let have = of(call, &group_id);
    if let Some(known) = wanted.iter().find(|terms| have.iter().any(|(_, other)| other.same(terms))) {
        return Err(duplicate(known));
    }
    let over = |ipv6: bool| {
        let counted = |terms: &&Terms| terms.egress == egress && (terms.peer.0 == "cidrIpv6") == ipv6;
        have.iter().map(|(_, terms)| terms).chain(&wanted).filter(counted).count() > LIMIT
    };
    if over(false) || over(true) {
        let message = "The maximum number of rules per security group has been reached.";
        return Err(ApiError::new("RulesPerSecurityGroupLimitExceeded", message));
    }
    let tags = tagging::at_creation(call, "security-group-rule")?;
    let ids: Vec<String> = wanted.iter().map(|terms| put(call, &group_id, terms, tags.clone())).collect();
    refresh(call, &group_id);
    let rows: Vec<Value> = ids.iter().filter_map(|id| call.get(RULES.kind, id)).map(show).collect();
    Ok(json!({"return": true, RULES.set: rows}).into())
}

fn duplicate(terms: &Terms) -> ApiError {
    let Terms { protocol, from, to, peer, .. } = terms;
    let message = format!(
        "the specified rule \"peer: {}, {protocol}, from port: {from}, to port: {to}, ALLOW\" already exists",
        peer.1
    );
    ApiError::new("InvalidPermission.Duplicate", message)
}

fn revoke(call: &mut Call<'_>, egress: bool) -> Answer {
    let group_id = group(call)?;
    let have: Vec<(String, Terms)> =
        of(call, &group_id).into_iter().filter(|(_, terms)| terms.egress == egress).collect();
    let mut ids = call.texts(RULES.ids);
    if let Some(unknown) = ids.iter().find(|id| !have.iter().any(|(known, _)| known == *id)) {
        return Err(missing(&RULES, unknown));
    }
    let mut unknown = Vec::new();
    for terms in wanted(call, egress)? {
        match have.iter().find(|(_, other)| other.same(&terms)) {
            Some((id, _)) => ids.push(id.clone()),
            None => unknown.push(permission(call.account, &[&terms])),
        }
    }
    let removed: Vec<_> = ids.iter().filter_map(|id| call.world.remove(&call.key(RULES.kind, id))).collect();
    refresh(call, &group_id);
    let rows: Vec<Value> = removed.iter().map(show).collect();
    Ok(json!({"return": true, "unknownIpPermissionSet": unknown, "revokedSecurityGroupRuleSet": rows}).into())
}

fn modify(call: &mut Call<'_>) -> Answer {
    let group_id = group(call)?;
    for update in call.list("SecurityGroupRule") {
        let id = member(&update, "SecurityGroupRuleId").unwrap_or_default().to_owned();
        let have = of(call, &group_id);
        let (_, old) = have.iter().find(|(known, _)| *known == id).ok_or_else(|| missing(&RULES, &id))?;
        let rule = update.get("SecurityGroupRule").unwrap_or(&Value::Null);
        let source = SOURCE.iter().find_map(|(name, kind)| Some((*kind, member(rule, name)?.to_owned())));
        let source = source.ok_or_else(|| ApiError::new("MissingParameter", "Source group ID missing."))?;
        let new = terms(call, rule, old.egress, source, member(rule, "Description").map(str::to_owned))?;
        if have.iter().any(|(other, terms)| *other != id && terms.same(&new)) {
            return Err(duplicate(&new));
        }
        rewrite(call, &id, &group_id, &new);
    }
    refresh(call, &group_id);
    done()
}

fn rewrite(call: &mut Call<'_>, id: &str, group_id: &str, terms: &Terms) {
    let (body, needs) = (body(call, id, group_id, terms), needs(group_id, terms));
    call.world.change(&call.key(RULES.kind, id), |rule| {
        if let Value::Object(body) = body {
            rule.body = body;
        }
        rule.needs = needs;
    });
}

fn redescribe(call: &mut Call<'_>) -> Answer {
    let group_id = group(call)?;
    let have = of(call, &group_id);
    for wanted in call.list("SecurityGroupRuleDescription") {
        let id = member(&wanted, "SecurityGroupRuleId").unwrap_or_default();
        let (_, old) = have.iter().find(|(known, _)| known == id).ok_or_else(|| missing(&RULES, id))?;
        let description = member(&wanted, "Description").map(str::to_owned);
        rewrite(call, id, &group_id, &Terms { description, ..old.clone() });
    }
    for wanted in wanted(call, call.action.ends_with("Egress"))? {
        let gone =
            || ApiError::new("InvalidPermission.NotFound", "The specified rule does not exist in this security group.");
        let (id, _) = have.iter().find(|(_, other)| other.same(&wanted)).ok_or_else(gone)?;
        rewrite(call, id, &group_id, &wanted);
    }
    refresh(call, &group_id);
    done()
}
