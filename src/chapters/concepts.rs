//! Concept, type, law, program: every concept of the introductions that these chapters follow, with where it is, and what is left out.
//!
//! The introductions are the blog post *Recurrent Neural Networks (RNNs) explained* (S. Bellavia 2024) and its sources: chapter 10 of *Deep Learning* (Goodfellow, Bengio & Courville), *A Critical Review of Recurrent Neural
//! Networks* (Lipton, Berkowitz & Elkan 2015), *How to Construct Deep Recurrent Neural Networks* (Pascanu et al. 2014), *Recurrent Neural Networks for Time Series Forecasting* (Petneházi 2019), *A brief review of feed-forward neural
//! networks* (Sazlı 2006). What has `group::name` is a law of `rnn-check`, which every backend obeys; what has a path is a test or program of the repository. `cells -- --cell x` stands for
//! `cargo run --release --example cells -- --cell x`.
//!
//! # What the introduction names
//!
//! | concept | here | program | chapter | held by |
//! |---|---|---|---|---|
//! | feed-forward network | [`Config::dense`](crate::Config::dense) without a recurrent layer | `examples/cells.rs`, the layer below | [1](super::feed_forward) | `head::affine_layers_and_their_gradients`, `tests/library/network_static.rs` |
//! | backpropagation, the delta rule | [`Network::backward`](crate::Network::backward) | the same | [1](super::feed_forward) | `head::dense_activations_and_their_gradients` |
//! | hidden update of a simple network | [`Elman`](crate::Elman) | `cells -- --cell elman` | [2](super::recurrence) | `oracle::each_step_is_one_oracle_step` |
//! | `h = f(h₋₁, x; θ)`, any `f` | [`Equations`](crate::kernels::Equations) | `examples/custom_cell.rs` | [2](super::recurrence) | `rnn_check::check_cell` |
//! | sigmoid, tanh | [`Activation`](crate::Activation), [`Nonlinearity`](crate::kernels::cells::Nonlinearity) | `cells -- --cell elman` | [2](super::recurrence) | `numeric::activations_keep_their_ulp` |
//! | softmax output | [`Config::softmax`](crate::Config::softmax) | `examples/char_lm` | [3](super::softmax_output) | `head::softmax_cross_entropy_and_its_gradient` |
//! | shared parameters, any length | [`Batch::with_lengths`](crate::Batch::with_lengths) | `examples/chords.rs` | [4](super::principles) | `structure::a_ragged_row_is_its_own_short_run` |
//! | hidden state | [`State`](crate::State) | `examples/amplifier` | [4](super::principles) | `structure::windows_chain_to_the_whole` |
//! | output at every step or at the end | [`Readout`](crate::network::Readout) | `examples/char_lm`, `examples/quickstart.rs` | [4](super::principles) | `tests/library/network_readout.rs` |
//! | unfolding | [`Network::forward`](crate::Network::forward) | `examples/unfolded` | [5](super::unfolding) | `structure::windows_chain_to_the_whole` |
//! | BPTT | [`Network::loss_and_gradients`](crate::Network::loss_and_gradients) | `examples/custom_cell.rs` | [6](super::backpropagation) | `oracle::each_adjoint_step_is_one_oracle_step` |
//! | loss of a step, summed | [`Loss`](crate::Loss), [`Targets`](crate::Targets) | `examples/char_lm` | [3](super::softmax_output) | `tests/library/losses.rs` |
//! | gradient descent, SGD | [`Sgd`](crate::optim::Sgd) | [`Settings::sgd`](crate::train::Settings::sgd), chapter | [7](super::descent) | `golden::fifty_steps_of_sgd_follow_pytorch` |
//! | vanishing, exploding gradients | [`GradientFlow`](crate::gradient_flow::GradientFlow), [`Conditions`](crate::gradient_flow::Conditions) | `examples/gradient_flow` | [8](super::gradients) | `linear::a_linear_network_is_powers_of_its_matrix`, `tests/library/gradient_flow.rs` |
//! | LSTM | [`Lstm`](crate::Lstm) | `examples/char_lm` | [9](super::lstm) | `golden::pytorch_agrees` |
//! | GRU | [`Gru`](crate::Gru) | `examples/quickstart.rs` | [10](super::gru) | `variant::the_reset_gate_acts_where_the_spec_says` |
//! | generating sequences | [`Continuation`](crate::text::Continuation) | `examples/char_lm` | [generation](super::generation) | `tests/library/text.rs` |
//! | language model | [`Trainer::fit_text`](crate::train::Trainer::fit_text) | `examples/char_lm` | [generation](super::generation) | `tests/library/text_fit.rs` |
//! | classifying sequences | [`Config::last_step`](crate::Config::last_step) | `examples/classify` | [4](super::principles) | `tests/library/trainer_fit.rs` |
//! | time series | [`windows`](crate::data::windows()), [`read_csv`](crate::data::read_csv) | `examples/quickstart.rs` | [4](super::principles) | `tests/library/data.rs` |
//! | audio | [`Stream`](crate::Stream) | `examples/amplifier` | [4](super::principles) | `tests/library/stream.rs` |
//! | speech recognition | [`Config::ctc`](crate::Config::ctc) | chapter | [CTC](super::unaligned) | `ctc::unaligned_labels_cost_the_sum_over_all_paths` |
//!
//! # Architectures of its sources
//!
//! | concept | here | program | chapter | held by |
//! |---|---|---|---|---|
//! | Jordan network; context units `c = α c₋₁ + y` | `jordan` | `cells -- --cell jordan` | [simple](super::simple) | `tests/library/families.rs` |
//! | Elman's context units | [`Elman`](crate::Elman): `W_hh` in full | `cells -- --cell elman` | [2](super::recurrence) | `oracle::each_step_is_one_oracle_step` |
//! | recurrence from output to hidden alone | `jordan` with `α = 0` | `cells -- --cell jordan` | [simple](super::simple) | `tests/library/families.rs` |
//! | teacher forcing | targets as the next input | `examples/char_lm` | [generation](super::generation) | `tests/library/text_fit.rs` |
//! | free running | [`Continuation`](crate::text::Continuation), [`Network::step_features`](crate::Network::step_features) | `examples/char_lm` | [generation](super::generation) | `tests/library/streaming.rs` |
//! | from one vector to a sequence | the vector as features of every step, or as the [`State`](crate::State) | – | [4](super::principles) | `tests/library/state_rows.rs` |
//! | a learned state to begin with | [`RecurrentSpec::learned_initial`](crate::network::RecurrentSpec::learned_initial()) | – | [4](super::principles) | `tests/library/learned.rs` |
//! | `y₋₁` as an input of the step | features `[x, y₋₁]`, shifted by one | `examples/char_lm`, where it is all there is | [generation](super::generation) | `layer::a_step_at_a_time_is_the_sequence` |
//! | end of a sequence as a symbol | a symbol of one's own | – | [generation](super::generation) | `tests/library/text.rs` |
//! | bidirectional network | [`RecurrentSpec::bidirectional`](crate::network::RecurrentSpec::bidirectional) | chapter | [bidirectional](super::bidirectional) | `structure::reversed_time_is_the_other_direction` |
//! | stacked network | [`RecurrentSpec::layers`](crate::network::RecurrentSpec::layers) | `examples/char_lm` | [stacked](super::stacked) | `layer::two_layers_are_their_composition` |
//! | deep input-to-hidden, deep output | [`Config::dense`](crate::Config::dense) below and above | `examples/cells.rs` | [stacked](super::stacked) | `tests/library/covering` |
//! | deep transition, with shortcuts | `deep_transition` | `cells -- --cell deep_transition` | [deep transition](super::deep_transition) | `tests/library/families.rs` |
//! | connections over `d` steps | `skip` | `cells -- --cell skip` | [longer paths](super::longer_paths) | `tests/library/families.rs` |
//! | leaky units | `leaky` | `cells -- --cell leaky` | [longer paths](super::longer_paths) | `tests/library/families.rs` |
//! | time scales, clocks | `clockwork` | `cells -- --cell clockwork` | [longer paths](super::longer_paths) | `tests/library/families.rs` |
//! | scheduled sampling | [`Feeding::Scheduled`](crate::seq2seq::Feeding::Scheduled) | example of [`seq2seq`](crate::seq2seq) | [encoder](super::encoder_decoder) | `tests/library/encoder_decoder.rs` |
//! | one vector to a sequence that is written | [`SourceSpec`](crate::seq2seq::SourceSpec) | example of [`seq2seq`](crate::seq2seq) | [encoder](super::encoder_decoder) | `tests/library/encoder_decoder.rs` |
//! | encoder and decoder | [`EncoderDecoder`](crate::EncoderDecoder) | `examples/translate` | [encoder](super::encoder_decoder) | `tests/library/encoder_decoder.rs` |
//! | attention | [`attention`](crate::attention), [`AttentionSpec`](crate::seq2seq::AttentionSpec) | `examples/translate` | [attention](super::attending) | `tests/library/attention.rs` |
//! | beam search | [`beam`](crate::decoding::beam()) | `examples/translate` | [choosing](super::choosing) | `tests/library/decoding.rs` |
//! | recursive networks, balanced or given trees | [`RecursiveNet`](crate::recursive::RecursiveNet) | example of [`recursive`](crate::recursive) | [trees](super::trees) | `tests/library/recursive.rs` |
//! | echo-state networks: leaky units, a radius, a washout, ridge regression, generation | [`EchoState`](crate::echo_state::EchoState) | `examples/classic_tasks` | [echoes](super::echo_states) | `tests/library/echo_state.rs` |
//! | independent yes-or-no outputs | [`Config::bernoulli`](crate::Config::bernoulli) | `examples/chords.rs` | [3](super::softmax_output) | `head::bernoulli_cross_entropy_and_its_gradient` |
//! | regression | [`Config::linear`](crate::Config::linear) | `examples/quickstart.rs` | [3](super::softmax_output) | `head::squared_error_and_its_gradient` |
//! | one-hot input, embeddings | [`Config::one_hot`](crate::Config::one_hot), [`Config::embedding`](crate::Config::embedding) | `examples/char_lm` | [3](super::softmax_output) | `structure::one_hot_input_is_its_dense_form`, `head::embeddings_and_their_gradients` |
//!
//! # Gated cells
//!
//! | concept | here | program | chapter | held by |
//! |---|---|---|---|---|
//! | LSTM of 1997, no forget gate, blocks | `lstm_blocks`; `lstm` with `"forget": "one"` | `cells -- --cell lstm_blocks` | [variants](super::lstm_variants) | `tests/library/families.rs` |
//! | forget gate | [`Lstm`](crate::Lstm) | `examples/char_lm` | [9](super::lstm) | `golden::pytorch_agrees` |
//! | peepholes | `lstm_peephole`; `lstm` with `"peepholes": true` | `cells -- --cell lstm_peephole` | [variants](super::lstm_variants) | `tests/library/families.rs` |
//! | coupled gates | `lstm` with `"forget": "coupled"` | `cells -- --cell '{"lstm": {"forget": "coupled"}}'` | [variants](super::lstm_variants) | `tests/library/families.rs` |
//! | bias 1 of the forget gate | [`Config::forget_bias`](crate::Config::forget_bias) | `examples/gradient_flow` | [9](super::lstm) | `tests/library/network_init.rs` |
//! | GRU, reset before or after the product | [`GruReset`](crate::GruReset) | `cells -- --cell gru` | [10](super::gru) | `variant::the_reset_gate_acts_where_the_spec_says` |
//! | smaller gated cells | `mgu`, `li_gru`, `min_gru`, `min_lstm` | `cells -- --cell mgu` | [minimal](super::minimal_gates), [linear](super::linear) | `tests/library/families.rs` |
//! | recurrences that turn, `abs(λ) < 1` | `lru`, `hgrn` with a phase | `cells -- --cell lru` | [linear](super::linear) | `tests/library/families.rs` |
//!
//! # Training
//!
//! | concept | here | program | chapter | held by |
//! |---|---|---|---|---|
//! | truncated BPTT | [`Network::truncated_bptt`](crate::Network::truncated_bptt), [`Windows`](crate::train::Windows) | `examples/char_lm` | [6](super::backpropagation) | `truncated::truncated_windows_follow_a_cut_tape` |
//! | real-time recurrent learning | `rnn_check::oracle::rtrl`, a second opinion | – | [6](super::backpropagation) | `rnn-check/tests/rtrl.rs` |
//! | gradient check | `rnn_check::check_cell` | `examples/custom_cell.rs` | [6](super::backpropagation) | `gradient::finite_differences_of_the_forward_pass_agree` |
//! | clipping the norm | [`clip_norm`](crate::optim::clip_norm), [`Clip`](crate::train::Clip) | `examples/quickstart.rs` | [7](super::descent) | `tests/library/optim.rs` |
//! | a gradient that is not finite | [`OnNonFinite`](crate::train::OnNonFinite): stop, skip, go back | `examples/char_lm` | [7](super::descent) | `tests/library/trainer.rs` |
//! | clipping values; between steps | [`clip_value`](crate::optim::clip_value), [`Workspace::clip_between_steps`](crate::Workspace::clip_between_steps) | – | [8](super::gradients) | `clip::each_clipped_adjoint_step_is_one_oracle_step` |
//! | the usual norm, for a limit | [`Step`](crate::train::Step) has that of each update | `examples/char_lm` | [7](super::descent) | `tests/library/trainer.rs` |
//! | regulariser `Ω` | [`Workspace::regularise_omega`](crate::Workspace::regularise_omega) | `examples/classic_tasks` | [8](super::gradients) | `tests/library/omega.rs` |
//! | momentum, Nesterov | [`Sgd`](crate::optim::Sgd) | – | [7](super::descent) | `tests/library/optim_pytorch.rs` |
//! | AdaGrad, AdaDelta, RMSprop, Adam | [`optim`](crate::optim) | `examples/chords.rs` | [7](super::descent) | `tests/library/optim_pytorch.rs` |
//! | schedules; halving at a plateau | [`Schedule`](crate::optim::Schedule), [`Plateau`](crate::train::Plateau) | `examples/chords.rs` | [7](super::descent) | `tests/library/optim.rs`, `tests/library/trainer_fit.rs` |
//! | noise on weights | [`Settings::weight_noise`](crate::train::Settings::weight_noise) | – | [noise](super::noise) | `tests/library/trainer.rs` |
//! | dropout in its variants, zoneout | [`DropoutSpec`](crate::network::DropoutSpec), [`CellSpec`](crate::network::CellSpec) | `examples/chords.rs` | [noise](super::noise) | `tests/library/dropout.rs` |
//! | weight decay, early stopping | [`Decay`](crate::optim::Decay), [`Fit::patience`](crate::train::Fit::patience) | `examples/chords.rs` | [7](super::descent) | `tests/library/optim_pytorch.rs`, `tests/library/trainer_fit.rs` |
//! | initial values: orthogonal, spectral radius, IRNN, chrono | [`Scheme`](crate::init::Scheme), [`Init::irnn`](crate::init::Init::irnn), [`ForgetBias`](crate::init::ForgetBias) | `examples/gradient_flow` | [8](super::gradients) | `tests/library/network_init.rs`, `tests/library/chrono.rs` |
//! | layer norm inside the gates | `lstm_layer_norm` | `cells -- --cell lstm_layer_norm` | [normalised](super::normalised) | `tests/library/families.rs` |
//! | norms of `∂L/∂h`, ratios, `σ_max`, `ρ` | [`GradientFlow`](crate::gradient_flow::GradientFlow), [`largest_singular_value`](crate::gradient_flow::largest_singular_value), [`spectral_radius`](crate::gradient_flow::spectral_radius) | `examples/gradient_flow` | [8](super::gradients) | `tests/library/gradient_flow.rs` |
//!
//! # Losses, scores, data
//!
//! | concept | here | program | chapter | held by |
//! |---|---|---|---|---|
//! | negative logarithm of the likelihood; squared error | [`Objective`](crate::network::Objective) | `examples/char_lm` | [3](super::softmax_output) | `tests/library/losses.rs` |
//! | Bernoulli loss of a frame | [`Config::bernoulli`](crate::Config::bernoulli) | `examples/chords.rs` | [3](super::softmax_output) | `head::bernoulli_cross_entropy_and_its_gradient` |
//! | perplexity, bits a symbol | [`Scores::perplexity`](crate::train::Scores::perplexity), [`Loss::bits`](crate::Loss::bits) | `examples/char_lm` | [generation](super::generation) | `tests/library/text_fit.rs` |
//! | lags, horizons | [`windows`](crate::data::windows()) | `examples/quickstart.rs` | [4](super::principles) | `tests/library/data.rs` |
//! | normalisation | [`Normaliser`](crate::data::Normaliser) | `examples/quickstart.rs` | [4](super::principles) | `tests/library/data.rs` |
//! | forecasts over several steps | [`Network::step_features`](crate::Network::step_features), each forecast the next input | `examples/forecast` | [generation](super::generation) | `tests/library/streaming.rs` |
//!
//! # What is left out, and why
//!
//! | concept | why |
//! |---|---|
//! | bilinear compositions over trees (tensors) | `RecursiveNet` has the plain one and the tree-LSTM |
//! | outputs fed back into a reservoir while it is fitted | [`EchoState::generate`](crate::echo_state::EchoState::generate) feeds them back as inputs, which is the same where both are one series |
//! | an output that says *go on*, or how long a sequence will be | a Bernoulli output or a number like others; nothing of it is a part of its own |
//! | operators to compose networks of (predict, plus) | a view of what [`Config`](crate::Config) and [`Equations`](crate::kernels::Equations) compose |
//! | `L_p` units, maxout | units that pool others, used in one paper on deep transitions |
//! | networks over images in four directions | rows here are sequences, with one time |
//! | memory that is addressed (neural Turing machines) | its reading and writing heads are a machine of their own; a [matrix memory](super::matrix_memory) is what is left of it |
//! | Hopfield networks | thresholds have no gradient |
//! | unitary networks of Fourier transforms | [`lru`](super::linear) has eigenvalues within the unit circle without them; [`Scheme::Orthogonal`](crate::init::Scheme::Orthogonal) begins there |
//! | Hessian-free and saddle-free methods | they need products with curvature, and have been replaced by the rules that are here |
//! | clipping behind the momentum | the limit is on the gradient, as in the paper that proposes it |
//! | sparse initial matrices, 15 or 20 weights a unit | [`Scheme`](crate::init::Scheme) has the radius or the singular values that they were scaled to |
//! | batch norm over time | a row would depend on the rows beside it |
//! | LSTMs without an input or output gate, or with gates that see gates | made to be compared; without a forget gate or a function it is an [option](super::lstm_variants), the rest is [`Equations`](crate::kernels::Equations) of twenty lines |
//! | skipping whole steps by a rounded gate (Skip RNN) | its gradient is that of another function |
//! | BLEU, METEOR | scores of translated texts, not of networks |
//! | trend, season, dummies, importance of features, ensembles for intervals | columns of the input and loops around a [`Trainer`](crate::train::Trainer), as in `examples/forecast` |
