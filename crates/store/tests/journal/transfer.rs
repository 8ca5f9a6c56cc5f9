//! A stack's history from one database to another.

use globe_model::{Departing, Journal, JournalError, NameHold, Timestamp};
use globe_store::{Archive, ArchiveError, Store};

use crate::bench::*;
use crate::records::busy;

async fn filled(bench: &Bench) -> Store {
    let store = bench.open().await;
    busy(&store).await;
    let mine = lease(&store, "cid@c 3", &["global"]).await;
    let (address, name) = (vpc("global"), NameHold::Kept);
    let departing = Departing { address, id: "vpc-9".into(), since: Timestamp(1), due: Timestamp(2), name };
    store.postpone(&mine, RUN, &departing).await.expect("postpones");
    store.release(&mine).await.expect("releases");
    bench.clock.advance(TTL * 2);
    store
}

fn text(archive: &Archive) -> String {
    let mut text = Vec::new();
    archive.write(&mut text).expect("memory takes it");
    String::from_utf8(text).expect("JSON is UTF-8")
}

async fn arrives(from: Bench, to: Bench) {
    let (here, there) = (filled(&from).await, to.open().await);
    let archive = here.export(STACK, None).await.expect("exports");
    there.import(&archive).await.expect("imports");
    let head = here.head(STACK).await.expect("reads");
    assert_eq!(there.head(STACK).await.expect("reads"), head);
    assert_eq!((head.ledger.len(), head.open.len(), head.deposed.len(), head.down.len()), (1, 2, 1, 1));
    assert_eq!(there.verify(STACK).await.expect("compares"), Vec::<String>::new());
    let limit = 1000;
    assert_eq!(there.history(STACK, limit).await.expect("reads"), here.history(STACK, limit).await.expect("reads"));
    let mine = lease(&there, "ann@a 1", &["global"]).await;
    there.begin(&mine, &start(head.seq)).await.expect("and goes on there");
}

#[tokio::test]
async fn from_sqlite_to_sqlite() {
    arrives(Bench::sqlite(), Bench::sqlite()).await;
}

#[tokio::test]
async fn from_sqlite_to_postgres() {
    let Some(there) = Bench::postgres("from_sqlite_to_postgres").await else { return };
    arrives(Bench::sqlite(), there).await;
}

#[tokio::test]
async fn from_postgres_to_sqlite() {
    let Some(here) = Bench::postgres("from_postgres_to_sqlite").await else { return };
    arrives(here, Bench::sqlite()).await;
}

pub async fn a_file_holds_all_of_it(bench: Bench) {
    let store = filled(&bench).await;
    let archive = store.export(STACK, None).await.expect("exports");
    let written = text(&archive);
    assert!(written.starts_with("{\"globe_state\":2,\"stack\":\"acme\""), "{written}");
    let read = Archive::read(written.as_bytes()).expect("reads");
    let other = Bench::sqlite();
    let there = other.open().await;
    there.import(&read).await.expect("imports");
    assert_eq!(there.head(STACK).await.expect("reads"), store.head(STACK).await.expect("reads"));
    assert_eq!(text(&there.export(STACK, None).await.expect("exports")), written, "byte for byte");
}

pub async fn a_stack_that_is_there_is_left_alone(bench: Bench) {
    let other = Bench::sqlite();
    let archive = filled(&other).await.export(STACK, None).await.expect("exports");
    let store = bench.open().await;
    let mine = lease(&store, "ann@a 1", &["us-east-1"]).await;
    let refused = store.import(&archive).await;
    assert!(matches!(refused, Err(JournalError::Leased { .. })), "it is about to have a state: {refused:?}");
    store.release(&mine).await.expect("releases");
    store.import(&archive).await.expect("nobody was there");
    let before = store.head(STACK).await.expect("reads");
    let refused = store.import(&archive).await;
    assert!(matches!(refused, Err(JournalError::Occupied { .. })), "{refused:?}");
    assert_eq!(store.head(STACK).await.expect("reads"), before);
}

pub async fn whoever_changes_the_stack_is_not_copied(bench: Bench) {
    let store = filled(&bench).await;
    let theirs = lease(&store, "bob@b 2", &["us-east-1"]).await;
    let refused = store.export(STACK, None).await;
    let Err(JournalError::Leased { holder, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(holder, "bob@b 2");
    store.export(STACK, Some(&theirs)).await.expect("its own lease is no obstacle");
    bench.clock.advance(TTL);
    store.export(STACK, None).await.expect("it has expired");
    let unknown = store.export("nobody", None).await;
    assert!(matches!(unknown, Err(JournalError::Unusable { .. })), "{unknown:?}");
}

pub async fn nothing_is_half_copied(bench: Bench) {
    let other = Bench::sqlite();
    let here = filled(&other).await;
    other.tamper("UPDATE resources SET outputs = '{}' WHERE address LIKE 'us-east-1/%'").await.expect("tampers");
    let archive = here.export(STACK, None).await.expect("exports");
    let store = bench.open().await;
    let refused = store.import(&archive).await.expect_err("the source is damaged");
    let reason = std::error::Error::source(&refused).expect("a reason").to_string();
    assert!(
        reason.contains("resource us-east-1/ec2/vpc/main vpc-2") && reason.contains("nothing was written"),
        "{reason}"
    );
    assert_eq!(store.head(STACK).await.expect("reads"), globe_model::Head::default());
    assert!(store.history(STACK, 10).await.expect("reads").is_empty());
    // The last event is no event at all: what came before it goes too.
    let mut lines: Vec<String> = text(&archive).lines().map(str::to_owned).collect();
    let last = lines.pop().expect("an event");
    lines.push(last.replace("\"what\":\"postponed\"", "\"what\":\"invented\""));
    let damaged = Archive::read(lines.join("\n").as_bytes()).expect("a whole file");
    let refused = store.import(&damaged).await;
    assert!(matches!(refused, Err(JournalError::Unusable { .. })), "{refused:?}");
    assert!(store.history(STACK, 10).await.expect("reads").is_empty());
}

#[tokio::test]
async fn a_file_that_is_not_whole_is_refused() {
    let bench = Bench::sqlite();
    let whole = text(&filled(&bench).await.export(STACK, None).await.expect("exports"));
    let lines: Vec<&str> = whole.lines().collect();
    let without = |index: usize| {
        let mut lines = lines.clone();
        lines.remove(index);
        lines.join("\n")
    };
    let read = |text: &str| Archive::read(text.as_bytes()).expect_err("refused").to_string();
    assert!(matches!(Archive::read(&b""[..]), Err(ArchiveError::Foreign)));
    assert!(read("stack = \"acme\"").contains("does not begin"));
    assert!(read(&whole.replacen("\"globe_state\":2", "\"globe_state\":3", 1)).contains("a newer globe"));
    assert!(read(&without(lines.len() - 1)).contains("cut short"));
    assert!(read(&without(3)).contains("event 4 is where event 3 belongs"));
    assert!(read(&whole[..whole.len() - 20]).contains("is damaged"));
    assert!(read(&format!("{whole}{}\n", lines[1])).contains("is damaged"));
}
