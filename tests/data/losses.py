"""Losses and their gradients in the logits by PyTorch 2.15, f64: `python losses.py > losses.json`."""

import json

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.manual_seed(1)
T, N, V = 7, 3, 4
# Multiples of 1/8, so that the numbers of the file are exact.
logits = torch.randint(-16, 17, (T, N, V)) / 8.0


def case(name, loss, **settings):
    a = logits.clone().requires_grad_()
    value = loss(a)
    value.backward()
    return dict(name=name, loss=value.item(), gradient=a.grad.flatten().tolist(), **settings)


labels, counts, steps = [1, 1, 2, 3, 2, 2], [3, 0, 3], [7, 2, 5]


def ctc(a):
    log_p = F.log_softmax(a, dim=-1)
    return F.ctc_loss(log_p, torch.tensor(labels), torch.tensor(steps), torch.tensor(counts), reduction="sum") / N


classes = torch.randint(0, V, (T * N,))
weights = torch.tensor([0.5, 2.0, 0.25, 1.0])
values = torch.randint(-16, 17, (T, N, V)) / 8.0
classify = lambda a, **options: F.cross_entropy(a.reshape(-1, V), classes, **options)
document = dict(
    shape=[T, N, V],
    logits=logits.flatten().tolist(),
    classes=classes.tolist(),
    values=values.flatten().tolist(),
    labels=labels,
    counts=counts,
    steps=steps,
    cases=[
        case("ctc", ctc),
        case("softmax", lambda a: classify(a, weight=weights), class_weights=weights.tolist()),
        case("softmax", lambda a: classify(a, label_smoothing=0.125), label_smoothing=0.125),
        case(
            "softmax",
            lambda a: classify(a, weight=weights, label_smoothing=0.125),
            class_weights=weights.tolist(),
            label_smoothing=0.125,
        ),
        case("squared_error", lambda a: F.mse_loss(a, values)),
        case("absolute_error", lambda a: F.l1_loss(a, values)),
        case("huber", lambda a: F.huber_loss(a, values, delta=0.75), delta=0.75),
    ],
)
print(json.dumps(document))
