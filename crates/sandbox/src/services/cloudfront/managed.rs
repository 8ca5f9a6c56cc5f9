//! AWS's own policies. Ids: the fact sheet; settings: CloudFront Developer Guide, "Use managed cache policies",
//! "... origin request policies" and "... response headers policies".

use serde_json::{Value, json};

/// The version of every managed policy.
pub const VERSION: &str = "E23ZP02F085DFQ";
/// When they were last changed; a moment before any sandbox.
const SINCE: &str = "2020-07-01T00:00:00.000Z";
/// A day, a year.
const TTL: (u32, u32) = (86_400, 31_536_000);

/// The managed policy of a kind with this id.
pub fn find(noun: &str, id: &str) -> Option<Value> {
    all(noun).into_iter().find(|policy| policy["Id"] == id)
}

/// All managed policies of a kind; origin access controls have none.
pub fn all(noun: &str) -> Vec<Value> {
    let rows = match noun {
        "CachePolicy" => cache(),
        "OriginRequestPolicy" => origin_request(),
        "ResponseHeadersPolicy" => response_headers(),
        _ => Vec::new(),
    };
    let shown = |(id, name, mut config): (&str, &str, Value)| {
        config["Name"] = format!("Managed-{name}").into();
        json!({"Id": id, "LastModifiedTime": SINCE, format!("{noun}Config"): config})
    };
    rows.into_iter().map(shown).collect()
}

type Row = (&'static str, &'static str, Value);

fn names(list: &[&str]) -> Value {
    json!({"Quantity": list.len(), "Items": {"Name": list}})
}

fn headers(behavior: &str, list: &[&str]) -> Value {
    match list.is_empty() {
        true => json!({"HeaderBehavior": behavior}),
        false => json!({"HeaderBehavior": behavior, "Headers": names(list)}),
    }
}

fn cache_key(compressed: bool, header: &[&str], cookies: &str, strings: Value) -> Value {
    json!({
        "EnableAcceptEncodingGzip": compressed, "EnableAcceptEncodingBrotli": compressed,
        "HeadersConfig": headers(if header.is_empty() { "none" } else { "whitelist" }, header),
        "CookiesConfig": {"CookieBehavior": cookies}, "QueryStringsConfig": strings,
    })
}

fn cache() -> Vec<Row> {
    let strings = |behavior: &str| json!({"QueryStringBehavior": behavior});
    let policy = |(min, default, max): (u32, u32, u32), key: Value| {
        json!({
            "Comment": "", "MinTTL": min, "DefaultTTL": default, "MaxTTL": max,
            "ParametersInCacheKeyAndForwardedToOrigin": key})
    };
    let host = ["host", "origin", "x-http-method", "x-http-method-override", "x-method-override"];
    let media = json!({
        "QueryStringBehavior": "whitelist", "QueryStrings": names(&["aws.manifestfilter", "start", "end", "m"])});
    let long = (1, TTL.0, TTL.1);
    vec![
        (
            "658327ea-f89d-4fab-a63d-7e88639e58f6",
            "CachingOptimized",
            policy(long, cache_key(true, &[], "none", strings("none"))),
        ),
        (
            "b2884449-e4de-46a7-ac36-70bc7f1ddd6d",
            "CachingOptimizedForUncompressedObjects",
            policy(long, cache_key(false, &[], "none", strings("none"))),
        ),
        (
            "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
            "CachingDisabled",
            policy((0, 0, 0), cache_key(false, &[], "none", strings("none"))),
        ),
        (
            "83da9c7e-98b4-4e11-a168-04f0df8e2c65",
            "UseOriginCacheControlHeaders",
            policy((0, 0, TTL.1), cache_key(true, &host, "all", strings("none"))),
        ),
        (
            "4cc15a8a-d715-48a4-82b8-cc0b614638fe",
            "UseOriginCacheControlHeaders-QueryStrings",
            policy((0, 0, TTL.1), cache_key(true, &host, "all", strings("all"))),
        ),
        (
            "2e54312d-136d-493c-8eb9-b001f22f67d2",
            "Amplify",
            policy(
                (2, 2, 600),
                cache_key(true, &["Authorization", "CloudFront-Viewer-Country", "Host"], "all", strings("all")),
            ),
        ),
        (
            "08627262-05a9-4f76-9ded-b50ca2e3a84f",
            "Elemental-MediaPackage",
            policy((0, TTL.0, TTL.1), cache_key(true, &["Origin"], "none", media)),
        ),
    ]
}

fn origin_request() -> Vec<Row> {
    let policy = |headers: Value, cookies: &str, strings: &str| {
        json!({
            "Comment": "", "HeadersConfig": headers, "CookiesConfig": {"CookieBehavior": cookies},
            "QueryStringsConfig": {"QueryStringBehavior": strings}})
    };
    let only = |list: &[&str]| headers("whitelist", list);
    let cors = ["origin", "access-control-request-headers", "access-control-request-method"];
    let media = [cors.as_slice(), &["user-agent", "x-forwarded-for"]].concat();
    let viewer = [
        "CloudFront-Forwarded-Proto",
        "CloudFront-Is-Android-Viewer",
        "CloudFront-Is-Desktop-Viewer",
        "CloudFront-Is-IOS-Viewer",
        "CloudFront-Is-Mobile-Viewer",
        "CloudFront-Is-SmartTV-Viewer",
        "CloudFront-Is-Tablet-Viewer",
        "CloudFront-Viewer-Address",
        "CloudFront-Viewer-ASN",
        "CloudFront-Viewer-City",
        "CloudFront-Viewer-Country",
        "CloudFront-Viewer-Country-Name",
        "CloudFront-Viewer-Country-Region",
        "CloudFront-Viewer-Country-Region-Name",
        "CloudFront-Viewer-Http-Version",
        "CloudFront-Viewer-Latitude",
        "CloudFront-Viewer-Longitude",
        "CloudFront-Viewer-Metro-Code",
        "CloudFront-Viewer-Postal-Code",
        "CloudFront-Viewer-Time-Zone",
        "CloudFront-Viewer-TLS",
    ];
    vec![
        ("216adef6-5c7f-47e4-b989-5492eafa07d3", "AllViewer", policy(headers("allViewer", &[]), "all", "all")),
        (
            "b689b0a8-53d0-40ab-baf2-68738e2966ac",
            "AllViewerExceptHostHeader",
            policy(headers("allExcept", &["host"]), "all", "all"),
        ),
        (
            "33f36d7e-f396-46d9-90e0-52428a34d9dc",
            "AllViewerAndCloudFrontHeaders-2022-06",
            policy(headers("allViewerAndWhitelistCloudFront", &viewer), "all", "all"),
        ),
        ("59781a5b-3903-41f3-afcb-af62929ccde1", "CORS-CustomOrigin", policy(only(&["origin"]), "none", "none")),
        ("88a5eaf4-2fd4-4709-b370-b4c650ea3fcf", "CORS-S3Origin", policy(only(&cors), "none", "none")),
        (
            "acba4595-bd28-49b8-b9fe-13317c0390fa",
            "UserAgentRefererHeaders",
            policy(only(&["user-agent", "referer"]), "none", "none"),
        ),
        (
            "775133bc-15f2-49f9-abea-afb2e0bf67d2",
            "Elemental-MediaTailor-PersonalizedManifests",
            policy(only(&media), "none", "all"),
        ),
    ]
}

fn response_headers() -> Vec<Row> {
    let list = |member: &str, items: &[&str]| json!({"Quantity": items.len(), "Items": {member: items}});
    let simple = json!({
        "AccessControlAllowOrigins": list("Origin", &["*"]), "AccessControlAllowHeaders": list("Header", &["*"]),
        "AccessControlAllowMethods": list("Method", &["GET", "HEAD"]), "AccessControlAllowCredentials": false,
        "OriginOverride": false});
    let mut preflight = simple.clone();
    let methods = ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"];
    preflight["AccessControlAllowMethods"] = list("Method", &methods);
    preflight["AccessControlExposeHeaders"] = list("Header", &["*"]);
    let security = json!({
        "XSSProtection": {"Override": false, "Protection": true, "ModeBlock": true},
        "FrameOptions": {"Override": false, "FrameOption": "SAMEORIGIN"},
        "ReferrerPolicy": {"Override": false, "ReferrerPolicy": "strict-origin-when-cross-origin"},
        "ContentTypeOptions": {"Override": true},
        "StrictTransportSecurity": {"Override": false, "AccessControlMaxAgeSec": TTL.1}});
    let policy = |cors: Option<&Value>, security: Option<&Value>| json!({"Comment": "", "CorsConfig": cors, "SecurityHeadersConfig": security});
    vec![
        ("60669652-455b-4ae9-85a4-c4c02393f86c", "SimpleCORS", policy(Some(&simple), None)),
        ("5cc3b908-e619-4b99-88e5-2cf7f45965bd", "CORS-With-Preflight", policy(Some(&preflight), None)),
        ("67f7725c-6f97-4210-82d7-5512b31e9d03", "SecurityHeadersPolicy", policy(None, Some(&security))),
        (
            "e61eb60c-9c35-4d20-a928-2b84e02af89c",
            "CORS-and-SecurityHeadersPolicy",
            policy(Some(&simple), Some(&security)),
        ),
        (
            "eaab4381-ed33-4a86-88ca-d9558dc6cd63",
            "CORS-with-preflight-and-SecurityHeadersPolicy",
            policy(Some(&preflight), Some(&security)),
        ),
    ]
}
