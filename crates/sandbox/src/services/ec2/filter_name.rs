//! The filters that each describe knows: as the API's model documents them.

/// Filters of every describe, and older names of some that EC2 still takes.
const COMMON: &[&str] = &["tag-key", "tag-value", "owner-id", "domain", "cidr", "key", "value"];

/// Names of the filters of the kinds whose list is kept, by the sandbox's name for the kind.
static DOCUMENTED: &[(&str, &[&str])] = &[
    (
        "ec2/vpc",
        &[
            "cidr",
            "cidr-block-association.cidr-block",
            "cidr-block-association.association-id",
            "cidr-block-association.state",
            "dhcp-options-id",
            "ipv6-cidr-block-association.ipv6-cidr-block",
            "ipv6-cidr-block-association.ipv6-pool",
            "ipv6-cidr-block-association.association-id",
            "ipv6-cidr-block-association.state",
            "is-default",
            "owner-id",
            "state",
            "vpc-id",
        ],
    ),
    (
        "ec2/subnet",
        &[
            "availability-zone",
            "availability-zone-id",
            "available-ip-address-count",
            "cidr-block",
            "customer-owned-ipv4-pool",
            "default-for-az",
            "enable-dns64",
            "enable-lni-at-device-index",
            "ipv6-cidr-block-association.ipv6-cidr-block",
            "ipv6-cidr-block-association.association-id",
            "ipv6-cidr-block-association.state",
            "ipv6-native",
            "map-customer-owned-ip-on-launch",
            "map-public-ip-on-launch",
            "outpost-arn",
            "owner-id",
            "private-dns-name-options-on-launch.hostname-type",
            "private-dns-name-options-on-launch.enable-resource-name-dns-a-record",
            "private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record",
            "state",
            "subnet-arn",
            "subnet-id",
            "vpc-id",
        ],
    ),
    ("ec2/internet-gateway", &["attachment.state", "attachment.vpc-id", "internet-gateway-id", "owner-id"]),
    ("ec2/natgateway", &["nat-gateway-id", "state", "subnet-id", "vpc-id"]),
    (
        "ec2/route-table",
        &[
            "association.gateway-id",
            "association.route-table-association-id",
            "association.route-table-id",
            "association.subnet-id",
            "association.main",
            "owner-id",
            "route-table-id",
            "route.destination-cidr-block",
            "route.destination-ipv6-cidr-block",
            "route.destination-prefix-list-id",
            "route.egress-only-internet-gateway-id",
            "route.gateway-id",
            "route.instance-id",
            "route.nat-gateway-id",
            "route.transit-gateway-id",
            "route.origin",
            "route.state",
            "route.vpc-peering-connection-id",
            "vpc-id",
        ],
    ),
    (
        "ec2/security-group",
        &[
            "description",
            "egress.ip-permission.cidr",
            "egress.ip-permission.from-port",
            "egress.ip-permission.group-id",
            "egress.ip-permission.group-name",
            "egress.ip-permission.ipv6-cidr",
            "egress.ip-permission.prefix-list-id",
            "egress.ip-permission.protocol",
            "egress.ip-permission.to-port",
            "egress.ip-permission.user-id",
            "group-id",
            "group-name",
            "ip-permission.cidr",
            "ip-permission.from-port",
            "ip-permission.group-id",
            "ip-permission.group-name",
            "ip-permission.ipv6-cidr",
            "ip-permission.prefix-list-id",
            "ip-permission.protocol",
            "ip-permission.to-port",
            "ip-permission.user-id",
            "owner-id",
            "vpc-id",
        ],
    ),
    ("ec2/security-group-rule", &["group-id", "security-group-rule-id"]),
    (
        "ec2/vpc-endpoint",
        &[
            "ip-address-type",
            "service-name",
            "service-region",
            "vpc-id",
            "vpc-endpoint-id",
            "vpc-endpoint-state",
            "vpc-endpoint-type",
        ],
    ),
    ("ec2/launch-template", &["create-time", "launch-template-name"]),
    (
        "ec2/vpc-peering-connection",
        &[
            "accepter-vpc-info.cidr-block",
            "accepter-vpc-info.owner-id",
            "accepter-vpc-info.vpc-id",
            "expiration-time",
            "requester-vpc-info.cidr-block",
            "requester-vpc-info.owner-id",
            "requester-vpc-info.vpc-id",
            "status-code",
            "status-message",
            "vpc-peering-connection-id",
        ],
    ),
    (
        "ec2/vpc-flow-log",
        &["deliver-log-status", "log-destination-type", "flow-log-id", "log-group-name", "resource-id", "traffic-type"],
    ),
    (
        "ec2/elastic-ip",
        &[
            "allocation-id",
            "association-id",
            "instance-id",
            "network-border-group",
            "network-interface-id",
            "network-interface-owner-id",
            "private-ip-address",
            "public-ip",
        ],
    ),
    (
        "ec2/network-interface",
        &[
            "association.allocation-id",
            "association.association-id",
            "addresses.association.owner-id",
            "addresses.association.public-ip",
            "addresses.primary",
            "addresses.private-ip-address",
            "association.ip-owner-id",
            "association.public-ip",
            "association.public-dns-name",
            "attachment.attach-time",
            "attachment.attachment-id",
            "attachment.delete-on-termination",
            "attachment.device-index",
            "attachment.instance-id",
            "attachment.instance-owner-id",
            "attachment.status",
            "availability-zone",
            "availability-zone-id",
            "description",
            "group-id",
            "ipv6-addresses.ipv6-address",
            "interface-type",
            "mac-address",
            "network-interface-id",
            "operator.managed",
            "operator.principal",
            "owner-id",
            "private-dns-name",
            "private-ip-address",
            "requester-id",
            "requester-managed",
            "source-dest-check",
            "status",
            "subnet-id",
            "vpc-id",
        ],
    ),
];

/// Whether a describe of this kind takes this filter. Some are also written as members are: `cidrBlock`.
pub fn is_known(kind: &str, name: &str) -> bool {
    let Some((_, names)) = DOCUMENTED.iter().find(|(known, _)| *known == kind) else { return true };
    let mut names = names.iter().chain(COMMON);
    name.starts_with("tag:") || names.any(|known| *known == name || super::filter::camel(known) == name)
}

#[cfg(test)]
mod tests {
    use super::is_known;

    #[test]
    fn a_describe_knows_its_filters_and_no_others() {
        for name in ["vpc-id", "tag:Name", "tag-key", "cidr-block", "cidrBlock", "state"] {
            assert!(is_known("ec2/subnet", name), "{name}");
        }
        assert!(!is_known("ec2/subnet", "colour"));
        assert!(!is_known("ec2/vpc", "availability-zone"), "of another kind");
    }
}
