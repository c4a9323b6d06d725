//! From PyTorch, call by call.
//!
//! Weights have PyTorch's names, shapes and gate orders, so that a model may come and go as safetensors: [`interop`](crate::interop). What
//! differs throughout: time comes first, `[T, N, C]`, as with `batch_first=False`; the state is a value of its own that a call moves; nothing
//! records a graph, and a pass for training is another call than one for inference.
//!
//! | PyTorch | here |
//! |---|---|
//! | `nn.LSTM(C, H, num_layers=L, bidirectional=True, dropout=p)` | [`RecurrentSpec::lstm(H)`](crate::network::RecurrentSpec::lstm)`.layers(L).bidirectional().dropout(p)` on [`Config::features(C)`](crate::Config::features) |
//! | `nn.GRU`, `nn.RNN(nonlinearity=…)` | `RecurrentSpec::gru`, `RecurrentSpec::elman` |
//! | `proj_size=P` | `CellSpec::new("lstm").with("projection", true).with("output", P)` |
//! | `nn.Embedding(V, E)` | [`Config::embedding(V, E)`](crate::Config::embedding); [`Config::one_hot(V)`](crate::Config::one_hot) needs no table |
//! | `nn.Linear`, `nn.Dropout(p)` in the stack | [`Config::dense`](crate::Config::dense), [`Config::dropout(p)`](crate::Config::dropout) |
//! | `pack_padded_sequence(x, lengths)` | [`Batch::with_lengths`](crate::Batch::with_lengths), in any order; or [`Padded`](crate::data::Padded), which pads by itself |
//! | `output[lengths - 1, range(N)]` | [`Config::last_step`](crate::Config::last_step) |
//! | `torch.cat([h_n[-2], h_n[-1]], dim=1)` of a bidirectional layer | [`Config::final_states`](crate::Config::final_states) |
//! | `y[..., :H] + y[..., H:]` of a bidirectional layer, Keras's `merge_mode` | [`RecurrentSpec::merged`](crate::network::RecurrentSpec::merged) |
//! | `self.h0 = nn.Parameter(…)`, expanded over the batch as the initial state | [`RecurrentSpec::learned_initial`](crate::network::RecurrentSpec::learned_initial()), parameters `rnn.h0_l0`, … |
//! | `h, c = h.detach(), c.detach()` | nothing: a [`State`](crate::State) carries no gradient |
//! | `model.train()`, `model.eval()` | [`Batch::with_noise(seed)`](crate::Batch::with_noise) in training; `evaluate`, `infer` and `step` never drop |
//! | `F.cross_entropy(weight=…, label_smoothing=…, ignore_index=…)` | [`Config::softmax`](crate::Config::softmax), [`HeadSpec`](crate::network::HeadSpec)`::{class_weights, label_smoothing}`, [`IGNORE`](crate::IGNORE) |
//! | `F.binary_cross_entropy_with_logits` | [`Config::bernoulli`](crate::Config::bernoulli); the sum over outputs, their mean by `mean_of_outputs` |
//! | `F.mse_loss`, `F.l1_loss`, `F.huber_loss` | `Objective::{SquaredError, AbsoluteError, Huber}` with `mean_of_outputs` |
//! | `F.ctc_loss(reduction="sum") / N`, blank 0 | [`Config::ctc`](crate::Config::ctc), [`Targets::Labels`](crate::Targets::Labels) |
//! | `optimizer.zero_grad(); loss.backward(); clip_grad_norm_(…); optimizer.step()` | [`Trainer::step`](crate::train::Trainer::step), or its parts: [`Network::loss_and_gradients`](crate::Network::loss_and_gradients), [`clip_norm`](crate::optim::clip_norm), [`Network::apply`](crate::Network::apply) |
//! | `torch.optim.{SGD, RMSprop, Adam, AdamW, Adagrad, Adadelta}` | [`optim`](crate::optim), with PyTorch's settings by default: `Settings::{sgd, rms_prop, adam, adagrad, adadelta}(rate)`, or [`Optimiser::adam(&network)`](crate::optim::Optimiser::adam) and its like |
//! | `LinearLR`, then another scheduler, by `SequentialLR` | [`Settings::warm_up(updates)`](crate::train::Settings::warm_up) in front of any [`Schedule`](crate::optim::Schedule) |
//! | gradient accumulation by `loss / k` | [`Settings::accumulate(k)`](crate::train::Settings::accumulate), which divides by the number of all targets, however unequal the batches |
//! | `param_groups`, `requires_grad_(False)` | [`Settings::group`](crate::train::Settings::group), [`Settings::freeze`](crate::train::Settings::freeze) |
//! | `ReduceLROnPlateau`, early stopping and best weights by hand | [`Fit`](crate::train::Fit)`::{plateau, patience}`; the best weights are kept unless `keep_last` |
//! | `torch.save({…})` of model, optimiser and scheduler | [`Checkpoint::of(&trainer, ())`](crate::checkpoint::Checkpoint::of), and [`trainer`](crate::checkpoint::Checkpoint::trainer) back: random state and epoch included, bit for bit |
//! | `model.load_state_dict(load_file(…))` | [`Network::load_safetensors`](crate::Network::load_safetensors) |
//! | `model.load_state_dict(…, strict=False)` | [`Network::load_safetensors_as`](crate::Network::load_safetensors_as) with [`Partial::Allow`](crate::interop::Partial::Allow) |
//! | `torch.set_num_threads(n)` | the backend: `Faer::parallel(n)` |
//! | `with torch.no_grad(): model(x)` | [`Network::infer`](crate::Network::infer) for sequences, [`Network::step_features`](crate::Network::step_features) and `step_symbols` for one step of a stream |
//!
//! ```
//! # #[cfg(feature = "_backend")]
//! # fn main() -> recurrent::Result<()> {
//! use recurrent::network::{Config, Network, RecurrentSpec};
//!
//! // nn.LSTM(3, 16, num_layers=2, dropout=0.2) and nn.Linear(16, 5) by their names
//! let config = Config::features(3).recurrent(RecurrentSpec::lstm(16).layers(2).dropout(0.2)).softmax(5);
//! let network = Network::<f32>::new(&config, 1)?;
//! let names: Vec<_> = network.parameters().blocks().iter().map(|block| &block.name[..]).collect();
//! assert_eq!(names[..2], ["rnn.weight_ih_l0", "rnn.weight_hh_l0"]);
//! assert_eq!(names[8..], ["head.weight", "head.bias"]);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "_backend"))]
//! # fn main() {}
//! ```
