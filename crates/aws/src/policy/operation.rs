//! The IAM actions of the SDK's operations (Service Authorization Reference; fact sheets, rows "IAM").

/// The actions that a call is checked against in its own name: `service` and `operation` as
/// [`CallCount`](globe_model::CallCount) spells them.
pub fn called(service: &str, operation: &str) -> Vec<String> {
    let names = if service == "s3" { of_s3(operation) } else { vec![operation] };
    names.into_iter().map(|name| format!("{service}:{name}")).collect()
}

/// S3 alone calls its actions otherwise than its operations; deleting a setting takes the permission to put it.
fn of_s3(operation: &str) -> Vec<&str> {
    let name = match operation {
        "ListBuckets" => "ListAllMyBuckets",
        "HeadBucket" | "ListObjects" | "ListObjectsV2" => "ListBucket",
        "ListObjectVersions" => "ListBucketVersions",
        "ListMultipartUploads" => "ListBucketMultipartUploads",
        "DeleteObjects" => return vec!["DeleteObject", "DeleteObjectVersion"],
        "GetBucketEncryption" => "GetEncryptionConfiguration",
        "PutBucketEncryption" | "DeleteBucketEncryption" => "PutEncryptionConfiguration",
        "GetBucketLifecycleConfiguration" => "GetLifecycleConfiguration",
        "PutBucketLifecycleConfiguration" | "DeleteBucketLifecycle" => "PutLifecycleConfiguration",
        "GetBucketReplication" => "GetReplicationConfiguration",
        "PutBucketReplication" | "DeleteBucketReplication" => "PutReplicationConfiguration",
        "GetPublicAccessBlock" => "GetBucketPublicAccessBlock",
        "PutPublicAccessBlock" | "DeletePublicAccessBlock" => "PutBucketPublicAccessBlock",
        "DeleteBucketOwnershipControls" => "PutBucketOwnershipControls",
        "DeleteBucketTagging" => "PutBucketTagging",
        "GetBucketCors" => "GetBucketCORS",
        "PutBucketCors" | "DeleteBucketCors" => "PutBucketCORS",
        "GetBucketNotificationConfiguration" => "GetBucketNotification",
        "PutBucketNotificationConfiguration" => "PutBucketNotification",
        other => other,
    };
    vec![name]
}

/// What AWS checks of the caller beside a call's own action: tags in a create, roles that are passed, look-ups and
/// copies made on the caller's behalf.
pub fn beside(service: &str, operation: &str) -> &'static [&'static str] {
    match (service, operation) {
        (
            "ec2",
            "CreateVpc"
            | "CreateSubnet"
            | "CreateInternetGateway"
            | "CreateNatGateway"
            | "CreateRouteTable"
            | "CreateSecurityGroup"
            | "CreateVpcEndpoint"
            | "CreateLaunchTemplate"
            | "AllocateAddress",
        ) => &["ec2:CreateTags"],
        ("elasticloadbalancing", "CreateLoadBalancer") => &[
            "elasticloadbalancing:AddTags",
            "ec2:DescribeAccountAttributes",
            "ec2:DescribeAddresses",
            "ec2:DescribeInternetGateways",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcs",
            "iam:CreateServiceLinkedRole",
        ],
        ("elasticloadbalancing", "CreateTargetGroup") => {
            &["elasticloadbalancing:AddTags", "ec2:DescribeInternetGateways", "ec2:DescribeVpcs"]
        }
        ("elasticloadbalancing", "CreateListener" | "CreateRule") => &["elasticloadbalancing:AddTags"],
        ("autoscaling", "CreateAutoScalingGroup") => &[
            "autoscaling:CreateOrUpdateTags",
            "ec2:RunInstances",
            "ec2:CreateTags",
            "iam:PassRole",
            "iam:CreateServiceLinkedRole",
        ],
        ("dynamodb", "CreateTable") => &["dynamodb:TagResource"],
        ("dynamodb", "UpdateTable") => &[
            "dynamodb:CreateTable",
            "dynamodb:CreateTableReplica",
            "dynamodb:DeleteTable",
            "dynamodb:DeleteTableReplica",
            "dynamodb:Query",
            "dynamodb:Scan",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            "dynamodb:DeleteItem",
            "iam:CreateServiceLinkedRole",
        ],
        ("acm", "RequestCertificate") => &["acm:AddTagsToCertificate"],
        ("iam", "CreateRole") => &["iam:TagRole"],
        ("iam", "CreateInstanceProfile") => &["iam:TagInstanceProfile"],
        ("iam", "AddRoleToInstanceProfile") | ("s3", "PutBucketReplication") => &["iam:PassRole"],
        ("s3", "CreateBucket") => &["s3:TagResource", "s3:PutBucketOwnershipControls"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::called;

    #[test]
    fn operations_are_actions_of_their_services() {
        for (service, operation, action) in [
            ("ec2", "CreateVpc", "ec2:CreateVpc"),
            ("elasticloadbalancing", "CreateRule", "elasticloadbalancing:CreateRule"),
            ("autoscaling", "PutScalingPolicy", "autoscaling:PutScalingPolicy"),
            ("route53", "GetHostedZone", "route53:GetHostedZone"),
            ("dynamodb", "DescribeTable", "dynamodb:DescribeTable"),
            ("s3", "HeadBucket", "s3:ListBucket"),
            ("s3", "GetBucketVersioning", "s3:GetBucketVersioning"),
            ("s3", "DeleteBucketLifecycle", "s3:PutLifecycleConfiguration"),
        ] {
            assert_eq!(called(service, operation), [action]);
        }
        assert_eq!(called("s3", "DeleteObjects"), ["s3:DeleteObject", "s3:DeleteObjectVersion"]);
    }
}
