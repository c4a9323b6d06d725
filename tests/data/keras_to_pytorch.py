"""Keras → ours → safetensors → PyTorch: the last step, and the comparison with Keras.

    RECURRENT_KERAS_TO_PYTORCH=stack.safetensors cargo test --test library a_model_goes_on
    python3 tests/data/keras_to_pytorch.py stack.safetensors        # PyTorch

The file is what the library wrote of `keras/3_stack.keras`. Its tensors go into PyTorch's own layers under their names, which must be all
of them, and the softmax of the result must be what Keras made of the same input.
"""

import json
import pathlib
import struct
import sys

import torch

bytes_ = pathlib.Path(sys.argv[1]).read_bytes()
(length,) = struct.unpack("<Q", bytes_[:8])
header, data = json.loads(bytes_[8 : 8 + length]), bytes_[8 + length :]
tensors = {}
for name, tensor in header.items():
    assert tensor["dtype"] == "F32"
    begin, end = tensor["data_offsets"]
    tensors[name] = torch.frombuffer(bytearray(data[begin:end]), dtype=torch.float32).reshape(tensor["shape"])


class Stack(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.both = torch.nn.LSTM(3, 2, bidirectional=True, batch_first=True)
        self.second = torch.nn.GRU(4, 3, batch_first=True)
        self.classes = torch.nn.Linear(3, 2)

    def forward(self, x):
        y, h = self.second(self.both(x)[0])
        return torch.softmax(self.classes(h[0]), -1)


model = Stack()
model.load_state_dict(tensors, strict=True)
model.double()
expected = json.loads((pathlib.Path(__file__).parent / "keras/expected.json").read_text())["3_stack.keras"]
found = model(torch.tensor(expected["input"], dtype=torch.float64))
off = (found - torch.tensor(expected["output"], dtype=torch.float64)).abs().max().item()
print(f"largest difference from Keras: {off:.1e}")
assert off < 2e-6
