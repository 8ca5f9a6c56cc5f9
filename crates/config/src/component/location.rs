//! Where in the world a DNS query comes from, as Route 53 tells it.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// A Route 53 geolocation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Location {
    /// Everywhere that no other location covers: `*`.
    Default,
    /// A continent: `AF AN AS EU OC NA SA`.
    Continent(String),
    /// A country by its ISO 3166-1 code: `DE`; `country:SA` where the code is also a continent's.
    Country(String),
    /// A part of a country that Route 53 tells apart: `US-CA`, `UA-30`.
    Subdivision {
        /// `US` or `UA`.
        country: String,
        /// The part's code without the country.
        part: String,
    },
}

/// A text that is no location.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a location of Route 53")]
pub struct LocationError(String);

/// The continents of Route 53 (API reference, `GeoLocation`).
pub(crate) const CONTINENTS: [&str; 7] = ["AF", "AN", "AS", "EU", "NA", "OC", "SA"];

/// ISO 3166-1 alpha-2, as of 2024.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR \
BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI \
FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS \
IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO \
MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA \
RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT \
TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

fn is_country(code: &str) -> bool {
    COUNTRIES.split(' ').any(|country| country == code)
}

/// Continents and countries, for proposals.
pub(crate) fn known() -> Vec<&'static str> {
    std::iter::once("*").chain(CONTINENTS).chain(COUNTRIES.split(' ')).collect()
}

impl FromStr for Location {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || LocationError(text.to_owned());
        if text == "*" {
            return Ok(Self::Default);
        }
        if let Some(country) = text.strip_prefix("country:") {
            return is_country(country).then(|| Self::Country(country.to_owned())).ok_or_else(wrong);
        }
        if let Some((country, part)) = text.split_once('-') {
            let part_ok = (1..=3).contains(&part.len())
                && part.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
            let whole = Self::Subdivision { country: country.to_owned(), part: part.to_owned() };
            return (matches!(country, "US" | "UA") && part_ok).then_some(whole).ok_or_else(wrong);
        }
        if CONTINENTS.contains(&text) {
            return Ok(Self::Continent(text.to_owned()));
        }
        is_country(text).then(|| Self::Country(text.to_owned())).ok_or_else(wrong)
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("*"),
            Self::Continent(code) => f.write_str(code),
            Self::Country(code) if CONTINENTS.contains(&code.as_str()) => write!(f, "country:{code}"),
            Self::Country(code) => f.write_str(code),
            Self::Subdivision { country, part } => write!(f, "{country}-{part}"),
        }
    }
}

impl Serialize for Location {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_location_survives_its_text_form() {
        for text in ["*", "EU", "SA", "country:SA", "DE", "US-CA", "UA-30"] {
            assert_eq!(text.parse::<Location>().expect(text).to_string(), text);
        }
        assert_eq!("SA".parse(), Ok(Location::Continent("SA".into())));
        for wrong in ["UK", "eu", "XX", "DE-BE", "US-", "country:EU", ""] {
            assert!(wrong.parse::<Location>().is_err(), "{wrong}");
        }
    }
}
