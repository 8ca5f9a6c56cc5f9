//! The shape of a generated stack, and how many resources it has.

use std::fmt::Write;

use anyhow::{Result, bail};
use globe_config::AWS_REGIONS;

/// Regions in the order in which a stack grows: the reference stack's four, then others of every continent.
const FIRST: [&str; 8] = [
    "us-east-1",
    "us-west-2",
    "eu-central-1",
    "ap-southeast-1",
    "eu-west-1",
    "us-east-2",
    "ap-northeast-1",
    "ca-central-1",
];
/// Availability zones of every network.
const ZONES: usize = 3;
/// Regions of a record with failover or weights.
const ENDS: usize = 2;

/// A stack to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    regions: usize,
    copies: usize,
    fillers: usize,
}

impl Shape {
    /// `copies` applications in `regions` regions, and as many TXT records as `fillers` says.
    ///
    /// # Errors
    /// With fewer than two regions, or with more than AWS has.
    pub fn new(regions: usize, copies: usize, fillers: usize) -> Result<Self> {
        if regions < 2 || regions > AWS_REGIONS.len() {
            bail!("a generated stack has 2 to {} regions, not {regions}", AWS_REGIONS.len());
        }
        Ok(Self { regions, copies, fillers })
    }

    /// A stack of exactly so many resources: as many copies as fit, and TXT records for the rest.
    ///
    /// # Errors
    /// As [`Shape::new`]; also when it would not even hold one copy.
    pub fn of_size(regions: usize, resources: usize) -> Result<Self> {
        let one = Self::new(regions, 1, 0)?;
        if resources < one.resources() {
            bail!("one copy in {regions} regions has {} resources already; use fewer regions", one.resources());
        }
        let copies = (resources - 1) / one.of_copy();
        let whole = Self { copies, ..one };
        Ok(Self { fillers: resources - whole.resources(), ..whole })
    }

    /// How many resources the stack has.
    pub fn resources(self) -> usize {
        // The hosted zone is shared by all copies.
        1 + self.copies * self.of_copy() + self.fillers
    }

    /// How many resources one copy has, by component.
    fn of_copy(self) -> usize {
        let regions = self.regions;
        // A VPC with its internet gateway, three subnets in each zone, a route table for the public tier, one for the
        // data tier and one per private subnet, two endpoints; a NAT gateway and its address per zone in the primary
        // region, and once elsewhere.
        let network = regions * (2 + 3 * ZONES + 2 + ZONES + 2) + 2 * (ZONES + regions - 1);
        // Security group, load balancer, two listeners.
        let load_balancer = 4 * regions;
        // Security group, role, profile, template, target group, rule, group, policy.
        let service = 8 * regions;
        // A table everywhere, and one in one region.
        let tables = regions + 1;
        // Bucket, replication rules and their role.
        let bucket = 3 * regions;
        // The validation record is shared.
        let certificate = regions + 1;
        network + load_balancer + service + tables + bucket + certificate + self.records()
    }

    /// A record set per place, region or end, and a shared health check per region.
    fn records(self) -> usize {
        self.places().len() + self.regions + ENDS + ENDS + self.regions
    }

    fn names(self) -> Vec<&'static str> {
        let others = AWS_REGIONS.iter().map(|(name, _)| *name).filter(|name| !FIRST.contains(name));
        FIRST.into_iter().chain(others).take(self.regions).collect()
    }

    /// Who answers whom: everybody is answered by the primary region, Europe and Asia by the first that is there.
    fn places(self) -> Vec<(&'static str, &'static str)> {
        let names = self.names();
        let first = |prefix: &str| names.iter().copied().find(|name| name.starts_with(prefix));
        let near = [("EU", first("eu-")), ("AS", first("ap-")), ("OC", first("ap-"))];
        let near = near.into_iter().filter_map(|(place, region)| Some((place, region?)));
        std::iter::once(("*", FIRST[0])).chain(near).collect()
    }

    /// The text of `globe.toml`.
    pub fn text(self) -> String {
        let mut text = self.head();
        for copy in 1..=self.copies {
            self.copy(&mut text, copy);
        }
        for filler in 1..=self.fillers {
            let _infallible =
                write!(text, "\n[record.note{filler}]\nzone = \"main\"\ntype = \"TXT\"\nvalues = [\"{filler}\"]\n");
        }
        text
    }

    fn head(self) -> String {
        let mut text = format!(
            "# Written by `cargo xtask generate`: {} resources, {} copies of one application in {} regions.\n\n\
             stack   = \"scale\"\naccount = \"123456789012\"\nprimary = \"{}\"\n\n\
             [tags]\ncost-center = \"platform\"\nowner       = \"sre@example.com\"\n",
            self.resources(),
            self.copies,
            self.regions,
            FIRST[0]
        );
        for (index, name) in self.names().iter().enumerate() {
            let _infallible = write!(text, "\n[regions.{name}]\ncidr = \"10.{index}.0.0/16\"\n");
        }
        text + "\n[zone.main]\ndomain = \"example.com\"\n"
    }

    /// One application: `app7` and all that belongs to it.
    fn copy(self, text: &mut String, copy: usize) {
        let app = format!("app{copy}");
        let _infallible = write!(
            text,
            r#"
[network.{app}]
zones     = {ZONES}
nat       = "per-zone"
endpoints = ["s3", "dynamodb"]
[network.{app}.for.secondary]
nat = "single"

[certificate.{app}]
domains = ["{app}.example.com", "*.{app}.example.com"]
zone    = "main"

[load_balancer.{app}]
network     = "{app}"
certificate = "{app}"

[service.{app}]
load_balancer = "{app}"
path          = "/*"
port          = 8080
health_check  = "/healthz"
image         = "ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
instance_type = "m6i.large"
instances     = {{ min = 2, desired = 3, max = 12 }}
scale_on      = {{ cpu = 60 }}

[table.{app}-sessions]
partition_key = "session_id:S"
ttl           = "expires_at"
regions       = "all"

[table.{app}-profiles]
partition_key = "user_id:S"
sort_key      = "field:S"
regions       = ["{primary}"]

[bucket.{app}]
replicate     = "mesh"
time_control  = true
replica_class = "STANDARD_IA"
"#,
            primary = FIRST[0]
        );
        self.routes(text, &app);
    }

    fn routes(self, text: &mut String, app: &str) {
        let names = self.names();
        let quoted = |(place, region): &(&str, &str)| format!("\"{place}\" = \"{region}\"");
        let places: Vec<String> = self.places().iter().map(quoted).collect();
        let ends: Vec<&str> = names.iter().copied().take(ENDS).collect();
        let failover: Vec<String> = ends.iter().map(|end| format!("\"{end}\"")).collect();
        let weights: Vec<String> = ends.iter().zip([90, 10]).map(|(end, weight)| format!("{end} = {weight}")).collect();
        let routes = [
            ("www", format!("{{ geolocation = {{ {} }} }}", places.join(", "))),
            ("api", "\"latency\"".to_owned()),
            ("admin", format!("{{ failover = [{}] }}", failover.join(", "))),
            ("beta", format!("{{ weighted = {{ {} }} }}", weights.join(", "))),
        ];
        for (name, route) in routes {
            let _infallible = write!(
                text,
                "\n[record.{app}-{name}]\nname = \"{name}.{app}\"\nzone = \"main\"\ntarget = \"load_balancer.{app}\"\n\
                 route = {route}\nhealth_check = \"/healthz\"\n"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::valid;
    use super::*;

    #[test]
    fn stacks_of_every_width_are_valid() {
        for regions in [2, 3, 8, AWS_REGIONS.len()] {
            let text = valid(Shape::new(regions, 2, 3).expect("a shape")).expect("is valid");
            let stack = globe_config::parse("globe.toml", &text).expect("parses");
            assert_eq!((stack.regions.len(), stack.services.len(), stack.records.len()), (regions, 2, 2 * 4 + 3));
        }
        assert!(Shape::new(1, 1, 0).is_err() && Shape::new(AWS_REGIONS.len() + 1, 1, 0).is_err());
    }

    #[test]
    fn the_wanted_number_of_resources_is_met_exactly() {
        for resources in [1_000, 5_000, 10_000, 100_000] {
            let shape = Shape::of_size(8, resources).expect("a shape");
            assert_eq!(shape.resources(), resources);
            assert!(shape.fillers < shape.of_copy(), "{shape:?}");
        }
        assert!(Shape::of_size(8, 100).is_err());
    }
}
