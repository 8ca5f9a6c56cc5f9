//! Many small mistakes, each as one line of a log.

use insta::assert_snapshot;

use super::GOOD;

/// The errors of several changes to the good file, each change on its own, in their one-line form.
fn lines(changes: &[(&str, &str)]) -> String {
    let errors = changes.iter().map(|(from, to)| {
        assert_eq!(GOOD.matches(from).count(), 1, "{from}");
        match globe_config::parse("globe.toml", &GOOD.replace(from, to)) {
            Ok(_) => format!("nothing wrong with {to}"),
            Err(errors) => errors.to_string(),
        }
    });
    errors.collect::<Vec<_>>().join("\n")
}

#[test]
fn services() {
    let changes = [
        ("port = 8080", "port = 0"),
        ("port = 8080", "port = 8080\npath = \"api\""),
        ("port = 8080", "port = 8080\npath = \"/*/*/*/*/*/*\""),
        ("port = 8080", "port = 8080\npath = \"/a b\""),
        ("port = 8080", "port = 8080\nhealth_check = \"/*\""),
        ("port = 8080", "port = 8080\nscale_on = { cpu = 0 }"),
        ("port = 8080", "port = 8080\nscale_on = { memory = 60 }"),
        ("m6i.large", "m6i large"),
        ("ssm:/aws/service/al2023", "ssm:al2023"),
        ("ssm:/aws/service/al2023", "ami-xyz"),
        (", max = 4", ""),
        ("max = 4", "max = 4.5"),
    ];
    assert_snapshot!(lines(&changes), @r#"
    globe.toml:18:8: out of range: it must be from 1 to 65535
    globe.toml:19:8: `api` is not a path: it must start with `/` (write "/api")
    globe.toml:19:8: a path has at most five wildcards
    globe.toml:19:8: a path cannot hold ' '
    globe.toml:19:16: a health check asks for one path, without wildcards
    globe.toml:19:20: out of range: it must be from 1 to 100
    globe.toml:19:12: missing key `cpu` in `scale_on` (add `cpu = ...`)
    globe.toml:19:14: unknown key `memory` in `scale_on` (there is only `cpu`)
    globe.toml:20:17: `m6i large` is not an EC2 instance type (one looks like "m6i.large")
    globe.toml:19:9: `al2023` is not the name of an SSM parameter (it starts with `/`: "ssm:/aws/service/...")
    globe.toml:19:9: `ami-xyz` is not a machine image (write "ssm:/aws/service/..." or an AMI id, `ami-` and 17 hexadecimal digits)
    globe.toml:21:13: missing key `max` in `instances` (add `max = ...`)
    globe.toml:21:43: wrong type: expected an integer, found a float
    "#);
}

#[test]
fn regions_and_settings() {
    let changes = [
        ("[regions.eu-west-1]\ncidr = \"10.1.0.0/16\"\njurisdiction = \"eu\"", "regions.eu-west-1 = \"10.1.0.0/16\""),
        ("10.1.0.0/16", "10.1.0.0"),
        ("10.1.0.0/16", "fd00::/16"),
        ("10.1.0.0/16", "127.0.0.0/16"),
        ("jurisdiction = \"eu\"", "jurisdiction = \"secondary\""),
        ("jurisdiction = \"eu\"", "jurisdiction = \"EU\""),
        ("\"acme\"", "\"\""),
        ("\"acme\"", "\"sg\""),
        ("\"acme\"", "\"a2345678901234567890123456\""),
        ("[network.main]", "[tags]\nteam = \"${TEAM}\"\n[network.main]"),
        ("[network.main]", "[tags]\nteam = 7\n[network.main]"),
        ("[network.main]", "[tags]\nteam = \"a,b\"\n[network.main]"),
        ("zones = 3", "endpoints = [\"s3\", \"s3\"]"),
        ("zones = 3", "endpoints = \"s3\""),
        ("zones = 3", "for.primary.for.eu.zones = 2"),
        ("zones = 3", "for.secondary = 2"),
    ];
    assert_snapshot!(lines(&changes), @r#"
    globe.toml:7:1: unknown key `regions` in `regions.us-east-1` (one of `cidr` or `jurisdiction`)
    globe.toml:8:8: `10.1.0.0` is not an IPv4 range (write it as "10.0.0.0/16")
    globe.toml:8:8: `fd00::/16` is not an IPv4 range (write it as "10.0.0.0/16")
    globe.toml:8:8: AWS makes no VPC within 127.0.0.0/8
    globe.toml:9:16: `secondary` already means something in `for.secondary`: choose another name
    globe.toml:9:16: `EU` cannot be a jurisdiction's name (lower-case letters, digits and hyphens: "eu")
    globe.toml:1:11: the value is empty
    globe.toml:1:11: AWS refuses names of security groups that start with `sg-` (the stack's name starts every name: choose another)
    globe.toml:1:11: `a2345678901234567890123456` cannot be a stack's name (a lower-case letter, then up to 23 lower-case letters, digits and hyphens)
    globe.toml:12:8: `${TEAM}` looks like a placeholder (put the real value here)
    globe.toml:12:8: wrong type: expected a string, found an integer (write it in quotes: "7")
    globe.toml:12:1: tags hold letters, digits, spaces and + - = . _ : / @ only
    globe.toml:12:20: listed twice
    globe.toml:12:13: wrong type: expected an array, found a string (write it in brackets: ["s3"])
    globe.toml:12:13: `for` cannot stand within `for` (write one block per selector; the narrower wins)
    globe.toml:12:17: wrong type: expected a table, found an integer
    "#);
}

#[test]
fn data() {
    let changes = [
        ("id:S", "id"),
        ("id:S", ":S"),
        ("\"id:S\"", "\"id:S\"\nsort_key = \"id:N\""),
        ("\"id:S\"", "\"id:S\"\nregions = []"),
        ("\"id:S\"", "\"id:S\"\nregions = \"us-east-1\""),
        ("\"id:S\"", "\"id:S\"\nregions = [\"us-east-1\", \"us-east-1\"]"),
        ("\"id:S\"", "\"id:S\"\ndeletion_protection = \"no\""),
        ("replicate = \"mesh\"", "replicate = \"mesh\"\nversioned = false"),
        ("replicate = \"mesh\"", "versioned = false\nexpire_old_versions = \"30d\""),
        ("replicate = \"mesh\"", "replica_class = \"GLACIER\""),
        ("replicate = \"mesh\"", "expire = \"1y\""),
        ("replicate = \"mesh\"", "replicate = \"mesh\"\nreplica_class = \"standard-ia\""),
        ("replicate = \"mesh\"", "key = \"main\""),
    ];
    assert_snapshot!(lines(&changes), @r#"
    globe.toml:32:17: a key is `name:type` with the type S (string), N (number) or B (binary), not `id` (write "id:S")
    globe.toml:32:17: the attribute has no name
    globe.toml:33:12: `id` is the partition key already
    globe.toml:33:11: the list is empty
    globe.toml:33:11: `us-east-1` is neither "all" nor a list of regions (write "all" or ["us-east-1"])
    globe.toml:33:25: listed twice
    globe.toml:33:23: wrong type: expected a boolean, found a string
    globe.toml:35:13: S3 replicates versioned buckets only
    globe.toml:35:23: without versions there are no old ones to delete
    globe.toml:34:17: `replica_class` has no effect: nothing is replicated (set `replicate` to "mesh" or "from-primary", or remove it)
    globe.toml:34:10: `1y` is not a number of days (write "30d")
    globe.toml:35:17: `standard-ia` is not a choice here (did you mean `STANDARD_IA`?)
    globe.toml:34:1: `key` of `bucket.files` is not built yet: this globe has no encryption with a KMS key (remove it; globe never ignores what a file asks for)
    "#);
}

#[test]
fn names_in_dns() {
    let long = format!("domains = [\"{}.example.com\"]", "a".repeat(60));
    let many: Vec<String> = (0..11).map(|index| format!("\"a{index}.example.com\"")).collect();
    let many = format!("domains = [{}]", many.join(", "));
    let route = "route = \"latency\"";
    let literal = "target = \"load_balancer.web\"\nroute = \"latency\"";
    let changes = [
        ("domain = \"example.com\"", "domain = \"example\""),
        ("domain = \"example.com\"", "domain = \"example.com.\""),
        ("domains = [\"example.com\"]", "domains = []"),
        ("domains = [\"example.com\"]", "domains = \"example.com\""),
        ("domains = [\"example.com\"]", "domains = [\"a.*.example.com\"]"),
        ("domains = [\"example.com\"]", &long),
        ("domains = [\"example.com\"]", &many),
        (route, "route = \"latency\"\nname = \"a..b\""),
        (route, "route = \"latency\"\nttl = 60"),
        (route, "route = \"latency\"\nhealth_check = \"healthz\""),
        (route, "route = {}"),
        (route, "route = 1"),
        (route, "route = { geolocation = { \"*\" = \"us-east-1\", EW = \"eu-west-1\" } }"),
        (route, "route = { weighted = { us-west-2 = 1 } }"),
        (literal, "type = \"A\"\nvalues = []"),
        (literal, "type = \"A\"\nvalues = [\"192.0.2.1\"]\nroute = \"latency\""),
        (literal, "type = \"A\"\nvalues = [\"192.0.2.1\"]\nhealth_check = \"/\""),
        (literal, "type = \"A\"\nvalues = [\"example.org\"]"),
        (literal, "values = [\"192.0.2.1\"]"),
        (literal, "type = \"CNAME\"\nname = \"@\"\nvalues = [\"example.org\"]"),
        (literal, "type = \"CNAME\"\nvalues = [\"example.org\", \"example.net\"]"),
        (literal, "type = \"PTR\"\nvalues = [\"example.org\"]"),
        (literal, "name = \"x\""),
    ];
    assert_snapshot!(lines(&changes), @r#"
    globe.toml:23:10: `example` is not a domain name: it has no dot
    globe.toml:23:10: `example.com.` is not a domain name: a label between its dots is empty (write "example.com")
    globe.toml:25:11: the list is empty
    globe.toml:25:11: wrong type: expected an array, found a string (write it in brackets: ["example.com"])
    globe.toml:25:12: `a.*.example.com` is not a domain name: labels hold lower-case letters, digits and hyphens
    globe.toml:25:11: the first name of a certificate has at most 64 characters (put a shorter name first)
    globe.toml:25:11: ACM puts at most 10 names on a certificate (make a second certificate)
    globe.toml:31:8: `a..b` is not a name within a zone: a label between its dots is empty (write "www", "*", or "@" for the zone's own domain)
    globe.toml:31:7: `ttl` only goes with `values`: a load balancer is an alias of type A
    globe.toml:31:16: `healthz` is not a path: it must start with `/` (write "/healthz")
    globe.toml:30:9: a record has one routing policy (name it: geolocation, failover or weighted)
    globe.toml:30:9: wrong type: expected a string or a table, found an integer
    globe.toml:30:46: `EW` is not a location of Route 53 (use "*", a continent (AF AN AS EU NA OC SA), a country ("DE") or a US state ("US-CA"))
    globe.toml:30:24: `us-west-2` is not one of this stack's regions (add `[regions.us-west-2]`, or use `us-east-1` or `eu-west-1`)
    globe.toml:30:10: the list is empty
    globe.toml:31:9: fixed values are the same everywhere: the route cannot be `latency` (write route = "simple", or leave it out)
    globe.toml:31:16: `health_check` only goes with `target`: it asks a load balancer
    globe.toml:30:11: `example.org` is not an IPv4 address, which a record of type A holds (a name is of type CNAME)
    globe.toml:27:9: missing key `type` in `record.www` (add `type = ...`)
    globe.toml:30:8: `example.com` itself cannot have a CNAME record of yours (DNS keeps NS and SOA there, made with the zone)
    globe.toml:30:10: a CNAME has one value
    globe.toml:29:8: `PTR` is not a choice here (one of `A`, `AAAA`, `CNAME`, `TXT`, `MX`, `CAA`, `SRV` or `NS`)
    globe.toml:27:9: missing key `target` in `record.www` (add `target = ...`)
    "#);
}
