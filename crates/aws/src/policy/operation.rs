//! The IAM actions of the SDK's operations (Service Authorization Reference; fact sheets, rows "IAM").

/// The actions that a call is checked against in its own name: `service` and `operation` as the SDK's metadata and
/// [`CallMeter`](crate::CallMeter) spell them.
pub fn called(service: &str, operation: &str) -> Vec<String> {
    let prefix = match service {
        "Elastic Load Balancing v2" => "elasticloadbalancing".to_owned(),
        // EC2, IAM, S3, ACM, SSM, STS, DynamoDB, Route 53, Auto Scaling.
        other => other.replace(' ', "").to_ascii_lowercase(),
    };
    let names = if service == "S3" { of_s3(operation) } else { vec![operation] };
    names.into_iter().map(|name| format!("{prefix}:{name}")).collect()
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
            "EC2",
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
        ("Elastic Load Balancing v2", "CreateLoadBalancer") => &[
            "elasticloadbalancing:AddTags",
            "ec2:DescribeAccountAttributes",
            "ec2:DescribeAddresses",
            "ec2:DescribeInternetGateways",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcs",
            "iam:CreateServiceLinkedRole",
        ],
        ("Elastic Load Balancing v2", "CreateTargetGroup") => {
            &["elasticloadbalancing:AddTags", "ec2:DescribeInternetGateways", "ec2:DescribeVpcs"]
        }
        ("Elastic Load Balancing v2", "CreateListener" | "CreateRule") => &["elasticloadbalancing:AddTags"],
        ("Auto Scaling", "CreateAutoScalingGroup") => &[
            "autoscaling:CreateOrUpdateTags",
            "ec2:RunInstances",
            "ec2:CreateTags",
            "iam:PassRole",
            "iam:CreateServiceLinkedRole",
        ],
        ("DynamoDB", "CreateTable") => &["dynamodb:TagResource"],
        ("DynamoDB", "UpdateTable") => &[
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
        ("ACM", "RequestCertificate") => &["acm:AddTagsToCertificate"],
        ("IAM", "CreateRole") => &["iam:TagRole"],
        ("IAM", "CreateInstanceProfile") => &["iam:TagInstanceProfile"],
        ("IAM", "AddRoleToInstanceProfile") | ("S3", "PutBucketReplication") => &["iam:PassRole"],
        ("S3", "CreateBucket") => &["s3:TagResource", "s3:PutBucketOwnershipControls"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::called;

    #[test]
    fn operations_are_actions_of_their_services() {
        for (service, operation, action) in [
            ("EC2", "CreateVpc", "ec2:CreateVpc"),
            ("Elastic Load Balancing v2", "CreateRule", "elasticloadbalancing:CreateRule"),
            ("Auto Scaling", "PutScalingPolicy", "autoscaling:PutScalingPolicy"),
            ("Route 53", "GetHostedZone", "route53:GetHostedZone"),
            ("DynamoDB", "DescribeTable", "dynamodb:DescribeTable"),
            ("S3", "HeadBucket", "s3:ListBucket"),
            ("S3", "GetBucketVersioning", "s3:GetBucketVersioning"),
            ("S3", "DeleteBucketLifecycle", "s3:PutLifecycleConfiguration"),
        ] {
            assert_eq!(called(service, operation), [action]);
        }
        assert_eq!(called("S3", "DeleteObjects"), ["s3:DeleteObject", "s3:DeleteObjectVersion"]);
    }
}
