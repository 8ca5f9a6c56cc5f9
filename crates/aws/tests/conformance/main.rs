//! Every kind against the sandbox, through the real SDK, in virtual time.
//!
//! [`bench::Bench::up`] proves for each resource: the create is one mutating call with the owner's tags; the same token
//! gives the same object; a lost answer is found again; two reads show no change. [`bench::Bench::down`] proves: delete
//! twice, then gone. A kind without a story here fails `every_kind_has_a_story`.

mod bench;
mod ec2_network;

use bench::told;

#[test]
fn every_kind_has_a_story() {
    let stories = [ec2_network::KINDS].concat();
    let missing: Vec<&str> = told().filter(|name| !stories.contains(name)).collect();
    assert!(missing.is_empty(), "kinds without a conformance story: {missing:?}");
}
