//! `globe forget-region R`: a lost region is given up for good, on purpose.

use globe_engine::Stop;
use globe_model::{Head, Region, Scope};
use globe_report::counted;

use crate::args::{ForgetRegionArgs, Global};
use crate::confirm::confirm;
use crate::failure::{Exit, Failure};
use crate::hold::Holder;
use crate::out::Out;
use crate::{belonging, project};

/// Lists what may still stand there, asks, and strikes it out of the state. Asks AWS nothing and changes nothing there.
///
/// # Errors
/// When nothing is recorded of the region, the answer is not yes, or another run changes it.
pub async fn forget_region(global: &Global, out: &Out, args: &ForgetRegionArgs) -> Result<Exit, Failure> {
    let project = project::load(global, out)?;
    let region = Region::new(args.region.trim());
    let (state, head) = belonging::writable(global, out, &project).await?;
    let objects = objects(&head, &region);
    let open = head.open.iter().filter(|intent| intent.address.scope.as_region() == Some(&region)).count();
    let Some(journal) = state.journal().filter(|_| !objects.is_empty() || open > 0) else {
        return Err(Failure::new(Exit::Usage, format!("nothing is recorded of {region}"))
            .hint("`globe status` shows the regions of which something is"));
    };
    show(out, &region, &objects);
    let question = format!("Give {region} up? What stands there stays, and costs, until somebody deletes it by hand.");
    confirm(out, args.yes, &question).await?;
    let stop = Stop::default();
    let stack = &project.stack.name;
    let holder = Holder { out, journal: &journal, stack, lock: args.lock, stop: &stop };
    let held = holder.take([Scope::Region(region.clone())].into()).await?;
    let run = uuid::Uuid::now_v7().to_string();
    let forgotten = journal.forget_region(held.tenure.lease(), &run, &region).await;
    let released = held.release(&*journal).await;
    state.close().await;
    forgotten?;
    released?;
    out.note(&format!(
        "{region} is given up. The next `globe up` leaves it out and takes out of the other regions what referred to it; \
         `globe up --region {region}` makes it anew."
    ));
    Ok(Exit::Done)
}

/// What is recorded there: address and AWS id.
fn objects(head: &Head, region: &Region) -> Vec<(String, String)> {
    let records = head.records.values().chain(&head.deposed).map(|record| (&record.address, &record.id));
    let all = records.chain(head.ledger.iter().map(|departing| (&departing.address, &departing.id)));
    let there = all.filter(|(address, _)| address.scope.as_region() == Some(region));
    let mut there: Vec<_> = there.map(|(address, id)| (address.to_string(), id.clone())).collect();
    there.sort();
    there.dedup();
    there
}

fn show(out: &Out, region: &Region, objects: &[(String, String)]) {
    if out.json {
        let objects: Vec<_> =
            objects.iter().map(|(address, id)| serde_json::json!({"address": address, "id": id})).collect();
        return out.json_line("forgets", &serde_json::json!({"region": region, "objects": objects}));
    }
    let count = counted(objects.len(), "object", "objects");
    out.data(&format!("{count} may still stand in {region}, and cost:"));
    objects.iter().for_each(|(address, id)| out.data(&format!("  {address}  {id}")));
}
