"""A capture in the format of Neural Amp Modeler, made here: two LSTMs of PyTorch that learn a saturating filter, written as `.nam`."""

from . import STEPS, Row

SAMPLES, HIDDEN, LAYERS = 64, 24, 2


class Home:
    rows = ["NAM, LSTM"]

    def __init__(self, folder, work):
        import torch

        torch.set_num_threads(1)
        self.torch, self.path, self.version = torch, folder / "capture.nam", f"PyTorch {torch.__version__}"

    def trained(self):
        """Some steps towards the tanh of a filtered signal, so that weights are no noise."""
        torch = self.torch
        torch.manual_seed(20261130)
        rnn, head = torch.nn.LSTM(1, HIDDEN, num_layers=LAYERS), torch.nn.Linear(HIDDEN, 1)
        parameters = [*rnn.parameters(), *head.parameters()]
        optimiser = torch.optim.Adam(parameters, 0.01)
        for _ in range(40):
            x = torch.randn(48, 8, 1)
            wanted = torch.tanh(2 * x + x.cumsum(0) / 4)
            loss = ((head(rnn(x)[0]) - wanted) ** 2).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        with torch.no_grad():
            for k in range(LAYERS):
                # The format has one bias.
                getattr(rnn, f"bias_ih_l{k}").add_(getattr(rnn, f"bias_hh_l{k}"))
                getattr(rnn, f"bias_hh_l{k}").zero_()
        return rnn, head

    def open(self, row):
        import json

        import numpy as np

        torch = self.torch
        rnn, head = self.trained()
        states = (torch.randn(2, LAYERS, HIDDEN) / 2).numpy()
        array = {name: value.detach().numpy() for name, value in [*rnn.named_parameters(), *head.named_parameters()]}
        numbers = []
        for k in range(LAYERS):
            both = np.concatenate([array[f"weight_ih_l{k}"], array[f"weight_hh_l{k}"]], 1)
            for part in (both, array[f"bias_ih_l{k}"], states[0, k], states[1, k]):
                numbers += part.ravel().tolist()
        numbers += array["weight"].ravel().tolist() + array["bias"].tolist()
        config = {"input_size": 1, "hidden_size": HIDDEN, "num_layers": LAYERS}
        capture = {"version": "0.5.4", "architecture": "LSTM", "config": config, "sample_rate": 48000, "weights": numbers}
        self.path.write_text(json.dumps(capture) + "\n")

        x = torch.randn(SAMPLES, 1, 1)
        initial = tuple(torch.from_numpy(state[:, None].copy()) for state in states)
        carried = [initial]

        @torch.inference_mode()
        def run():
            return head(rnn(x, initial)[0])

        @torch.inference_mode()
        def steps():
            for _ in range(STEPS):
                y, carried[0] = rnn(x[:1], carried[0])
                head(y)

        return Row(
            ours={"kind": "nam", "path": str(self.path)},
            feeds={"x": x.numpy()},
            weights={**array, "states": states},
            run=lambda: {"y": run().numpy()},
            sequence=run,
            step=(steps, STEPS),
            steps=SAMPLES,
            note=f"{LAYERS} layers, H {HIDDEN}",
        )


def reference(rounded, weights, feeds, options):
    from rounded import lstm_gates, over

    given = feeds["x"]
    for k in range(LAYERS):
        gates = lstm_gates(weights[f"weight_ih_l{k}"], weights[f"weight_hh_l{k}"], [weights[f"bias_ih_l{k}"]])
        state = tuple(weights["states"][:, k, None])
        given, _ = over(given, lambda x, h, c: rounded.lstm(x, h, c, gates), state)
    return {"y": rounded.affine([(weights["weight"], given)], [weights["bias"]])}
