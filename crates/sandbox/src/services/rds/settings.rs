//! Settings of an instance: what requests call them, what answers do, and when a change takes effect.

use serde_json::{Map, Value};

use super::super::shelf::{clash, invalid};
use super::engine::whole;
use crate::call::{ApiError, Call};

/// How a setting is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Text.
    Text,
    /// A whole number.
    Number,
    /// True or false.
    Flag,
}

/// When a change of a setting takes effect.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// At once, whatever the request says.
    Now,
    /// In the maintenance window unless the request says at once; until then it is a pending value.
    Window,
    /// It is for good.
    Never,
}

/// One setting.
pub struct Setting {
    /// In requests.
    pub asked: &'static str,
    /// In answers.
    pub shown: &'static str,
    /// How it is written.
    pub form: Form,
    /// When a change takes effect.
    pub effect: Effect,
}

const fn same(name: &'static str, form: Form, effect: Effect) -> Setting {
    Setting { asked: name, shown: name, form, effect }
}

const fn renamed(asked: &'static str, shown: &'static str, effect: Effect) -> Setting {
    Setting { asked, shown, form: Form::Flag, effect }
}

/// All settings that a create and a modify simply keep.
pub const SETTINGS: &[Setting] = &[
    same("AllocatedStorage", Form::Number, Effect::Window),
    same("AutoMinorVersionUpgrade", Form::Flag, Effect::Now),
    same("BackupTarget", Form::Text, Effect::Never),
    same("CACertificateIdentifier", Form::Text, Effect::Window),
    same("CharacterSetName", Form::Text, Effect::Never),
    same("CopyTagsToSnapshot", Form::Flag, Effect::Now),
    same("DBInstanceClass", Form::Text, Effect::Window),
    same("DBName", Form::Text, Effect::Never),
    same("DatabaseInsightsMode", Form::Text, Effect::Now),
    same("DedicatedLogVolume", Form::Flag, Effect::Window),
    same("DeletionProtection", Form::Flag, Effect::Now),
    renamed("EnableIAMDatabaseAuthentication", "IAMDatabaseAuthenticationEnabled", Effect::Window),
    renamed("EnablePerformanceInsights", "PerformanceInsightsEnabled", Effect::Now),
    same("EngineLifecycleSupport", Form::Text, Effect::Now),
    same("Iops", Form::Number, Effect::Window),
    same("LicenseModel", Form::Text, Effect::Window),
    same("MaxAllocatedStorage", Form::Number, Effect::Now),
    same("MonitoringInterval", Form::Number, Effect::Now),
    same("MonitoringRoleArn", Form::Text, Effect::Now),
    same("MultiAZ", Form::Flag, Effect::Window),
    same("NetworkType", Form::Text, Effect::Window),
    same("PerformanceInsightsKMSKeyId", Form::Text, Effect::Now),
    same("PerformanceInsightsRetentionPeriod", Form::Number, Effect::Now),
    same("PreferredBackupWindow", Form::Text, Effect::Now),
    same("PreferredMaintenanceWindow", Form::Text, Effect::Now),
    same("PromotionTier", Form::Number, Effect::Now),
    same("PubliclyAccessible", Form::Flag, Effect::Now),
    same("StorageThroughput", Form::Number, Effect::Window),
    same("StorageType", Form::Text, Effect::Window),
    same("Timezone", Form::Text, Effect::Never),
];

/// The settings of a request that `wanted` picks, in the spelling of answers.
///
/// # Errors
/// `InvalidParameterValue` for what is no number or flag where one belongs.
pub fn read(call: &Call<'_>, wanted: impl Fn(&Setting) -> bool) -> Result<Map<String, Value>, ApiError> {
    let mut read = Map::new();
    for setting in SETTINGS.iter().filter(|setting| wanted(setting)) {
        let Some(given) = call.input.get(setting.asked) else { continue };
        let value = match setting.form {
            // Facts: windows read back lower-cased.
            Form::Text if setting.asked.ends_with("Window") => given.as_str().map(|text| text.to_lowercase().into()),
            Form::Text => given.as_str().map(Value::from),
            Form::Number => whole(given).map(Value::from),
            Form::Flag => call.flag(setting.asked).map(Value::from),
        };
        let value = value.ok_or_else(|| invalid(format!("Invalid value for {}", setting.asked)))?;
        read.insert(setting.shown.into(), value);
    }
    Ok(read)
}

/// Backups are kept 0 to 35 days.
///
/// # Errors
/// `InvalidParameterValue` for anything else.
pub fn retention(call: &Call<'_>) -> Result<Option<i64>, ApiError> {
    match call.number("BackupRetentionPeriod") {
        Some(days) if !(0..=35).contains(&days) => Err(invalid(format!(
            "Invalid backup retention period: {days}. The retention period must be between 0 and 35."
        ))),
        days => Ok(days),
    }
}

/// Gibibytes of general purpose and provisioned storage (RDS User Guide, "Amazon RDS DB instance storage").
const LEAST: i64 = 20;
const MOST: i64 = 65_536;

/// Facts: gp3 storage below 400 GiB (Oracle: 200) takes neither IOPS nor throughput; io1 and io2 need IOPS.
///
/// # Errors
/// `InvalidParameterCombination` when a request breaks that, `InvalidParameterValue` for too little or too much.
pub fn check_storage(call: &Call<'_>, engine: &str, kind: &str, size: i64) -> Result<(), ApiError> {
    if !(LEAST..=MOST).contains(&size) {
        let message = format!("Invalid storage size for engine name {engine} and storage type {kind}: {size}");
        return Err(invalid(message));
    }
    let given = call.number("Iops").is_some() || call.number("StorageThroughput").is_some();
    let small = size < if engine.starts_with("oracle") { 200 } else { 400 };
    if kind == "gp3" && small && given {
        return Err(clash(format!(
            "You can't specify IOPS or storage throughput for engine {engine} and a storage size less than 400."
        )));
    }
    if kind.starts_with("io") && call.number("AllocatedStorage").is_some() && call.number("Iops").is_none() {
        return Err(clash(format!("You must specify IOPS for storage type {kind}")));
    }
    Ok(())
}
