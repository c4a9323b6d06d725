"""Bounds of a row: `bound.py < request > answer`, JSON. The model in f64 is the `reference` of its module; see `rounded.py`."""

import importlib
import json
import sys

import numpy as np
import torch

from rounded import Rounded

# Roots of the sum of squares that independent roundings stay within, but for 2 e^(-λ²/2) = 3e-8 of all cases.
LIKELY = 6.0


def tensor(given):
    kind = torch.float64 if given["kind"] == "f32" else torch.int64
    return torch.tensor(given["data"], dtype=kind).reshape(given["shape"])


def bounds(rounded, output, sample):
    """For places of a fixed sample of an output: the exact value, and the bound for each runtime."""
    flat = output.reshape(-1)
    places = np.arange(flat.numel())
    if len(places) > sample:
        places = np.sort(np.random.default_rng(1).choice(places, sample, replace=False))
    perturbations = [perturbation for perturbation, *_ in rounded.errors]
    found = {who: [] for who in rounded.claims}
    likely = {who: [] for who in rounded.claims}
    for place in places:
        gradients = torch.autograd.grad(flat[place], perturbations, retain_graph=True, allow_unused=True)
        sums, of_functions, squares = dict.fromkeys(found, 0.0), dict.fromkeys(found, 0.0), 0.0
        for gradient, (_, sizes, scale) in zip(gradients, rounded.errors):
            if gradient is None:
                continue
            for who, size in sizes.items():
                total = float((gradient.abs() * size).sum())
                sums[who] += total
                of_functions[who] += total if scale is None else 0.0
            squares += 0.0 if scale is None else float(((gradient * scale) ** 2).sum())
        for who in found:
            found[who].append(sums[who])
            likely[who].append(min(sums[who], of_functions[who] + LIKELY * squares**0.5))
    exact = flat.detach()[torch.from_numpy(places)].tolist()
    return {"shape": list(output.shape), "places": places.tolist(), "exact": exact, "bounds": found, "likely": likely}


def main():
    request = json.load(sys.stdin)
    torch.set_num_threads(1)
    module = importlib.import_module(f"models.{request['module']}")
    options = request["options"]
    arrays = np.load(request["weights"]) if request["weights"] else module.weights(options)
    weights = {name: torch.from_numpy(np.asarray(array)).double() for name, array in arrays.items()}
    feeds = {name: tensor(given) for name, given in request["feeds"].items()}
    rounded = Rounded(request["claims"])
    outputs = module.reference(rounded, weights, feeds, options)
    answer = {name: bounds(rounded, output, request["sample"]) for name, output in outputs.items()}
    json.dump({"outputs": answer, "operations": len(rounded.errors)}, sys.stdout)


if __name__ == "__main__":
    main()
