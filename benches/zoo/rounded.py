"""A model in f64, and how far f32 may be from it to first order: README.md, *The bound*.

Every operation adds a perturbation of 0 to its result and writes down how large it may be in each runtime, its *size*. The bound of an
output is then Σ |∂output/∂perturbation| · size. Where it consists of roundings, it also writes down their *scale*: how large the root of the
sum of their squares may be.
"""

import torch

# Half the distance of f32 numbers around 1, and the least number above 0.
U = 2.0**-24
LEAST = 2.0**-149
# So near to where the slope of a function changes, the steeper side counts.
KINK = 1e-3


def gamma(n):
    """n roundings one after the other, in any order of summation: n u / (1 - n u)."""
    return n * U / (1 - n * U)


class Rounded:
    """`claims`: for each runtime the errors of its functions, `{"tanh": {"ulp": 1.0, "absolute": …}}`; one of both may be left out."""

    def __init__(self, claims):
        self.claims = claims
        self.errors = []

    def near(self, value, size, scale=None):
        """`value`, off by at most `size`: a tensor, or one for each runtime. `scale`: of roundings; by default `size` if that is of roundings."""
        perturbation = torch.zeros_like(value, requires_grad=True)
        sizes = size if isinstance(size, dict) else {who: size for who in self.claims}
        if scale is None and not isinstance(size, dict):
            scale = size
        sizes = {who: size.detach() + LEAST for who, size in sizes.items()}
        self.errors.append((perturbation, sizes, None if scale is None else scale.detach()))
        return value + perturbation

    def affine(self, products, biases=(), scaled=()):
        """Σ x Wᵀ + Σ b + Σ p ⊙ c."""
        value = sum(x @ w.T for w, x in products) + sum(biases) + sum(p * c for p, c in scaled)
        size = sum(x.abs() @ w.abs().T for w, x in products)
        size = size + sum(b.abs() for b in biases) + sum((p * c).abs() for p, c in scaled)
        summands = sum(w.shape[1] for w, _ in products) + len(biases) + len(scaled)
        return self.near(value, gamma(summands) * size, U * (summands + 1) ** 0.5 * size)

    def product(self, value, size, summands):
        """A product of two computed tensors, with the same of their magnitudes."""
        return self.near(value, gamma(summands) * size, U * (summands + 1) ** 0.5 * size)

    def add(self, a, b):
        return self.near(a + b, U * (a + b).abs())

    def mul(self, a, b):
        return self.near(a * b, U * (a * b).abs())

    def of_function(self, name, y):
        """What a function gives, off by what each runtime claims of it. An ulp of y is at most 2 u |y|."""
        sizes = {}
        for who, claims in self.claims.items():
            claim = claims[name]
            size = torch.full_like(y, claim.get("absolute", float("inf"))).detach()
            sizes[who] = torch.minimum(size, claim.get("ulp", float("inf")) * 2 * U * y.detach().abs().clamp_min(LEAST))
        return self.near(y, sizes)

    def sigmoid(self, x):
        return self.of_function("sigmoid", torch.sigmoid(x))

    def tanh(self, x):
        return self.of_function("tanh", torch.tanh(x))

    @staticmethod
    def between(x, low, high):
        """x within limits, with the slope of 1 a little beyond them."""
        slope = ((x > low - KINK) & (x < high + KINK)).detach()
        return x.clamp(low, high).detach() + (x - x.detach()) * slope

    def relu(self, x):
        """Exact."""
        return self.between(x, 0.0, float("inf"))

    def hard_sigmoid(self, slope, offset):
        """slope · x + offset between 0 and 1; the constant, the product and the sum are rounded."""

        def function(x):
            y = slope * x + offset
            return self.near(self.between(y, 0.0, 1.0), 3 * U * ((slope * x).abs() + offset))

        return function

    def softmax(self, x, shares_off=0.0):
        """Over the last axis: differences, exponentials, their sum, the quotient. `shares_off`: a relative error of the model itself."""
        y = torch.softmax(x, -1)
        share, distance = y.detach(), (x - x.amax(-1, keepdim=True)).abs().detach()
        sizes = {}
        for who, claims in self.claims.items():
            each = claims["exp"]["ulp"] * 2 * U + U * distance
            total = (share * each).sum(-1, keepdim=True) + gamma(x.shape[-1])
            sizes[who] = share * (each + total + U + shares_off)
        return self.near(y, sizes)

    # Cells. W [G·H, C] and U [G·H, H] are lists of a matrix for each gate, biases lists of what is added to it.

    def lstm(self, x, h, c, gates, peepholes=None, coupled=False, limit=None, projection=None):
        """`gates`: W, U, biases of i, f, g, o. `coupled`: f = 1 - i. `limit`: of what gates are applied to. Returns h, c."""
        p = peepholes or {}

        def input_of(name, cell):
            w, u, biases = gates[name]
            a = self.affine([(w, x), (u, h)], biases, [(p[name], cell)] if name in p else [])
            return a if limit is None else self.between(a, -limit, limit)

        i = self.sigmoid(input_of("i", c))
        f = self.near(1 - i, U * (1 - i).abs()) if coupled else self.sigmoid(input_of("f", c))
        g = self.tanh(input_of("g", c))
        c = self.add(self.mul(f, c), self.mul(i, g))
        o = self.sigmoid(input_of("o", c))
        h = self.mul(o, self.tanh(c))
        return (h if projection is None else self.affine([(projection, h)])), c

    def gru(self, x, h, gates, reset_after=True, gate=None, candidate=None):
        """`gates`: W, U, biases with W, biases with U, of r, z, n. Either form of the update: (1 - z) n + z h, n + z (h - n)."""
        gate, candidate = gate or self.sigmoid, candidate or self.tanh

        def whole(name, h):
            w, u, with_w, with_u = gates[name]
            return self.affine([(w, x), (u, h)], [*with_w, *with_u])

        r, z = gate(whole("r", h)), gate(whole("z", h))
        if reset_after:
            w, u, with_w, with_u = gates["n"]
            a = self.add(self.affine([(w, x)], with_w), self.mul(r, self.affine([(u, h)], with_u)))
        else:
            a = whole("n", self.mul(r, h))
        n = candidate(a)
        new = (1 - z) * n + z * h
        return self.near(new, U * (2 * ((1 - z) * n).abs() + 2 * z.abs() * (h.abs() + n.abs()) + new.abs()))


def split(matrix, order):
    """The rows of each gate: `{"i": …}` from `[G·H, …]` in this order."""
    return dict(zip(order, matrix.chunk(len(order), 0)))


def lstm_gates(w, u, biases, order="ifgo"):
    w, u, biases = split(w, order), split(u, order), [split(b, order) for b in biases]
    return {name: (w[name], u[name], [b[name] for b in biases]) for name in order}


def gru_gates(w, u, with_w, with_u, order="rzn"):
    w, u = split(w, order), split(u, order)
    with_w, with_u = [split(b, order) for b in with_w], [split(b, order) for b in with_u]
    return {name: (w[name], u[name], [b[name] for b in with_w], [b[name] for b in with_u]) for name in order}


def over(steps, cell, state, reverse=False):
    """The first part of the state at each step of `[T, N, C]`, and the last state."""
    given = [None] * len(steps)
    for t in reversed(range(len(steps))) if reverse else range(len(steps)):
        state = cell(steps[t], *state)
        given[t] = state[0]
    return torch.stack(given), state
