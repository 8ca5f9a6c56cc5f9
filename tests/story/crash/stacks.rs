//! What is killed: stacks, and how each is changed.

/// A stack, and the same after an edit that changes every kind in place.
#[derive(Clone, Copy)]
pub struct Stack {
    pub name: &'static str,
    pub text: &'static str,
    /// Replacements in the text.
    pub edits: &'static [(&'static str, &'static str)],
    pub regions: &'static [&'static str],
}

impl Stack {
    pub fn edited(&self) -> String {
        let edit = |text: String, (from, to): &(&str, &str)| {
            assert!(text.contains(from), "{from} is not in {}", self.name);
            text.replace(from, to)
        };
        self.edits.iter().fold(self.text.to_owned(), edit)
    }
}

/// A network and a bucket.
pub const SMALL: Stack = Stack {
    name: "small",
    text: crate::stops::SMALL,
    edits: &[
        ("\n[regions", "\n[tags]\nedited = \"yes\"\n\n[regions"),
        ("zones = 2", "zones = 2\nendpoints = [\"s3\"]"),
    ],
    regions: &["us-east-1"],
};

/// One region with every kind that one region can have.
pub const WHOLE: Stack = Stack {
    name: "whole",
    text: r#"
stack = "whole"
account = "123456789012"
primary = "us-east-1"

[tags]
edited = "no"

[regions.us-east-1]
cidr = "10.0.0.0/16"

[network.main]
zones = 2
nat = "single"
endpoints = ["s3"]

[load_balancer.web]
network = "main"
certificate = "site"

[service.web]
load_balancer = "web"
port = 8080
image = "ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
instance_type = "m6i.large"
instances = { min = 1, desired = 1, max = 2 }
scale_on = { cpu = 60 }

[zone.main]
domain = "example.com"

[certificate.site]
domains = ["example.com"]
zone = "main"

[record.www]
zone = "main"
target = "load_balancer.web"
route = "simple"
health_check = "/"

[record.note]
zone = "main"
type = "TXT"
ttl = 300
values = ["a"]

[table.users]
partition_key = "id:S"
ttl = "expires_at"

[bucket.files]
replicate = "none"
"#,
    edits: &[
        ("edited = \"no\"", "edited = \"yes\""),
        ("cpu = 60", "cpu = 70"),
        ("max = 2 }", "max = 3 }"),
        ("m6i.large", "m6i.xlarge"),
        ("ttl = 300", "ttl = 600"),
    ],
    regions: &["us-east-1"],
};

/// What only two regions can have: replicas and replication.
pub const PAIR: Stack = Stack {
    name: "pair",
    text: r#"
stack = "pair"
account = "123456789012"
primary = "us-east-1"

[tags]
edited = "no"

[regions.us-east-1]
cidr = "10.0.0.0/16"

[regions.eu-central-1]
cidr = "10.1.0.0/16"

[table.users]
partition_key = "id:S"
regions = "all"

[bucket.files]
replicate = "mesh"
time_control = true
"#,
    edits: &[("edited = \"no\"", "edited = \"yes\""), ("time_control = true", "time_control = false")],
    regions: &["us-east-1", "eu-central-1"],
};

/// The reference stack: four regions.
pub const REFERENCE: Stack = Stack {
    name: "reference",
    text: include_str!("../../../config/globe.toml"),
    edits: &[("max = 12 }", "max = 9 }"), ("\"platform\"", "\"edited\"")],
    regions: &["ap-southeast-1", "eu-central-1", "us-east-1", "us-west-2"],
};
