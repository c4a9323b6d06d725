"""What must hold before a golden value is written.

Own operations and `torch.nn` agree within 1e-14 · max(1, |b|) in every output and every gradient, on
the case itself or on the nearest one that `torch.nn` has; relu is not judged at its kink; rows that
have ended are exactly what README.md says.
"""

import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import equations
from equations import Shape

AGREEMENT = 1e-14


def differentiate(forward, values, cotangents):
    """Outputs, and ∂L/∂value of every value, for L = Σ_out ⟨out, cotangent of out⟩."""
    leaves = {name: value.clone().requires_grad_() for name, value in values.items()}
    outputs = forward(leaves)
    loss = sum((outputs[name] * cotangent).sum() for name, cotangent in cotangents.items())
    grads = torch.autograd.grad(loss, list(leaves.values()))
    return {name: out.detach() for name, out in outputs.items()}, dict(zip(leaves, grads))


def own(shape):
    return lambda values: equations.run(shape, values)


def torch_nn(shape):
    """The same stack by `torch.nn` (lengths ≥ 1), with the parameters passed in by name."""
    options = dict(
        num_layers=shape.layers, bidirectional=shape.bidirectional, bias=shape.bias != "none", dtype=torch.float64
    )
    if shape.cell == "elman":
        module = torch.nn.RNN(shape.input, shape.hidden, nonlinearity=shape.activation, **options)
    else:
        module = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[shape.cell](shape.input, shape.hidden, **options)

    def forward(values):
        params = {name: values[name] for name, _ in module.named_parameters() if name in values}
        assert list(params) == [name for name, _ in shape.param_shapes()], "not PyTorch's flat order"
        # torch.nn has no single bias; a second one of zeros is the same function.
        for name, param in module.named_parameters():
            params.setdefault(name, torch.zeros_like(param))
        x = values["x"]
        if shape.lengths is not None:
            x = pack_padded_sequence(x, torch.tensor(shape.lengths), enforce_sorted=False)
        state = (values["h0"], values["c0"]) if shape.cell == "lstm" else values["h0"]
        y, last = torch.func.functional_call(module, params, (x, state))
        if shape.lengths is not None:
            y, lengths = pad_packed_sequence(y, total_length=shape.steps)
            assert tuple(lengths.tolist()) == shape.lengths
        finals = last if shape.cell == "lstm" else (last,)
        return {"y": y} | dict(zip(("h_n", "c_n"), finals))

    return forward


def second_direction_of_torch_nn(shape):
    """One reverse layer as the second direction of a bidirectional one whose first direction is zero."""
    forward = torch_nn(Shape(**vars(shape) | dict(bidirectional=True, reverse=False)))

    def second_direction(values):
        both = {"x": values["x"]}
        for name, value in values.items():
            if name in ("h0", "c0"):
                both[name] = torch.cat([torch.zeros_like(value), value])
            elif name != "x":
                both[name] = torch.zeros_like(value)
                both[f"{name}_reverse"] = value
        outputs = forward(both)
        y = outputs.pop("y")[:, :, shape.hidden :]
        return {"y": y} | {name: final[1:] for name, final in outputs.items()}

    return second_direction


def distance(a, b):
    """max |a − b| / max(1, |b|) over all tensors"""
    assert a.keys() == b.keys()
    return max(((a[k] - b[k]).abs() / b[k].abs().clamp(min=1)).max().item() for k in b)


def demand(what, shape, worst):
    print(f"    {what}: {worst:.1e}")
    assert worst <= AGREEMENT, f"{what}: {shape} differs by {worst}"


def without_empty_rows(shape, *tensors):
    """`torch.nn` takes no row of length 0; rows do not meet except in the parameters' gradients."""
    if shape.lengths is None:
        return shape, *tensors
    keep = [n for n, length in enumerate(shape.lengths) if length > 0]
    lengths = tuple(shape.lengths[n] for n in keep)
    batched = ("x", "h0", "c0", "y", "h_n", "c_n")
    kept = ({name: t[:, keep] if name in batched else t for name, t in ts.items()} for ts in tensors)
    return Shape(**vars(shape) | dict(rows=len(keep), lengths=lengths)), *kept


def check_against_torch_nn(shape, values, cotangents):
    """Own operations = `torch.nn`, for the cells that it has."""
    if shape.reset == "before" or shape.activation in ("sigmoid", "identity"):
        return
    shape, values, cotangents = without_empty_rows(shape, values, cotangents)
    theirs = second_direction_of_torch_nn(shape) if shape.reverse else torch_nn(shape)
    pairs = zip(differentiate(own(shape), values, cotangents), differentiate(theirs, values, cotangents))
    demand("torch.nn", shape, max(distance(a, b) for a, b in pairs))


def check_reset_before(shape, values, cotangents):
    """W_hn (r h) = r (W_hn h) for a diagonal W_hn: there both GRUs are one, if b_hn is moved into b_in."""
    if shape.reset != "before":
        return
    candidate = slice(2 * shape.hidden, None)
    before = {name: value.clone() for name, value in values.items()}
    for name in before:
        if name.startswith("weight_hh"):
            before[name][candidate] *= torch.eye(shape.hidden, dtype=torch.float64)
    after = {name: value.clone() for name, value in before.items()}
    for name in after:
        if name.startswith("bias_hh"):
            after[name.replace("_hh", "_ih")][candidate] += after[name][candidate]
            after[name][candidate] = 0
    out_before, grad_before = differentiate(own(shape), before, cotangents)
    out_after, grad_after = differentiate(own(Shape(**vars(shape) | dict(reset="after"))), after, cotangents)
    # The candidate's recurrent weight and bias are where the two differ; every other gradient is shared.
    shared = lambda grads: {n: g for n, g in grads.items() if not n.startswith(("weight_hh", "bias_hh"))}
    worst = max(distance(out_before, out_after), distance(shared(grad_before), shared(grad_after)))
    demand("reset-after with a diagonal W_hn", shape, worst)


def check_kinks(shape, values):
    """Relu's derivative must not hang on a rounding error, and both of its halves must occur."""
    if shape.activation != "relu":
        return
    pres = []
    recording = {"relu": lambda pre: pres.append(pre) or torch.relu(pre)}
    equations.run(shape, values, step=shape.step(recording))
    pres = torch.cat(pres)
    live = (pres > 0).double().mean().item()
    print(f"    relu: {live:.0%} live, smallest |pre| {pres.abs().min():.1e}")
    assert pres.abs().min() > 1e-4 and 0.25 < live < 0.75, f"{shape}: choose another seed"


def check_padding(shape, values, outputs, grads):
    """y = 0 and ∂L/∂x = 0 exactly beyond a row's length; h_n = h0 exactly in a row of length 0."""
    for n, length in enumerate(shape.row_lengths()):
        assert (outputs["y"][length:, n] == 0).all() and (grads["x"][length:, n] == 0).all()
        if length == 0:
            assert torch.equal(outputs["h_n"][:, n], values["h0"][:, n])
            if shape.cell == "lstm":
                assert torch.equal(outputs["c_n"][:, n], values["c0"][:, n])
    assert all(t.isfinite().all() for t in [*outputs.values(), *grads.values()])
