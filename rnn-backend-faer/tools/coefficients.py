"""Constants of src/simd/real.rs (mpmath 1.3).   python3 tools/coefficients.py

e^r = 1 + r + r^2 q(r) on |r| <= ln2/2 (1 + 2^-10); q interpolates (e^r - 1 - r)/r^2 at Chebyshev nodes.
The printed error is that of the *rounded* coefficients, in units of u = half an ulp of 1, for e^r itself
and relative to e^r - 1 (what tanh of a small argument sees).
"""
import struct
from mpmath import mp, mpf, cos, pi, log, exp, expm1, matrix, lu_solve, floor, ldexp

mp.prec = 300
HALF = log(2) / 2 * (1 + ldexp(1, -10))


def rounded(x, bits):
    """x to nearest with that many significant bits (no subnormals here), as an exact mpf."""
    m, e = mp.frexp(x)
    return ldexp(mp.nint(ldexp(m, bits)), int(e) - bits)


def hexbits(x, bits):
    if bits == 24:
        return "0x%08x" % struct.unpack("<I", struct.pack("<f", float(x)))[0]
    return "0x%016x" % struct.unpack("<Q", struct.pack("<d", float(x)))[0]


def q_exact(r):
    if abs(r) < mpf(10) ** -20:
        return mpf(1) / 2 + r / 6
    return (expm1(r) - r) / r**2


def q_coefficients(degree):
    nodes = [HALF * cos(pi * (2 * i + 1) / (2 * degree + 2)) for i in range(degree + 1)]
    a = matrix(degree + 1, degree + 1)
    b = matrix(degree + 1, 1)
    for i, x in enumerate(nodes):
        for j in range(degree + 1):
            a[i, j] = x**j
        b[i] = q_exact(x)
    return list(lu_solve(a, b))


for name, bits, degree in [("f32", 24, 5), ("f64", 53, 10)]:
    u = ldexp(1, -bits)
    q = [rounded(c, bits) for c in q_coefficients(degree)]
    worst, worst_small = mpf(0), mpf(0)
    for i in range(-1000, 1001):
        r = HALF * i / 1000
        p = sum(c * r**j for j, c in enumerate(q))
        error = r**2 * (p - q_exact(r))
        worst = max(worst, abs(error) / exp(r))
        if i:
            worst_small = max(worst_small, abs(error / expm1(r)))
    log2e = rounded(1 / log(2), bits)
    ln2_hi = rounded(log(2), bits)
    ln2_lo = rounded(log(2) - ln2_hi, bits)
    print(name, "q degree", degree, "error / u: e^r %.4f, e^r - 1 %.4f" % (worst / u, worst_small / u))
    for label, value in [("LOG2_E", log2e), ("LN2_HI", ln2_hi), ("LN2_LO", ln2_lo)] + [("q%d" % j, c) for j, c in enumerate(q)]:
        print("  %-7s %s  %s" % (label, mp.nstr(value, 19), hexbits(value, bits)))

# ln(1 + f) = f - f^2/2 + s (f^2/2 + z p(z)) with s = f/(2 + f), z = s^2, and z p(z) = 2 (atanh(s)/s - 1), for 1 + f from
# sqrt(1/2) to sqrt(2), where z <= (3 - 2 sqrt(2))^2 (1 + 2^-10); p interpolates at Chebyshev nodes. The printed error is that of the
# rounded coefficients in units of u, relative to ln(1 + f).
Z = (3 - 2 * mp.sqrt(2)) ** 2 * (1 + ldexp(1, -10))


def p_exact(z):
    if z < mpf(10) ** -20:
        return mpf(2) / 3 + 2 * z / 5
    s = mp.sqrt(z)
    return 2 * (mp.atanh(s) / s - 1) / z


def p_coefficients(degree):
    nodes = [Z / 2 * (1 + cos(pi * (2 * i + 1) / (2 * degree + 2))) for i in range(degree + 1)]
    a = matrix(degree + 1, degree + 1)
    b = matrix(degree + 1, 1)
    for i, z in enumerate(nodes):
        for j in range(degree + 1):
            a[i, j] = z**j
        b[i] = p_exact(z)
    return list(lu_solve(a, b))


for name, bits, degree in [("f32", 24, 3), ("f64", 53, 7)]:
    u = ldexp(1, -bits)
    p = [rounded(c, bits) for c in p_coefficients(degree)]
    worst = mpf(0)
    for i in range(1, 1001):
        z = Z * i / 1000
        s = mp.sqrt(z)
        error = s * z * (sum(c * z**j for j, c in enumerate(p)) - p_exact(z))
        worst = max(worst, abs(error / (2 * mp.atanh(s))))
    print(name, "p degree", degree, "error / u: ln %.4f" % (worst / u))
    for j, c in enumerate(p):
        print("  p%d      %s  %s" % (j, mp.nstr(c, 19), hexbits(c, bits)))

# sin r = r + r z s(z) and cos r = 1 - z/2 + z^2 c(z), z = r^2 <= (pi/4)^2 (1 + 2^-10); s and c interpolate at Chebyshev nodes. The
# printed errors are those of the rounded coefficients in units of u, relative to the sine and the cosine.
ANGLE = (pi / 4) ** 2 * (1 + ldexp(1, -10))


def s_exact(z):
    if z < mpf(10) ** -20:
        return -mpf(1) / 6 + z / 120
    r = mp.sqrt(z)
    return (mp.sin(r) / r - 1) / z


def c_exact(z):
    if z < mpf(10) ** -20:
        return mpf(1) / 24 - z / 720
    return (cos(mp.sqrt(z)) - 1 + z / 2) / z**2


def tail_coefficients(exact, degree):
    nodes = [ANGLE / 2 * (1 + cos(pi * (2 * i + 1) / (2 * degree + 2))) for i in range(degree + 1)]
    a = matrix(degree + 1, degree + 1)
    b = matrix(degree + 1, 1)
    for i, z in enumerate(nodes):
        for j in range(degree + 1):
            a[i, j] = z**j
        b[i] = exact(z)
    return list(lu_solve(a, b))


for name, bits, degrees in [("f32", 24, (3, 2)), ("f64", 53, (6, 5))]:
    u = ldexp(1, -bits)
    s, c = [[rounded(k, bits) for k in tail_coefficients(f, d)] for f, d in zip((s_exact, c_exact), degrees)]
    worst_s, worst_c = mpf(0), mpf(0)
    for i in range(1, 1001):
        z = ANGLE * i / 1000
        r = mp.sqrt(z)
        worst_s = max(worst_s, abs(r * z * (sum(k * z**j for j, k in enumerate(s)) - s_exact(z)) / mp.sin(r)))
        worst_c = max(worst_c, abs(z**2 * (sum(k * z**j for j, k in enumerate(c)) - c_exact(z)) / cos(r)))
    print(name, "degrees", degrees, "error / u: sin %.4f, cos %.4f" % (worst_s / u, worst_c / u))
    half_pi_hi = rounded(pi / 2, bits)
    half_pi_lo = rounded(pi / 2 - half_pi_hi, bits)
    labels = [("HALF_PI_HI", half_pi_hi), ("HALF_PI_LO", half_pi_lo)]
    labels += [("s%d" % j, k) for j, k in enumerate(s)] + [("c%d" % j, k) for j, k in enumerate(c)]
    for label, value in labels:
        print("  %-10s %s  %s" % (label, mp.nstr(value, 19), hexbits(value, bits)))

# The bits of 2/pi behind the point, src/simd/turns.rs.
mp.prec = 1500
turns = int(floor(ldexp(2 / +pi, 64 * 20)))
print("2/pi", " ".join("0x%016x" % (turns >> 64 * (19 - word) & (1 << 64) - 1) for word in range(20)))

# fast.rs, f32: e^r = 1 + r q(r) on |r| <= ln2/2 (1 + 2^-10), q interpolates at Chebyshev nodes; and (e^2r - 1)/2 = r + r^2 q(r) on
# |r| <= ln2/4 (1 + 2^-10), q(0) = 1: the weighted minimax fit, coefficients rounded one after the other, the highest first. The weight
# asks for less error near 0, where tanh has the least room for it. Errors of the rounded coefficients in units of u, relative to
# e^r and to e^2r - 1.
U = ldexp(1, -24)


def print_bits(name, coefficients):
    for j, c in enumerate(coefficients):
        print("  %s%d      %s  %s" % (name, j, mp.nstr(c, 19), hexbits(c, 24)))


def quotient(r):
    return 1 + r / 2 if abs(r) < mpf(10) ** -20 else expm1(r) / r


nodes = [HALF * cos(pi * (2 * i + 1) / 12) for i in range(6)]
e = [rounded(c, 24) for c in lu_solve(matrix([[x**j for j in range(6)] for x in nodes]), matrix([quotient(x) for x in nodes]))]
grid = [HALF * i / 1000 for i in range(-1000, 1001)]
worst = max(abs(r * (sum(c * r**j for j, c in enumerate(e)) - quotient(r)) / exp(r)) for r in grid)
print("f32 (e^r - 1)/r degree 5, error / u: %.4f" % (worst / U))
print_bits("e", e)


def minimax(columns, target, rounds=40):
    """Coefficients of the columns that make the largest error small: least squares with the error as weight (Lawson 1961)."""
    k, n = len(columns), len(target)
    weight, best = [mpf(1)] * n, None
    for _ in range(rounds):
        a = matrix(k, k)
        for i in range(k):
            for j in range(k):
                a[i, j] = mp.fsum(w * x * y for w, x, y in zip(weight, columns[i], columns[j]))
        b = matrix([mp.fsum(w * x * y for w, x, y in zip(weight, column, target)) for column in columns])
        c = list(lu_solve(a, b))
        error = [abs(sum(c[i] * columns[i][m] for i in range(k)) - target[m]) for m in range(n)]
        if best is None or max(error) < best[0]:
            best = (max(error), c)
        weight = [w * (x / max(error) + mpf(10) ** -12) for w, x in zip(weight, error)]
        weight = [w / sum(weight) for w in weight]
    return best[1]


mp.prec = 120
QUARTER = HALF / 2
nodes = [QUARTER * cos(pi * (2 * i + 1) / 322) for i in range(161)]
nodes = [x for x in nodes if abs(x) > mpf(10) ** -9]
scale = [1 / (expm1(2 * x) / 2 * (mpf(0.3) + (x / QUARTER) ** 2)) for x in nodes]
columns = {j: [x ** (j + 2) * s for x, s in zip(nodes, scale)] for j in range(1, 5)}
target = [(expm1(2 * x) / 2 - x - x**2) * s for x, s in zip(nodes, scale)]
q = {0: mpf(1)}
for j in (4, 3, 2, 1):
    c = minimax([columns[i] for i in range(1, j + 1)], target)
    q[j] = rounded(c[j - 1], 24)
    target = [t - q[j] * x for t, x in zip(target, columns[j])]


def tail_error(r):
    return abs((r + r**2 * sum(c * r**j for j, c in q.items())) / (expm1(2 * r) / 2) - 1)


grid = [QUARTER * i / 1000 for i in range(-1000, 1001) if i]
inner = max(tail_error(r) for r in grid if abs(r) < 0.07)
print("f32 (e^2r - 1)/2 tail degree 4, error / u: %.4f, %.4f for |r| < 0.07" % (max(map(tail_error, grid)) / U, inner / U))
print_bits("q", [q[j] for j in range(5)])
