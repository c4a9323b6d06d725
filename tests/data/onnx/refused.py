"""Models that are refused, each for one thing that is not implemented.

    pip install onnx==1.23.2 numpy
    python3 refused.py              # writes refused.json beside this file
"""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

F, I = TensorProto.FLOAT, TensorProto.INT64
H, C = 2, 3
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}


def tensor(name, shape, kind=np.float32):
    return numpy_helper.from_array(np.zeros(shape, kind), name)


def model(nodes, initializers=(), opset=17, ir=8, inputs=None, outputs=("y",), domains=(), change=None):
    inputs = inputs or [helper.make_tensor_value_info("x", F, ["T", "N", C])]
    graph = helper.make_graph(list(nodes), "refused", inputs, [helper.make_tensor_value_info(name, F, None) for name in outputs], list(initializers))
    opsets = [helper.make_opsetid("", opset)] if opset else []
    made = helper.make_model(graph, opset_imports=opsets + [helper.make_opsetid(name, 1) for name in domains], ir_version=ir)
    if change:
        change(made)
    return made


def recurrent(op="LSTM", weights=None, extra=(), inputs=("x", "W", "R"), opset=17, outputs=("y",), change=None, **attributes):
    rows = GATES[op] * H
    ways = 2 if attributes.get("direction") == "bidirectional" else 1
    weights = weights or [tensor("W", (ways, rows, C)), tensor("R", (ways, rows, H))]
    attributes.setdefault("hidden_size", H)
    node = helper.make_node(op, list(inputs), list(outputs), name="layer", **attributes)
    return model([*extra, node], weights, opset, change=change, outputs=[outputs[0]])


def one(op, inputs=("x",), opset=17, initializers=(), domain=None, outputs=("y",), ir=8, **attributes):
    node = helper.make_node(op, list(inputs), list(outputs), name="node", domain=domain, **attributes)
    return model([node], initializers, opset, ir, domains=[domain] if domain else [], outputs=[outputs[0]])


def body():
    return helper.make_graph([], "body", [], [])


def external(made):
    weight = made.graph.initializer[0]
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    weight.external_data.add(key="location", value="weights.bin")


def whole(number):
    return numpy_helper.from_array(np.array(number, np.int64), "c")


def sequence():
    return helper.make_value_info("x", helper.make_sequence_type_proto(helper.make_tensor_type_proto(F, None)))


def reference(made):
    made.graph.node[0].attribute[0].ref_attr_name = "outer"


def segment(made):
    made.graph.initializer[0].segment.begin = 0
    made.graph.initializer[0].segment.end = 1


def twice(made):
    made.graph.node[0].attribute.append(made.graph.node[0].attribute[0])


def cases():
    relu = helper.make_node("Relu", ["x"], ["y"], name="node")
    # Recurrent nodes: attributes.
    yield "LSTM, clip below 0", recurrent(clip=-1.0)
    yield "LSTM, clip of 0", recurrent(clip=0.0)
    yield "LSTM, clip as a whole number", recurrent(clip=1)
    yield "LSTM, another direction", recurrent(direction="backward")
    yield "LSTM, an activation that ONNX has not", recurrent(activations=["Sigmoid", "Swish", "Tanh"])
    yield "LSTM, activations of one direction of two", recurrent(direction="bidirectional", activations=["Sigmoid", "Tanh", "Tanh"])
    yield "GRU, three activations", recurrent("GRU", activations=["Sigmoid", "Tanh", "Tanh"])
    yield "LSTM, an alpha that nothing takes", recurrent(activation_alpha=[0.5])
    yield "LSTM, a beta that nothing takes", recurrent(activations=["Sigmoid", "LeakyRelu", "Tanh"], activation_beta=[0.5])
    yield "RNN, Affine without alpha", recurrent("RNN", activations=["Affine"])
    yield "RNN, ScaledTanh without beta", recurrent("RNN", activations=["ScaledTanh"], activation_alpha=[1.0])
    yield "RNN, ThresholdedRelu without alpha", recurrent("RNN", activations=["ThresholdedRelu"])
    yield "RNN, ThresholdedRelu with a jump", recurrent("RNN", activations=["ThresholdedRelu"], activation_alpha=[1.0])
    yield "LSTM, another layout", recurrent(layout=2)
    yield "LSTM, a layout before opset 14", recurrent(layout=1, opset=13)
    yield "LSTM, output_sequence of opset 1", recurrent(output_sequence=1)
    yield "LSTM, input_forget of 2", recurrent(input_forget=2)
    yield "GRU, input_forget", recurrent("GRU", input_forget=1)
    yield "LSTM, linear_before_reset", recurrent(linear_before_reset=1)
    yield "LSTM, an attribute of its own", recurrent(dropout=0.5)
    yield "LSTM, an attribute twice", recurrent(change=twice)
    yield "LSTM, an attribute of a function around it", recurrent(change=reference)
    yield "LSTM, another hidden_size than its weights", recurrent(hidden_size=4)
    yield "LSTM, hidden_size of 0", recurrent(hidden_size=0)
    # Recurrent nodes: weights and inputs.
    yield "LSTM, no R", recurrent(inputs=("x", "W"))
    yield "LSTM, weights that are computed", recurrent(inputs=("x", "w", "R"), extra=[helper.make_node("Relu", ["x"], ["w"], name="before")])
    yield "LSTM, weights in double precision", recurrent(weights=[tensor("W", (1, 8, C), np.float64), tensor("R", (1, 8, H))])
    yield "LSTM, weights in half precision", recurrent(weights=[tensor("W", (1, 8, C), np.float16), tensor("R", (1, 8, H))])
    yield "LSTM, quantised weights", recurrent(weights=[tensor("W", (1, 8, C), np.int8), tensor("R", (1, 8, H))])
    yield "LSTM, R of another width", recurrent(weights=[tensor("W", (1, 8, C)), tensor("R", (1, 8, H + 1))])
    yield "LSTM, biases of another length", recurrent(weights=[tensor("W", (1, 8, C)), tensor("R", (1, 8, H)), tensor("B", (1, 8))], inputs=("x", "W", "R", "B"))
    yield "LSTM, weights in another file", recurrent(change=external)
    yield "LSTM, a segment of a tensor", recurrent(change=segment)
    yield "GRU, peepholes", recurrent("GRU", weights=[tensor("W", (1, 6, C)), tensor("R", (1, 6, H)), tensor("P", (1, 6))], inputs=("x", "W", "R", "", "", "", "", "P"))
    yield "GRU, a third output", recurrent("GRU", outputs=("y", "h", "c"))
    # Versions.
    yield "opset 6", model([relu], opset=6)
    yield "opset 23", model([relu], opset=23)
    yield "no opset", model([relu], opset=None, domains=["ai.onnx.ml"])
    yield "IR version 2", model([relu], ir=2)
    yield "IR version 15", model([relu], ir=15)
    # Quantised operators.
    weights = [tensor("c", (1, 8, C))]
    yield "DynamicQuantizeLSTM", one("DynamicQuantizeLSTM", ["x", "c", "c"], initializers=weights, domain="com.microsoft")
    for op in ["QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "QLinearMatMul", "MatMulInteger", "ConvInteger", "QLinearConv"]:
        yield op, one(op, ["x", "c"], initializers=weights)
    # Graphs in graphs.
    yield "If", one("If", then_branch=body(), else_branch=body())
    yield "Loop", one("Loop", body=body())
    yield "Scan", one("Scan", body=body())
    # Other operators.
    for op in ["BatchNormalization", "LayerNormalization", "ConvTranspose", "Einsum", "ReduceMean", "Clip", "Pow", "Sqrt", "Exp", "Where", "Split", "Pad", "Range", "LogSoftmax", "PRelu", "GlobalAveragePool", "Flatten", "Max", "Gelu", "Attention"]:
        yield op, one(op, ["x"])
    yield "an operator of another domain", one("Relu", domain="com.example")
    # Attributes of others.
    yield "Conv in two dimensions", one("Conv", ["x", "c"], initializers=[tensor("c", (1, 1, 2, 2))], kernel_shape=[2, 2])
    yield "Conv, auto_pad beside pads", one("Conv", ["x", "c"], initializers=[tensor("c", (1, 3, 2))], auto_pad="SAME_UPPER", pads=[0, 1])
    yield "Conv, another auto_pad", one("Conv", ["x", "c"], initializers=[tensor("c", (1, 3, 2))], auto_pad="SAME")
    yield "Conv, strides of two dimensions", one("Conv", ["x", "c"], initializers=[tensor("c", (1, 3, 2))], strides=[1, 1])
    yield "Conv, another kernel_shape than its weights", one("Conv", ["d", "c"], initializers=[tensor("c", (1, 3, 2)), tensor("d", (1, 3, 4))], kernel_shape=[3])
    yield "Conv, pads below 0", one("Conv", ["x", "c"], initializers=[tensor("c", (1, 3, 2))], pads=[-1, 0])
    yield "Cast to half precision", one("Cast", to=TensorProto.FLOAT16)
    yield "Cast, saturate", one("Cast", to=I, saturate=0, opset=19)
    yield "Constant of a text", one("Constant", [], value_string="text")
    yield "Constant without a value", one("Constant", [])
    yield "Constant in double precision", one("Constant", [], value=tensor("c", (1,), np.float64))
    yield "Gemm, transA of 2", one("Gemm", ["x", "c"], initializers=[tensor("c", (C, 1))], transA=2)
    yield "Concat without an axis", one("Concat", ["x", "x"])
    yield "Transpose, an attribute of its own", one("Transpose", permutation=[0, 1, 2])
    yield "Transpose, an axis below 0", one("Transpose", perm=[0, 1, -1])
    yield "Squeeze, axes that are computed", model([helper.make_node("Shape", ["x"], ["s"], name="before"), helper.make_node("Squeeze", ["x", "s"], ["y"], name="node")])
    yield "Squeeze, axes as an attribute since opset 13", one("Squeeze", axes=[0])
    yield "Softmax, an axis that is no number", one("Softmax", axis="last")
    yield "Add of one input", one("Add")
    yield "Relu of two inputs", one("Relu", ["x", "x"])
    yield "Slice, bounds as inputs before opset 10", one("Slice", ["x", "c", "c"], initializers=[whole([1])], opset=9, starts=[0], ends=[1])
    yield "Reshape, allowzero before opset 14", one("Reshape", ["x", "c"], initializers=[whole([0, 0, 3])], opset=13, allowzero=1)
    # The graph.
    yield "functions", model([relu], change=lambda made: made.functions.add(name="f"))
    yield "training", model([relu], change=lambda made: made.training_info.add())
    yield "devices", model([relu], ir=11, change=lambda made: made.configuration.add(name="d", num_devices=2))
    yield "a sparse initializer", model([relu], change=lambda made: made.graph.sparse_initializer.add())
    yield "quantisation annotated", model([relu], change=lambda made: made.graph.quantization_annotation.add(tensor_name="x"))
    yield "an input in double precision", model([relu], inputs=[helper.make_tensor_value_info("x", TensorProto.DOUBLE, [1])])
    yield "an input that is a sequence", model([relu], inputs=[sequence()])
    yield "a value that nothing gives", one("Relu", ["z"])
    yield "nodes in another order", model([helper.make_node("Relu", ["z"], ["y"], name="node"), helper.make_node("Relu", ["x"], ["z"], name="later")])
    yield "a value written twice", model([relu, relu])
    yield "an output that nothing gives", model([relu], outputs=["z"])
    yield "two initializers of one name", model([relu], [tensor("c", (1,)), tensor("c", (1,))])
    yield "a node on two devices", model([relu], change=lambda made: made.graph.node[0].device_configurations.add(configuration_id="d"))


if __name__ == "__main__":
    made = list(cases())
    assert len({name for name, _ in made}) == len(made)
    text = ",\n".join(json.dumps({"name": name, "model": one.SerializeToString().hex()}, separators=(",", ":")) for name, one in made)
    Path(__file__).with_name("refused.json").write_text(f"[\n{text}\n]\n")
    print(len(made), "models")
