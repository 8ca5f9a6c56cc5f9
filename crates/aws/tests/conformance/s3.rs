//! Stories of s3: a bucket's life with data in it, and two buckets that replicate to each other.

use std::time::Duration;

use aws_sdk_s3::error::ProvideErrorMetadata;
use globe_aws::kinds::iam::{Role, RoleOutputs};
use globe_aws::kinds::s3::{
    Bucket, BucketOutputs, BucketSpec, Lifecycle, Replication, ReplicationDestination, ReplicationSpec,
};
use globe_aws::{Driver, Scoped};
use globe_model::{Address, DataPolicy, ErrorClass, Kind, Outputs, Ref, Risk};

use crate::bench::{ACCOUNT, Bench, REGION, tags};

/// Kinds whose story this file tells.
pub const KINDS: &[&str] = &["s3/bucket", "s3/replication"];
/// Those of its stories that need every action its kinds declare.
pub const STORIES: &[fn()] = &[
    a_bucket_comes_changes_and_goes,
    what_others_changed_by_hand_is_mended,
    data_is_kept_until_it_may_be_deleted,
    objects_written_in_either_region_reach_the_other,
];

const OTHER: &str = "us-west-2";
const CLASSIC: &str = "us-east-1";

fn spec(name: &str) -> BucketSpec {
    let lifecycle = Lifecycle { expire_days: None, expire_old_days: Some(30), abort_upload_days: Some(7) };
    BucketSpec { name: name.into(), versioned: true, lifecycle, tags: tags(name) }
}

async fn put(cx: &Scoped, bucket: &str, key: &str, text: &str) {
    let body = text.as_bytes().to_vec().into();
    cx.aws.s3.put_object().bucket(bucket).key(key).body(body).send().await.expect("puts");
}

/// Versions and markers of a bucket, as (key, is a marker).
async fn versions(cx: &Scoped, bucket: &str) -> Vec<(String, bool)> {
    let answer = cx.aws.s3.list_object_versions().bucket(bucket).send().await.expect("lists");
    let versions = answer.versions().iter().map(|found| (found.key().unwrap_or_default().to_owned(), false));
    let markers = answer.delete_markers().iter().map(|found| (found.key().unwrap_or_default().to_owned(), true));
    versions.chain(markers).collect()
}

#[tokio::test(start_paused = true)]
pub async fn a_bucket_comes_changes_and_goes() {
    let mut bench = Bench::new();
    let bucket = Address::new(REGION, Bucket::NAME, "assets");
    let first = spec("acme-assets");
    bench.up::<Bucket>(&bucket, &first).await;
    bench.patches::<Bucket>(&bucket, &BucketSpec { tags: tags("renamed"), ..first.clone() }).await;
    let forever = Lifecycle::default();
    bench.patches::<Bucket>(&bucket, &BucketSpec { lifecycle: forever, versioned: false, ..first.clone() }).await;
    bench.replace::<Bucket>(&bucket, &BucketSpec { name: "acme-other".into(), ..first.clone() }, "name").await;
    let cx = bench.scoped(REGION);
    let found = Bucket::discover(&cx, &[]).await.expect("discovers nothing for no name");
    assert!(found.is_empty());
    bench.down().await;
    // The name is busy for a moment after it was given up: the engine repeats the create.
    let desired = Bucket::lower(&first, &globe_model::Upstream::new(&|_| None)).expect("no upstream");
    let token = globe_model::Token::random();
    let birth = globe_aws::Birth { address: &bucket, token: &token, owner: &cx.owner };
    let busy = Bucket::create(&cx, &birth, &desired).await.err().map(|error| error.class);
    assert_eq!(busy, Some(ErrorClass::Conflict));
    tokio::time::sleep(Duration::from_secs(10)).await;
    bench.up::<Bucket>(&bucket, &first).await;
    bench.down().await;
}

#[tokio::test(start_paused = true)]
pub async fn what_others_changed_by_hand_is_mended() {
    use aws_sdk_s3::types::{
        BucketVersioningStatus, ServerSideEncryption, ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration,
        ServerSideEncryptionRule, VersioningConfiguration,
    };
    let mut bench = Bench::new();
    let bucket = Address::new(REGION, Bucket::NAME, "assets");
    bench.up::<Bucket>(&bucket, &spec("acme-assets")).await;
    let cx = bench.scoped(REGION);
    let suspended = VersioningConfiguration::builder().status(BucketVersioningStatus::Suspended).build();
    let request = cx.aws.s3.put_bucket_versioning().bucket("acme-assets").versioning_configuration(suspended);
    request.send().await.expect("suspends");
    let kms = ServerSideEncryptionByDefault::builder().sse_algorithm(ServerSideEncryption::AwsKms).build();
    let rule = ServerSideEncryptionRule::builder().apply_server_side_encryption_by_default(kms.expect("complete"));
    let kms = ServerSideEncryptionConfiguration::builder().rules(rule.build()).build().expect("complete");
    let request = cx.aws.s3.put_bucket_encryption().bucket("acme-assets").server_side_encryption_configuration(kms);
    request.send().await.expect("encrypts otherwise");
    cx.aws.s3.delete_public_access_block().bucket("acme-assets").send().await.expect("opens");
    cx.aws.s3.delete_bucket_ownership_controls().bucket("acme-assets").send().await.expect("drops");
    bench.patches::<Bucket>(&bucket, &spec("acme-assets")).await;
    let owned = cx.aws.s3.get_bucket_tagging().bucket("acme-assets").send().await.expect("tags");
    assert!(owned.tag_set().iter().any(|tag| tag.key() == "globe:stack"), "the owner's tags survive every patch");
    bench.down().await;
}

#[tokio::test(start_paused = true)]
pub async fn data_is_kept_until_it_may_be_deleted() {
    let mut bench = Bench::new();
    let bucket = Address::new(REGION, Bucket::NAME, "assets");
    bench.up::<Bucket>(&bucket, &spec("acme-assets")).await;
    let cx = bench.scoped(REGION);
    assert_eq!(Bucket::data_at_risk(&cx, "acme-assets").await.expect("asks"), None);
    for number in 0..1001 {
        put(&cx, "acme-assets", &format!("logs/{number:04}"), "text").await;
    }
    put(&cx, "acme-assets", "logs/0000", "again").await;
    cx.aws.s3.delete_object().bucket("acme-assets").key("logs/0001").send().await.expect("hides");
    cx.aws.s3.create_multipart_upload().bucket("acme-assets").key("big").send().await.expect("begins");
    assert_eq!(Bucket::data_at_risk(&cx, "acme-assets").await.expect("asks"), Some(Risk::of("holds objects")));
    let kept = Bucket::delete(&cx, "acme-assets", DataPolicy::Keep).await;
    assert_eq!(kept.err().map(|error| error.class), Some(ErrorClass::HoldsData));
    bench.refuses_delete(&bucket).await;
    bench.down().await;
    let left = bench.sandbox().inspect(|world| world.all().filter(|object| object.kind != "s3/deleted-bucket").count());
    assert_eq!(left, 0, "nothing is left of a bucket");
    assert_eq!(Bucket::data_at_risk(&cx, "acme-assets").await.expect("asks"), None);
}

#[tokio::test(start_paused = true)]
async fn in_us_east_1_a_bucket_that_exists_is_not_taken_for_new() {
    let mut bench = Bench::new();
    let bucket = Address::new(CLASSIC, Bucket::NAME, "assets");
    bench.up::<Bucket>(&bucket, &spec("acme-assets")).await;
    let cx = bench.scoped(CLASSIC);
    let raw = cx.aws.s3.create_bucket().bucket("acme-assets").send().await;
    raw.expect("S3 itself takes it for a success");
    let (address, token) = (bucket.clone(), globe_model::Token::random());
    let birth = globe_aws::Birth { address: &address, token: &token, owner: &cx.owner };
    let desired = Bucket::lower(&spec("acme-assets"), &globe_model::Upstream::new(&|_| None)).expect("no upstream");
    let again = Bucket::create(&cx, &birth, &desired).await;
    assert_eq!(again.err().map(|error| error.class), Some(ErrorClass::AlreadyExists));
    // In another region the same name is an error of S3's own, and not ours to adopt from there.
    let elsewhere = bench.scoped(REGION);
    let taken = Bucket::create(&elsewhere, &birth, &desired).await.err().map(|error| error.class);
    assert_eq!(taken, Some(ErrorClass::AlreadyExists));
    let found = Bucket::discover(&elsewhere, &[(address.clone(), desired)]).await.expect("discovers");
    assert!(found.is_empty(), "{found:?}");
    bench.down().await;
}

fn sends(to: &str, time_control: bool) -> ReplicationDestination {
    let storage_class = time_control.then(|| "STANDARD_IA".to_owned());
    ReplicationDestination { bucket: Ref::to(to, "assets"), rule: None, storage_class, time_control }
}

fn replication(from: &str, destinations: Vec<ReplicationDestination>) -> ReplicationSpec {
    let (source, role) = (Ref::to(from, "assets"), Ref::to("global", "replication"));
    ReplicationSpec { source, role, destinations, replica_modifications: true }
}

#[tokio::test(start_paused = true)]
pub async fn objects_written_in_either_region_reach_the_other() {
    let mut bench = Bench::new();
    let role = Address::new("global", Role::NAME, "replication");
    let arn = format!("arn:aws:iam::{ACCOUNT}:role/acme-replication");
    bench.assume::<Role>(&role, &RoleOutputs { name: "acme-replication".into(), arn });
    for region in [REGION, OTHER] {
        let bucket = Address::new(region, Bucket::NAME, "assets");
        bench.up::<Bucket>(&bucket, &spec(&format!("acme-assets-{region}"))).await;
    }
    let address = |region: &str| Address::new(region, Replication::NAME, "assets");
    bench.up::<Replication>(&address(REGION), &replication(REGION, vec![sends(OTHER, true)])).await;
    bench.up::<Replication>(&address(OTHER), &replication(OTHER, vec![sends(REGION, false)])).await;

    let (here, there) = (bench.scoped(REGION), bench.scoped(OTHER));
    let (from, to) = (format!("acme-assets-{REGION}"), format!("acme-assets-{OTHER}"));
    put(&here, &from, "k", "text").await;
    put(&there, &to, "back", "text").await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    here.aws.s3.get_object().bucket(&from).key("back").send().await.expect("it came back");
    let copy = there.aws.s3.get_object().bucket(&to).key("k").send().await.expect("it went");
    assert_eq!(copy.replication_status().map(|status| status.as_str()), Some("REPLICA"));
    assert_eq!(copy.storage_class().map(|class| class.as_str()), Some("STANDARD_IA"));
    assert_eq!(copy.body.collect().await.expect("reads").to_vec(), b"text");
    here.aws.s3.delete_object().bucket(&from).key("k").send().await.expect("hides");
    tokio::time::sleep(Duration::from_secs(10)).await;
    let mut seen = versions(&there, &to).await;
    seen.sort_unstable();
    assert_eq!(seen, [("back".to_owned(), false), ("k".to_owned(), false), ("k".to_owned(), true)]);

    bench.patches::<Replication>(&address(REGION), &replication(REGION, vec![sends(OTHER, false)])).await;
    let second = Address::new("global", Role::NAME, "second");
    let arn = format!("arn:aws:iam::{ACCOUNT}:role/acme-second");
    bench.assume::<Role>(&second, &RoleOutputs { name: "acme-second".into(), arn });
    let passed =
        ReplicationSpec { role: Ref::to("global", "second"), ..replication(REGION, vec![sends(OTHER, false)]) };
    bench.patches::<Replication>(&address(REGION), &passed).await;
    bench.up::<Bucket>(&Address::new(REGION, Bucket::NAME, "logs"), &spec("acme-logs")).await;
    let moved = ReplicationSpec { source: Ref::to(REGION, "logs"), ..passed };
    bench.replace::<Replication>(&address(REGION), &moved, "source").await;
    bench.down().await;
}

#[tokio::test(start_paused = true)]
async fn replication_waits_for_versioning() {
    let mut bench = Bench::new();
    let role = Address::new("global", Role::NAME, "replication");
    let arn = format!("arn:aws:iam::{ACCOUNT}:role/acme-replication");
    bench.assume::<Role>(&role, &RoleOutputs { name: "acme-replication".into(), arn });
    for region in [REGION, OTHER] {
        let bucket = Address::new(region, Bucket::NAME, "assets");
        let plain = BucketSpec { versioned: region == REGION, ..spec(&format!("acme-assets-{region}")) };
        bench.up::<Bucket>(&bucket, &plain).await;
    }
    let cx = bench.scoped(REGION);
    let lookup = |address: &Address| match address.kind.as_str() {
        "iam/role" => {
            Some(Outputs::of(RoleOutputs { name: "r".into(), arn: format!("arn:aws:iam::{ACCOUNT}:role/r") }))
        }
        _ => {
            let name = format!("acme-assets-{}", address.scope);
            Some(Outputs::of(BucketOutputs { arn: format!("arn:aws:s3:::{name}"), name }))
        }
    };
    let spec = replication(REGION, vec![sends(OTHER, false)]);
    let desired = Replication::lower(&spec, &globe_model::Upstream::new(&lookup)).expect("upstream is known");
    let refused =
        Replication::update(&cx, &desired.source, &desired).await.expect_err("the other end keeps no versions");
    assert_eq!(refused.class, ErrorClass::NotYetConsistent, "{refused}");
    let plain = cx.aws.s3.get_bucket_replication().bucket(format!("acme-assets-{REGION}")).send().await;
    let code = plain.err().and_then(|error| error.code().map(str::to_owned));
    assert_eq!(code.as_deref(), Some("ReplicationConfigurationNotFoundError"));
    bench.down().await;
}
