//! What CloudFront adds to a distribution's configuration.

use serde_json::{Value, json};

use super::tree::{each, fill, items, text};

/// The order in which CloudFront shows methods.
const METHODS: [&str; 7] = ["HEAD", "DELETE", "POST", "GET", "OPTIONS", "PUT", "PATCH"];

/// Completes a configuration: defaults, lower-case names, the order of methods.
pub fn complete(config: &mut Value) {
    if let Value::Object(members) = config {
        let none = json!({"Quantity": 0});
        fill(
            members,
            json!({
                "Aliases": none, "DefaultRootObject": "", "OriginGroups": none, "CacheBehaviors": none,
                "CustomErrorResponses": none, "PriceClass": "PriceClass_All", "WebACLId": "", "HttpVersion": "http2",
                "Logging": {"Enabled": false, "IncludeCookies": false, "Bucket": "", "Prefix": ""},
                "ViewerCertificate": {"CloudFrontDefaultCertificate": true},
                "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
                "IsIPV6Enabled": false, "ContinuousDeploymentPolicyId": "", "Staging": false,
            }),
        );
    }
    each(config, "Aliases", lower);
    each(config, "Origins", origin);
    each(config, "OriginGroups", |group| add(group, json!({"SelectionCriteria": "default"})));
    each(config, "CacheBehaviors", behavior);
    if let Some(default) = config.get_mut("DefaultCacheBehavior") {
        behavior(default);
    }
    if let Some(shown) = config.get_mut("ViewerCertificate") {
        certificate(shown);
    }
}

fn add(tree: &mut Value, defaults: Value) {
    if let Value::Object(members) = tree {
        fill(members, defaults);
    }
}

fn lower(name: &mut Value) {
    if let Value::String(name) = name {
        *name = name.to_lowercase();
    }
}

fn origin(origin: &mut Value) {
    let defaults = json!({
        "OriginPath": "", "CustomHeaders": {"Quantity": 0}, "ConnectionAttempts": 3, "ConnectionTimeout": 10,
        "OriginShield": {"Enabled": false}, "OriginAccessControlId": "",
    });
    add(origin, defaults);
    if let Some(name) = origin.get_mut("DomainName") {
        lower(name);
    }
    let protocols = json!({"Quantity": 3, "Items": {"SslProtocol": ["TLSv1", "TLSv1.1", "TLSv1.2"]}});
    if let Some(custom) = origin.get_mut("CustomOriginConfig") {
        add(custom, json!({"OriginSslProtocols": protocols, "OriginReadTimeout": 30, "OriginKeepaliveTimeout": 5}));
    }
    if let Some(private) = origin.get_mut("VpcOriginConfig") {
        add(private, json!({"OriginReadTimeout": 30, "OriginKeepaliveTimeout": 5}));
    }
}

fn behavior(behavior: &mut Value) {
    let (nobody, none) = (json!({"Enabled": false, "Quantity": 0}), json!({"Quantity": 0}));
    let both = json!({"Quantity": 2, "Items": {"Method": ["HEAD", "GET"]}});
    let defaults = json!({
        "TrustedSigners": nobody, "TrustedKeyGroups": nobody, "SmoothStreaming": false, "Compress": false,
        "LambdaFunctionAssociations": none, "FunctionAssociations": none, "FieldLevelEncryptionId": "",
        "GrpcConfig": {"Enabled": false}, "AllowedMethods": both,
    });
    add(behavior, defaults);
    if let Some(allowed) = behavior.get_mut("AllowedMethods") {
        add(allowed, json!({"CachedMethods": both}));
        order_methods(allowed);
        if let Some(cached) = allowed.get_mut("CachedMethods") {
            order_methods(cached);
        }
    }
    if let Some(forwarded) = behavior.get_mut("ForwardedValues") {
        add(forwarded, json!({"Headers": none, "QueryStringCacheKeys": none}));
        add(behavior, json!({"MinTTL": 0, "DefaultTTL": 86_400, "MaxTTL": 31_536_000}));
    }
}

fn order_methods(list: &mut Value) {
    let wrapped = json!({"Methods": list});
    let mut methods = items(&wrapped, "Methods");
    methods.sort_by_key(|method| METHODS.iter().position(|known| method.as_str() == Some(known)));
    list["Items"] = json!({"Method": methods});
}

fn certificate(certificate: &mut Value) {
    let own = text(certificate, "ACMCertificateArn").to_owned();
    let iam = text(certificate, "IAMCertificateId").to_owned();
    let defaults = match (own.is_empty(), iam.is_empty()) {
        (true, true) => json!({
            "CloudFrontDefaultCertificate": true, "SSLSupportMethod": "vip", "MinimumProtocolVersion": "TLSv1",
            "CertificateSource": "cloudfront"}),
        (false, _) => json!({
            "CloudFrontDefaultCertificate": false, "MinimumProtocolVersion": "TLSv1", "Certificate": own,
            "CertificateSource": "acm"}),
        (true, false) => json!({
            "CloudFrontDefaultCertificate": false, "MinimumProtocolVersion": "TLSv1", "Certificate": iam,
            "CertificateSource": "iam"}),
    };
    add(certificate, defaults);
}
