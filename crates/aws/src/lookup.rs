//! Facts of AWS that a blueprint needs and no stack owns: the account, zones, images.

use std::collections::BTreeMap;

use globe_model::{CallError, ErrorClass, Scope};

use crate::error::failed;
use crate::repeat::retried;
use crate::{AwsCloud, Scoped};

/// SSM `GetParameters` takes at most this many names.
const PARAMETERS_PER_CALL: usize = 10;

/// Read-only look-ups.
pub struct Lookup<'a>(&'a AwsCloud);

impl<'a> Lookup<'a> {
    /// Look-ups through `cloud`.
    pub fn new(cloud: &'a AwsCloud) -> Self {
        Self(cloud)
    }

    /// The account that the credentials belong to. Needs no permission.
    ///
    /// # Errors
    /// Without usable credentials.
    pub async fn account(&self) -> Result<String, CallError> {
        let cx = self.0.scoped(&Scope::Global);
        let identity = retried(self.0.clock(), || async {
            cx.aws.sts.get_caller_identity().send().await.map_err(failed("sts:GetCallerIdentity"))
        });
        Ok(identity.await?.account.unwrap_or_default())
    }

    /// Names of the zones of a region that every account may use, sorted.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn zones(&self, scope: &Scope) -> Result<Vec<String>, CallError> {
        let cx = self.0.scoped(scope);
        let mut zones = retried(self.0.clock(), || describe_zones(&cx)).await?;
        zones.sort_unstable();
        Ok(zones)
    }

    /// Values of public SSM parameters in a region.
    ///
    /// # Errors
    /// When a call fails, or a parameter does not exist there.
    pub async fn parameters(&self, scope: &Scope, names: &[String]) -> Result<BTreeMap<String, String>, CallError> {
        let cx = self.0.scoped(scope);
        let mut values = BTreeMap::new();
        for chunk in names.chunks(PARAMETERS_PER_CALL) {
            values.extend(retried(self.0.clock(), || get_parameters(&cx, chunk)).await?);
        }
        Ok(values)
    }
}

async fn describe_zones(cx: &Scoped) -> Result<Vec<String>, CallError> {
    use aws_sdk_ec2::types::Filter;
    let filter = |name: &str, value: &str| Filter::builder().name(name).values(value).build();
    let request = cx.aws.ec2.describe_availability_zones();
    // Without these, zones that the account has opted in to join: local and wavelength zones lack most services.
    let request = request.filters(filter("zone-type", "availability-zone")).filters(filter("state", "available"));
    let answer = request.send().await.map_err(failed("ec2:DescribeAvailabilityZones"))?;
    Ok(answer.availability_zones.unwrap_or_default().into_iter().filter_map(|zone| zone.zone_name).collect())
}

async fn get_parameters(cx: &Scoped, names: &[String]) -> Result<BTreeMap<String, String>, CallError> {
    const OPERATION: &str = "ssm:GetParameters";
    let request = cx.aws.ssm.get_parameters().set_names(Some(names.to_vec()));
    let answer = request.send().await.map_err(failed(OPERATION))?;
    // Unknown names come in a list of a successful answer.
    if let Some(unknown) = answer.invalid_parameters.unwrap_or_default().first() {
        let message = format!("there is no public parameter `{unknown}` in {}", cx.region());
        return Err(CallError::new(ErrorClass::Invalid, OPERATION, message));
    }
    let pairs = answer.parameters.unwrap_or_default().into_iter();
    Ok(pairs.filter_map(|parameter| Some((parameter.name?, parameter.value?))).collect())
}
