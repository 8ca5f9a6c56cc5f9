//! A wire to the server that can be cut around a commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};

/// When the wire is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The server never hears of the commit.
    Before = 1,
    /// The server has committed, and its answer is lost.
    After = 2,
}

const DONE: u8 = 3;

/// A way to the server through a port of this machine.
pub struct Wire {
    pub location: String,
    state: Arc<AtomicU8>,
}

impl Wire {
    /// To the server behind a location of [`crate::postgres`].
    pub async fn to(location: &str) -> Self {
        let (url, folder) = location.split_once("?host=").expect("names its folder");
        let socket = format!("{folder}/.s.PGSQL.5432");
        let database = url.rsplit('/').next().expect("names a database").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("has one").port();
        let state = Arc::new(AtomicU8::new(0));
        let shared = state.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = UnixStream::connect(&socket).await.expect("the server listens");
                tokio::spawn(carry(client, server, shared.clone()));
            }
        });
        let location = format!("postgres://globe:hunter2@127.0.0.1:{port}/{database}?sslmode=disable");
        Self { location, state }
    }

    /// Cuts at the next commit.
    pub fn arm(&mut self, cut: Cut) {
        self.state.store(cut as u8, Ordering::SeqCst);
    }

    pub fn was_cut(&self) -> bool {
        self.state.load(Ordering::SeqCst) == DONE
    }
}

/// Both ways, until one side ends or the wire is cut. A commit is prepared once under a name, and executed by it.
async fn carry(mut client: TcpStream, mut server: UnixStream, state: Arc<AtomicU8>) {
    let (mut up, mut down) = (vec![0; 65536], vec![0; 65536]);
    let mut commit = None;
    loop {
        tokio::select! {
            read = client.read(&mut up) => {
                let Ok(length @ 1..) = read else { return };
                let message = &up[..length];
                if let Some(name) = prepared(message, b"COMMIT") {
                    commit = Some(name);
                }
                let armed = state.load(Ordering::SeqCst);
                let commits = commit.as_ref().is_some_and(|name| bound(message, name));
                if commits && armed == Cut::Before as u8 {
                    state.store(DONE, Ordering::SeqCst);
                    return;
                }
                if server.write_all(message).await.is_err() {
                    return;
                }
                if commits && armed == Cut::After as u8 {
                    // The answer says that it is durable; nobody hears it.
                    let answered = server.read(&mut down).await.expect("answers");
                    assert!(answered > 0);
                    state.store(DONE, Ordering::SeqCst);
                    return;
                }
            }
            read = server.read(&mut down) => {
                let Ok(length @ 1..) = read else { return };
                if client.write_all(&down[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// The name of the statement, if the message prepares this one: `P`, length, name, 0, text, 0.
fn prepared(message: &[u8], text: &[u8]) -> Option<Vec<u8>> {
    let body = message.strip_prefix(b"P")?.get(4..)?;
    let end = body.iter().position(|byte| *byte == 0)?;
    body.get(end + 1..)?.starts_with(text).then(|| body[..end].to_vec())
}

/// Whether the message executes the statement: `B`, length, portal, 0, name, 0.
fn bound(message: &[u8], name: &[u8]) -> bool {
    let Some(body) = message.strip_prefix(b"B").and_then(|rest| rest.get(4..)) else { return false };
    let Some(end) = body.iter().position(|byte| *byte == 0) else { return false };
    body.get(end + 1..).is_some_and(|rest| rest.starts_with(name) && rest.get(name.len()) == Some(&0))
}
