"""Steps of PyTorch's optimisers in f64: writes optimisers.json and optimisers_long.json beside this file.

Run with a Python that has torch; `optimisers.py long` writes the second alone.

The short walk has wild gradients and is kept step by step. The long walk has 2000 steps of tame ones, whose gradients and
rates are exact fractions that a reader computes again (`gradient`, `rate`), and is kept at `KEPT` steps.
"""

import json
import pathlib
import sys

import torch

torch.set_default_dtype(torch.float64)

SIZE = 7
CASES = [
    ("sgd", torch.optim.SGD, {}),
    ("sgd", torch.optim.SGD, {"weight_decay": 0.2}),
    ("sgd", torch.optim.SGD, {"momentum": 0.9}),
    ("sgd", torch.optim.SGD, {"momentum": 0.9, "weight_decay": 0.01}),
    ("sgd", torch.optim.SGD, {"momentum": 0.8, "nesterov": True}),
    ("sgd", torch.optim.SGD, {"momentum": 0.8, "nesterov": True, "weight_decay": 0.1}),
    ("rms_prop", torch.optim.RMSprop, {"alpha": 0.99, "eps": 1e-8}),
    ("rms_prop", torch.optim.RMSprop, {"alpha": 0.9, "eps": 1e-6, "momentum": 0.7, "weight_decay": 0.02}),
    ("rms_prop", torch.optim.RMSprop, {"alpha": 0.99, "eps": 1e-8, "centered": True}),
    ("rms_prop", torch.optim.RMSprop, {"alpha": 0.95, "eps": 1e-4, "centered": True, "weight_decay": 0.1}),
    ("rms_prop", torch.optim.RMSprop, {"alpha": 0.95, "eps": 1e-4, "centered": True, "momentum": 0.9}),
    (
        "rms_prop",
        torch.optim.RMSprop,
        {"alpha": 0.9, "eps": 1e-3, "centered": True, "momentum": 0.7, "weight_decay": 0.02},
    ),
    ("adam", torch.optim.Adam, {"betas": (0.9, 0.999), "eps": 1e-8}),
    ("adam", torch.optim.Adam, {"betas": (0.8, 0.95), "eps": 1e-6, "weight_decay": 0.05}),
    ("adamw", torch.optim.AdamW, {"betas": (0.9, 0.99), "eps": 1e-8, "weight_decay": 0.3}),
    ("adagrad", torch.optim.Adagrad, {"eps": 1e-10}),
    (
        "adagrad",
        torch.optim.Adagrad,
        {"eps": 1e-3, "lr_decay": 0.01, "initial_accumulator_value": 0.5, "weight_decay": 0.1},
    ),
    ("adadelta", torch.optim.Adadelta, {"rho": 0.9, "eps": 1e-6}),
    ("adadelta", torch.optim.Adadelta, {"rho": 0.95, "eps": 1e-3, "weight_decay": 0.2}),
]
KEPT = [1, 2, 20, 200, 202, 500, 2000]


def walk(start, rates, gradients, kept):
    """The parameters after each of the steps `kept`, counted from 1, for every case."""
    cases = []
    for name, optimiser_type, settings in CASES:
        params = torch.nn.Parameter(start.clone())
        optimiser = optimiser_type([params], lr=1.0, **settings)
        path = []
        for step, (rate, gradient) in enumerate(zip(rates, gradients), 1):
            optimiser.param_groups[0]["lr"] = rate
            params.grad = gradient.clone()
            optimiser.step()
            if step in kept:
                path.append(params.detach().tolist())
        cases.append({"optimiser": name, "settings": settings, "params": path})
    return cases


def write(name, document):
    """A line for each list of numbers, one for each case's settings."""
    cases = document.pop("cases")
    line = json.dumps
    head = {"torch": torch.__version__, **document}
    lines = [f"{line(key)}: {line(value)}," for key, value in head.items() if key != "gradients"]
    if "gradients" in head:
        lines += ['"gradients": [', ",\n".join(map(line, head["gradients"])), "],"]
    each = [
        f'{{"optimiser": {line(case["optimiser"])}, "settings": {line(case["settings"])}, "params": [\n'
        + ",\n".join(map(line, case["params"]))
        + "\n]}"
        for case in cases
    ]
    text = "\n".join(["{", *lines, '"cases": [', ",\n".join(each), "]", "}"])
    json.loads(text)
    pathlib.Path(__file__).with_name(name).write_text(text + "\n")


def short():
    torch.manual_seed(20)
    rates = [0.1, 0.05, 0.2, 0.01, 0.1, 0.03]
    start = torch.randn(SIZE)
    gradients = [torch.randn(SIZE) * 10 ** torch.randn(SIZE) for _ in rates]
    cases = walk(start, rates, gradients, range(1, 7))
    lists = [gradient.tolist() for gradient in gradients]
    write("optimisers.json", {"rates": rates, "start": start.tolist(), "gradients": lists, "cases": cases})


def gradient(step, i):
    """A multiple of 1/512 in −1..1 with a drift of its own for each parameter."""
    return ((step * (37 + 10 * i) + step * step) % 1024 - 480 - 16 * i) / 512


def rate(step):
    """Between 1/2048 and 8/2048."""
    return (step % 8 + 1) / 2048


def long():
    steps = range(1, 2001)
    start = torch.tensor([(i - 3) / 2 for i in range(SIZE)])
    gradients = [torch.tensor([gradient(step, i) for i in range(SIZE)]) for step in steps]
    cases = walk(start, [rate(step) for step in steps], gradients, KEPT)
    write("optimisers_long.json", {"kept": KEPT, "start": start.tolist(), "cases": cases})


if sys.argv[1:] != ["long"]:
    short()
long()
