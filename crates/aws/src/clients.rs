//! One client per service and region, made on first use.

use std::time::Duration;

use aws_smithy_runtime_api::client::interceptors::SharedInterceptor;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;

/// The clients of one region.
///
/// The SDK's own retries are off: repeating a create without a token makes a second object, so only the batcher
/// (reads) and the engine (writes) repeat calls, by error class.
#[derive(Clone, Debug)]
pub struct Clients {
    /// Certificate Manager.
    pub acm: aws_sdk_acm::Client,
    /// EC2 Auto Scaling.
    pub autoscaling: aws_sdk_autoscaling::Client,
    /// DynamoDB.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// EC2.
    pub ec2: aws_sdk_ec2::Client,
    /// Elastic Load Balancing v2.
    pub elbv2: aws_sdk_elasticloadbalancingv2::Client,
    /// Identity and Access Management.
    pub iam: aws_sdk_iam::Client,
    /// Route 53.
    pub route53: aws_sdk_route53::Client,
    /// S3.
    pub s3: aws_sdk_s3::Client,
    /// Systems Manager.
    pub ssm: aws_sdk_ssm::Client,
    /// Security Token Service.
    pub sts: aws_sdk_sts::Client,
}

/// A connection that is not made in this time never will be.
const CONNECT: Duration = Duration::from_secs(10);
/// An answer that has not come in this time is lost: AWS's own gateways give up after 30 to 60 s.
const ANSWER: Duration = Duration::from_secs(70);

/// Without these a call whose answer is lost would wait for ever: the SDK has no limit of its own. None of them runs while
/// the limiter makes a call wait; an answer that begins and then stalls is the SDK's stalled-stream protection's.
fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(CONNECT).read_timeout(ANSWER).build()
}

macro_rules! client {
    ($service:ident, $base:expr, $region:expr, $watch:expr $(, $extra:ident($value:expr))?) => {{
        let config = $service::config::Builder::from($base)
            .region(Region::new($region.to_owned()))
            .retry_config(aws_smithy_types::retry::RetryConfig::disabled())
            .timeout_config(timeouts())
            .interceptor($watch.clone())
            $(.$extra($value))?
            .build();
        $service::Client::from_conf(config)
    }};
}

impl Clients {
    /// Clients that call `region` with everything else as `base` says.
    pub fn new(base: &SdkConfig, region: &str, watch: &SharedInterceptor) -> Self {
        // Endpoints that are not AWS's own rarely have a host name per bucket.
        let path_style = base.endpoint_url().is_some();
        Self {
            acm: client!(aws_sdk_acm, base, region, watch),
            autoscaling: client!(aws_sdk_autoscaling, base, region, watch),
            dynamodb: client!(aws_sdk_dynamodb, base, region, watch),
            ec2: client!(aws_sdk_ec2, base, region, watch),
            elbv2: client!(aws_sdk_elasticloadbalancingv2, base, region, watch),
            iam: client!(aws_sdk_iam, base, region, watch),
            route53: client!(aws_sdk_route53, base, region, watch),
            s3: client!(aws_sdk_s3, base, region, watch, force_path_style(path_style)),
            ssm: client!(aws_sdk_ssm, base, region, watch),
            sts: client!(aws_sdk_sts, base, region, watch),
        }
    }
}
