//! `table`: a DynamoDB table in its home region, and a replica in every other (global tables, version 2019.11.21).

use globe_aws::kinds::dynamodb::{KeyAttribute, Replica, ReplicaSpec, Table, TableSpec};
use globe_config::names;
use globe_model::Region;

use crate::cx::Cx;

/// Adds all tables and replicas.
pub fn expand(cx: &mut Cx<'_>) {
    let stack = cx.stack;
    for (name, table) in &stack.tables {
        cx.of_component("table", name);
        let Some(home) = table.home(stack) else { continue };
        let replicas: Vec<&Region> = table.regions_in(stack).filter(|region| *region != home).collect();
        let key = |key: &globe_config::KeyAttribute| KeyAttribute {
            name: key.name.clone(),
            kind: key.key_type.as_str().to_owned(),
        };
        let spec = TableSpec {
            name: names::table(&stack.name, name),
            partition_key: key(&table.partition_key),
            sort_key: table.sort_key.as_ref().map(key),
            ttl: table.ttl.clone(),
            point_in_time_recovery: table.point_in_time_recovery,
            deletion_protection: table.deletion_protection,
            stream: !replicas.is_empty(),
            tags: cx.tags(name),
        };
        let home = cx.graph.add::<Table>(home.clone(), name.as_str(), &spec);
        for region in replicas {
            let spec = ReplicaSpec {
                table: home.clone(),
                point_in_time_recovery: table.point_in_time_recovery,
                deletion_protection: table.deletion_protection,
                tags: cx.tags(name),
            };
            cx.graph.add::<Replica>(region.clone(), name.as_str(), &spec);
        }
    }
}
