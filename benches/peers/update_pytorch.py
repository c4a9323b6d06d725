"""Times training steps in PyTorch, one thread: a line `[cell, hidden, rows, head, secs]` in, seconds a step out.

As fast as eager PyTorch does it: input that is on hand as one tensor, one-hot symbols as an index into an identity
matrix made before the clock starts, losses from logits, gradients set to None, the fused Adam.
"""

import json
import sys

import torch
from torch import nn
from worker import timed

LAYERS = {"elman": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
STEPS, WIDTH, LABELS = 60, 88, 20


class Model(nn.Module):
    def __init__(self, cell, hidden):
        super().__init__()
        self.layer = LAYERS[cell](WIDTH, hidden)
        self.head = nn.Linear(hidden, WIDTH)

    def forward(self, x):
        return self.head(self.layer(x)[0])


def problem(head, rows):
    """Input and loss of a batch."""
    x = torch.rand(STEPS, rows, WIDTH) - 0.5
    if head == "softmax":
        symbols = torch.arange(STEPS * rows + rows).square() % WIDTH
        x = nn.functional.one_hot(symbols[: STEPS * rows].view(STEPS, rows), WIDTH).float()
        targets = symbols[rows:]
        return x, lambda logits: nn.functional.cross_entropy(logits.flatten(0, 1), targets)
    if head == "bernoulli":
        targets = (torch.arange(x.numel()) % 16 == 0).float().view_as(x)
        # Summed over outputs, the mean over rows and steps.
        loss = nn.functional.binary_cross_entropy_with_logits
        return x, lambda logits: loss(logits, targets, reduction="sum") / (STEPS * rows)
    labels = 1 + torch.arange(LABELS * rows).square() % (WIDTH - 1)
    labels, steps, counts = labels.view(rows, LABELS), torch.full((rows,), STEPS), torch.full((rows,), LABELS)

    def ctc(logits):
        return nn.functional.ctc_loss(logits.log_softmax(2), labels, steps, counts, reduction="sum") / rows

    return x, ctc


def step(cell, hidden, rows, head):
    torch.manual_seed(1)
    model = Model(cell, hidden)
    x, loss_of = problem(head, rows)
    adam = torch.optim.Adam(model.parameters(), lr=1e-6, fused=True)

    def once():
        adam.zero_grad(set_to_none=True)
        loss = loss_of(model(x))
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        adam.step()
        loss.item()

    return once


def main():
    torch.set_num_threads(1)
    built = None
    for text in sys.stdin:
        *setting, secs = json.loads(text)
        if built is None or built[0] != setting:
            built = (setting, step(*setting))
        print(timed(built[1], secs)[0], flush=True)


if __name__ == "__main__":
    main()
