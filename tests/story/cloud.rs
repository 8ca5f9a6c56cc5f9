//! The cloud as the AWS API shows it.

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_types::SdkConfig;
use aws_types::region::Region;

use crate::globe::ACCOUNT;

/// How much of a stack is in one region, by what a person would count.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Census {
    pub vpcs: usize,
    pub subnets: usize,
    pub nat_gateways: usize,
    pub addresses: usize,
    pub security_groups: usize,
    pub load_balancers: usize,
    pub target_groups: usize,
    pub groups: usize,
    pub templates: usize,
    pub certificates: usize,
    pub tables: usize,
}

/// The AWS at `url`.
pub struct Cloud {
    url: String,
}

impl Cloud {
    pub fn at(url: &str) -> Self {
        Self { url: url.to_owned() }
    }

    pub async fn config(&self, region: &str) -> SdkConfig {
        aws_config::defaults(aws_config::BehaviorVersion::latest())
            .credentials_provider(SharedCredentialsProvider::new(Credentials::from_keys(ACCOUNT, "sandbox", None)))
            .region(Region::new(region.to_owned()))
            .endpoint_url(&self.url)
            .load()
            .await
    }

    pub async fn ec2(&self, region: &str) -> aws_sdk_ec2::Client {
        aws_sdk_ec2::Client::new(&self.config(region).await)
    }

    /// What is in a region; AWS's own default objects do not count.
    pub async fn census(&self, region: &str) -> Census {
        let config = self.config(region).await;
        let ec2 = self.ec2(region).await;
        let elb = aws_sdk_elasticloadbalancingv2::Client::new(&config);
        let scaling = aws_sdk_autoscaling::Client::new(&config);
        let nats = ec2.describe_nat_gateways().send().await.expect("describes").nat_gateways.unwrap_or_default();
        let alive =
            |nat: &&aws_sdk_ec2::types::NatGateway| nat.state.as_ref().is_some_and(|state| state.as_str() != "deleted");
        let groups =
            ec2.describe_security_groups().send().await.expect("describes").security_groups.unwrap_or_default();
        Census {
            vpcs: ec2.describe_vpcs().send().await.expect("describes").vpcs.unwrap_or_default().len(),
            subnets: ec2.describe_subnets().send().await.expect("describes").subnets.unwrap_or_default().len(),
            nat_gateways: nats.iter().filter(alive).count(),
            addresses: ec2.describe_addresses().send().await.expect("describes").addresses.unwrap_or_default().len(),
            security_groups: groups.iter().filter(|group| group.group_name.as_deref() != Some("default")).count(),
            load_balancers: elb
                .describe_load_balancers()
                .send()
                .await
                .expect("describes")
                .load_balancers
                .unwrap_or_default()
                .len(),
            target_groups: elb
                .describe_target_groups()
                .send()
                .await
                .expect("describes")
                .target_groups
                .unwrap_or_default()
                .len(),
            groups: scaling
                .describe_auto_scaling_groups()
                .send()
                .await
                .expect("describes")
                .auto_scaling_groups
                .unwrap_or_default()
                .len(),
            templates: ec2
                .describe_launch_templates()
                .send()
                .await
                .expect("describes")
                .launch_templates
                .unwrap_or_default()
                .len(),
            certificates: aws_sdk_acm::Client::new(&config)
                .list_certificates()
                .send()
                .await
                .expect("lists")
                .certificate_summary_list
                .unwrap_or_default()
                .len(),
            tables: aws_sdk_dynamodb::Client::new(&config)
                .list_tables()
                .send()
                .await
                .expect("lists")
                .table_names
                .unwrap_or_default()
                .len(),
        }
    }

    pub async fn buckets(&self) -> Vec<String> {
        let config = aws_sdk_s3::config::Builder::from(&self.config("us-east-1").await).force_path_style(true).build();
        let buckets = aws_sdk_s3::Client::from_conf(config).list_buckets().send().await.expect("lists").buckets;
        buckets.unwrap_or_default().into_iter().filter_map(|bucket| bucket.name).collect()
    }

    pub async fn roles(&self) -> Vec<String> {
        let iam = aws_sdk_iam::Client::new(&self.config("us-east-1").await);
        iam.list_roles().send().await.expect("lists").roles.into_iter().map(|role| role.role_name).collect()
    }

    /// (name, set identifier) of every record of every zone, but NS and SOA.
    pub async fn records(&self) -> Vec<(String, Option<String>)> {
        let dns = aws_sdk_route53::Client::new(&self.config("us-east-1").await);
        let mut records = Vec::new();
        for zone in dns.list_hosted_zones().send().await.expect("lists").hosted_zones {
            let sets = dns.list_resource_record_sets().hosted_zone_id(zone.id).send().await.expect("lists");
            let own = sets.resource_record_sets.into_iter().filter(|set| !matches!(set.r#type.as_str(), "NS" | "SOA"));
            records.extend(own.map(|set| (set.name, set.set_identifier)));
        }
        records
    }

    pub async fn zones_and_checks(&self) -> (usize, usize) {
        let dns = aws_sdk_route53::Client::new(&self.config("us-east-1").await);
        let zones = dns.list_hosted_zones().send().await.expect("lists").hosted_zones.len();
        (zones, dns.list_health_checks().send().await.expect("lists").health_checks.len())
    }
}
