//! `rnn-check replay`: the case of a failure, again.

use super::args::Replay;
use super::error::Error;
use super::{Outcome, progress};
use rnn_check::case::Token;

pub fn run(args: &Replay) -> Result<Outcome, Error> {
    let token: Token = args.token.parse()?;
    let claims = args.backend.claims();
    let report = progress::quietly(|| {
        if token.number == "f32" {
            rnn_check::replay::<f32>(&*args.backend.open(), &claims, &token)
        } else {
            rnn_check::replay::<f64>(&*args.backend.open(), &claims, &token)
        }
    });
    println!("{report}");
    Ok(Outcome::of(report.passes()))
}
