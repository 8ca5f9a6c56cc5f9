//! `cargo xtask test`: everything that must hold before a change lands, cheapest first.

mod scope;
mod step;

use std::time::{Duration, Instant};

use anyhow::{Error, Result, anyhow};

use crate::console;
use crate::generated::Mode;
use crate::workspace::Workspace;
use crate::{behaviour, crate_map, faults, fidelity, layers, opinion, requests, schema};
use scope::Scope;
use step::{Cargo, Step};

/// Runs all checks, or those of the crates without the AWS SDK.
///
/// # Errors
/// The first check that fails; what comes after it is not tried.
pub fn run(workspace: &Workspace, fast: bool) -> Result<()> {
    let scope = if fast { Scope::without_sdk(workspace) } else { Scope::Workspace };
    in_order(workspace, &steps(&scope, fidelity::has_probe(workspace)), &mut console::note)
}

fn in_order(workspace: &Workspace, steps: &[Step], say: &mut dyn FnMut(&str)) -> Result<()> {
    let began = now();
    for (index, step) in steps.iter().enumerate() {
        let number = format!("{}/{}", index + 1, steps.len());
        say(&format!("\n── {number} {}: {} ──", step.title, step.action));
        let started = now();
        step.action.run(workspace).map_err(|cause| stopped(&cause, step, &number, started.elapsed()))?;
        say(&format!("── {number} {} passed in {} ──", step.title, shown(started.elapsed())));
    }
    say(&format!("\nAll {} checks passed in {}.", steps.len(), shown(began.elapsed())));
    Ok(())
}

/// Elapsed real time is shown to a person and decides nothing.
fn now() -> Instant {
    Instant::now()
}

/// The cause first, since it may be long; the verdict last, where the eye falls.
fn stopped(cause: &Error, step: &Step, number: &str, elapsed: Duration) -> Error {
    let (title, elapsed) = (step.title, shown(elapsed));
    let verdict = format!("check {number} ({title}) failed after {elapsed}; what comes after it was not tried");
    anyhow!("{cause:#}\n\n{verdict}\n    help: {}", step.help)
}

/// `4.2 s`, or `12 min 5 s`.
fn shown(elapsed: Duration) -> String {
    match elapsed.as_secs() {
        0..60 => format!("{:.1} s", elapsed.as_secs_f64()),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

fn steps(scope: &Scope, probe: bool) -> Vec<Step> {
    let mut steps = house_rules();
    steps.extend(compiled(scope));
    if scope.holds_the_program() {
        steps.push(Step::cargo("build", Cargo::new("build").args(["-p", "globe"]), "mend the errors above"));
    }
    // The end-to-end tests drive the program that the step before has built, and find it beside themselves.
    let test = Cargo::new("test").args(scope.arguments());
    steps.push(Step::cargo(
        "tests",
        test,
        "the failing tests are named above; run one with `cargo test -p PACKAGE NAME`",
    ));
    if scope.holds_the_program() {
        steps.push(Step::own(
            "faults",
            "cargo xtask faults",
            faults::check,
            "the command above shows the seed again; what it found is a defect",
        ));
        steps.extend(witnesses());
        steps.extend(probe.then(faithful));
    }
    steps
}

/// What others say: AWS's documentation of the sandbox, its published models and an emulator of the program.
fn witnesses() -> [Step; 3] {
    [
        Step::own(
            "behaviour",
            "cargo xtask behaviour",
            |w| behaviour::run(w, None),
            "teach the sandbox; where AWS does otherwise than tests/behaviour says, mend the check",
        ),
        Step::own(
            "requests",
            "cargo xtask requests",
            |w| requests::run(w, None),
            "AWS would refuse the requests above",
        ),
        Step::own(
            "second opinion",
            "cargo xtask opinion",
            |workspace| opinion::run(workspace, None),
            "mend what is WRONG above; what moto cannot do belongs in tests/opinion/skips.toml, with the reason",
        ),
    ]
}

fn faithful() -> Step {
    Step::own(
        "fidelity",
        "cargo xtask fidelity --check",
        fidelity::check,
        "teach the sandbox, or say in crates/xtask/src/fidelity/held.toml by which fact the check is wrong",
    )
}

/// What needs no build but this program's own.
fn house_rules() -> Vec<Step> {
    vec![
        Step::cargo("format", Cargo::new("fmt").args(["--all", "--check"]), "run `cargo fmt --all`"),
        Step::own("layers", "cargo xtask layers", layers::run, "each breach above says what to do"),
        Step::own("schema", "cargo xtask schema --check", |w| schema::run(w, Mode::Check), "run `cargo xtask schema`"),
        Step::own(
            "crate map",
            "cargo xtask crate-map --check",
            |workspace| crate_map::run(workspace, Mode::Check),
            "run `cargo xtask crate-map`",
        ),
    ]
}

fn compiled(scope: &Scope) -> [Step; 2] {
    let clippy = Cargo::new("clippy").args(scope.arguments()).args(["--all-targets", "--", "-D", "warnings"]);
    let doc = Cargo::new("doc").args(["--no-deps"]).args(scope.arguments()).env("RUSTDOCFLAGS", "-D warnings");
    [
        Step::cargo("clippy", clippy, "mend the warnings above; an `allow` needs a reason"),
        Step::cargo("documentation", doc, "mend the warnings above"),
    ]
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    fn lines(scope: &Scope) -> Vec<String> {
        steps(scope, true).iter().map(|step| step.action.to_string()).collect()
    }

    #[test]
    fn the_whole_workspace_is_checked_and_the_program_built_before_the_tests() {
        assert_eq!(
            lines(&Scope::Workspace),
            [
                "cargo fmt --all --check",
                "cargo xtask layers",
                "cargo xtask schema --check",
                "cargo xtask crate-map --check",
                "cargo clippy --workspace --all-targets -- -D warnings",
                "cargo doc --no-deps --workspace",
                "cargo build -p globe",
                "cargo test --workspace",
                "cargo xtask faults",
                "cargo xtask behaviour",
                "cargo xtask requests",
                "cargo xtask opinion",
                "cargo xtask fidelity --check",
            ]
        );
    }

    #[test]
    fn without_a_probe_there_is_no_figure_to_check() {
        let last = steps(&Scope::Workspace, false).last().map(|step| step.title);
        assert_eq!(last, Some("second opinion"));
    }

    #[test]
    fn the_fast_checks_do_not_build_the_program() {
        let lines = lines(&Scope::Packages(vec!["globe-model".into(), "xtask".into()]));
        assert!(!lines.iter().any(|line| line.starts_with("cargo build")), "{lines:?}");
        assert_eq!(lines.last().map(String::as_str), Some("cargo test -p globe-model -p xtask"));
    }

    #[test]
    fn the_first_failure_stops_and_says_what_to_do() {
        let workspace = Workspace::read().expect("cargo metadata");
        let steps = [
            Step::own("first", "one", |_| Ok(()), "none"),
            Step::own("second", "two", |_| bail!("a breach"), "mend it"),
            Step::own("third", "three", |_| bail!("never reached"), "none"),
        ];
        let mut said = Vec::new();
        let error = format!(
            "{:#}",
            in_order(&workspace, &steps, &mut |line| said.push(line.to_owned())).expect_err("the second fails")
        );
        assert!(error.starts_with("a breach\n\ncheck 2/3 (second) failed after "), "{error}");
        assert!(error.ends_with("help: mend it"), "{error}");
        assert_eq!(said.len(), 3, "{said:?}");
        assert_eq!(said[0], "\n── 1/3 first: one ──");
        assert_eq!(said[2], "\n── 2/3 second: two ──");
    }

    #[test]
    fn times_are_readable() {
        assert_eq!(shown(Duration::from_millis(4_240)), "4.2 s");
        assert_eq!(shown(Duration::from_secs(725)), "12 min 5 s");
    }
}
