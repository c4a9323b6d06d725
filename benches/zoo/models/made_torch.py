"""Layers of PyTorch with drawn weights, which go into networks of ours by their names."""

from . import STEPS, Row

T, N, C, H, P, O = 20, 2, 32, 64, 24, 5  # noqa: E741
LAYER = {"hidden": H, "layers": 2, "directions": "both"}


class Home:
    rows = ["PyTorch, LSTMs both ways with projections", "PyTorch, two GRUs"]

    def __init__(self, folder, work):
        import torch

        torch.set_num_threads(1)
        self.torch, self.folder, self.version = torch, folder, f"PyTorch {torch.__version__}"

    def open(self, row):
        from .arrays import safetensors

        torch, projected = self.torch, row == self.rows[0]
        torch.manual_seed(1 + self.rows.index(row))
        if projected:
            rnn, wide = torch.nn.LSTM(C, H, num_layers=2, bidirectional=True, proj_size=P), 2 * P
            layer = {**LAYER, "cell": {"lstm": {"projection": True, "output": P}}}
        else:
            rnn, wide = torch.nn.GRU(C, H, num_layers=2), H
            layer = {**LAYER, "cell": "gru", "directions": "forward"}
        head = torch.nn.Linear(wide, O)
        arrays = {f"rnn.{name}": value.detach().numpy() for name, value in rnn.named_parameters()}
        arrays |= {f"head.{name}": value.detach().numpy() for name, value in head.named_parameters()}
        path = self.folder / f"{'lstm' if projected else 'gru'}.safetensors"
        safetensors(path, arrays)
        x, carried = torch.randn(T, N, C), [None]

        @torch.inference_mode()
        def run():
            return head(rnn(x)[0])

        @torch.inference_mode()
        def steps():
            for _ in range(STEPS):
                y, carried[0] = rnn(x[:1], carried[0])
                head(y)

        config = {
            "input": {"features": {"width": C}},
            "layers": [{"recurrent": layer}],
            "head": {"units": O, "objective": "squared_error"},
        }
        return Row(
            ours={"kind": "safetensors", "path": str(path), "config": config},
            feeds={"x": x.numpy()},
            weights=arrays,
            run=lambda: {"y": run().numpy()},
            sequence=run,
            step=None if projected else (steps, STEPS),
            steps=T,
            options={"projected": projected},
            note=f"2 layers, C {C}, H {H}{f', P {P}' if projected else ''}, {N} rows",
        )


def reference(rounded, weights, feeds, options):
    import torch

    from rounded import gru_gates, lstm_gates, over

    given, zeros = feeds["x"], lambda width: torch.zeros(N, width, dtype=torch.float64)

    def direction(k, suffix, given):
        of = lambda name: weights[f"rnn.{name}_l{k}{suffix}"]  # noqa: E731
        w, u, b_w, b_u = of("weight_ih"), of("weight_hh"), of("bias_ih"), of("bias_hh")
        if options["projected"]:
            gates, projection = lstm_gates(w, u, [b_w, b_u]), of("weight_hr")
            cell = lambda x, h, c: rounded.lstm(x, h, c, gates, projection=projection)  # noqa: E731
            return over(given, cell, (zeros(P), zeros(H)), reverse=suffix != "")[0]
        gates = gru_gates(w, u, [b_w], [b_u])
        return over(given, lambda x, h: (rounded.gru(x, h, gates),), (zeros(H),))[0]

    for k in range(2):
        suffixes = ["", "_reverse"] if options["projected"] else [""]
        given = torch.cat([direction(k, suffix, given) for suffix in suffixes], -1)
    return {"y": rounded.affine([(weights["head.weight"], given)], [weights["head.bias"]])}
