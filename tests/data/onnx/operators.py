"""Every operator of a graph with its options, and what ONNX Runtime computes of it.

    pip install onnx==1.23.2 onnxruntime==1.32.0 numpy
    python3 operators.py            # writes operators.json beside this file
"""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

random = np.random.default_rng(20261201)
KINDS = {"float32": TensorProto.FLOAT, "int64": TensorProto.INT64, "int32": TensorProto.INT32, "bool": TensorProto.BOOL}


def real(*shape):
    return np.asarray(random.integers(-64, 65, shape) / 32, np.float32)


def whole(*numbers, kind=np.int64):
    return np.array(numbers, kind)


def case(op, *inputs, opset=17, constant=(), outputs=1, **attributes):
    """Inputs by position, `None` where one is left out; those of `constant` are initializers."""
    names = ["" if value is None else f"x{k}" for k, value in enumerate(inputs)]
    given = [(name, value) for name, value in zip(names, inputs) if name]
    node = helper.make_node(op, names, ["y"], name="node", **attributes)
    feeds = {name: value for k, (name, value) in enumerate(given) if int(name[1:]) not in constant}
    initializers = [numpy_helper.from_array(value, name) for name, value in given if int(name[1:]) in constant]
    infos = [helper.make_tensor_value_info(name, KINDS[str(value.dtype)], [None] * value.ndim) for name, value in feeds.items()]
    graph = helper.make_graph([node], "case", infos, [onnx.ValueInfoProto(name="y")], initializers)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    made = onnx.shape_inference.infer_shapes(made)
    expected = onnxruntime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"]).run(None, feeds)[0]
    shapes = " ".join("-" if value is None else "x".join(map(str, value.shape)) or "scalar" for value in inputs)
    said = " ".join(f"{key}={value if not hasattr(value, 'dims') else 'tensor'}" for key, value in attributes.items())
    plain = lambda value: {"shape": list(value.shape), "kind": str(value.dtype), "data": value.ravel().tolist()}
    return {
        "name": f"{op}-{opset} {shapes} {said}".strip(),
        "feeds": {name: plain(value) for name, value in feeds.items()},
        "expected": plain(np.asarray(expected)),
        "model": made.SerializeToString().hex(),
    }


def cases():
    for op in ["Add", "Sub", "Mul", "Div"]:
        yield case(op, real(2, 3), real(2, 3) + 3)
        yield case(op, real(2, 1, 3), real(4, 1) + 3, opset=7)
        yield case(op, real(3), np.array(2.5, np.float32))
        yield case(op, whole(7, -7, 9), whole(2, 2, -4))
        yield case(op, whole(7, -7, 9, kind=np.int32), whole(2, kind=np.int32))
    for op in ["Sigmoid", "Tanh", "Relu", "Identity"]:
        yield case(op, real(2, 3, 4))
    for opset, axis in [(11, 1), (11, 2), (12, 0), (13, -1), (13, 1), (17, 0)]:
        yield case("Softmax", 4 * real(2, 3, 4), opset=opset, axis=axis)
    yield case("Softmax", real(2, 3), opset=11)
    yield case("Softmax", real(2, 3, 2), opset=13)
    for a, b in [((2, 3), (3, 4)), ((3,), (3, 4)), ((2, 3), (3,)), ((3,), (3,)), ((5, 2, 3), (3, 4)), ((5, 2, 3), (5, 3, 4)), ((2, 1, 2, 3), (5, 3, 4)), ((2, 3), (5, 3, 4)), ((3,), (5, 3, 4))]:
        yield case("MatMul", real(*a), real(*b))
        yield case("MatMul", real(*a), real(*b), opset=9, constant=(1,))
    for a, b in [(0, 0), (0, 1), (1, 0), (1, 1)]:
        x, y = real(*((3, 2) if a else (2, 3))), real(*((4, 3) if b else (3, 4)))
        yield case("Gemm", x, y, transA=a, transB=b, opset=11)
        yield case("Gemm", x, y, real(4), transA=a, transB=b, alpha=0.5, beta=2.0)
    for c in [(2, 4), (2, 1), (1, 4), (1,), ()]:
        yield case("Gemm", real(2, 3), real(3, 4), real(*c), opset=7)
    x, w = real(2, 4, 9), real(6, 4, 3)
    yield case("Conv", x, w)
    yield case("Conv", x, w, real(6), strides=[2], pads=[1, 2], kernel_shape=[3])
    yield case("Conv", x, w, dilations=[2], auto_pad="VALID")
    yield case("Conv", x, w, strides=[2], auto_pad="SAME_UPPER", opset=7)
    yield case("Conv", real(1, 4, 8), real(6, 4, 4), auto_pad="SAME_LOWER")
    yield case("Conv", real(1, 4, 8), real(6, 4, 4), auto_pad="SAME_UPPER")
    yield case("Conv", x, real(6, 2, 3), real(6), group=2, pads=[1, 1])
    yield case("Conv", x, real(4, 1, 5), group=4, pads=[4, 0], opset=11)
    yield case("Transpose", real(2, 3, 4))
    for perm in [[0, 2, 1], [2, 0, 1], [1, 0, 2]]:
        yield case("Transpose", real(2, 3, 4), perm=perm, opset=7)
    yield case("Transpose", whole(1, 2, 3, 4).reshape(2, 2), perm=[1, 0])
    yield case("Squeeze", real(1, 3, 1), opset=11)
    yield case("Squeeze", real(1, 3, 1), opset=11, axes=[-1])
    yield case("Squeeze", real(1, 3, 1), whole(0, 2), constant=(1,))
    yield case("Squeeze", real(1, 3, 1))
    yield case("Unsqueeze", real(3, 2), opset=7, axes=[0, 3])
    yield case("Unsqueeze", real(3, 2), whole(-1, 1), constant=(1,))
    for shape in [(6, 4), (-1,), (0, -1), (2, 0, 2, 2), (4, 1, -1)]:
        yield case("Reshape", real(2, 3, 4), whole(*shape))
        yield case("Reshape", real(2, 3, 4), whole(*shape), opset=7, constant=(1,))
    yield case("Reshape", real(0, 3), whole(3, 0), opset=14, allowzero=1)
    for axis in [0, 1, -1]:
        others = [real(*[2 if k != axis % 3 else n for k in range(3)]) for n in (1, 2, 3)]
        yield case("Concat", *others, axis=axis, opset=11)
    yield case("Concat", whole(1, 2), whole(3), axis=0)
    yield case("Slice", real(4, 5), opset=9, starts=[1], ends=[100])
    yield case("Slice", real(4, 5), opset=7, starts=[1, -3], ends=[3, -1], axes=[0, 1])
    yield case("Slice", real(4, 5), whole(1, 0), whole(3, 2**62), None, whole(1, 2))
    yield case("Slice", real(4, 5), whole(-1), whole(-(2**62)), whole(1), whole(-2))
    yield case("Slice", real(4, 5), whole(3, kind=np.int32), whole(1, kind=np.int32), whole(-2, kind=np.int32), opset=10)
    yield case("Slice", real(4, 5, 3), whole(0, 1), whole(2, 3), whole(2, 0), whole(1, 1), opset=13, constant=(1, 2, 3, 4))
    yield case("Slice", real(4, 5), whole(10, -10), whole(20, 2), None, None)
    for axis, index in [(0, whole(1, -1, 0)), (1, whole(2)), (-1, np.int64(1)), (1, whole(0, 1, 2, 0).reshape(2, 2)), (0, whole(1, kind=np.int32))]:
        yield case("Gather", real(3, 4, 2), np.asarray(index), axis=axis, opset=11)
    yield case("Gather", whole(5, 6, 7), whole(2))
    yield case("Shape", real(2, 3, 4), opset=13)
    for start, end in [(0, 2), (1, 3), (-2, 3), (-100, -1)]:
        yield case("Shape", real(2, 3, 4), opset=15, start=start, end=end)
    yield case("Expand", real(3, 1), whole(2, 1, 4))
    yield case("Expand", real(3), whole(1))
    yield case("Expand", whole(1, 2), whole(3, 2), opset=8)
    value = numpy_helper.from_array(np.array([7], np.int64))
    yield case("ConstantOfShape", whole(2, 3))
    yield case("ConstantOfShape", whole(2, 3), value=value, opset=9)
    yield case("ConstantOfShape", np.zeros(0, np.int64))
    numbers = np.array([1.75, -1.75, 0.0, 300.5], np.float32)
    for kind in [TensorProto.INT64, TensorProto.INT32, TensorProto.BOOL, TensorProto.FLOAT]:
        yield case("Cast", numbers, to=kind, opset=13)
        yield case("Cast", whole(0, -3, 5), to=kind, opset=9)
        yield case("Cast", np.array([True, False]), to=kind)
    values = np.array([-1, 2], np.float32)
    for axis in [-1, 0, 1]:
        yield case("OneHot", whole(0, 2, -1, 5).reshape(2, 2), whole(3), values, axis=axis, opset=11)
    # Starts before the axis, from where steps go back; several axes at once, backwards.
    for end, step in [(-(2**62), -1), (-(2**62), -3), (0, -1)]:
        yield case("Slice", real(4, 5), whole(-10), whole(end), whole(1), whole(step))
    yield case("Slice", real(4, 5, 3), whole(-1, 1), whole(-(2**62), -1), whole(-3, 1), whole(-2, 2))
    # Halfway between two numbers of 24 bits, and a little more than that.
    yield case("Cast", whole(2**60 + 2**36, 2**60 + 2**36 + 1, -(2**60) - 2**36 - 1), to=TensorProto.FLOAT)
    yield case("Conv", real(2, 4, 11), real(6, 2, 3), real(6), group=2, strides=[3], dilations=[2], pads=[3, 1])
    yield case("Conv", real(1, 2, 10), real(3, 2, 4), strides=[3], auto_pad="SAME_LOWER")
    yield case("Conv", real(1, 2, 10), real(3, 2, 2), dilations=[3], pads=[0, 4])
    yield case("Conv", real(1, 2, 3), real(3, 2, 2), strides=[4], auto_pad="SAME_UPPER")
    yield case("Concat", whole(1, kind=np.int32), whole(2, 3, kind=np.int32), axis=-1)
    yield case("Gather", real(2, 3, 4), whole(-4, 3, 0), axis=2)
    yield case("Softmax", 4 * real(2, 3, 4), opset=11, axis=-2)
    yield case("MatMul", real(1, 4, 2, 3), real(3, 1, 3, 2))
    yield case("Expand", real(2, 1, 1), whole(3, 1))
    yield case("Sub", real(3, 1), real(2, 1, 4))
    yield case("Div", real(2, 1) + 3, real(3) + 3)


if __name__ == "__main__":
    made = list(cases())
    assert len({one["name"] for one in made}) >= len(made) - 40
    text = ",\n".join(json.dumps(one, separators=(",", ":")) for one in made)
    Path(__file__).with_name("operators.json").write_text(f"[\n{text}\n]\n")
    print(len(made), "cases")
