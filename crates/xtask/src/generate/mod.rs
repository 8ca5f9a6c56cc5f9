//! `cargo xtask generate`: a stack of any size, so that measurements at scale can be repeated.
//!
//! It is the reference stack's shape, many times over: every copy is an application with a network, a load balancer, a
//! service, tables, a bucket, a certificate and records with every routing policy, in all regions. See [`shape`].

mod shape;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::console;
pub use shape::Shape;

/// How large the stack is to be.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// In how many regions
    #[arg(long, default_value_t = 8)]
    regions: usize,
    /// How many copies of the application
    #[arg(long, default_value_t = 1, conflicts_with = "resources")]
    copies: usize,
    /// How many resources in all: as many copies as fit, and TXT records up to the number
    #[arg(long)]
    resources: Option<usize>,
    /// Where to write it [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Writes the file.
///
/// # Errors
/// When there are no such many regions, or no stack is that small.
pub fn run(arguments: &Arguments) -> Result<()> {
    let shape = match arguments.resources {
        Some(resources) => Shape::of_size(arguments.regions, resources)?,
        None => Shape::new(arguments.regions, arguments.copies, 0)?,
    };
    let text = valid(shape)?;
    console::note(&format!("{} resources in {} regions", shape.resources(), arguments.regions));
    match &arguments.output {
        Some(file) => fs::write(file, text).with_context(|| format!("could not write {}", file.display())),
        None => {
            console::result(text.trim_end());
            Ok(())
        }
    }
}

/// The file's text, as `globe validate` accepts it.
///
/// # Errors
/// When it does not, which is a defect of the shape.
pub fn valid(shape: Shape) -> Result<String> {
    let text = shape.text();
    if let Err(errors) = globe_config::parse("globe.toml", &text) {
        bail!("the generated stack is not valid:\n{errors}");
    }
    Ok(text)
}
