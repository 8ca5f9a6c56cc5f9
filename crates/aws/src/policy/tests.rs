use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Grant, Subject, policy};
use crate::kinds::drivers;

const ALL: [Grant; 3] = [Grant::Diff, Grant::Up, Grant::Down];

fn made(resources: &[(&str, Value)], parameters: &[&str], grants: &[Grant]) -> Value {
    let subject = Subject {
        account: "123456789012",
        regions: BTreeSet::from(["eu-central-1", "us-east-1"]),
        parameters: parameters.iter().copied().collect(),
        resources: resources.iter().map(|(kind, spec)| (*kind, spec.clone())).collect(),
    };
    policy(&subject, &grants.iter().copied().collect())
}

fn buckets() -> Vec<(&'static str, Value)> {
    let bucket = |region: &str| ("s3/bucket", json!({"name": format!("acme-assets-1-{region}")}));
    let role = |name: &str, service: &str| ("iam/role", json!({"name": name, "services": [service]}));
    vec![
        bucket("eu-central-1"),
        bucket("us-east-1"),
        ("s3/replication", json!({})),
        role("acme-assets-replication-us-east-1", "s3.amazonaws.com"),
    ]
}

fn actions(document: &Value) -> Vec<String> {
    let statements = document["Statement"].as_array().expect("statements").iter();
    statements
        .flat_map(|statement| match &statement["Action"] {
            Value::Array(many) => many.clone(),
            one => vec![one.clone()],
        })
        .map(|action| action.as_str().expect("text").to_owned())
        .collect()
}

#[test]
fn a_small_stack_gets_what_it_needs_and_no_more() {
    let document = made(&buckets()[..2], &["/aws/service/image"], &ALL);
    insta::assert_snapshot!(serde_json::to_string_pretty(&document).expect("JSON"), @r#"
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Sid": "DiffEc2",
          "Effect": "Allow",
          "Action": "ec2:DescribeAvailabilityZones",
          "Resource": "*",
          "Condition": {
            "StringEquals": {
              "aws:RequestedRegion": [
                "eu-central-1",
                "us-east-1"
              ]
            }
          }
        },
        {
          "Sid": "DiffS3Buckets",
          "Effect": "Allow",
          "Action": [
            "s3:GetBucketOwnershipControls",
            "s3:GetBucketPublicAccessBlock",
            "s3:GetBucketTagging",
            "s3:GetBucketVersioning",
            "s3:GetEncryptionConfiguration",
            "s3:GetLifecycleConfiguration",
            "s3:ListBucket",
            "s3:ListBucketVersions"
          ],
          "Resource": "arn:aws:s3:::acme-assets-1-*"
        },
        {
          "Sid": "DiffSsmParameters",
          "Effect": "Allow",
          "Action": "ssm:GetParameters",
          "Resource": "arn:aws:ssm:*::parameter/aws/service/image"
        },
        {
          "Sid": "DiffSts",
          "Effect": "Allow",
          "Action": "sts:GetCallerIdentity",
          "Resource": "*"
        },
        {
          "Sid": "UpS3Buckets",
          "Effect": "Allow",
          "Action": [
            "s3:CreateBucket",
            "s3:PutBucketOwnershipControls",
            "s3:PutBucketPublicAccessBlock",
            "s3:PutBucketTagging",
            "s3:PutBucketVersioning",
            "s3:PutEncryptionConfiguration",
            "s3:PutLifecycleConfiguration",
            "s3:TagResource"
          ],
          "Resource": "arn:aws:s3:::acme-assets-1-*"
        },
        {
          "Sid": "DownS3Buckets",
          "Effect": "Allow",
          "Action": [
            "s3:DeleteBucket",
            "s3:ListBucketMultipartUploads"
          ],
          "Resource": "arn:aws:s3:::acme-assets-1-*"
        },
        {
          "Sid": "DownS3Objects",
          "Effect": "Allow",
          "Action": [
            "s3:AbortMultipartUpload",
            "s3:DeleteObject",
            "s3:DeleteObjectVersion"
          ],
          "Resource": "arn:aws:s3:::acme-assets-1-*/*"
        }
      ]
    }
    "#);
}

#[test]
fn roles_are_passed_to_their_service_alone() {
    let document = made(&buckets(), &[], &ALL);
    let pass: Vec<&Value> = document["Statement"]
        .as_array()
        .expect("statements")
        .iter()
        .filter(|statement| statement["Action"] == "iam:PassRole")
        .collect();
    assert_eq!(pass.len(), 1, "{document}");
    assert_eq!(pass[0]["Resource"], "arn:aws:iam::123456789012:role/acme-assets-replication-*");
    assert_eq!(pass[0]["Condition"], json!({"StringEquals": {"iam:PassedToService": "s3.amazonaws.com"}}));
}

#[test]
fn diff_can_only_read() {
    let resources: Vec<(&str, Value)> = drivers().map(|driver| (driver.name(), json!({"name": "acme-x"}))).collect();
    let document = made(&resources, &["/aws/x"], &[Grant::Diff]);
    for action in actions(&document) {
        let (_, name) = action.split_once(':').expect("service:Action");
        assert!(["Describe", "Get", "List"].iter().any(|verb| name.starts_with(verb)), "{action}");
    }
}

#[test]
fn every_declared_action_is_granted_once_with_a_good_id() {
    let spec = json!({"name": "acme-x", "services": ["ec2.amazonaws.com"]});
    let resources: Vec<(&str, Value)> = drivers().map(|driver| (driver.name(), spec.clone())).collect();
    let document = made(&resources, &["/aws/x"], &ALL);
    let granted = actions(&document);
    let declared: BTreeSet<&str> = drivers()
        .flat_map(|driver| {
            let actions = driver.actions();
            [actions.read, actions.write, actions.delete].concat()
        })
        .collect();
    for action in declared {
        assert_eq!(granted.iter().filter(|granted| *granted == action).count(), 1, "{action}");
    }
    let sids: Vec<&str> =
        document["Statement"].as_array().expect("statements").iter().filter_map(|one| one["Sid"].as_str()).collect();
    assert!(sids.iter().all(|sid| sid.bytes().all(|byte| byte.is_ascii_alphanumeric())), "{sids:?}");
    assert_eq!(sids.iter().collect::<BTreeSet<_>>().len(), sids.len(), "{sids:?}");
}
