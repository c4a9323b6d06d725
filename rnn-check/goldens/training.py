"""Fifty steps of plain SGD on a two-layer LSTM with a softmax head, in f64."""

import torch
from torch.nn.functional import cross_entropy, linear

import equations

STEPS, ROWS, INPUT, HIDDEN, CLASSES = 6, 4, 3, 5, 7
# At 2.0 the same steps turn rounding errors of 1e-16 into 3e-10, here they stay below 1e-15:
# the curve can be asked for to 1e-10.
LR = 1.0
UPDATES = 50


class Tagger(torch.nn.Module):
    """logits_t = W h_t + b over a two-layer LSTM that starts from zero states."""

    def __init__(self):
        super().__init__()
        self.rnn = torch.nn.LSTM(INPUT, HIDDEN, num_layers=2, dtype=torch.float64)
        self.head = torch.nn.Linear(HIDDEN, CLASSES, dtype=torch.float64)

    def forward(self, x):
        return self.head(self.rnn(x)[0])


def train_by_torch(model, x, targets):
    optimizer = torch.optim.SGD(model.parameters(), lr=LR)
    losses = []
    for _ in range(UPDATES):
        optimizer.zero_grad()
        loss = cross_entropy(model(x).flatten(0, 1), targets.flatten())
        loss.backward()
        losses.append(loss.item())
        optimizer.step()
    return losses


def train_by_equations(params, x, targets):
    """θ ← θ − lr · ∂L/∂θ,  L = −(1/TN) Σ log softmax(logits)[target]"""
    shape = equations.Shape(
        cell="lstm", activation=None, reset=None, bias="both", layers=2, bidirectional=False, reverse=False,
        steps=STEPS, rows=ROWS, input=INPUT, hidden=HIDDEN, lengths=None,
    )  # fmt: skip
    zeros = torch.zeros(2, ROWS, HIDDEN, dtype=torch.float64)
    losses = []
    for _ in range(UPDATES):
        params = {name: p.detach().requires_grad_() for name, p in params.items()}
        values = {name.removeprefix("rnn."): p for name, p in params.items()}
        y = equations.run(shape, values | {"x": x, "h0": zeros, "c0": zeros})["y"]
        logits = linear(y, params["head.weight"], params["head.bias"])
        chosen = logits.gather(2, targets.unsqueeze(2)).squeeze(2)
        loss = (torch.logsumexp(logits, dim=2) - chosen).mean()
        grads = torch.autograd.grad(loss, list(params.values()))
        losses.append(loss.item())
        params = {name: p.detach() - LR * g for (name, p), g in zip(params.items(), grads)}
    return losses, params


def named(params):
    return [{"name": n, "shape": list(p.shape), "data": p.detach().flatten().tolist()} for n, p in params.items()]


def sgd_two_layer_lstm(draw, gen):
    """The golden: loss before every update, and the parameters after the last one."""
    model = Tagger()
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(draw(gen, *p.shape))
    initial = {name: p.detach().clone() for name, p in model.named_parameters()}
    x = draw(gen, STEPS, ROWS, INPUT)
    # A teacher that looks at this step and the one before: there is something to learn, and to remember.
    seen = torch.cat([x, torch.cat([torch.zeros_like(x[:1]), x[:-1]])], dim=2)
    targets = linear(seen, draw(gen, CLASSES, 2 * INPUT)).argmax(dim=2)

    losses = train_by_torch(model, x, targets)
    own_losses, own_final = train_by_equations(initial, x, targets)
    worst = max(abs(a - b) for a, b in zip(losses, own_losses))
    worst = max([worst] + [(own_final[n] - p).abs().max().item() for n, p in model.named_parameters()])
    print(f"sgd_two_layer_lstm\n    loss {losses[0]:.4f} → {losses[-1]:.4f}, own operations differ by {worst:.1e}")
    assert worst < 1e-13, "the steps amplify rounding errors: choose a smaller rate"
    assert losses[-1] < 0.9 * losses[0], "nothing was learnt: choose another rate"

    return {
        "torch": torch.__version__,
        "generator": "generate.py",
        "name": "sgd_two_layer_lstm",
        "note": "mean cross-entropy over all steps and rows; zero initial states; params -= lr * gradient",
        "steps": STEPS,
        "rows": ROWS,
        "input": INPUT,
        "hidden": HIDDEN,
        "classes": CLASSES,
        "lr": LR,
        "params": named(initial),
        "final_params": named(dict(model.named_parameters())),
        "x": {"shape": list(x.shape), "data": x.flatten().tolist()},
        "targets": targets.tolist(),
        "losses": losses,
    }
