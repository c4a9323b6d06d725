"""One module per library. `Library(dtype, threads)` has `version` and `build(configuration)`, which returns a call
without arguments and how many steps of the result it makes, or None for what the library cannot do. `hidden(given)`
computes the hidden states of a layer that came with all its numbers."""

# Steps in one timed call of `step`: the call from Python is not what is measured.
STEPS = 100
