//! Events as they happen: bars for a person at a terminal, lines for a log, JSON for a script.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use globe_model::{Clock, Event, Plan, Scope};
use globe_report::{ProgressModel, duration_words, event_json, event_line};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::JoinHandle;

use crate::out::Out;

/// Redraws per second: what a person can follow.
const FRAMES_PER_SECOND: u8 = 10;

/// Shows events until the engine has no more.
pub struct Progress {
    task: JoinHandle<()>,
}

impl Progress {
    /// Starts showing; the sender goes to the engine.
    pub fn start(out: &Out, clock: Arc<dyn Clock>, plan: &Plan) -> (UnboundedSender<Event>, Self) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let (out, plan) = (out.clone(), plan.clone());
        let task = tokio::spawn(async move {
            if out.watched() {
                Bars::new(&plan, clock).show(receiver).await;
            } else {
                lines(&out, &*clock, receiver).await;
            }
        });
        (sender, Self { task })
    }

    /// Waits until everything is shown.
    pub async fn end(self) {
        // A renderer that panicked has shown what it could.
        let _shown = self.task.await;
    }
}

async fn lines(out: &Out, clock: &dyn Clock, mut events: UnboundedReceiver<Event>) {
    let mut last: BTreeMap<String, String> = BTreeMap::new();
    while let Some(event) = events.recv().await {
        if out.json {
            out.data(&event_json(clock.now(), &event));
        } else if let Some(line) = event_line(&event) {
            // The same wait is said once, not at every poll.
            let repeated = match &event {
                Event::Waiting { address, what } => {
                    last.insert(address.to_string(), what.clone()).as_ref() == Some(what)
                }
                _ => false,
            };
            if !repeated {
                out.note(&line);
            }
        }
    }
}

struct Bars {
    model: ProgressModel,
    clock: Arc<dyn Clock>,
    all: MultiProgress,
    bars: BTreeMap<Scope, ProgressBar>,
}

impl Bars {
    fn new(plan: &Plan, clock: Arc<dyn Clock>) -> Self {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(FRAMES_PER_SECOND));
        let model = ProgressModel::new(plan);
        let style = ProgressStyle::with_template("{prefix:15} {bar:20} {pos:>4}/{len:<4} {wide_msg}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ");
        let bar = |(scope, progress): (&Scope, &globe_report::ScopeProgress)| {
            let bar = all.add(ProgressBar::new(u64::try_from(progress.total).unwrap_or(u64::MAX)));
            bar.set_style(style.clone());
            bar.set_prefix(scope.to_string());
            (scope.clone(), bar)
        };
        let bars = model.scopes().map(bar).collect();
        Self { model, clock, all, bars }
    }

    async fn show(mut self, mut events: UnboundedReceiver<Event>) {
        let mut tick = tokio::time::interval(Duration::from_millis(200));
        loop {
            tokio::select! {
                event = events.recv() => match event {
                    Some(event) => self.take(&event),
                    None => break,
                },
                _ = tick.tick() => self.draw(),
            }
        }
        self.draw();
        for bar in self.bars.values() {
            bar.abandon();
        }
    }

    fn take(&mut self, event: &Event) {
        self.model.apply(self.clock.now(), event);
        if let Event::Failed(_) | Event::Recovered { .. } = event
            && let Some(line) = event_line(event)
        {
            // Drawn above the bars; a closed terminal is no reason to stop.
            let _closed = self.all.println(line);
        }
    }

    fn draw(&self) {
        let now = self.clock.now();
        for (scope, progress) in self.model.scopes() {
            let Some(bar) = self.bars.get(scope) else { continue };
            bar.set_position(u64::try_from(progress.done).unwrap_or(u64::MAX));
            let oldest = progress.running.iter().min_by_key(|(_, running)| running.since);
            let message = oldest.map_or_else(String::new, |(address, running)| {
                let waiting = running.waiting.as_deref().unwrap_or("working");
                let others = progress.running.len() - 1;
                let more = if others > 0 { format!(" (+{others})") } else { String::new() };
                let since = duration_words(now.since(running.since));
                format!("{since:>12}  {} {}{more}: {waiting}", address.kind, address.name)
            });
            bar.set_message(message);
        }
    }
}
