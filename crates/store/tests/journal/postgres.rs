//! A private PostgreSQL server for this test process: on a Unix socket in a folder of its own, gone when we are.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// The server ends when its standard input does, that is when this process ends, however that comes about.
const SCRIPT: &str = r#"
set -e
cd /tmp
dir=$(mktemp -d /tmp/globe-postgres.XXXXXX)
trap 'rm -rf "$dir"' EXIT
"$0/initdb" -D "$dir/data" -U globe --auth=trust --no-sync -E UTF8 --locale=C >"$dir/log" 2>&1 || { cat "$dir/log" >&2; exit 1; }
"$0/postgres" -D "$dir/data" -k "$dir" -c listen_addresses= -c max_connections=300 -c fsync=off -c track_commit_timestamp=on \
    >"$dir/log" 2>&1 </dev/null &
server=$!
tries=0
until "$0/pg_isready" -q -h "$dir"; do
    tries=$((tries + 1))
    kill -0 $server && [ $tries -lt 600 ] || { cat "$dir/log" >&2; exit 1; }
    sleep 0.1
done
echo "$dir"
cat >/dev/null
kill -INT $server
wait $server || true
"#;

struct Server {
    folder: String,
    /// Holds the pipe whose end ends the server.
    _child: Child,
}

/// The URL of a new, empty database, or `None` where PostgreSQL is not installed and not demanded.
pub async fn database(name: &str) -> Option<String> {
    let Some(server) = server() else {
        assert!(std::env::var_os("GLOBE_REQUIRE_POSTGRES").is_none(), "PostgreSQL's programs were not found");
        // Not by a print macro: the test harness would swallow it.
        let line =
            format!("SKIPPED on PostgreSQL: {name} (no initdb found; GLOBE_REQUIRE_POSTGRES=1 makes this fail)\n");
        std::io::stderr().write_all(line.as_bytes()).expect("stderr");
        return None;
    };
    // Names are cut at 63 bytes.
    let short: String = name.chars().take(60).collect();
    let mut connection = PgConnection::connect(&url(&server.folder, "postgres")).await.expect("connects");
    sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {short}")))
        .execute(&mut connection)
        .await
        .expect("a database");
    Some(url(&server.folder, &short))
}

fn url(folder: &str, database: &str) -> String {
    format!("postgres://globe:hunter2@localhost/{database}?host={folder}")
}

fn server() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER.get_or_init(|| programs().map(start)).as_ref()
}

/// Debian keeps the programs of every version in a folder of its own, off the path.
fn programs() -> Option<PathBuf> {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let folders = debian.map(|version| version.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut found: Vec<_> = folders
        .chain(std::env::split_paths(&path))
        .filter(|folder| ["initdb", "postgres", "pg_isready"].iter().all(|name| folder.join(name).exists()))
        .collect();
    found.sort();
    found.pop()
}

fn start(programs: PathBuf) -> Server {
    let id = Command::new("id").arg("-u").output().expect("id");
    // PostgreSQL refuses to run as root.
    let mut command = if id.stdout == b"0\n" {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--", "sh"]);
        command
    } else {
        Command::new("sh")
    };
    command.arg("-c").arg(SCRIPT).arg(programs).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("a shell");
    let mut folder = String::new();
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut folder).expect("the server's folder");
    assert!(!folder.is_empty(), "PostgreSQL did not start");
    Server { folder: folder.trim().to_owned(), _child: child }
}
