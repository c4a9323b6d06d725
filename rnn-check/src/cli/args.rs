//! The command line.

use super::backend::Choice;
use super::error::Error;
use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand, ValueEnum};
use rnn_check::Plan;
use std::path::PathBuf;

/// Verifies backends of rnn-kernels: laws with derived bounds, planted bugs, detection floors.
#[derive(Debug, Parser)]
#[command(name = "rnn-check", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Name the laws, the planted bugs, the correct variants and the backends.
    List(List),
    /// Check a backend, or all of them.
    Run(Run),
    /// Run the case of a failure again.
    Replay(Replay),
    /// Run every planted bug through every law; the smallest error each law notices.
    Matrix(Matrix),
    /// One page with the matrix, the ratios and the error curves of the activations.
    Report(Report),
    /// The errors of σ and tanh in ulp.
    Activations(Activations),
}

#[derive(Debug, Args)]
pub struct List {
    /// Only the laws whose name contains this.
    #[arg(long, default_value = "")]
    pub law: String,
}

#[derive(Debug, Args)]
pub struct Run {
    /// naive, matrixmultiply, faer, faer-fast, faer-parallel or faer-parallel:N.
    #[arg(long, required_unless_present = "all")]
    pub backend: Option<Choice>,
    /// Every backend, one after another, and the sums over them.
    #[arg(long, conflicts_with = "backend")]
    pub all: bool,
    /// In which numbers.
    #[arg(long, value_enum, default_value_t = Dtype::Both)]
    pub dtype: Dtype,
    /// Only the laws whose name contains this.
    #[arg(long, default_value = "")]
    pub law: String,
    /// How many cases.
    #[arg(long, value_enum, default_value_t = Profile::Quick)]
    pub profile: Profile,
    /// What the random cases follow from.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Write the report as JSON.
    #[arg(long)]
    pub json: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Replay {
    /// As the report of the failure printed it.
    pub token: String,
    /// The backend that failed.
    #[arg(long)]
    pub backend: Choice,
}

#[derive(Debug, Args)]
pub struct Matrix {
    /// Write matrix and floors as JSON.
    #[arg(long)]
    pub json: Option<PathBuf>,
    /// Write the tables into the marked sections of this document.
    #[arg(long, conflicts_with = "check")]
    pub markdown: Option<PathBuf>,
    /// Compare the tables in the marked sections of this document with fresh ones.
    #[arg(long)]
    pub check: Option<PathBuf>,
    /// Only the laws whose name contains this.
    #[arg(long, default_value = "")]
    pub law: String,
}

#[derive(Debug, Args)]
pub struct Report {
    /// The page.
    #[arg(long)]
    pub html: PathBuf,
    /// How many cases.
    #[arg(long, value_enum, default_value_t = Profile::Quick)]
    pub profile: Profile,
    /// Only the laws whose name contains this.
    #[arg(long, default_value = "")]
    pub law: String,
}

#[derive(Debug, Args)]
pub struct Activations {
    /// Only this backend.
    #[arg(long)]
    pub backend: Option<Choice>,
    /// All 2³² arguments in f32; minutes.
    #[arg(long)]
    pub exhaustive: bool,
    /// Write the table into the marked section of this document.
    #[arg(long)]
    pub markdown: Option<PathBuf>,
}

/// Number types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Dtype {
    F32,
    F64,
    Both,
}

/// How much of the suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Profile {
    /// Seconds.
    Quick,
    /// What continuous integration runs.
    Full,
    /// Thousands of random cases.
    Exhaustive,
}

impl Profile {
    /// Its plan, with the allocations of this program counted.
    pub fn plan(self) -> Plan {
        let plan = match self {
            Self::Quick => Plan::quick(),
            Self::Full => Plan::full(),
            Self::Exhaustive => Plan::exhaustive(),
        };
        plan.count_allocations(|call| allocation_counter::measure(call).count_total)
    }
}

/// The command, or why it cannot be understood; help and version are printed here.
pub fn parse() -> Result<Command, Error> {
    let shown =
        [ErrorKind::DisplayHelp, ErrorKind::DisplayVersion, ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand];
    Arguments::try_parse().map(|arguments| arguments.command).map_err(|error| {
        if shown.contains(&error.kind()) {
            error.exit();
        }
        Error::Usage(one_line(&error.to_string()))
    })
}

/// clap explains over several lines; the first paragraph says what is wrong.
fn one_line(text: &str) -> String {
    let first: Vec<&str> = text.lines().take_while(|line| !line.trim().is_empty()).map(str::trim).collect();
    first.join(" ").trim_start_matches("error: ").into()
}

/// Some law's name contains `part`.
pub fn some_law(part: &str) -> Result<(), Error> {
    use rnn_check::Checked;
    let known = f64::all_laws().iter().any(|law| law.id.contains(part));
    if known { Ok(()) } else { Err(Error::UnknownLaw(part.into())) }
}
