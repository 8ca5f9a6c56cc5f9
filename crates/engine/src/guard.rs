//! What data a plan would destroy.

use futures::future::join_all;
use globe_model::{Action, Cloud, Consent, DataPolicy, Notice, Plan, Risk, Scope, Step};

/// What AWS has, as it is now, that the deletes of a plan would destroy and the user has not agreed to lose.
pub async fn guard(cloud: &dyn Cloud, plan: &Plan, consent: &Consent) -> Vec<Notice> {
    let agreed = |step: &&Step| consent.policy(&step.address) == DataPolicy::Delete;
    let deletes = plan.steps.iter().filter(|step| step.action == Action::Delete && !agreed(step));
    join_all(deletes.map(|step| at_risk(cloud, plan, step))).await.into_iter().flatten().collect()
}

/// Whether the same data stays in another scope.
fn stays_elsewhere(plan: &Plan, step: &Step, risk: &Risk) -> bool {
    let goes = |scope: &Scope| {
        let same = |other: &Step| {
            (&other.address.kind, &other.address.name) == (&step.address.kind, &step.address.name)
                && other.address.scope == *scope
        };
        plan.steps.iter().any(|other| other.action == Action::Delete && same(other))
    };
    risk.elsewhere.iter().any(|scope| !goes(scope))
}

async fn at_risk(cloud: &dyn Cloud, plan: &Plan, step: &Step) -> Option<Notice> {
    let address = step.address.clone();
    let id = step.id.as_deref().unwrap_or_default();
    match cloud.data_at_risk(&address, id).await {
        Ok(None) => None,
        Ok(Some(risk)) if stays_elsewhere(plan, step, &risk) => None,
        Ok(Some(Risk { what, .. })) => Some(Notice::NeedsConsent { address, what }),
        Err(error) => {
            let reason = format!("whether it holds data could not be found out: {error}");
            Some(Notice::Refused { address, reason })
        }
    }
}
