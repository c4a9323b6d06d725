"""PyTorch: `nn.RNN`, `nn.LSTM`, `nn.GRU`, input `[T, B, I]`; for `step` the cells. Threads within an operation."""

import torch
from torch import nn

from . import STEPS

LAYERS = {"rnn": (nn.RNN, nn.RNNCell), "lstm": (nn.LSTM, nn.LSTMCell), "gru": (nn.GRU, nn.GRUCell)}


class Library:
    version = torch.__version__

    def __init__(self, dtype, threads):
        torch.set_num_threads(threads)
        self.dtype = {"f32": torch.float32, "f64": torch.float64}[dtype]

    def build(self, configuration):
        torch.manual_seed(0)
        layer, cell = LAYERS[configuration.cell]
        if configuration.mode == "step":
            return self.step(cell(configuration.I, configuration.H, dtype=self.dtype), configuration)
        module = layer(configuration.I, configuration.H, dtype=self.dtype)
        train = configuration.mode == "train"
        x = torch.randn(configuration.T, configuration.B, configuration.I, dtype=self.dtype, requires_grad=train)
        states = self.states(configuration, (1, configuration.B, configuration.H), train)
        initial = states if configuration.cell == "lstm" else states[0]
        if not train:

            @torch.inference_mode()
            def forward():
                module(x, initial)

            return forward, 1
        upstream = torch.randn(configuration.T, configuration.B, configuration.H, dtype=self.dtype)
        wanted = [x, *states, *module.parameters()]

        def forward_backward():
            y, _ = module(x, initial)
            torch.autograd.grad(y, wanted, upstream)

        return forward_backward, 1

    @torch.inference_mode()
    def hidden(self, given):
        configuration = given.configuration
        module = LAYERS[configuration.cell][0](configuration.I, configuration.H)
        named = {"weight_ih_l0": given.w_ih, "weight_hh_l0": given.w_hh, "bias_ih_l0": given.b_ih, "bias_hh_l0": given.b_hh}
        module.load_state_dict({name: torch.from_numpy(values) for name, values in named.items()})
        states = tuple(torch.from_numpy(values) for values in given.states.values())
        return module(torch.from_numpy(given.x), states if configuration.cell == "lstm" else states[0])[0].numpy()

    def states(self, configuration, shape, train):
        count = 2 if configuration.cell == "lstm" else 1
        return tuple(torch.zeros(shape, dtype=self.dtype, requires_grad=train) for _ in range(count))

    def step(self, cell, configuration):
        x = torch.randn(configuration.B, configuration.I, dtype=self.dtype)
        states = self.states(configuration, (configuration.B, configuration.H), False)
        state = states if configuration.cell == "lstm" else states[0]

        @torch.inference_mode()
        def steps():
            nonlocal state
            for _ in range(STEPS):
                state = cell(x, state)

        return steps, STEPS
