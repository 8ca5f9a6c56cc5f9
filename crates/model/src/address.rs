//! Where a resource lives and what it is called, for ever.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Kind;

/// An AWS region by its API name, such as `eu-central-1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Region(String);

impl Region {
    /// Wraps a region name; whether AWS has such a region is the configuration's business.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The API name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A region, or `global` for what AWS keeps in one place (Route 53, IAM, CloudFront).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Kept by AWS once per account; called through us-east-1.
    Global,
    /// Kept in one region.
    Region(Region),
}

impl Scope {
    /// The scope of a named region.
    pub fn region(name: impl Into<String>) -> Self {
        Self::Region(Region::new(name))
    }

    /// The region whose endpoints serve this scope: AWS serves global services from us-east-1.
    pub fn endpoint_region(&self) -> &str {
        match self {
            Self::Global => "us-east-1",
            Self::Region(region) => region.as_str(),
        }
    }

    /// The region, if this scope is one.
    pub fn as_region(&self) -> Option<&Region> {
        match self {
            Self::Global => None,
            Self::Region(region) => Some(region),
        }
    }

    /// `global` or the region's name.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Global => "global",
            Self::Region(region) => region.as_str(),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl From<&str> for Scope {
    fn from(text: &str) -> Self {
        match text {
            "global" => Self::Global,
            name => Self::region(name),
        }
    }
}

impl From<Region> for Scope {
    fn from(region: Region) -> Self {
        Self::Region(region)
    }
}

impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from(String::deserialize(deserializer)?.as_str()))
    }
}

/// A resource's name for ever: `eu-central-1/ec2/subnet/main-private-a`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// Where it lives.
    pub scope: Scope,
    /// The kind's [`Kind::NAME`], such as `ec2/subnet`.
    pub kind: String,
    /// Unique within (scope, kind); may contain slashes.
    pub name: String,
}

impl Address {
    /// Puts an address together from its parts.
    pub fn new(scope: impl Into<Scope>, kind: impl Into<String>, name: impl Into<String>) -> Self {
        Self { scope: scope.into(), kind: kind.into(), name: name.into() }
    }

    /// `ec2` of `ec2/subnet`.
    pub fn service(&self) -> &str {
        self.kind.split('/').next().unwrap_or(&self.kind)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.scope, self.kind, self.name)
    }
}

/// A text that is not `scope/service/kind/name`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an address; one looks like `eu-central-1/ec2/subnet/main-private-a`")]
pub struct AddressError(String);

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.splitn(4, '/');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(scope), Some(service), Some(kind), Some(name))
                if [scope, service, kind, name].iter().all(|part| !part.is_empty()) =>
            {
                Ok(Self::new(scope, format!("{service}/{kind}"), name))
            }
            _ => Err(AddressError(text.to_owned())),
        }
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A typed reference to a resource of kind `K`; the fields of this type in a `Spec` are the graph's edges.
pub struct Ref<K> {
    address: Address,
    kind: PhantomData<fn() -> K>,
}

impl<K: Kind> Ref<K> {
    /// Refers to the `K` called `name` in `scope`.
    pub fn to(scope: impl Into<Scope>, name: impl Into<String>) -> Self {
        Self { address: Address::new(scope, K::NAME, name), kind: PhantomData }
    }
}

impl<K> Ref<K> {
    /// The address referred to.
    pub fn address(&self) -> &Address {
        &self.address
    }
}

impl<K> Clone for Ref<K> {
    fn clone(&self) -> Self {
        Self { address: self.address.clone(), kind: PhantomData }
    }
}

impl<K> fmt::Debug for Ref<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ref({})", self.address)
    }
}

impl<K> PartialEq for Ref<K> {
    fn eq(&self, other: &Self) -> bool {
        self.address == other.address
    }
}

impl<K> Eq for Ref<K> {}

impl<K> PartialOrd for Ref<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<K> Ord for Ref<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.address.cmp(&other.address)
    }
}

impl<K> Hash for Ref<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.address.hash(state);
    }
}

impl<K> Serialize for Ref<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.address.serialize(serializer)
    }
}

impl<'de, K: Kind> Deserialize<'de> for Ref<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let address = Address::deserialize(deserializer)?;
        if address.kind != K::NAME {
            return Err(serde::de::Error::custom(format!("`{address}` is not a {}", K::NAME)));
        }
        Ok(Self { address, kind: PhantomData })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_survives_its_text_form() {
        let text = "eu-central-1/ec2/subnet/main-private-a";
        let address: Address = text.parse().expect("parses");
        assert_eq!(address.scope, Scope::region("eu-central-1"));
        assert_eq!(address.kind, "ec2/subnet");
        assert_eq!(address.service(), "ec2");
        assert_eq!(address.to_string(), text);
    }

    #[test]
    fn a_name_may_hold_slashes_and_no_part_may_be_empty() {
        let address: Address = "global/route53/record/main/www/A".parse().expect("parses");
        assert_eq!((address.scope, address.name.as_str()), (Scope::Global, "main/www/A"));
        for wrong in ["", "global", "global/route53/record", "global/route53/record/", "/ec2/vpc/a"] {
            assert!(wrong.parse::<Address>().is_err(), "{wrong}");
        }
    }
}
