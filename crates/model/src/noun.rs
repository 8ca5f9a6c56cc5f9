//! What rooms hand to each other without knowing a kind's types: each of a kind's nouns in a box of its own type.
//!
//! A box holds the kind's typed value, or the JSON text that the journal or a plan file held. Text is parsed where the
//! value is needed and not before: most records of a large stack are never looked into.

use std::any::{Any, type_name};
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

/// A value that a kind may use as one of its nouns; every type that fits is one.
pub trait Noun: Any + fmt::Debug + Send + Sync {
    /// As JSON.
    ///
    /// # Errors
    /// For a type that JSON cannot hold, such as a map whose keys are no texts.
    fn to_json(&self) -> Result<Value, serde_json::Error>;
    /// Whether `other` is of the same type and equal.
    fn equals(&self, other: &dyn Noun) -> bool;
    /// For downcasts.
    fn as_any(&self) -> &dyn Any;
}

impl<T: Any + Serialize + PartialEq + fmt::Debug + Send + Sync> Noun for T {
    fn to_json(&self) -> Result<Value, serde_json::Error> {
        serde_json::to_value(self)
    }

    fn equals(&self, other: &dyn Noun) -> bool {
        other.as_any().downcast_ref::<T>() == Some(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A boxed value that is not of the type that a kind expects: another kind's, or one that another globe recorded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a {noun} does not fit this version of globe: {reason}")]
pub struct Misfit {
    noun: &'static str,
    reason: String,
}

/// A typed value out of a box: the box's own, or one parsed just now.
#[derive(Debug)]
pub enum Opened<'a, T> {
    /// The box's own.
    Held(&'a T),
    /// Parsed from text.
    Parsed(Box<T>),
}

impl<T> Deref for Opened<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        match self {
            Self::Held(value) => value,
            Self::Parsed(value) => value,
        }
    }
}

impl<T: Clone> Opened<'_, T> {
    /// The value, cloned if the box keeps it.
    pub fn into_owned(self) -> T {
        match self {
            Self::Held(value) => value.clone(),
            Self::Parsed(value) => *value,
        }
    }
}

#[derive(Clone)]
enum Held {
    Typed(Arc<dyn Noun>),
    Text(Arc<RawValue>),
}

impl Held {
    fn open<T: DeserializeOwned + 'static>(&self, noun: &'static str) -> Result<Opened<'_, T>, Misfit> {
        match self {
            Self::Typed(value) => {
                let wrong = || Misfit { noun, reason: format!("it is not a {}", type_name::<T>()) };
                // Through the Arc: an Arc is a value of its own type, too.
                (**value).as_any().downcast_ref::<T>().map(Opened::Held).ok_or_else(wrong)
            }
            Self::Text(text) => {
                let parsed = serde_json::from_str(text.get());
                parsed
                    .map(|value| Opened::Parsed(Box::new(value)))
                    .map_err(|error| Misfit { noun, reason: error.to_string() })
            }
        }
    }

    fn json(&self) -> Result<Value, serde_json::Error> {
        match self {
            Self::Typed(value) => (**value).to_json(),
            Self::Text(text) => serde_json::from_str(text.get()),
        }
    }
}

impl PartialEq for Held {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Typed(one), Self::Typed(other)) => Arc::ptr_eq(one, other) || (**one).equals(&**other),
            (Self::Text(one), Self::Text(other)) if one.get() == other.get() => true,
            _ => matches!((self.json(), other.json()), (Ok(one), Ok(other)) if one == other),
        }
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Typed(value) => value.fmt(f),
            Self::Text(text) => f.write_str(text.get()),
        }
    }
}

impl Serialize for Held {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json().map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Held {
    // Through a tree, not as raw text: only serde_json's own readers know that, and enums read from a buffer.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = serde_json::value::to_raw_value(&Value::deserialize(deserializer)?);
        Ok(Self::Text(Arc::from(text.map_err(serde::de::Error::custom)?)))
    }
}

macro_rules! boxes {
    ($($(#[$doc:meta])* $name:ident = $noun:literal,)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Held);

        impl $name {
            /// Boxes a kind's own value.
            pub fn of<T: Noun>(value: T) -> Self {
                Self(Held::Typed(Arc::new(value)))
            }

            /// Boxes JSON text as the journal holds it; whether it fits its kind shows when it is opened.
            ///
            /// # Errors
            /// When it is no JSON.
            pub fn of_text(text: String) -> Result<Self, serde_json::Error> {
                Ok(Self(Held::Text(Arc::from(RawValue::from_string(text)?))))
            }

            /// The kind's own value.
            ///
            /// # Errors
            /// When it is of another type.
            pub fn open<T: DeserializeOwned + 'static>(&self) -> Result<Opened<'_, T>, Misfit> {
                self.0.open($noun)
            }

            /// As JSON, for the journal, the plan file and for people.
            ///
            /// # Errors
            /// For a type that JSON cannot hold: a defect of its kind.
            pub fn json(&self) -> Result<Value, serde_json::Error> {
                self.0.json()
            }
        }
    )*};
}

boxes! {
    /// A kind's [`crate::Kind::Spec`].
    Spec = "spec",
    /// A kind's [`crate::Kind::Desired`].
    Desired = "lowered form",
    /// A kind's [`crate::Kind::Live`].
    Live = "live object",
    /// A kind's [`crate::Kind::Patch`].
    Patch = "patch",
    /// A kind's [`crate::Kind::Outputs`].
    Outputs = "outputs",
    /// What an intent asks AWS for: the [`Desired`] of a create, the [`Patch`] of an update.
    Request = "request",
}

impl From<Desired> for Request {
    fn from(desired: Desired) -> Self {
        Self(desired.0)
    }
}

impl From<Patch> for Request {
    fn from(patch: Patch) -> Self {
        Self(patch.0)
    }
}

impl Request {
    /// The request of a create.
    pub fn desired(&self) -> Desired {
        Desired(self.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Subnet {
        cidr: String,
    }

    fn subnet() -> Subnet {
        Subnet { cidr: "10.0.0.0/24".into() }
    }

    fn text(text: &str) -> Spec {
        Spec::of_text(text.to_owned()).expect("JSON")
    }

    #[test]
    fn a_value_and_its_text_are_the_same() {
        let (typed, read) = (Spec::of(subnet()), text(r#"{ "cidr": "10.0.0.0/24" }"#));
        assert_eq!(typed, read);
        assert_eq!(*read.open::<Subnet>().expect("fits"), subnet());
        assert_ne!(typed, text(r#"{"cidr": "10.1.0.0/24"}"#));
        assert_eq!(serde_json::to_string(&typed).expect("JSON"), r#"{"cidr":"10.0.0.0/24"}"#);
        assert_eq!(serde_json::from_str::<Spec>(r#"{"cidr":"10.0.0.0/24"}"#).expect("JSON"), typed);
    }

    #[test]
    fn what_does_not_fit_says_so() {
        let error = text("{}").open::<Subnet>().expect_err("has no cidr").to_string();
        assert!(error.starts_with("a spec does not fit this version of globe: missing field `cidr`"), "{error}");
        let error = Spec::of(subnet()).open::<String>().expect_err("is a subnet").to_string();
        assert!(error.ends_with("it is not a alloc::string::String"), "{error}");
    }
}
