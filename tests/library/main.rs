//! The library from outside. One program, because linking every backend a dozen times is most of a cold start.

mod architectures_planted;
mod attention;
mod cells;
mod chapters;
mod checkpoint;
mod checkpoint_format;
mod checkpoint_memory;
mod chrono;
mod common;
mod covering;
mod data;
mod data_batches;
mod data_order;
mod decoding;
#[cfg(feature = "faer")]
mod directions;
mod dropout;
mod echo_state;
mod encoder_decoder;
mod families;
mod files;
mod finite;
mod fixtures;
mod foreign;
mod formats;
mod formats_broken;
mod goldens;
mod gradient_flow;
mod gradient_flow_cells;
mod graphs;
mod history;
mod interop;
mod keras;
mod keras_graphs;
mod keras_memory;
mod keras_refused;
#[cfg(unix)]
mod kill_during_save;
mod labels;
mod learned;
mod losses;
mod masks;
mod network;
mod network_errors;
mod network_gradients;
mod network_init;
mod network_merge;
mod network_padding;
mod network_readout;
mod network_static;
#[cfg(all(feature = "npz", feature = "onnx"))]
mod npz_tensors;
mod omega;
#[cfg(feature = "onnx")]
mod onnx_chains;
#[cfg(feature = "onnx")]
mod onnx_export;
#[cfg(feature = "onnx")]
mod onnx_messages;
#[cfg(feature = "onnx")]
mod onnx_operators;
#[cfg(feature = "onnx")]
mod onnx_recurrent;
#[cfg(feature = "onnx")]
mod onnx_refused;
#[cfg(feature = "onnx")]
mod onnx_robust;
#[cfg(feature = "onnx")]
mod onnx_take;
mod optim;
mod optim_bound;
mod optim_boundaries;
mod optim_planted;
mod optim_pytorch;
mod optim_refusals;
mod orders;
mod packing;
mod places;
mod recursive;
mod registry;
mod runs;
mod state_rows;
mod stream;
mod streaming;
mod streaming_alloc;
mod surveys;
mod text;
mod text_fit;
mod timing;
mod to_infer;
mod trainer;
mod trainer_fit;
mod uncounted;
