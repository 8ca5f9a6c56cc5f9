//! AWS's managed rule groups. Source: AWS WAF Developer Guide, "AWS Managed Rules rule groups list" (names, capacity).

use serde_json::{Value, json};

use super::{missing, need, paged, scope};
use crate::call::{Answer, ApiError, Call};

/// One managed rule group.
pub struct Group {
    name: &'static str,
    /// Units that it takes.
    pub capacity: i64,
    versions: bool,
    label: &'static str,
    rules: &'static [&'static str],
    description: &'static str,
}

/// The vendor of all of them.
const VENDOR: &str = "AWS";
/// The version that a group with versions has.
const VERSION: &str = "Version_1.0";
/// When it was made, in seconds since 1970.
const SINCE: i64 = 1_600_000_000;

const fn group(
    name: &'static str,
    capacity: i64,
    versions: bool,
    label: &'static str,
    rules: &'static [&'static str],
    description: &'static str,
) -> Group {
    Group { name, capacity, versions, label, rules, description }
}

static GROUPS: [Group; 13] = [
    group(
        "AWSManagedRulesCommonRuleSet",
        700,
        true,
        "core-rule-set",
        &[
            "NoUserAgent_HEADER",
            "UserAgent_BadBots_HEADER",
            "SizeRestrictions_QUERYSTRING",
            "SizeRestrictions_Cookie_HEADER",
            "SizeRestrictions_BODY",
            "SizeRestrictions_URIPATH",
            "EC2MetaDataSSRF_BODY",
            "EC2MetaDataSSRF_COOKIE",
            "EC2MetaDataSSRF_URIPATH",
            "EC2MetaDataSSRF_QUERYARGUMENTS",
            "GenericLFI_QUERYARGUMENTS",
            "GenericLFI_URIPATH",
            "GenericLFI_BODY",
            "RestrictedExtensions_URIPATH",
            "RestrictedExtensions_QUERYARGUMENTS",
            "GenericRFI_QUERYARGUMENTS",
            "GenericRFI_BODY",
            "GenericRFI_URIPATH",
            "CrossSiteScripting_COOKIE",
            "CrossSiteScripting_QUERYARGUMENTS",
            "CrossSiteScripting_BODY",
            "CrossSiteScripting_URIPATH",
        ],
        "Rules that are generally applicable to web applications.",
    ),
    group(
        "AWSManagedRulesAdminProtectionRuleSet",
        100,
        true,
        "admin-protection",
        &["AdminProtection_URIPATH"],
        "Rules that block external access to exposed admin pages.",
    ),
    group(
        "AWSManagedRulesKnownBadInputsRuleSet",
        200,
        true,
        "known-bad-inputs",
        &[
            "JavaDeserializationRCE_HEADER",
            "JavaDeserializationRCE_BODY",
            "JavaDeserializationRCE_URIPATH",
            "JavaDeserializationRCE_QUERYSTRING",
            "Host_localhost_HEADER",
            "PROPFIND_METHOD",
            "ExploitablePaths_URIPATH",
            "Log4JRCE_HEADER",
            "Log4JRCE_QUERYSTRING",
            "Log4JRCE_BODY",
            "Log4JRCE_URIPATH",
        ],
        "Rules that block request patterns that are known to be invalid.",
    ),
    group(
        "AWSManagedRulesSQLiRuleSet",
        200,
        true,
        "sql-database",
        &["SQLiExtendedPatterns_QUERYARGUMENTS", "SQLi_QUERYARGUMENTS", "SQLi_BODY", "SQLi_COOKIE"],
        "Rules that block request patterns of SQL injection.",
    ),
    group(
        "AWSManagedRulesLinuxRuleSet",
        200,
        true,
        "linux-os",
        &["LFI_URIPATH", "LFI_QUERYSTRING", "LFI_HEADER"],
        "Rules that block request patterns specific to Linux.",
    ),
    group(
        "AWSManagedRulesUnixRuleSet",
        100,
        true,
        "posix-os",
        &[
            "UNIXShellCommandsVariables_QUERYSTRING",
            "UNIXShellCommandsVariables_BODY",
            "UNIXShellCommandsVariables_HEADER",
        ],
        "Rules that block request patterns specific to POSIX systems.",
    ),
    group(
        "AWSManagedRulesWindowsRuleSet",
        200,
        true,
        "windows-os",
        &[
            "WindowsShellCommands_COOKIE",
            "WindowsShellCommands_QUERYARGUMENTS",
            "WindowsShellCommands_BODY",
            "PowerShellCommands_COOKIE",
            "PowerShellCommands_QUERYARGUMENTS",
            "PowerShellCommands_BODY",
        ],
        "Rules that block request patterns specific to Windows.",
    ),
    group(
        "AWSManagedRulesPHPRuleSet",
        100,
        true,
        "php-app",
        &[
            "PHPHighRiskMethodsVariables_HEADER",
            "PHPHighRiskMethodsVariables_QUERYSTRING",
            "PHPHighRiskMethodsVariables_BODY",
        ],
        "Rules that block request patterns specific to PHP.",
    ),
    group(
        "AWSManagedRulesWordPressRuleSet",
        100,
        true,
        "wordpress-app",
        &["WordPressExploitableCommands_QUERYSTRING", "WordPressExploitablePaths_URIPATH"],
        "Rules that block request patterns specific to WordPress.",
    ),
    group(
        "AWSManagedRulesAmazonIpReputationList",
        25,
        false,
        "amazon-ip-list",
        &["AWSManagedIPReputationList", "AWSManagedReconnaissanceList", "AWSManagedIPDDoSList"],
        "Rules that are based on Amazon's threat intelligence.",
    ),
    group(
        "AWSManagedRulesAnonymousIpList",
        50,
        false,
        "anonymous-ip-list",
        &["AnonymousIPList", "HostingProviderIPList"],
        "Rules that block services which hide the viewer's identity.",
    ),
    group(
        "AWSManagedRulesBotControlRuleSet",
        50,
        true,
        "bot-control",
        &["CategoryAdvertising", "CategoryArchiver", "CategoryScrapingFramework", "SignalNonBrowserUserAgent"],
        "Rules that manage requests of bots.",
    ),
    group(
        "AWSManagedRulesATPRuleSet",
        50,
        true,
        "atp",
        &["UnsupportedCognitoIDP", "VolumetricIpHigh", "VolumetricSession", "AttributeCompromisedCredentials"],
        "Rules that protect a login page from stolen credentials.",
    ),
];

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "ListAvailableManagedRuleGroups" => Some(list(call)),
        "ListAvailableManagedRuleGroupVersions" => Some(versions(call)),
        "DescribeManagedRuleGroup" => Some(describe(call)),
        _ => None,
    }
}

/// The group that a statement or a request names.
pub fn find(members: &Value) -> Option<&'static Group> {
    let text = |member: &str| members.get(member).and_then(Value::as_str).unwrap_or_default();
    GROUPS.iter().find(|group| text("VendorName") == VENDOR && text("Name") == group.name)
}

fn asked(call: &Call<'_>) -> Result<&'static Group, ApiError> {
    scope(call)?;
    need(call, "VendorName")?;
    need(call, "Name")?;
    find(&call.input).ok_or_else(missing)
}

fn list(call: &mut Call<'_>) -> Answer {
    scope(call)?;
    let row = |group: &Group| {
        json!({
            "VendorName": VENDOR, "Name": group.name, "VersioningSupported": group.versions,
            "Description": group.description})
    };
    paged(call, "ManagedRuleGroups", GROUPS.iter().map(row).collect())
}

fn versions(call: &mut Call<'_>) -> Answer {
    let group = asked(call)?;
    let rows = if group.versions { vec![json!({"Name": VERSION, "LastUpdateTimestamp": SINCE})] } else { Vec::new() };
    let mut answer = paged(call, "Versions", rows)?;
    if group.versions {
        answer.body["CurrentDefaultVersion"] = VERSION.into();
    }
    Ok(answer)
}

fn describe(call: &mut Call<'_>) -> Answer {
    let group = asked(call)?;
    if call.text("VersionName").is_some_and(|version| !group.versions || version != VERSION) {
        return Err(missing());
    }
    let rules: Vec<Value> = group.rules.iter().map(|name| json!({"Name": name, "Action": {"Block": {}}})).collect();
    let mut answer = json!({
        "Capacity": group.capacity, "Rules": rules, "LabelNamespace": format!("awswaf:managed:aws:{}:", group.label),
        "AvailableLabels": [], "ConsumedLabels": [],
    });
    if group.versions {
        answer["VersionName"] = VERSION.into();
    }
    Ok(answer.into())
}
