//! `rnn-check activations`: the errors of σ and tanh in ulp, on every instruction set.

use super::args::Activations;
use super::backend::Choice;
use super::error::Error;
use super::{Outcome, file, progress};
use rnn_backend_faer::{Accuracy, Faer, simd::Isa};
use rnn_backend_naive::{MatrixMultiply, Naive};
use rnn_check::activation::{Extent, Format, Table, sweep};
use rnn_check::dispatch::Required;
use rnn_check::{Backend, document};

/// The section of a document that holds the tables.
const SECTION: &str = "activations";

pub fn run(args: &Activations) -> Result<Outcome, Error> {
    let before = args.markdown.as_ref().map(|path| file::read(path)).transpose()?;
    if let (Some(path), Some(text)) = (&args.markdown, &before) {
        let section = document::difference(text, SECTION, "");
        section.map_err(|source| Error::Section { path: path.clone(), source })?;
    }
    file::writable(&[("--markdown", args.markdown.as_ref())], ("", None))?;
    let extent = if args.exhaustive { Extent::Exhaustive } else { Extent::Sampled };
    // matrixmultiply has the reference's activations, and threads change no bit of faer's.
    let choices = match args.backend {
        Some(choice) => vec![choice],
        None => vec![Choice::Naive, Choice::Faer, Choice::FaerFast],
    };
    let tables = [table::<f32>(&choices, extent)?, table::<f64>(&choices, extent)?];
    let mut broken = vec![];
    for table in &tables {
        println!("{table}\n");
        broken.extend(contradictions(table, &choices));
    }
    broken.iter().for_each(|line| println!("broken: {line}"));
    if let (Some(path), Some(text)) = (&args.markdown, before) {
        let body = tables.each_ref().map(Table::markdown).join("\n");
        let written = document::replace(&text, SECTION, &body);
        let written = written.map_err(|source| Error::Section { path: path.clone(), source })?;
        file::write(path, &written)?;
    }
    Ok(Outcome::of(broken.is_empty()))
}

/// The sweep of all these backends, faer once for each instruction set there is.
pub fn table<T>(choices: &[Choice], extent: Extent) -> Result<Table, Error>
where
    T: Format,
    MatrixMultiply: Backend<T>,
    Faer: Backend<T>,
{
    let mut backends: Vec<(String, Box<dyn Backend<T>>)> = vec![];
    for &choice in choices {
        match choice {
            Choice::Naive => backends.push((choice.to_string(), Box::new(Naive))),
            Choice::MatrixMultiply => backends.push((choice.to_string(), Box::new(MatrixMultiply))),
            Choice::Faer | Choice::FaerFast | Choice::FaerParallel(_) => {
                let accuracy = if choice == Choice::FaerFast { Accuracy::Fast } else { Accuracy::Ulp1 };
                let force = |isa| Faer::sequential().with_accuracy(accuracy).with_isa(isa);
                let paths = Required::from_env().each(Isa::ALL, force, |isa, faer| {
                    backends.push((format!("{choice} {}", format!("{isa:?}").to_lowercase()), Box::new(faer)));
                });
                println!("{choice} {}: {}", T::NAME, paths.map_err(Error::InstructionSet)?);
            }
        }
    }
    let named: Vec<(&str, &dyn Backend<T>)> =
        backends.iter().map(|(name, backend)| (name.as_str(), &**backend)).collect();
    let bar = progress::bar(0);
    let table = sweep(&named, extent, &|progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.done);
    });
    bar.finish_and_clear();
    Ok(table)
}

/// What contradicts the claims of each backend.
fn contradictions(table: &Table, choices: &[Choice]) -> Vec<String> {
    let of = |choice: &Choice| {
        let name = choice.to_string();
        let mine = |backend: &str| backend == name || backend.starts_with(&format!("{name} "));
        let rows = table.rows.iter().filter(|row| mine(&row.backend)).cloned().collect();
        Table { rows, ..table.clone() }.broken(&choice.claims())
    };
    choices.iter().flat_map(of).collect()
}
