//! Flow logs.

use http::Request;

use super::{Aws, HOME, all, first};

async fn bucket(aws: &Aws, method: &str, path: &str) -> String {
    let credential = format!("AWS4-HMAC-SHA256 Credential=123456789012/20260101/{HOME}/s3/aws4_request");
    let request = Request::builder().method(method).uri(path).header("authorization", credential);
    let answer = aws.0.handle(request.body(bytes::Bytes::new()).expect("a request")).await.expect("an answer");
    String::from_utf8(answer.into_body().to_vec()).expect("text")
}

#[tokio::test(start_paused = true)]
async fn a_batch_says_what_it_could_not_do_and_a_token_makes_it_happen_once() {
    let aws = Aws::new();
    let (one, other) = (aws.vpc(HOME, "10.0.0.0/16").await, aws.vpc(HOME, "10.1.0.0/16").await);
    let create = |ids: &[&str], token: &str| {
        let ids: String = ids.iter().enumerate().map(|(at, id)| format!("&ResourceId.{}={id}", at + 1)).collect();
        format!(
            "CreateFlowLogs{ids}&ResourceType=VPC&TrafficType=ALL&LogDestinationType=s3\
             &LogDestination=arn:aws:s3:::flows/edge&ClientToken={token}"
        )
    };
    let early = aws.ec2(&create(&[&one], "t")).await;
    assert_eq!(
        (first(&early, "code"), all(&early, "flowLogIdSet")),
        ("LogDestinationNotFound".into(), vec![String::new()])
    );
    bucket(&aws, "PUT", "/flows").await;
    let made = aws.ec2(&create(&[&one, "vpc-0none"], "t")).await;
    assert_eq!(first(&made, "resourceId"), "vpc-0none");
    assert_eq!(first(&made, "code"), "InvalidVpcID.NotFound");
    let id = first(&first(&made, "flowLogIdSet"), "item");
    let again = aws.ec2(&create(&[&one, "vpc-0none"], "t")).await;
    assert_eq!(first(&first(&again, "flowLogIdSet"), "item"), id);
    assert_eq!(first(&aws.ec2(&create(&[&other], "t")).await, "Code"), "IdempotentParameterMismatch");
    assert_eq!(first(&aws.ec2(&create(&[&one], "u")).await, "code"), "FlowLogAlreadyExists");
    let policy = bucket(&aws, "GET", "/flows?policy").await;
    assert!(policy.contains("AWSLogDeliveryWrite") && policy.contains("flows/edge/AWSLogs/123456789012/*"), "{policy}");

    let seen = aws.ec2(&format!("DescribeFlowLogs&FlowLogId.1={id}")).await;
    assert_eq!((first(&seen, "flowLogStatus"), first(&seen, "deliverLogsStatus")), ("ACTIVE".into(), String::new()));
    aws.pass(601).await;
    assert_eq!(first(&aws.ec2("DescribeFlowLogs").await, "deliverLogsStatus"), "SUCCESS");
    let delete = format!("DeleteFlowLogs&FlowLogId.1={id}&FlowLogId.2=fl-0none");
    assert_eq!(all(&aws.ec2(&delete).await, "resourceId"), ["fl-0none"]);
    assert_eq!(
        first(&aws.ec2(&format!("DescribeFlowLogs&FlowLogId.1={id}")).await, "Code"),
        "InvalidFlowLogId.NotFound"
    );
}

#[tokio::test(start_paused = true)]
async fn a_log_group_needs_a_role_that_flow_logs_may_take() {
    let aws = Aws::new();
    let vpc = aws.vpc(HOME, "10.0.0.0/16").await;
    let create = format!("CreateFlowLogs&ResourceId.1={vpc}&ResourceType=VPC&TrafficType=ALL&LogGroupName=flows");
    assert_eq!(first(&aws.ec2(&create).await, "Code"), "InvalidParameter");
    let create = format!("{create}&DeliverLogsPermissionArn=arn:aws:iam::123456789012:role/flows");
    let role = "Action=CreateRole&Version=2010-05-08&RoleName=flows&AssumeRolePolicyDocument=\
                %7B%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22Service%22%3A\
                %22vpc-flow-logs.amazonaws.com%22%7D%2C%22Action%22%3A%22sts%3AAssumeRole%22%7D%5D%7D";
    aws.send("iam", HOME, None, role).await;
    let early = aws.ec2(&create).await;
    assert_eq!(first(&early, "Message"), "Unable to assume given IAM role");
    aws.pass(15).await;
    let made = aws.ec2(&create).await;
    assert!(first(&made, "item").starts_with("fl-"), "{made}");
    aws.ec2(&format!("DeleteVpc&VpcId={vpc}")).await;
    assert_eq!(first(&aws.ec2("DescribeFlowLogs").await, "logGroupName"), "flows", "it outlives its VPC");
    aws.pass(120).await;
    assert_eq!(first(&aws.ec2("DescribeFlowLogs").await, "logGroupName"), "");
}
