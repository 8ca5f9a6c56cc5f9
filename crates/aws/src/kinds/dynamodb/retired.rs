//! What earlier globes called a replica: a member of a table in another region than the one it was made in.

use globe_model::{Address, Desired, Kind, Record, Spec};
use serde::Deserialize;

use super::{KeyAttribute, Shared, Table, TableDesired, TableSpec};

/// What is kept of the old kind's lowered form.
#[derive(Deserialize)]
struct Replica {
    home: String,
    table: String,
    point_in_time_recovery: bool,
    deletion_protection: bool,
    tags: globe_model::Tags,
}

/// The record of a `dynamodb/replica` as a member of its table, in the same region; `None` for one that cannot be read.
///
/// The old kind did not record the keys: they are compared with what the file says as soon as it is planned.
pub fn member_of_replica(record: Record) -> Option<Record> {
    let replica = record.desired.open::<Replica>().ok()?;
    let unknown = || KeyAttribute { name: String::new(), kind: "S".into() };
    let spec = TableSpec {
        name: replica.table.clone(),
        partition_key: unknown(),
        sort_key: None,
        shared: None::<Shared>,
        point_in_time_recovery: replica.point_in_time_recovery,
        deletion_protection: replica.deletion_protection,
        others: [replica.home.clone()].into(),
        after: None,
        tags: replica.tags.clone(),
    };
    let desired = TableDesired {
        name: spec.name.clone(),
        partition_key: unknown(),
        sort_key: None,
        shared: None,
        point_in_time_recovery: spec.point_in_time_recovery,
        deletion_protection: spec.deletion_protection,
        others: [replica.home.clone()].into(),
        tags: spec.tags.clone(),
    };
    Some(Record {
        address: Address::new(record.address.scope.clone(), Table::NAME, record.address.name.as_str()),
        id: replica.table.clone(),
        spec: Spec::of(spec),
        desired: Desired::of(desired),
        // The name and the ARN, as before.
        outputs: record.outputs.clone(),
        at: record.at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As globe 0.1.0 wrote it.
    const REPLICA: &str = r#"{
        "address": "eu-central-1/dynamodb/replica/orders", "id": "us-east-1/acme-orders",
        "spec": {"table": "us-east-1/dynamodb/table/orders", "point_in_time_recovery": true, "deletion_protection": true,
                 "tags": {"Name": "acme-orders"}},
        "desired": {"home": "us-east-1", "table": "acme-orders", "point_in_time_recovery": true,
                    "deletion_protection": true, "tags": {"Name": "acme-orders"}},
        "outputs": {"name": "acme-orders", "arn": "arn:aws:dynamodb:eu-central-1:123456789012:table/acme-orders"},
        "at": 1
    }"#;

    #[test]
    fn a_replica_is_a_member_under_the_name_of_its_table() {
        let old: Record = serde_json::from_str(REPLICA).expect("a record");
        let new = member_of_replica(old.clone()).expect("a member");
        assert_eq!(
            (new.address.to_string().as_str(), new.id.as_str()),
            ("eu-central-1/dynamodb/table/orders", "acme-orders")
        );
        assert_eq!((&new.outputs, new.at), (&old.outputs, old.at));
        let desired = new.desired.open::<TableDesired>().expect("a table");
        assert_eq!((desired.point_in_time_recovery, desired.others.contains("us-east-1")), (true, true));
    }
}
