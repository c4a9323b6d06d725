//! `asked = held`: whether what a program is asked for is what the run holds that it is to resume.

use crate::error::{Error, Result};
use serde::Serialize;
use serde_json::Value;

/// Whether every field of `asked` that is not null has in `held` the same value, as JSON; `name` is what messages call a field.
///
/// ```
/// use recurrent::checkpoint::expect_same;
/// use serde_json::json;
///
/// let held = json!({ "hidden": 8, "cell": "lstm" });
/// let option = |field: &str| format!("--{field}");
/// expect_same(&json!({ "hidden": 8, "cell": null }), &held, option)?;
/// let error = expect_same(&json!({ "cell": "gru" }), &held, option).unwrap_err().to_string();
/// assert_eq!(error, "--cell: expected lstm, as in the checkpoint to resume, found gru");
/// # Ok::<(), recurrent::Error>(())
/// ```
///
/// # Errors
/// [`Error::Range`] with the first field that has another value; [`Error::Format`] if one of the two is not an object.
pub fn expect_same(asked: &impl Serialize, held: &impl Serialize, name: impl Fn(&str) -> String) -> Result<()> {
    let (asked, held) = (object("asked", asked)?, object("held", held)?);
    for (field, asked) in asked.iter().filter(|(_, asked)| !asked.is_null()) {
        let held = held.get(field).unwrap_or(&Value::Null);
        if asked != held {
            return Err(Error::range(
                name(field),
                format!("{}, as in the checkpoint to resume", plain(held)),
                plain(asked),
            ));
        }
    }
    Ok(())
}

fn object(what: &str, value: &impl Serialize) -> Result<serde_json::Map<String, Value>> {
    match serde_json::to_value(value) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(other) => Err(Error::format(what, "fields with names", other)),
        Err(error) => Err(Error::format(what, "what JSON can hold", error)),
    }
}

/// A text without quotes.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
