//! Every kind against the sandbox, through the real SDK, in virtual time.
//!
//! [`bench::Bench::up`] proves for each resource: the create is one mutating call with the owner's tags; the same token
//! gives the same object; a lost answer is found again; two reads show no change. [`bench::Bench::down`] proves: delete
//! twice, then gone; and every call is one that the kind declares for reading, writing or deleting. A kind without a story here fails `every_kind_has_a_story`.

mod acm;
mod autoscaling;
mod bench;
mod dynamodb;
mod ec2_access;
mod ec2_gateways;
mod ec2_network;
mod elbv2;
mod iam;
mod limits;
mod permissions;
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
fn every_declared_action_is_needed() {
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
}
