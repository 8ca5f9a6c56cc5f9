//! `[bucket.<name>]`: an S3 bucket per region, replicated or not.

use schemars::JsonSchema;
use serde::Serialize;

use crate::read::{Context, Node, Problem, Read, Reader, boolean, invalid, one_of, text};

/// An S3 bucket in every region: private, encrypted, owned by the account alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Bucket {
    /// Which buckets receive what is written to the others.
    #[schemars(default)]
    pub replicate: Replicate,
    /// S3 Replication Time Control: 99.9 % of objects within 15 minutes, with metrics, at a price per GB.
    #[schemars(default)]
    pub time_control: bool,
    /// The storage class of replicas arriving in the region; without it they keep their class.
    pub replica_class: Option<StorageClass>,
    /// Whether overwritten and deleted objects are kept as old versions; replication needs it.
    #[schemars(default = "yes")]
    pub versioned: bool,
    /// After how many days objects are deleted, as `"365d"`; without it never.
    #[schemars(with = "Option<String>", extend("pattern" = "^[1-9][0-9]*d$"))]
    pub expire: Option<u32>,
    /// After how many days old versions are deleted, as `"30d"`; without it never.
    #[schemars(with = "Option<String>", extend("pattern" = "^[1-9][0-9]*d$"))]
    pub expire_old_versions: Option<u32>,
}

/// Which buckets receive what is written to the others. With one region there is nothing to replicate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Replicate {
    /// Objects written anywhere reach every region.
    Mesh,
    /// Objects written in the primary region reach every other.
    FromPrimary,
    /// Every bucket stands alone.
    #[default]
    None,
}

/// An S3 storage class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StorageClass {
    /// Frequent access.
    Standard,
    /// Infrequent access, three zones.
    StandardIa,
    /// Infrequent access, one zone.
    OnezoneIa,
    /// S3 moves objects by itself.
    IntelligentTiering,
    /// Archive, read in milliseconds.
    GlacierIr,
    /// Archive, read in minutes to hours.
    Glacier,
    /// Archive, read in hours.
    DeepArchive,
}

const REPLICATES: &[(&str, Replicate)] =
    &[("mesh", Replicate::Mesh), ("from-primary", Replicate::FromPrimary), ("none", Replicate::None)];

const CLASSES: &[(&str, StorageClass)] = &[
    ("STANDARD", StorageClass::Standard),
    ("STANDARD_IA", StorageClass::StandardIa),
    ("ONEZONE_IA", StorageClass::OnezoneIa),
    ("INTELLIGENT_TIERING", StorageClass::IntelligentTiering),
    ("GLACIER_IR", StorageClass::GlacierIr),
    ("GLACIER", StorageClass::Glacier),
    ("DEEP_ARCHIVE", StorageClass::DeepArchive),
];

impl StorageClass {
    /// As the S3 API spells it.
    pub fn as_str(self) -> &'static str {
        CLASSES.iter().find(|(_, class)| *class == self).map_or("STANDARD", |(name, _)| name)
    }
}

fn yes() -> bool {
    true
}

impl Bucket {
    /// Keys that must be the same in all regions: the buckets are one web, and versioning is its ground.
    pub(crate) const FIXED: &[&str] = &["replicate", "time_control", "versioned"];

    pub(crate) fn read(reader: &Reader<'_>) -> Read<Self> {
        let replicate = reader.or("replicate", Replicate::None, one_of(REPLICATES));
        let time_control = reader.or("time_control", false, boolean);
        let replica_class = reader.optional("replica_class", one_of(CLASSES));
        let versioned = reader.or("versioned", yes(), boolean);
        let expire = reader.optional("expire", days);
        let expire_old_versions = reader.optional("expire_old_versions", days);
        let bucket = Self {
            replicate: replicate?,
            time_control: time_control?,
            replica_class: replica_class?,
            versioned: versioned?,
            expire: expire?,
            expire_old_versions: expire_old_versions?,
        };
        match bucket.contradiction(reader) {
            Some(problem) => Err(reader.cx.report(problem)),
            None => Ok(bucket),
        }
    }

    /// Settings that would have no effect, or that AWS refuses together.
    fn contradiction(&self, reader: &Reader<'_>) -> Option<Problem> {
        let replicates = self.replicate != Replicate::None;
        if replicates && !self.versioned {
            return Some(reader.invalid("versioned", "S3 replicates versioned buckets only"));
        }
        if !self.versioned && self.expire_old_versions.is_some() {
            return Some(reader.invalid("expire_old_versions", "without versions there are no old ones to delete"));
        }
        let idle = if self.time_control {
            "time_control"
        } else if self.replica_class.is_some() {
            "replica_class"
        } else {
            return None;
        };
        let help = "set `replicate` to \"mesh\" or \"from-primary\", or remove it";
        let message = format!("`{idle}` has no effect: nothing is replicated");
        (!replicates).then(|| reader.invalid(idle, message).help(help))
    }
}

/// A number of days: `"30d"`.
fn days(cx: &Context<'_>, node: &Node) -> Read<u32> {
    let text = text(cx, node)?;
    let number = text.strip_suffix('d').and_then(|days| days.parse::<u32>().ok());
    match number.filter(|days| (1..=36_500).contains(days)) {
        Some(days) => Ok(days),
        None => Err(cx.report(invalid(node, format!("`{text}` is not a number of days")).help("write \"30d\""))),
    }
}
