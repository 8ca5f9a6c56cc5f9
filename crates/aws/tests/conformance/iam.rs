//! Role and instance profile.

use std::collections::BTreeMap;

use globe_aws::kinds::iam::{InstanceProfile, InstanceProfileSpec, Role, RoleDesired, RoleSpec};
use globe_aws::{Birth, Driver};
use globe_model::{Address, ErrorClass, Kind, Owner, Ref, Token, Upstream};
use serde_json::{Value, json};

use crate::bench::{ACCOUNT, Bench, tags};

/// Kinds whose story this file tells.
pub const KINDS: &[&str] = &["iam/role", "iam/instance_profile"];
/// Those of its stories that need every action its kinds declare.
pub const STORIES: &[fn()] =
    &[a_role_and_its_profile_come_change_and_go, what_others_did_to_a_role_is_undone_and_does_not_block_its_end];

const SSM: &str = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore";
const AGENT: &str = "arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy";

fn allow(action: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]})
}

/// A role for instances, with one policy of each sort.
pub fn role_spec(name: &str) -> RoleSpec {
    RoleSpec {
        name: name.into(),
        services: ["ec2.amazonaws.com".to_owned()].into(),
        description: "instances of web: 100% ours".into(),
        inline: BTreeMap::from([("logs".to_owned(), allow("logs:PutLogEvents"))]),
        managed: [SSM.to_owned()].into(),
        max_session_seconds: 3600,
        tags: tags(name),
    }
}

fn desired(spec: &RoleSpec) -> RoleDesired {
    Role::lower(spec, &Upstream::new(&|_| None)).expect("a role refers to nothing")
}

#[tokio::test(start_paused = true)]
pub async fn a_role_and_its_profile_come_change_and_go() {
    let mut bench = Bench::new();
    let role = Address::new("global", Role::NAME, "web");
    let spec = role_spec("acme-web");
    bench.up::<Role>(&role, &spec).await;
    let policies = [("logs", allow("logs:*")), ("tables", allow("dynamodb:GetItem"))];
    let inline = policies.map(|(name, document)| (name.to_owned(), document)).into();
    let spec = RoleSpec { inline, managed: [AGENT.to_owned()].into(), ..spec };
    bench.patches::<Role>(&role, &spec).await;
    let services = ["ec2.amazonaws.com", "lambda.amazonaws.com"].map(str::to_owned).into();
    let spec = RoleSpec { services, inline: BTreeMap::new(), max_session_seconds: 7200, ..spec };
    bench.patches::<Role>(&role, &spec).await;
    bench.patches::<Role>(&role, &RoleSpec { description: "web".into(), tags: tags("other"), ..spec.clone() }).await;
    bench.replace::<Role>(&role, &RoleSpec { name: "acme-front".into(), ..spec }, "name").await;

    let second = Address::new("global", Role::NAME, "api");
    bench.up::<Role>(&second, &role_spec("acme-api")).await;
    let profile = Address::new("global", InstanceProfile::NAME, "web");
    let spec = InstanceProfileSpec { name: "acme-web".into(), role: Ref::to("global", "web"), tags: tags("web") };
    bench.up::<InstanceProfile>(&profile, &spec).await;
    let spec = InstanceProfileSpec { role: Ref::to("global", "api"), ..spec };
    bench.patches::<InstanceProfile>(&profile, &spec).await;
    bench.patches::<InstanceProfile>(&profile, &InstanceProfileSpec { tags: tags("x"), ..spec.clone() }).await;
    bench.replace::<InstanceProfile>(&profile, &InstanceProfileSpec { name: "b".into(), ..spec }, "name").await;

    bench.down().await;
    assert_eq!(bench.sandbox().inspect(|world| world.all().count()), 0, "nothing is left in the account");
}

#[tokio::test(start_paused = true)]
pub async fn what_others_did_to_a_role_is_undone_and_does_not_block_its_end() {
    let mut bench = Bench::new();
    let role = Address::new("global", Role::NAME, "web");
    let spec = role_spec("acme-web");
    bench.up::<Role>(&role, &spec).await;
    let cx = bench.scoped("global");
    let iam = &cx.aws.iam;
    let meddle = async || {
        for policy in ["logs", "backdoor"] {
            let put = iam.put_role_policy().role_name("acme-web").policy_name(policy);
            put.policy_document(allow("*").to_string()).send().await.expect("puts");
        }
        iam.attach_role_policy().role_name("acme-web").policy_arn(AGENT).send().await.expect("attaches");
        iam.detach_role_policy().role_name("acme-web").policy_arn(SSM).send().await.expect("detaches");
    };
    meddle().await;
    bench.settle::<Role>(&role, &spec).await;
    let live = Role::read(&cx, &["acme-web".to_owned()]).await.expect("reads").remove("acme-web").expect("is there");
    assert_eq!(live.inline, spec.inline);
    assert_eq!(live.managed, spec.managed);
    assert_eq!(live.settings.description, spec.description);

    meddle().await;
    iam.create_instance_profile().instance_profile_name("theirs").send().await.expect("makes a profile");
    let add = iam.add_role_to_instance_profile().instance_profile_name("theirs").role_name("acme-web");
    add.send().await.expect("puts the role in");
    bench.down().await;
    assert!(iam.get_role().role_name("acme-web").send().await.is_err(), "the role is gone");
}

#[tokio::test(start_paused = true)]
async fn a_strangers_role_of_the_same_name_is_never_ours() {
    let bench = Bench::new();
    let cx = bench.scoped("global");
    let wanted = desired(&role_spec("acme-web"));
    let trust = wanted.trust.to_string();
    let stranger = cx.aws.iam.create_role().role_name("ACME-web").assume_role_policy_document(trust);
    stranger.send().await.expect("a stranger makes it first");
    let address = Address::new("global", Role::NAME, "web");
    let owner = Owner { stack: "acme".into(), account: ACCOUNT.into() };
    let birth = Birth { address: &address, token: &Token::random(), owner: &owner };
    let refused = Role::create(&cx, &birth, &wanted).await.expect_err("names have no case");
    assert_eq!(refused.class, ErrorClass::AlreadyExists);
    let found = Role::discover(&cx, &[(address, wanted)]).await.expect("discovers");
    assert!(found.is_empty(), "{found:?}");
}

#[tokio::test(start_paused = true)]
async fn many_roles_cost_two_calls() {
    let bench = Bench::new();
    let cx = bench.scoped("global");
    let names: Vec<String> = (0..120).map(|number| format!("acme-{number:03}")).collect();
    for name in &names {
        let trust = desired(&role_spec(name)).trust.to_string();
        cx.aws.iam.create_role().role_name(name).assume_role_policy_document(trust).send().await.expect("makes");
    }
    let before = bench.sandbox().calls().len();
    let found = Role::read(&cx, &names).await.expect("reads");
    assert_eq!(found.len(), names.len());
    assert_eq!(bench.sandbox().calls().len() - before, 2);
}

/// AWS's code for a refused call.
fn code<T, E, R>(answer: Result<T, aws_smithy_runtime_api::client::result::SdkError<E, R>>) -> String
where
    E: aws_smithy_types::error::metadata::ProvideErrorMetadata,
{
    let error = answer.err().expect("it is refused");
    error.as_service_error().and_then(|error| error.code()).unwrap_or_default().to_owned()
}

#[tokio::test(start_paused = true)]
async fn what_holds_something_cannot_be_deleted() {
    let bench = Bench::new();
    let iam = bench.scoped("global").aws.iam;
    let trust = desired(&role_spec("web")).trust.to_string();
    let make = |name: &str| iam.create_role().role_name(name).assume_role_policy_document(&trust).send();
    make("web").await.expect("makes a role");
    make("api").await.expect("makes another");
    let made = iam.create_policy().policy_name("own").policy_document(allow("s3:*").to_string()).send().await;
    let arn = made.expect("makes a policy").policy.and_then(|policy| policy.arn).expect("it has an ARN");
    let policy = || iam.delete_policy().policy_arn(&arn);
    let attach = |arn: &str| iam.attach_role_policy().role_name("web").policy_arn(arn).send();
    assert_eq!(code(attach("arn:aws:iam::123456789012:policy/absent").await), "NoSuchEntity");
    attach(&arn).await.expect("attaches");
    attach(&arn).await.expect("attaching again changes nothing");
    assert_eq!(code(policy().send().await), "DeleteConflict");
    assert_eq!(code(iam.delete_role().role_name("web").send().await), "DeleteConflict");
    let detach = || iam.detach_role_policy().role_name("web").policy_arn(&arn).send();
    detach().await.expect("detaches");
    assert_eq!(code(detach().await), "NoSuchEntity");
    for _ in 2..=5 {
        let version = iam.create_policy_version().policy_arn(&arn).policy_document(allow("s3:Get*").to_string());
        version.set_as_default(true).send().await.expect("makes a version");
    }
    let sixth = iam.create_policy_version().policy_arn(&arn).policy_document(allow("s3:*").to_string());
    assert_eq!(code(sixth.send().await), "LimitExceeded");
    assert_eq!(code(policy().send().await), "DeleteConflict");

    let profile = || iam.add_role_to_instance_profile().instance_profile_name("web");
    iam.create_instance_profile().instance_profile_name("web").send().await.expect("makes a profile");
    assert_eq!(code(profile().role_name("absent").send().await), "NoSuchEntity");
    profile().role_name("web").send().await.expect("puts the role in");
    assert_eq!(code(profile().role_name("api").send().await), "LimitExceeded");
    assert_eq!(code(iam.delete_role().role_name("web").send().await), "DeleteConflict");
    assert_eq!(code(iam.delete_instance_profile().instance_profile_name("web").send().await), "DeleteConflict");
}
