//! Keys, secrets and operations services over the wire: what changes with time, what collides, what depends on what.

mod client;
mod cloudtrail;
mod cloudwatch;
mod events;
mod kms;
mod logs;
mod secrets;
mod sns;
