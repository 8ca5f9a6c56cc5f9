//! What data a plan would destroy.

use futures::future::join_all;
use globe_model::{Action, Cloud, DataPolicy, Notice, Plan, Risk, Scope, Step};

/// Refusals for every delete that would destroy data, unless the plan may.
pub async fn guard(cloud: &dyn Cloud, plan: &Plan) -> Vec<Notice> {
    if plan.data == DataPolicy::Delete {
        return Vec::new();
    }
    let deletes = plan.steps.iter().filter(|step| step.action == Action::Delete);
    join_all(deletes.map(|step| refusal(cloud, plan, step))).await.into_iter().flatten().collect()
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

async fn refusal(cloud: &dyn Cloud, plan: &Plan, step: &Step) -> Option<Notice> {
    let address = step.address.clone();
    let id = step.id.as_deref().unwrap_or_default();
    let reason = match cloud.data_at_risk(&address, id).await {
        Ok(None) => return None,
        Ok(Some(risk)) if stays_elsewhere(plan, step, &risk) => return None,
        Ok(Some(Risk { what, .. })) => format!("{what}; say --delete-data to delete it all the same"),
        Err(error) => format!("whether it holds data could not be found out: {error}"),
    };
    Some(Notice::Refused { address, reason })
}
