//! `table`: a DynamoDB table in each of its regions. In several regions they are the equal members of one global table
//! (version 2019.11.21).

use globe_aws::kinds::dynamodb::{KeyAttribute, Shared, Table, TableSpec};
use globe_model::{Ref, Region, Scope};

use crate::cx::Cx;

/// The same for all members of a table: that of any that stands, or a new one.
fn table_name(cx: &Cx<'_>, name: &str, members: &[&Region]) -> String {
    let recorded = members.iter().find_map(|region| cx.recorded::<Table>((*region).clone(), name));
    recorded.map(|table| table.name).unwrap_or_else(|| {
        let scopes: Vec<Scope> = members.iter().map(|region| Scope::Region((*region).clone())).collect();
        cx.free::<Table>(&scopes, |table| table.name, cx.naming.table(&cx.stack.name, name))
    })
}

/// Adds all members of all tables.
pub fn expand(cx: &mut Cx<'_>) {
    let stack = cx.stack;
    for (name, table) in &stack.tables {
        cx.of_component("table", name);
        let members: Vec<&Region> = table.regions_in(stack).collect();
        // Only for the order of making, and so that what they have in common is compared once.
        let first = members.iter().copied().find(|region| **region == stack.primary).or(members.first().copied());
        let full_name = table_name(cx, name, &members);
        for region in &members {
            let spec = member(cx, (name, &full_name), table, (region, &members), first);
            cx.graph.add::<Table>((*region).clone(), name.as_str(), &spec);
        }
    }
}

fn member(
    cx: &Cx<'_>,
    (name, full_name): (&str, &str),
    table: &globe_config::Table,
    (region, members): (&Region, &[&Region]),
    first: Option<&Region>,
) -> TableSpec {
    let key = |key: &globe_config::KeyAttribute| KeyAttribute {
        name: key.name.clone(),
        kind: key.key_type.as_str().to_owned(),
    };
    let others = members.iter().copied().filter(|other| *other != region);
    TableSpec {
        name: full_name.to_owned(),
        partition_key: key(&table.partition_key),
        sort_key: table.sort_key.as_ref().map(key),
        shared: (first == Some(region)).then(|| Shared { ttl: table.ttl.clone() }),
        point_in_time_recovery: table.point_in_time_recovery,
        deletion_protection: table.deletion_protection,
        others: others.map(ToString::to_string).collect(),
        after: first.filter(|first| *first != region).map(|first| Ref::to(first.clone(), name)),
        tags: cx.tags(name),
    }
}
