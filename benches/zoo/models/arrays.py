"""Arrays as safetensors, for what is made here: eight bytes of length, a header in JSON, numbers."""

import json
import struct


def safetensors(path, arrays):
    header, data = {}, b""
    for name, array in sorted(arrays.items()):
        numbers = array.astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [len(data), len(data) + len(numbers)]}
        data += numbers
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
