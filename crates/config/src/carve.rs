//! How a region's address range is divided into subnets.
//!
//! The range is cut into equal slots, one per availability zone; the first half of a slot is the zone's private
//! subnet, the third quarter its public one, the last its data subnet. How many slots there are depends on the range
//! alone, never on the number of zones in use, so adding a zone never moves a subnet that exists.

use ipnet::Ipv4Net;
use serde::Serialize;

use crate::Network;

/// Most availability zones that a network can use: no AWS region has more.
pub const MAX_ZONES: u8 = 6;
/// The narrowest subnet that an Application Load Balancer takes (Elastic Load Balancing user guide).
pub const ALB_MAX_PREFIX: u8 = 27;
/// Slot counts to try, widest first: each as a power of two.
const SLOT_BITS: [u8; 4] = [3, 2, 1, 0];

/// The subnets of one availability zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ZoneSubnets {
    /// Which of the region's zones, from 0, in the order of their names.
    pub zone: u8,
    /// For load balancers and NAT gateways.
    pub public: Ipv4Net,
    /// For instances.
    pub private: Ipv4Net,
    /// For databases and caches: no route to the internet.
    pub data: Ipv4Net,
}

impl ZoneSubnets {
    /// The three subnets.
    pub fn all(&self) -> [Ipv4Net; 3] {
        [self.public, self.private, self.data]
    }
}

/// The subnets do not fit into a region's range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CarveError {
    /// Zones outside 1..=[`MAX_ZONES`].
    #[error("a network has 1 to {MAX_ZONES} zones, not {0}")]
    Zones(u8),
    /// The range holds fewer zones than asked for.
    #[error("{cidr} has room for {room} {}, not for {zones}", if *room == 1 { "zone" } else { "zones" })]
    TooNarrow {
        /// The region's range.
        cidr: Ipv4Net,
        /// Zones asked for.
        zones: u8,
        /// Zones that fit.
        room: u8,
        /// The longest prefix length that would do.
        needs: u8,
    },
}

impl Network {
    /// The subnets of `zones` availability zones within a region's range; one entry per zone, in order.
    ///
    /// # Errors
    /// [`CarveError`] when a public subnet would be narrower than the /27 that a load balancer needs.
    pub fn subnets(region_cidr: Ipv4Net, zones: u8) -> Result<Vec<ZoneSubnets>, CarveError> {
        if zones == 0 || zones > MAX_ZONES {
            return Err(CarveError::Zones(zones));
        }
        let bits = slot_bits(region_cidr.prefix_len());
        let room = bits.map_or(0, |bits| (1u8 << bits).min(MAX_ZONES));
        let too_narrow = CarveError::TooNarrow { cidr: region_cidr, zones, room, needs: needed_prefix(zones) };
        match bits {
            Some(bits) if zones <= room => carve(region_cidr, bits, zones).ok_or(too_narrow),
            _ => Err(too_narrow),
        }
    }
}

/// The widest division whose quarter slots a load balancer takes.
fn slot_bits(prefix: u8) -> Option<u8> {
    SLOT_BITS.into_iter().find(|bits| prefix.saturating_add(bits + 2) <= ALB_MAX_PREFIX)
}

/// The longest prefix length whose range holds `zones` slots.
fn needed_prefix(zones: u8) -> u8 {
    let bits = SLOT_BITS.into_iter().rev().find(|bits| (1u8 << bits) >= zones).unwrap_or(SLOT_BITS[0]);
    ALB_MAX_PREFIX - 2 - bits
}

fn carve(cidr: Ipv4Net, slot_bits: u8, zones: u8) -> Option<Vec<ZoneSubnets>> {
    let slots = cidr.subnets(cidr.prefix_len() + slot_bits).ok()?;
    let subnets: Vec<ZoneSubnets> = slots.zip(0..zones).filter_map(|(slot, zone)| zone_subnets(slot, zone)).collect();
    (subnets.len() == usize::from(zones)).then_some(subnets)
}

fn zone_subnets(slot: Ipv4Net, zone: u8) -> Option<ZoneSubnets> {
    let private = slot.subnets(slot.prefix_len() + 1).ok()?.next()?;
    let mut quarters = slot.subnets(slot.prefix_len() + 2).ok()?.skip(2);
    Some(ZoneSubnets { zone, public: quarters.next()?, private, data: quarters.next()? })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn net(text: &str) -> Ipv4Net {
        text.parse().expect("a network")
    }

    #[test]
    fn a_slash_16_gives_eight_slots_of_which_the_first_are_used() {
        let zones = Network::subnets(net("10.2.0.0/16"), 2).expect("fits");
        assert_eq!(zones.len(), 2);
        assert_eq!(zones[1].private, net("10.2.32.0/20"));
        assert_eq!(zones[1].public, net("10.2.48.0/21"));
        assert_eq!(zones[1].data, net("10.2.56.0/21"));
    }

    #[test]
    fn a_narrow_range_says_what_would_do() {
        let error = Network::subnets(net("10.0.0.0/24"), 3).expect_err("three zones want a /23");
        assert_eq!(error, CarveError::TooNarrow { cidr: net("10.0.0.0/24"), zones: 3, room: 2, needs: 23 });
        assert!(Network::subnets(net("10.0.0.0/23"), 3).is_ok());
        assert_eq!(Network::subnets(net("10.0.0.0/16"), 7), Err(CarveError::Zones(7)));
        assert!(Network::subnets(net("10.0.0.0/28"), 1).is_err());
    }

    proptest! {
        #[test]
        fn subnets_lie_in_the_region_apart_from_each_other_and_are_wide_enough(
            address: u32, prefix in 0u8..=32, zones in 0u8..=8
        ) {
            let cidr = Ipv4Net::new(address.into(), prefix).expect("a prefix up to 32").trunc();
            let all: Vec<Ipv4Net> = match Network::subnets(cidr, zones) {
                Ok(subnets) => subnets.iter().flat_map(ZoneSubnets::all).collect(),
                Err(CarveError::TooNarrow { needs, room, .. }) => {
                    prop_assert!(room < zones && needs < prefix);
                    return Ok(());
                }
                Err(CarveError::Zones(_)) => return Ok(()),
            };
            prop_assert_eq!(all.len(), usize::from(zones) * 3);
            for (index, subnet) in all.iter().enumerate() {
                prop_assert!(cidr.contains(subnet) && subnet.prefix_len() <= ALB_MAX_PREFIX);
                for other in &all[index + 1..] {
                    prop_assert!(!subnet.contains(other) && !other.contains(subnet));
                }
            }
        }

        #[test]
        fn adding_a_zone_moves_nothing(address: u32, prefix in 16u8..=25, zones in 1u8..6) {
            let cidr = Ipv4Net::new(address.into(), prefix).expect("a prefix up to 32").trunc();
            if let Ok(more) = Network::subnets(cidr, zones + 1) {
                let fewer = Network::subnets(cidr, zones).expect("fewer zones fit as well");
                prop_assert_eq!(&more[..usize::from(zones)], &fewer[..]);
            }
        }
    }
}
