//! AWS's request limits, kept from this side: published budgets, adapted to what AWS answers.

mod bucket;
mod gate;
mod limiter;
mod pool;
mod table;

pub use gate::Gate;
pub use limiter::Limiter;
pub use table::Table;
