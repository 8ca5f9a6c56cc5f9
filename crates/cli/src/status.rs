//! The addresses that matter: where a person goes once a stack is up.

use globe_model::Head;
use globe_report::Highlight;

/// Load balancers' names, zones' name servers, records' URLs.
pub fn highlights(head: &Head) -> Vec<Highlight> {
    let mut found = Vec::new();
    for record in head.records.values() {
        let Some(Ok(outputs)) = record.outputs.as_ref().map(globe_model::Outputs::json) else { continue };
        let output = |name: &str| outputs.get(name);
        let address = &record.address;
        match address.kind.as_str() {
            "elbv2/load_balancer" => {
                if let Some(name) = output("dns_name").and_then(|name| name.as_str()) {
                    found.push(highlight(format!("load balancer {} in {}", address.name, address.scope), name));
                }
            }
            "route53/zone" => {
                if let Some(servers) = output("name_servers").and_then(|servers| servers.as_array()) {
                    let servers: Vec<&str> = servers.iter().filter_map(|server| server.as_str()).collect();
                    found.push(highlight(format!("name servers of zone {}", address.name), servers.join(" ")));
                }
            }
            _ => {}
        }
    }
    found
}

fn highlight(label: String, value: impl Into<String>) -> Highlight {
    Highlight { label, value: value.into() }
}
