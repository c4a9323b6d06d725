//! Times the recurrent layers of other Rust libraries on the cells of `cargo bench --bench grid`, as JSON lines with
//! the same fields: `cargo run --release -- --help`.

use clap::Parser;
use options::Options;
use std::io;

mod grid;
mod libraries;
mod line;
mod options;
mod problem;
#[cfg(test)]
mod reference;
mod serve;
mod setting;
mod threads;
mod timing;

fn main() -> io::Result<()> {
    let options = Options::parse();
    if let Some(peer) = options.serve {
        return serve::serve(peer.library());
    }
    match threads::of_this_process() {
        Some(threads) => grid::grid(&options, threads),
        None => threads::a_process_each(&options.threads),
    }
}
