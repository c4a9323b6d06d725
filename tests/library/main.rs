//! The library from outside. One program, because linking every backend a dozen times is most of a cold start.

mod cells;
mod checkpoint;
mod checkpoint_format;
mod checkpoint_memory;
mod chrono;
mod common;
mod covering;
mod data;
mod data_batches;
mod data_order;
#[cfg(feature = "faer")]
mod directions;
mod dropout;
mod families;
mod files;
mod finite;
mod fixtures;
mod goldens;
mod gradient_flow;
mod gradient_flow_cells;
mod history;
mod interop;
#[cfg(unix)]
mod kill_during_save;
mod losses;
mod masks;
mod network;
mod network_errors;
mod network_gradients;
mod network_init;
mod network_padding;
mod optim;
mod optim_bound;
mod optim_boundaries;
mod optim_planted;
mod optim_pytorch;
mod optim_refusals;
mod registry;
mod state_rows;
mod streaming;
mod streaming_alloc;
mod text;
mod timing;
mod trainer;
mod trainer_fit;
mod uncounted;
