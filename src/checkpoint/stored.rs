//! Number types that checkpoints know.

use crate::interop::Element;

/// A number type that checkpoints know.
pub trait Stored: Element {
    /// Its tag in the header.
    const TAG: u8;
    /// Its name in messages.
    const NAME: &'static str;
}

impl Stored for f32 {
    const TAG: u8 = 1;
    const NAME: &'static str = "f32";
}

impl Stored for f64 {
    const TAG: u8 = 2;
    const NAME: &'static str = "f64";
}
