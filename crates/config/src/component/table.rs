//! `[table.<name>]`: a DynamoDB table, in one region or global.

use globe_model::Region;
use schemars::JsonSchema;
use serde::Serialize;

use crate::Stack;
use crate::read::{Context, Node, Read, Reader, Value, boolean, invalid, region, some, text};
use crate::schema::RegionName;

/// A DynamoDB table with on-demand capacity; in more than one region it is a global table, version 2019.11.21.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Table {
    /// The attribute that spreads the items, as `name:type`, where the type is `S`, `N` or `B`.
    #[schemars(with = "String", regex(pattern = "^.+:[SNB]$"))]
    pub partition_key: KeyAttribute,
    /// The attribute that orders the items of one partition key, as `name:type`.
    #[schemars(with = "Option<String>", extend("pattern" = "^.+:[SNB]$"))]
    pub sort_key: Option<KeyAttribute>,
    /// The attribute that holds the second since 1970 after which DynamoDB deletes the item.
    #[schemars(length(min = 1, max = 255))]
    pub ttl: Option<String>,
    /// The regions that hold the table, all of them equal: `"all"` or a list.
    #[schemars(default)]
    pub regions: TableRegions,
    /// Whether the table can be restored, in every region, to any second of the last 35 days.
    #[schemars(default = "yes")]
    pub point_in_time_recovery: bool,
    /// Whether AWS refuses to delete the table.
    #[schemars(default = "yes")]
    pub deletion_protection: bool,
}

/// An attribute of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyAttribute {
    /// Name of the attribute.
    pub name: String,
    /// Its type.
    pub key_type: KeyType,
}

/// The types that a key can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum KeyType {
    /// String.
    S,
    /// Number.
    N,
    /// Binary.
    B,
}

impl KeyType {
    /// As the DynamoDB API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::S => "S",
            Self::N => "N",
            Self::B => "B",
        }
    }
}

/// The regions with a member of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TableRegions {
    /// Every region of the stack.
    #[default]
    All,
    /// These.
    #[serde(untagged)]
    Only(#[schemars(with = "Vec<RegionName>", length(min = 1), extend("uniqueItems" = true))] Vec<Region>),
}

fn yes() -> bool {
    true
}

impl Table {
    pub(crate) fn read(reader: &Reader<'_>) -> Read<Self> {
        let partition_key = reader.required("partition_key", key_attribute);
        let sort_key = reader.optional("sort_key", key_attribute);
        let ttl = reader.optional("ttl", attribute);
        let regions = reader.or("regions", TableRegions::All, regions);
        let recovery = reader.or("point_in_time_recovery", yes(), boolean);
        let protection = reader.or("deletion_protection", yes(), boolean);
        let table = Self {
            partition_key: partition_key?,
            sort_key: sort_key?,
            ttl: ttl?,
            regions: regions?,
            point_in_time_recovery: recovery?,
            deletion_protection: protection?,
        };
        table.check_attributes(reader)?;
        Ok(table)
    }

    /// Refuses one attribute in two roles.
    fn check_attributes(&self, reader: &Reader<'_>) -> Read<()> {
        let partition = &self.partition_key.name;
        let sort = self.sort_key.as_ref().map(|key| &key.name);
        let ttl = self.ttl.as_ref();
        let (key, message) = if sort == Some(partition) {
            ("sort_key", format!("`{partition}` is the partition key already"))
        } else if ttl.is_some_and(|ttl| ttl == partition || Some(ttl) == sort) {
            ("ttl", "a key attribute never changes, so it cannot say when an item expires".to_owned())
        } else {
            return Ok(());
        };
        Err(reader.cx.report(reader.invalid(key, message)))
    }

    /// The regions with a member in a stack, in the stack's order.
    pub fn regions_in<'a>(&'a self, stack: &'a Stack) -> impl Iterator<Item = &'a Region> {
        stack.regions.keys().filter(move |region| match &self.regions {
            TableRegions::All => true,
            TableRegions::Only(only) => only.contains(region),
        })
    }
}

fn regions(cx: &Context<'_>, node: &Node) -> Read<TableRegions> {
    match &node.value {
        Value::Text(word) if word == "all" => Ok(TableRegions::All),
        Value::Text(word) => {
            let message = format!("`{word}` is neither \"all\" nor a list of regions");
            Err(cx.report(invalid(node, message).help(format!("write \"all\" or [\"{word}\"]"))))
        }
        _ => Ok(TableRegions::Only(some(region)(cx, node)?)),
    }
}

fn attribute(cx: &Context<'_>, node: &Node) -> Read<String> {
    let name = text(cx, node)?;
    match name.len() <= 255 {
        true => Ok(name),
        false => Err(cx.report(invalid(node, "the name of a DynamoDB attribute has at most 255 bytes"))),
    }
}

fn key_attribute(cx: &Context<'_>, node: &Node) -> Read<KeyAttribute> {
    let text = attribute(cx, node)?;
    let (name, word) = text.rsplit_once(':').unwrap_or((&text, ""));
    let key_type = match word {
        "S" => KeyType::S,
        "N" => KeyType::N,
        "B" => KeyType::B,
        _ => {
            let message =
                format!("a key is `name:type` with the type S (string), N (number) or B (binary), not `{text}`");
            return Err(cx.report(invalid(node, message).help(format!("write \"{name}:S\""))));
        }
    };
    match name.is_empty() {
        true => Err(cx.report(invalid(node, "the attribute has no name"))),
        false => Ok(KeyAttribute { name: name.to_owned(), key_type }),
    }
}
