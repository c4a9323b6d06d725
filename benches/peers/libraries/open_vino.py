"""OpenVINO on the CPU, inference only, with the same models; for `step` the state is not fed back, which would copy."""

import numpy as np
import openvino
from openvino.properties import hint

from . import STEPS
from .onnx_model import given_weights, model


class Library:
    version = openvino.__version__.split("-")[0]

    def __init__(self, dtype, threads):
        self.known = dtype == "f32"
        self.core = openvino.Core()
        settings = {
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            # Half precision would be chosen where the processor has it.
            hint.inference_precision: openvino.Type.f32,
            hint.performance_mode: hint.PerformanceMode.LATENCY,
        }
        self.core.set_property("CPU", settings)

    def build(self, configuration):
        if not self.known or configuration.mode == "train":
            return None
        compiled = self.core.compile_model(self.core.read_model(model(configuration)), "CPU")
        request = compiled.create_infer_request()
        for port in compiled.inputs:
            shape = list(port.get_shape())
            random = np.random.default_rng(1).standard_normal(shape)
            values = random if "x" in port.get_names() else np.zeros(shape)
            request.set_tensor(port, openvino.Tensor(values.astype(np.float32)))
        if configuration.mode != "step":
            return request.infer, 1

        def steps():
            for _ in range(STEPS):
                request.infer()

        return steps, STEPS

    def hidden(self, given):
        content = model(given.configuration, given_weights(given))
        compiled = self.core.compile_model(self.core.read_model(content), "CPU")
        return compiled({"x": given.x, **given.states})["y"]
