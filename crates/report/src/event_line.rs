//! Progress where there are no progress bars: one line per thing that happened.

use globe_model::{Action, Command, ErrorClass, Event};

use crate::layout::one_line;
use crate::words::{counted, duration_words};

/// The event on one line without a line break, for a pipe or a log file; `None` where a reader would learn nothing:
/// repeated calls that AWS asks for all the time, and the end of the run, which the summary tells.
pub fn event_line(event: &Event) -> Option<String> {
    let line = match event {
        Event::RunStarted { run, command, steps } => {
            format!("{}: {} in run {run}", name(*command), counted(*steps, "step", "steps"))
        }
        Event::Recovered { address, finding } => format!("recovered  {address}: {finding}"),
        Event::Started { address, action } => format!("{:9}  {address}", under_way(*action)),
        Event::Waiting { address, what } => format!("waiting    {address}: {what}"),
        Event::Retrying { error, .. } if is_routine(error.class) => return None,
        Event::Retrying { address, error, after } => {
            format!("repeating  {address} in {}: {error}", duration_words(*after))
        }
        Event::Done { address, action, id, elapsed } => {
            let id = id.as_ref().map_or(String::new(), |id| format!(" {id}"));
            format!("{:9}  {address}{id} in {}", done(*action), duration_words(*elapsed))
        }
        Event::Failed(failure) => {
            format!("FAILED     {} ({}): {}", failure.address, under_way(failure.action), failure.error)
        }
        Event::Stopping { in_flight } => {
            let steps = counted(*in_flight, "step", "steps");
            format!("stopping: nothing new is started, {steps} under way will be finished")
        }
        Event::RunFinished { .. } => return None,
    };
    // columns are kept, line breaks and escape codes from elsewhere are not
    Some(crate::layout::printable(&line.lines().map(str::trim_end).collect::<Vec<_>>().join(" ")))
}

/// Throttling and eventual consistency are everyday life in AWS.
fn is_routine(class: ErrorClass) -> bool {
    matches!(class, ErrorClass::Throttled | ErrorClass::NotYetConsistent)
}

fn name(command: Command) -> &'static str {
    match command {
        Command::Up => "up",
        Command::Down => "down",
        Command::Gc => "gc",
        Command::Move => "move",
    }
}

/// `creating`
pub(crate) fn under_way(action: Action) -> &'static str {
    match action {
        Action::Create => "creating",
        Action::Update => "updating",
        Action::Adopt => "adopting",
        Action::Delete => "deleting",
        Action::Forget => "forgetting",
    }
}

/// `created`
pub(crate) fn done(action: Action) -> &'static str {
    match action {
        Action::Create => "created",
        Action::Update => "updated",
        Action::Adopt => "adopted",
        Action::Delete => "deleted",
        Action::Forget => "forgotten",
    }
}

/// What a running step is waiting for because a call is repeated.
pub(crate) fn repeated(error: &globe_model::CallError) -> String {
    let why = match error.class {
        ErrorClass::Throttled => "throttled by AWS",
        ErrorClass::NotYetConsistent => "not visible in AWS yet",
        ErrorClass::Conflict => "another operation is under way",
        ErrorClass::Dependency => "something still depends on it",
        ErrorClass::Ambiguous => "the answer was lost",
        _ => return one_line(&error.to_string()),
    };
    format!("{why} ({})", error.operation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn every_event_is_one_line_or_none() {
        let lines: Vec<String> = sample::events().iter().filter_map(event_line).collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
        up: 9 steps in run run-1
        recovered  eu-central-1/ec2/nat_gateway/main-a: it exists as nat-0c2d
        updating   eu-central-1/autoscaling/group/web
        creating   eu-central-1/ec2/nat_gateway/main-a
        waiting    eu-central-1/ec2/nat_gateway/main-a: state pending
        repeating  eu-central-1/autoscaling/group/web in 1 s: autoscaling:UpdateAutoScalingGroup: Scaling is in progress
        updated    eu-central-1/autoscaling/group/web acme-web in 1 s
        FAILED     eu-central-1/ec2/nat_gateway/main-a (creating): ec2:CreateNatGateway: NatGatewayLimitExceeded: Performing this operation would exceed the limit of 5 NAT gateways in this Availability Zone (request id 7a62c49f-347e-4fc4-9331-6e8eEXAMPLE)
        stopping: nothing new is started, 1 step under way will be finished
        ");
    }

    #[test]
    fn words_of_aws_stay_on_their_line() {
        let event =
            Event::Waiting { address: sample::address("global/acm/certificate/site"), what: "a\nb\u{1b}[2J".into() };
        assert_eq!(event_line(&event).expect("a line"), "waiting    global/acm/certificate/site: a b\\u{1b}[2J");
    }
}
