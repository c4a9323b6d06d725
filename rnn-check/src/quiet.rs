//! Panics that the suite provokes or judges are results, not news: they are caught, and nothing is printed.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// How many quiet calls this thread is in.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// Where the last panic of a quiet call came from.
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// The result of `call`, or the payload of its panic and the place it came from.
///
/// The panic hook that was there is kept for all other panics, those of other threads among them.
pub(crate) fn quietly<R>(call: impl FnOnce() -> R) -> Result<R, (Box<dyn std::any::Any + Send>, String)> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            if DEPTH.try_with(Cell::get).is_ok_and(|depth| depth > 0) {
                let place = panic.location().map(ToString::to_string).unwrap_or_default();
                PLACE.with(|last| *last.borrow_mut() = place);
            } else {
                before(panic);
            }
        }));
    });
    PLACE.with(|last| last.borrow_mut().clear());
    DEPTH.set(DEPTH.get() + 1);
    let result = catch_unwind(AssertUnwindSafe(call));
    DEPTH.set(DEPTH.get() - 1);
    result.map_err(|panic| (panic, PLACE.with(|last| last.borrow().clone())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_comes_back_with_its_message_and_its_place() {
        let outcome: Result<(), _> = quietly(|| panic!("as expected"));
        let (panic, place) = outcome.expect_err("it panics");
        assert_eq!(crate::drive::message(&*panic), "as expected");
        assert!(place.contains("quiet.rs:"), "{place}");
        assert_eq!(DEPTH.get(), 0);
        assert_eq!(quietly(|| 3).ok(), Some(3));
    }
}
