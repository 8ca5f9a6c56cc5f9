//! CBOR (RFC 8949) to and from trees, as far as Smithy's RPC v2 protocol goes: no negative bignums, no other tags than 1.
//!
//! Byte strings become base64 text, as JSON protocols carry them; moments become seconds since 1970.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Number, Value};

/// The tag of a moment.
const MOMENT: u64 = 1;
/// Levels of nesting that a document may have.
const DEPTH: usize = 64;

/// Reads a document; `None` if it is not one.
pub fn decode(bytes: &[u8]) -> Option<Value> {
    Reader { rest: bytes }.item(DEPTH)
}

/// Writes a tree; numbers under members that `is_moment` names are tagged as moments.
pub fn encode(value: &Value, is_moment: fn(&str) -> bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut bytes, value, false, is_moment);
    bytes
}

fn write(bytes: &mut Vec<u8>, value: &Value, moment: bool, is_moment: fn(&str) -> bool) {
    match value {
        Value::Null => bytes.push(0xf6),
        Value::Bool(flag) => bytes.push(if *flag { 0xf5 } else { 0xf4 }),
        Value::Number(number) => {
            if moment {
                head(bytes, 6, MOMENT);
            }
            write_number(bytes, number);
        }
        Value::String(text) => {
            head(bytes, 3, text.len() as u64);
            bytes.extend_from_slice(text.as_bytes());
        }
        Value::Array(items) => {
            head(bytes, 4, items.len() as u64);
            items.iter().for_each(|item| write(bytes, item, moment, is_moment));
        }
        Value::Object(members) => {
            head(bytes, 5, members.values().filter(|value| !value.is_null()).count() as u64);
            for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
                head(bytes, 3, name.len() as u64);
                bytes.extend_from_slice(name.as_bytes());
                write(bytes, value, is_moment(name), is_moment);
            }
        }
    }
}

fn write_number(bytes: &mut Vec<u8>, number: &Number) {
    match (number.as_u64(), number.as_i64()) {
        (Some(number), _) => head(bytes, 0, number),
        // The encoded argument of a negative number n is -1 - n, which is its bitwise complement.
        (None, Some(number)) => head(bytes, 1, (!number).unsigned_abs()),
        (None, None) => {
            bytes.push(0xfb);
            bytes.extend_from_slice(&number.as_f64().unwrap_or_default().to_be_bytes());
        }
    }
}

fn head(bytes: &mut Vec<u8>, major: u8, argument: u64) {
    let major = major << 5;
    match (u8::try_from(argument), u16::try_from(argument), u32::try_from(argument)) {
        (Ok(small), _, _) if small < 24 => bytes.push(major | small),
        (Ok(byte), _, _) => bytes.extend_from_slice(&[major | 24, byte]),
        (_, Ok(short), _) => {
            bytes.push(major | 25);
            bytes.extend_from_slice(&short.to_be_bytes());
        }
        (_, _, Ok(long)) => {
            bytes.push(major | 26);
            bytes.extend_from_slice(&long.to_be_bytes());
        }
        _ => {
            bytes.push(major | 27);
            bytes.extend_from_slice(&argument.to_be_bytes());
        }
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(usize::try_from(count).ok()?)?;
        self.rest = rest;
        Some(taken)
    }

    /// Big-endian number of `count` bytes.
    fn number(&mut self, count: u64) -> Option<u64> {
        Some(self.take(count)?.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte)))
    }

    /// The argument that goes with a head; `None` inside for an indefinite length.
    fn argument(&mut self, info: u8) -> Option<Option<u64>> {
        match info {
            0..=23 => Some(Some(u64::from(info))),
            24..=27 => self.number(1 << (info - 24)).map(Some),
            31 => Some(None),
            _ => None,
        }
    }

    fn item(&mut self, depth: usize) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        let [first] = self.take(1)? else { return None };
        let (major, info) = (first >> 5, first & 0x1f);
        if major == 7 {
            return self.simple(info);
        }
        let argument = self.argument(info)?;
        match major {
            0 => Some(argument?.into()),
            1 => Some((-1 - i64::try_from(argument?).ok()?).into()),
            2 => Some(STANDARD.encode(self.chunks(argument, major)?).into()),
            3 => Some(String::from_utf8(self.chunks(argument, major)?).ok()?.into()),
            4 => self.array(argument, depth),
            5 => self.map(argument, depth),
            _ => self.item(depth),
        }
    }

    fn simple(&mut self, info: u8) -> Option<Value> {
        match info {
            20 | 21 => Some((info == 21).into()),
            22 | 23 => Some(Value::Null),
            25 => Some(half(u16::try_from(self.number(2)?).ok()?).into()),
            26 => Some(f64::from(f32::from_bits(u32::try_from(self.number(4)?).ok()?)).into()),
            27 => Some(f64::from_bits(self.number(8)?).into()),
            _ => None,
        }
    }

    /// Whether an indefinite sequence ends here.
    fn at_break(&mut self) -> bool {
        let ends = self.rest.first() == Some(&0xff);
        if ends {
            self.rest = self.rest.get(1..).unwrap_or_default();
        }
        ends
    }

    fn chunks(&mut self, length: Option<u64>, major: u8) -> Option<Vec<u8>> {
        if let Some(length) = length {
            return Some(self.take(length)?.to_vec());
        }
        let mut all = Vec::new();
        while !self.at_break() {
            let first = self.number(1)?;
            let info = u8::try_from(first & 0x1f).ok()?;
            let length = (first >> 5 == u64::from(major)).then(|| self.argument(info))???;
            all.extend_from_slice(self.take(length)?);
        }
        Some(all)
    }

    fn array(&mut self, length: Option<u64>, depth: usize) -> Option<Value> {
        let mut items = Vec::new();
        let mut left = length;
        while left != Some(0) && (left.is_some() || !self.at_break()) {
            items.push(self.item(depth)?);
            left = left.map(|left| left - 1);
        }
        Some(Value::Array(items))
    }

    fn map(&mut self, length: Option<u64>, depth: usize) -> Option<Value> {
        let mut members = Map::new();
        let mut left = length;
        while left != Some(0) && (left.is_some() || !self.at_break()) {
            let name = self.item(depth)?.as_str()?.to_owned();
            members.insert(name, self.item(depth)?);
            left = left.map(|left| left - 1);
        }
        Some(Value::Object(members))
    }
}

/// A half-precision number (IEEE 754 binary16).
fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    let size = match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * 2f64.powi(exponent - 25),
    };
    if bits >> 15 == 1 { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn trees_survive_the_round_trip() {
        let tree =
            json!({"a": [1, -1, -25, 300, 70_000, 5_000_000_000_u64, 2.5, true, null], "b": {"c": "é"}, "e": {}});
        assert_eq!(decode(&encode(&tree, |_| false)), Some(tree));
    }

    #[test]
    fn moments_are_tagged_and_absent_members_left_out() {
        assert_eq!(encode(&json!({"t": 1}), |name| name == "t"), [0xa1, 0x61, b't', 0xc1, 0x01]);
        assert_eq!(encode(&json!({"t": null}), |_| false), [0xa0]);
    }

    #[test]
    fn indefinite_lengths_halves_and_byte_strings_are_read() {
        let bytes = [0xbf, 0x61, b'x', 0x9f, 0xf9, 0x3c, 0x00, 0x42, 1, 2, 0xff, 0xff];
        assert_eq!(decode(&bytes), Some(json!({"x": [1.0, "AQI="]})));
    }

    #[test]
    fn what_breaks_off_or_nests_too_deep_is_no_document() {
        assert_eq!(decode(&[0x82, 0x01]), None);
        assert_eq!(decode(&[0x81; 1000]), None);
    }
}
