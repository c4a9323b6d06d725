"""ONNX Runtime on the CPU, inference only. Inputs and outputs are bound once, so no array is copied inside the time."""

import numpy as np
import onnxruntime

from . import STEPS
from .onnx_model import given_weights, model


class Library:
    version = onnxruntime.__version__

    def __init__(self, dtype, threads):
        self.known = dtype == "f32"
        self.options = onnxruntime.SessionOptions()
        self.options.intra_op_num_threads = threads
        self.options.inter_op_num_threads = 1

    def build(self, configuration):
        if not self.known or configuration.mode == "train":
            return None
        session = onnxruntime.InferenceSession(model(configuration), self.options, providers=["CPUExecutionProvider"])
        values = {}
        for tensor in (*session.get_inputs(), *session.get_outputs()):
            random = np.random.default_rng(1).standard_normal(tensor.shape)
            values[tensor.name] = self.value(random if tensor.name == "x" else np.zeros(tensor.shape))
        if configuration.mode == "step":
            return self.step(session, values)
        binding = self.bind(session, values)
        return (lambda: session.run_with_iobinding(binding)), 1

    def hidden(self, given):
        content = model(given.configuration, given_weights(given))
        session = onnxruntime.InferenceSession(content, self.options, providers=["CPUExecutionProvider"])
        return session.run(["y"], {"x": given.x, **given.states})[0]

    def step(self, session, values):
        # Two bindings that swap the state: a step writes where the next one reads.
        states = [tensor.name.removesuffix("_n") for tensor in session.get_outputs()]
        swapped = {"x": values["x"]}
        for state in states:
            swapped[f"{state}_0"], swapped[f"{state}_n"] = values[f"{state}_n"], values[f"{state}_0"]
        there, back = self.bind(session, values), self.bind(session, swapped)

        def steps():
            for _ in range(STEPS // 2):
                session.run_with_iobinding(there)
                session.run_with_iobinding(back)

        return steps, STEPS

    @staticmethod
    def value(array):
        return onnxruntime.OrtValue.ortvalue_from_numpy(array.astype(np.float32))

    @staticmethod
    def bind(session, values):
        binding = session.io_binding()
        for tensor in session.get_inputs():
            binding.bind_ortvalue_input(tensor.name, values[tensor.name])
        for tensor in session.get_outputs():
            binding.bind_ortvalue_output(tensor.name, values[tensor.name])
        return binding
