//! What services that name the elements of their lists call them. Source: the service models of RDS (2014-10-31) and
//! ElastiCache (2015-02-02).

/// Lists whose elements are called as the list without its last letter.
const SINGULAR: &[&str] = &[
    "CacheClusters",
    "CacheNodes",
    "CacheParameterGroups",
    "CacheSubnetGroups",
    "CacheEngineVersions",
    "DBEngineVersions",
    "DBInstances",
    "DBParameterGroups",
    "DBSecurityGroups",
    "DBSnapshots",
    "DBSubnetGroups",
    "DomainMemberships",
    "Events",
    "GlobalNodeGroups",
    "GlobalReplicationGroups",
    "NodeGroupMembers",
    "NodeGroups",
    "OptionGroupMemberships",
    "Parameters",
    "ProcessorFeatures",
    "ReadReplicaDBClusterIdentifiers",
    "ReadReplicaDBInstanceIdentifiers",
    "ReplicationGroups",
    "Snapshots",
    "Subnets",
];

/// The name of the elements of the list called `list`; `member` where the model has no other.
pub fn name(list: &str) -> &str {
    match list {
        "AssociatedRoles" => "DBInstanceRole",
        "CacheNodeIdsToReboot" => "CacheNodeId",
        "EventCategories" => "EventCategory",
        "MemberClusters" => "ClusterId",
        "Members" => "GlobalReplicationGroupMember",
        "StatusInfos" => "DBInstanceStatusInfo",
        "TagList" => "Tag",
        "VpcSecurityGroups" => "VpcSecurityGroupMembership",
        other if SINGULAR.contains(&other) => &other[..other.len() - 1],
        _ => "member",
    }
}
