//! `rnn-check list`: what there is.

use super::Outcome;
use super::args::{self, List};
use super::backend::Choice;
use super::error::Error;
use rnn_check::Checked;
use rnn_check::planted::{Bug, Way};

pub fn run(list: &List) -> Result<Outcome, Error> {
    args::some_law(&list.law)?;
    let in_f32: Vec<&str> = f32::all_laws().iter().map(|law| law.id).collect();
    let laws: Vec<_> = f64::all_laws().into_iter().filter(|law| law.id.contains(&list.law)).collect();
    println!("{} laws (group::name, on what, the clause of the contract):", laws.len());
    let mut group = "";
    for law in &laws {
        let (of, name) = law.id.split_once("::").unwrap_or(("", law.id));
        if of != group {
            group = of;
            println!("\n{group}");
        }
        let number = if in_f32.contains(&law.id) { "" } else { ", f64 only" };
        println!("  {name} ({:?}{number})\n      {}", law.scope, law.clause);
    }
    if list.law.is_empty() {
        println!("\n{} planted bugs:", Bug::ALL.len());
        for bug in Bug::ALL {
            println!("  {bug:?}: {}", bug.description().trim());
        }
        println!("\n{} correct variants: {:?}", Way::ALL.len(), Way::ALL);
        let backends = Choice::ALL.map(|choice| choice.to_string());
        println!("\n{} backends: {}", backends.len(), backends.join(", "));
    }
    Ok(Outcome::Holds)
}
