"""The example char_lm in PyTorch: `char_lm_pytorch.py SETTINGS`, JSON in and out.

`one-hot → nn.RNN, nn.LSTM or nn.GRU → nn.Linear → cross-entropy`, gradients clipped to norm 1, Adam, cosine schedule, the
state of each row carried on to the next window. As fast as eager PyTorch does it: rows are views of the text, one-hot
vectors rows of an identity matrix, Adam is the fused one. The parameters are drawn by PyTorch.
"""

import json
import math
import sys
import time
from pathlib import Path

import torch
from torch import nn

LAYERS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
# Steps on another network before the clock starts: what PyTorch sets up once is not training.
WARM_UP = 10
# The held-out text is read in as many pieces, each after so many characters that are read but not counted.
PIECES = 16
BEFORE = 128


class Text:
    """Symbols in the order of their code points; the last tenth is held out."""

    def __init__(self, path):
        text = Path(path).read_bytes().decode()
        number = {character: symbol for symbol, character in enumerate(sorted(set(text)))}
        self.symbols = torch.tensor([number[character] for character in text])
        self.alphabet = len(number)
        self.held_out = len(text) - len(text) // 10


class Model(nn.Module):
    def __init__(self, settings, alphabet):
        super().__init__()
        hidden = settings["hidden"]
        self.layer = LAYERS[settings["cell"]](alphabet, hidden, settings["layers"])
        self.head = nn.Linear(hidden, alphabet)
        self.register_buffer("one_hot", torch.eye(alphabet), persistent=False)
        if settings["cell"] == "lstm":
            for name, bias in self.layer.named_parameters():
                if name.startswith("bias_ih"):
                    nn.init.ones_(bias[hidden : 2 * hidden])
                elif name.startswith("bias_hh"):
                    nn.init.zeros_(bias[hidden : 2 * hidden])

    def forward(self, x, state):
        y, state = self.layer(nn.functional.embedding(x, self.one_hot), state)
        return self.head(y), state


class Run:
    def __init__(self, settings, text):
        torch.manual_seed(settings["seed"])
        self.settings = settings
        self.model = Model(settings, text.alphabet)
        self.adam = torch.optim.Adam(self.model.parameters(), fused=True)
        rows = settings["batch"]
        # A row's characters that have a successor, and those successors.
        self.stretch = (text.held_out - 1) // rows
        self.x = text.symbols[: rows * self.stretch].view(rows, self.stretch).t()
        self.y = text.symbols[1 : rows * self.stretch + 1].view(rows, self.stretch).t()
        self.taken = 0
        self.start_over()

    def start_over(self):
        self.cursor = int(torch.randint(self.settings["window"], ()))
        self.state = None

    def rate(self):
        peak, horizon, k = self.settings["rate"], self.settings["horizon"], self.taken
        end, warm_up = peak / 20, horizon // 20
        if k < warm_up:
            return peak * (k + 1) / warm_up
        if k >= horizon:
            return end
        return end + (peak - end) * (1 + math.cos(math.pi * (k - warm_up) / (horizon - warm_up))) / 2

    def step(self):
        window = self.settings["window"]
        if self.cursor + window > self.stretch:
            self.start_over()
            self.cursor = min(self.cursor, self.stretch - window)
        here = slice(self.cursor, self.cursor + window)
        self.adam.zero_grad()
        logits, state = self.model(self.x[here], self.state)
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), self.y[here].flatten())
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.adam.param_groups[0]["lr"] = self.rate()
        self.adam.step()
        self.state = tuple(part.detach() for part in state) if isinstance(state, tuple) else state.detach()
        self.cursor += window
        self.taken += 1
        return loss.item()

    @torch.inference_mode()
    def bits(self, text):
        """Bits per character of the held-out text."""
        length = len(text.symbols)
        piece = math.ceil((length - text.held_out) / PIECES)
        first = text.held_out + piece * torch.arange(PIECES)
        # The character predicted at each step of each piece, where it counts.
        at = first + torch.arange(-BEFORE, piece)[:, None]
        counts = (at >= first) & (at < torch.clamp(first + piece, max=length))
        logits, _ = self.model(text.symbols[(at - 1).clamp(0, length - 1)], None)
        loss = nn.functional.cross_entropy(logits[counts], text.symbols[at[counts]])
        return loss.item() / math.log(2)


def main():
    settings = json.loads(sys.argv[1])
    torch.set_num_threads(settings["threads"])
    text = Text(settings["text"])
    warm = Run(settings, text)
    for _ in range(WARM_UP):
        warm.step()
    del warm
    run = Run(settings, text)
    start = time.perf_counter()
    for _ in range(settings["steps"]):
        run.step()
    trained = time.perf_counter() - start
    characters = settings["steps"] * settings["batch"] * settings["window"]
    answer = {
        "version": torch.__version__,
        "chars_per_second": characters / trained,
        "bits_per_char": run.bits(text),
        "parameters": sum(parameter.numel() for parameter in run.model.parameters()),
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
