"""Whole models as PyTorch saves them: safetensors with the names of the state dict, and their logits."""

import numpy
import torch
from safetensors.torch import load_file, save_file

VOCABULARY, EMBEDDING, HIDDEN = 11, 6, 7
STEPS, ROWS = 8, 5

F32 = numpy.finfo(numpy.float32)
# Every one of these has a bit that a sloppy reader or writer loses.
EXTREMES = {
    "negative zero": -0.0,
    "smallest subnormal": float(F32.smallest_subnormal),
    "smallest negative subnormal": -float(F32.smallest_subnormal),
    "largest subnormal": float(F32.smallest_normal) - float(F32.smallest_subnormal),
    "smallest normal": float(F32.smallest_normal),
    "largest finite": float(F32.max),
    "lowest finite": float(F32.min),
    "next above one": 1.0 + float(F32.eps),
}


class CharModel(torch.nn.Module):
    """logits = head(rnn(embedding(tokens))), zero initial states."""

    def __init__(self, rnn):
        super().__init__()
        self.embedding = torch.nn.Embedding(VOCABULARY, EMBEDDING)
        self.rnn = rnn
        directions = 2 if rnn.bidirectional else 1
        self.head = torch.nn.Linear(directions * HIDDEN, VOCABULARY)

    def forward(self, tokens):
        return self.head(self.rnn(self.embedding(tokens))[0])


MODELS = {
    "pytorch_char_model": (1, lambda: torch.nn.LSTM(EMBEDDING, HIDDEN, num_layers=2, bidirectional=True)),
    "pytorch_gru_model": (2, lambda: torch.nn.GRU(EMBEDDING, HIDDEN)),
    "pytorch_relu_model": (3, lambda: torch.nn.RNN(EMBEDDING, HIDDEN, nonlinearity="relu")),
}


def build(name):
    seed, rnn = MODELS[name]
    torch.manual_seed(seed)
    return CharModel(rnn())


@torch.no_grad()
def describe(name, model, tensor):
    """Tokens and logits; the weights of the f64 model are the f32 ones, widened."""
    tokens = torch.randint(0, VOCABULARY, (STEPS, ROWS))
    logits_f32 = model(tokens)
    logits_f64 = model.double()(tokens)
    assert (logits_f32 - logits_f64).abs().max() < 1e-5
    return {
        "torch": torch.__version__,
        "generator": "generate.py",
        "name": name,
        "weights": f"{name}.safetensors",
        "cell": {"LSTM": "lstm", "GRU": "gru", "RNN": "elman"}[type(model.rnn).__name__],
        "activation": getattr(model.rnn, "nonlinearity", None),
        "reset": "after" if isinstance(model.rnn, torch.nn.GRU) else None,
        "layers": model.rnn.num_layers,
        "bidirectional": model.rnn.bidirectional,
        "vocabulary": VOCABULARY,
        "embedding": EMBEDDING,
        "hidden": HIDDEN,
        "steps": STEPS,
        "rows": ROWS,
        "tokens": tokens.tolist(),
        "logits_f32": tensor(logits_f32),
        "logits_f64": tensor(logits_f64),
    }


def bits(t):
    return t.numpy().view(numpy.uint32).flatten()


def write_extremes(folder, write):
    """The tensors of `pytorch_char_model` by name and shape, with the hard values strewn into each of them."""
    name = "pytorch_extreme_values"
    torch.manual_seed(4)
    rnn = MODELS["pytorch_char_model"][1]()
    state = {key: value.clone() for key, value in CharModel(rnn).state_dict().items()}
    planted = []
    for key, value in state.items():
        flat = value.view(-1)
        for k, (what, number) in enumerate(EXTREMES.items()):
            index = (3 * k + 1) % flat.numel()
            flat[index] = number
            planted.append({"name": key, "index": index, "what": what})
    save_file(state, folder / f"{name}.safetensors")
    back = load_file(folder / f"{name}.safetensors")
    for entry in planted:
        entry["bits"] = int(bits(back[entry["name"]])[entry["index"]])
        wanted = numpy.float32(EXTREMES[entry["what"]]).view(numpy.uint32)
        assert entry["bits"] == int(wanted), f"{entry} was not saved as {wanted:#x}"
    note = "u32 bits of the f32 at a flat row-major index of a tensor; architecture of pytorch_char_model"
    write(folder / f"{name}.json", {"torch": torch.__version__, "generator": "generate.py", "name": name,
          "weights": f"{name}.safetensors", "note": note, "planted": planted})  # fmt: skip


def write_all(folder, write, tensor):
    for name in MODELS:
        model = build(name)
        save_file(model.state_dict(), folder / f"{name}.safetensors")
        write(folder / f"{name}.json", describe(name, model, tensor))
    write_extremes(folder, write)
