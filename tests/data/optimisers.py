"""Steps of PyTorch's optimisers in f64: writes optimisers.json beside this file. Run with a Python that has torch."""

import json
import pathlib

import torch

torch.set_default_dtype(torch.float64)
torch.manual_seed(20)

RATES = [0.1, 0.05, 0.2, 0.01, 0.1, 0.03]
SIZE = 7

CASES = [
    ("sgd", torch.optim.SGD, {}),
    ("sgd", torch.optim.SGD, {"momentum": 0.9, "weight_decay": 0.01}),
    ("sgd", torch.optim.SGD, {"momentum": 0.8, "nesterov": True, "weight_decay": 0.1}),
    ("rms_prop", torch.optim.RMSprop, {"alpha": 0.99, "eps": 1e-8}),
    ("rms_prop", torch.optim.RMSprop, {"alpha": 0.9, "eps": 1e-6, "momentum": 0.7, "weight_decay": 0.02}),
    ("adam", torch.optim.Adam, {"betas": (0.9, 0.999), "eps": 1e-8}),
    ("adam", torch.optim.Adam, {"betas": (0.8, 0.95), "eps": 1e-6, "weight_decay": 0.05}),
    ("adamw", torch.optim.AdamW, {"betas": (0.9, 0.99), "eps": 1e-8, "weight_decay": 0.3}),
]

start = torch.randn(SIZE)
gradients = [torch.randn(SIZE) * 10 ** torch.randn(SIZE) for _ in RATES]
cases = []
for name, optimiser_type, settings in CASES:
    params = torch.nn.Parameter(start.clone())
    optimiser = optimiser_type([params], lr=1.0, **settings)
    path = []
    for rate, gradient in zip(RATES, gradients):
        optimiser.param_groups[0]["lr"] = rate
        params.grad = gradient.clone()
        optimiser.step()
        path.append(params.detach().tolist())
    cases.append({"optimiser": name, "settings": settings, "params": path})

document = {
    "torch": torch.__version__,
    "rates": RATES,
    "start": start.tolist(),
    "gradients": [gradient.tolist() for gradient in gradients],
    "cases": cases,
}
target = pathlib.Path(__file__).with_suffix(".json")
target.write_text(json.dumps(document, indent=1) + "\n")
