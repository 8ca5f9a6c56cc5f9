//! `load_balancer`: an Application Load Balancer with its listeners; HTTPS with a redirect, or HTTP alone.

use globe_aws::kinds::ec2::{InternetGateway, PeerSpec, RuleSpec, SecurityGroup, SecurityGroupSpec, Traffic, Vpc};
use globe_aws::kinds::elbv2::{
    ActionSpec, Listener, ListenerProtocol, ListenerSpec, LoadBalancer, LoadBalancerAttributes, LoadBalancerSpec,
};
use globe_model::{Ref, Region};

use crate::cx::{Cx, Tier};

/// TLS 1.3 and 1.2 with forward secrecy: what AWS recommends for new listeners.
const SSL_POLICY: &str = "ELBSecurityPolicy-TLS13-1-2-2021-06";
/// AWS's default for idle connections, in seconds.
const IDLE_TIMEOUT: u32 = 60;

/// The security group of a load balancer.
pub fn security_group(name: &str, region: &Region) -> Ref<SecurityGroup> {
    Ref::to(region.clone(), format!("{name}-load-balancer"))
}

/// The listener that hands requests to services.
pub fn main_listener(cx: &Cx<'_>, name: &str, region: &Region) -> Ref<Listener> {
    let secure = is_secure(cx, name, region);
    Ref::to(region.clone(), format!("{name}-{}", if secure { 443 } else { 80 }))
}

/// Whether a load balancer speaks HTTPS.
pub fn is_secure(cx: &Cx<'_>, name: &str, region: &Region) -> bool {
    cx.stack.load_balancer(name, region).is_some_and(|balancer| balancer.certificate.is_some())
}

/// Adds all load balancers.
pub fn expand(cx: &mut Cx<'_>) {
    let stack = cx.stack;
    for (name, balancers) in &stack.load_balancers {
        cx.of_component("load_balancer", name);
        for (region, balancer) in balancers.iter() {
            one(cx, name, region, balancer);
        }
    }
}

fn one(cx: &mut Cx<'_>, name: &str, region: &Region, config: &globe_config::LoadBalancer) {
    let vpc: Ref<Vpc> = Ref::to(region.clone(), config.network.as_str());
    let secure = config.certificate.is_some();
    let group = group(cx, name, region, &vpc, secure);
    let named = || cx.naming.load_balancer(&cx.stack.name, name);
    let spec = LoadBalancerSpec {
        name: cx.named::<LoadBalancer>((&region.clone().into(), name), |balancer| balancer.name, named),
        vpc,
        subnets: cx.subnets(&config.network, region, Tier::Public),
        security_groups: vec![group],
        internet_gateway: Ref::<InternetGateway>::to(region.clone(), config.network.as_str()),
        attributes: LoadBalancerAttributes {
            deletion_protection: false,
            idle_timeout: IDLE_TIMEOUT,
            drop_invalid_headers: true,
        },
        tags: cx.tags(name),
    };
    let balancer = cx.graph.add::<LoadBalancer>(region.clone(), name, &spec);
    match &config.certificate {
        None => listener(cx, name, region, &balancer, 80, ListenerProtocol::Http, ActionSpec::NotFound),
        Some(certificate) => {
            let protocol = ListenerProtocol::Https {
                certificate: Ref::to(region.clone(), certificate.as_str()),
                ssl_policy: SSL_POLICY.to_owned(),
            };
            listener(cx, name, region, &balancer, 443, protocol, ActionSpec::NotFound);
            listener(cx, name, region, &balancer, 80, ListenerProtocol::Http, ActionSpec::RedirectToHttps);
        }
    }
}

fn group(cx: &mut Cx<'_>, name: &str, region: &Region, vpc: &Ref<Vpc>, secure: bool) -> Ref<SecurityGroup> {
    let anywhere = || PeerSpec::Cidr("0.0.0.0/0".into());
    let open = |port: u16| RuleSpec {
        traffic: Traffic::Tcp { from: port, to: port },
        peer: anywhere(),
        description: "clients".into(),
    };
    let ports: &[u16] = if secure { &[80, 443] } else { &[80] };
    let reference = security_group(name, region);
    let full = reference.address().name.as_str();
    let named = || cx.naming.security_group(&cx.stack.name, name, "load-balancer");
    let group_name = cx.named::<SecurityGroup>((&region.clone().into(), full), |group| group.group_name, named);
    let recorded = cx.recorded::<SecurityGroup>(region.clone(), full).map(|group| group.description);
    let description = recorded.unwrap_or_else(|| format!("load balancer {name} of stack {}", cx.stack.name));
    let spec = SecurityGroupSpec {
        vpc: vpc.clone(),
        group_name,
        description,
        ingress: ports.iter().map(|port| open(*port)).collect(),
        egress: vec![RuleSpec { traffic: Traffic::All, peer: anywhere(), description: "targets".into() }],
        tags: cx.tags(&format!("{name}-load-balancer")),
    };
    cx.graph.add::<SecurityGroup>(region.clone(), reference.address().name.clone(), &spec)
}

fn listener(
    cx: &mut Cx<'_>,
    name: &str,
    region: &Region,
    balancer: &Ref<LoadBalancer>,
    port: u16,
    protocol: ListenerProtocol,
    default_action: ActionSpec,
) {
    let full = format!("{name}-{port}");
    let spec = ListenerSpec { load_balancer: balancer.clone(), port, protocol, default_action, tags: cx.tags(&full) };
    cx.graph.add::<Listener>(region.clone(), full, &spec);
}
