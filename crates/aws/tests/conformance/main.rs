//! Every kind against the sandbox, through the real SDK, in virtual time.
//!
//! [`bench::Bench::up`] proves for each resource: the create is one mutating call with the owner's tags; its lost answer
//! is found again in the way that the kind declares; two reads show no change; an unknown id beside it is nothing.
//! [`bench::Bench::replace`] carries a replacement out in the declared order. [`bench::Bench::down`] proves: delete
//! twice, then gone; and every call is one that the kind declares for reading, writing or deleting. A kind without a
//! story here fails `every_kind_has_a_story`; a field, an action, a replacement or a dependent that no story shows
//! fails `every_kind_is_told_whole`.

mod acm;
mod autoscaling;
mod bench;
mod birth;
mod dynamodb;
mod ec2_access;
mod ec2_gateways;
mod ec2_network;
mod elbv2;
mod iam;
mod limits;
mod lossy;
mod permissions;
mod proofs;
mod replacing;
mod route53;
mod s3;

use bench::told;

#[test]
fn every_kind_has_a_story() {
    let stories = [
        acm::KINDS,
        autoscaling::KINDS,
        dynamodb::KINDS,
        ec2_access::KINDS,
        ec2_gateways::KINDS,
        ec2_network::KINDS,
        elbv2::KINDS,
        iam::KINDS,
        route53::KINDS,
        s3::KINDS,
    ]
    .concat();
    let missing: Vec<&str> = told().filter(|name| !stories.contains(name)).collect();
    assert!(missing.is_empty(), "kinds without a conformance story: {missing:?}");
}

/// Tells the stories itself, so that the answer does not depend on which other tests run.
#[test]
fn every_kind_is_told_whole() {
    let stories = [
        acm::STORIES,
        autoscaling::STORIES,
        dynamodb::STORIES,
        ec2_access::STORIES,
        ec2_gateways::STORIES,
        ec2_network::STORIES,
        elbv2::STORIES,
        iam::STORIES,
        route53::STORIES,
        s3::STORIES,
    ];
    stories.concat().into_iter().for_each(|story| story());
    let unneeded = permissions::unneeded();
    assert!(unneeded.is_empty(), "declared, and needed by no story: {unneeded:#?}");
    let owed = proofs::owed();
    assert!(owed.is_empty(), "the stories owe: {owed:#?}");
}
