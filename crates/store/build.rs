//! `sqlx::migrate!` reads folders that cargo does not watch by itself.

#[allow(clippy::print_stdout, reason = "what a build script prints are its instructions to cargo")]
fn main() {
    for folder in ["../../migrations/sqlite", "../../migrations/postgres"] {
        println!("cargo:rerun-if-changed={folder}");
    }
}
