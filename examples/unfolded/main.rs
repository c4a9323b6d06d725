//! Draws the pictures of the chapters: `cargo run --example unfolded`.
//!
//! Each is a graph unfolded in time, or the inside of one step, from a description of nodes and edges; each becomes one SVG file that
//! reads on light and dark pages. A test compares the files of the documentation with what this program draws.

mod draw;
mod graph;
mod pictures;

use clap::Parser;
use recurrent::Result;
use recurrent::checkpoint::write_atomically;
use std::path::PathBuf;

/// Draw the unfolded graphs of the documentation's chapters.
#[derive(Debug, Parser)]
struct Options {
    /// Where the pictures go [default: src/chapters/pictures of the checkout]
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
    /// A picture by its name [default: every one]
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let here = || concat!(env!("CARGO_MANIFEST_DIR"), "/src/chapters/pictures").into();
    let folder = options.to.unwrap_or_else(here);
    for graph in pictures::all().iter().filter(|graph| options.only.as_ref().is_none_or(|only| only == graph.name)) {
        let (path, svg) = (folder.join(format!("{}.svg", graph.name)), draw::draw(graph));
        write_atomically(&path, svg.as_bytes())?;
        println!("{:5} bytes  {}", svg.len(), path.display());
    }
    Ok(())
}
