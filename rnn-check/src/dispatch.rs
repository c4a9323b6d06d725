//! Every dispatch path of a backend, forced: what this machine lacks is counted, and fails if it must not be missing.
//!
//! A backend that chooses its instructions at run time has paths that a machine cannot run. Testing only what is there
//! lets a path go untested for ever without anybody noticing. So the environment names what must be there:
//!
//! ```text
//! RNN_CHECK_REQUIRE_ISA=avx2,avx512 cargo test
//! ```
//!
//! ```
//! use rnn_check::dispatch::Required;
//!
//! # #[derive(Clone, Copy, Debug)]
//! # enum Isa { Portable, Avx2 }
//! # fn backend(isa: Isa) -> Option<f32> { matches!(isa, Isa::Portable).then_some(1.0) }
//! let required = Required::list("portable");
//! let paths = required.each([Isa::Portable, Isa::Avx2], backend, |_, backend| assert_eq!(backend, 1.0));
//! let paths = paths.expect("the portable path is there");
//! assert_eq!(paths.to_string(), "1 ran (portable), 1 skipped: not on this machine (avx2)");
//! ```

use std::fmt;

/// The instruction sets that must not be missing, by name: an instruction set's `Debug` form in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Required(Vec<String>);

/// Which paths ran and which did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// Forced and run.
    pub ran: Vec<String>,
    /// This machine lacks it, and nobody requires it.
    pub skipped: Vec<String>,
}

impl Required {
    /// The environment variable that names them, separated by commas.
    pub const VARIABLE: &str = "RNN_CHECK_REQUIRE_ISA";

    /// What [`VARIABLE`](Self::VARIABLE) says; nothing if it is not set.
    #[must_use]
    pub fn from_env() -> Self {
        // What is not Unicode is no name, and a name that is not known fails.
        std::env::var_os(Self::VARIABLE).map_or(Self(Vec::new()), |list| Self::list(&list.to_string_lossy()))
    }

    /// `"avx2,avx512"`; case and blanks do not matter.
    #[must_use]
    pub fn list(names: &str) -> Self {
        Self(names.split(',').map(|name| name.trim().to_lowercase()).filter(|name| !name.is_empty()).collect())
    }

    /// Makes a backend of each instruction set and runs the check on those there are.
    ///
    /// # Errors
    /// If a required one is missing or not among them, or if none ran; the message says which. The paths that are there
    /// have been checked by then.
    pub fn each<I: Copy + fmt::Debug, B>(
        &self,
        all: impl IntoIterator<Item = I>,
        make: impl Fn(I) -> Option<B>,
        mut check: impl FnMut(I, B),
    ) -> Result<Paths, String> {
        let (mut ran, mut skipped) = (Vec::new(), Vec::new());
        for isa in all {
            let name = format!("{isa:?}").to_lowercase();
            match make(isa) {
                Some(backend) => {
                    check(isa, backend);
                    ran.push(name);
                }
                None => skipped.push(name),
            }
        }
        if let Some(missing) = self.0.iter().find(|&name| skipped.contains(name)) {
            return Err(format!("{} requires {missing}, which this machine lacks", Self::VARIABLE));
        }
        if let Some(unknown) = self.0.iter().find(|&name| !ran.contains(name)) {
            let known = [&ran[..], &skipped[..]].concat().join(", ");
            return Err(format!("{} requires {unknown}, which is none of: {known}", Self::VARIABLE));
        }
        if ran.is_empty() {
            return Err(format!("no path ran; skipped: {}", skipped.join(", ")));
        }
        Ok(Paths { ran, skipped })
    }
}

impl fmt::Display for Paths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ran ({})", self.ran.len(), self.ran.join(", "))?;
        match &self.skipped[..] {
            [] => Ok(()),
            skipped => write!(f, ", {} skipped: not on this machine ({})", skipped.len(), skipped.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Isa {
        Portable,
        Wide,
        Wider,
    }
    const ALL: [Isa; 3] = [Isa::Portable, Isa::Wide, Isa::Wider];

    /// On a machine that lacks the widest.
    fn forced(required: &str) -> (Result<Paths, String>, Vec<Isa>) {
        let mut seen = Vec::new();
        let make = |isa| (isa != Isa::Wider).then_some(isa);
        let result = Required::list(required).each(ALL, make, |isa, _| seen.push(isa));
        (result, seen)
    }

    #[test]
    fn what_is_there_runs_and_what_is_missing_is_counted() {
        for required in ["", "wide", "Portable, WIDE,"] {
            let (paths, seen) = forced(required);
            assert_eq!(seen, [Isa::Portable, Isa::Wide]);
            let paths = paths.expect("nothing that is required is missing");
            assert_eq!(paths.to_string(), "2 ran (portable, wide), 1 skipped: not on this machine (wider)");
        }
    }

    #[test]
    fn a_required_path_that_is_missing_fails_after_the_others_have_run() {
        for required in ["wider", "wide,wider", "wider,portable"] {
            let (paths, seen) = forced(required);
            assert_eq!(seen, [Isa::Portable, Isa::Wide]);
            let message = paths.expect_err("wider is required and missing");
            assert_eq!(message, "RNN_CHECK_REQUIRE_ISA requires wider, which this machine lacks");
        }
    }

    #[test]
    fn a_misspelt_requirement_fails_instead_of_requiring_nothing() {
        let message = forced("wide-2").0.expect_err("there is no such instruction set");
        assert_eq!(message, "RNN_CHECK_REQUIRE_ISA requires wide-2, which is none of: portable, wide, wider");
    }

    #[test]
    fn a_run_without_any_path_fails() {
        let none = Required::list("").each(ALL, |_| None::<()>, |_, ()| ());
        assert_eq!(none, Err("no path ran; skipped: portable, wide, wider".into()));
    }
}
