"""The worked numbers of sections 8 and 9: optimisers, schedules, regularisation; and what the notes' errors give."""

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

import glassgrad as gg
from glassgrad import optim
from glassgrad.optim import lr_scheduler

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def leaf(values):
    return gg.tensor(np.array(values, dtype="float64"), requires_grad=True)


def steps(make, gradients, start=1.0):
    """The values of one parameter after each step with the given gradients."""
    w = leaf([start])
    optimizer = make([w])
    path = []
    for g in gradients:
        w.grad = gg.tensor(np.array([g], dtype="float64"))
        optimizer.step()
        path.append(w.item())
    return path


def trajectory(make, start, function, count):
    """The places of a point after each step down a function of two variables."""
    p = leaf(start)
    optimizer = make([p])
    path = []
    for _ in range(count):
        optimizer.zero_grad()
        function(p[0], p[1]).backward()
        optimizer.step()
        path.append(p.numpy(copy=True))
    return np.array(path)


# --- 8.1


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda p: optim.SGD(p, lr=0.1), [0.95, 0.975, 0.875]),
        (lambda p: optim.SGD(p, lr=0.1, momentum=0.9), [0.95, 0.93, 0.812]),
        (lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True), [0.905, 0.912, 0.7058]),
        (lambda p: optim.Adagrad(p, lr=0.1, eps=1e-7), [0.90000002, 0.94472137155, 0.857434223075]),
        (lambda p: optim.RMSprop(p, lr=0.01, alpha=0.99, eps=1e-7), [0.9000002, 0.944901444861, 0.857427554677]),
        (lambda p: optim.RMSprop(p), [0.90000002, 0.944901337442, 0.857427378393]),
        (lambda p: optim.Adadelta(p, rho=0.95), [0.99552804292, 0.998414640316, 0.992345634539]),
        (lambda p: optim.Adam(p), [0.99900000002, 0.998733662987, 0.998075551397]),
    ],
    ids=["SGD", "Momentum", "Nesterov", "AdaGrad", "RMSProp", "RMSprop of PyTorch", "Adadelta", "Adam"],
)
def test_worked_8_1_one_parameter(make, expected):
    np.testing.assert_allclose(steps(make, [0.5, -0.25, 1.0]), expected, rtol=1e-9)


def test_worked_8_1_momentum_0_is_sgd():
    gradients = [0.5, -0.25, 1.0]
    assert steps(lambda p: optim.SGD(p, lr=0.1, momentum=0.0), gradients) == steps(
        lambda p: optim.SGD(p, lr=0.1, momentum=1e-300), gradients
    )


# --- 8.2


@pytest.fixture(scope="module")
def variants():
    """The classes of examples/adam_variants.py, which asserts its own numbers while it runs."""
    given = sys.argv
    sys.argv = ["adam_variants.py", "--short"]
    try:
        return runpy.run_path(str(EXAMPLES / "adam_variants.py"))
    finally:
        sys.argv = given


G = [0.5, -0.25, 1, 0.1, 0.1]
H = [1, 0.1, 0.1, 0.1, 0.1]
ADAM = [0.900000002, 0.8733662987, 0.8075551397, 0.7487942583, 0.6945838527]


@pytest.mark.parametrize("amsgrad", [False, True])
def test_worked_8_2_adam_and_amsgrad_where_v_never_falls(amsgrad):
    np.testing.assert_allclose(steps(lambda p: optim.Adam(p, lr=0.1, amsgrad=amsgrad), G), ADAM, rtol=1e-9)


def test_worked_8_2_adam_rewritten(variants):
    rewritten = steps(lambda p: variants["RewrittenAdam"](p, lr=0.1), G)
    assert 0 < np.abs(np.subtract(rewritten, ADAM)).max() <= 1.3e-7
    exact = steps(lambda p: variants["ExactRewrittenAdam"](p, lr=0.1), G)
    np.testing.assert_allclose(exact, steps(lambda p: optim.Adam(p, lr=0.1), G), rtol=1e-14)


def test_worked_8_2_note_wrong_lambda_overwritten(variants):
    found = steps(lambda p: variants["OverwritingAdam"](p, lr=0.1), G)
    assert found[-1] == pytest.approx(0.8856, abs=5e-5) and found[-1] != pytest.approx(ADAM[-1], abs=0.1)


def test_worked_8_2_note_wrong_t_from_zero():
    """t is counted before the first update; t = 0 makes both corrections 0."""
    w = leaf([1.0])
    optimizer = optim.Adam([w])
    w.grad = gg.ones(1, dtype="float64")
    optimizer.step()
    assert optimizer.state[w]["step"].item() == 1.0
    with np.errstate(invalid="ignore"):
        assert np.isnan(np.float64(0) / (1 - np.float64(0.9) ** 0))


def test_worked_8_2_amsgrad_of_the_notes(variants):
    uncorrected = variants["UncorrectedAMSGrad"]
    found = steps(lambda p: uncorrected(p, lr=0.1), G)
    np.testing.assert_allclose(found, [0.683772434, 0.570590131, 0.2448094904, -0.0749446066, -0.3892098478], rtol=1e-8)
    assert (1 - found[0]) / (1 - ADAM[0]) == pytest.approx((1 - 0.9) / (1 - 0.999) ** 0.5, rel=1e-6)  # 3.16


def test_worked_8_2_amsgrad_after_a_large_gradient(variants):
    betas = {"lr": 0.1, "betas": (0.9, 0.9)}
    rows = [
        (lambda p: optim.Adam(p, **betas), [0.900000001, 0.8239494269, 0.7572321854, 0.6952175373, 0.6357487562]),
        (lambda p: optim.Adam(p, amsgrad=True, **betas),
         [0.900000001, 0.827452377, 0.7667067041, 0.7127824801, 0.6633664633]),
        (lambda p: variants["UncorrectedAMSGrad"](p, **betas),
         [0.9683772244, 0.9367544488, 0.9051316732, 0.8735088976, 0.841886122]),
    ]  # fmt: skip
    for make, expected in rows:
        np.testing.assert_allclose(steps(make, H), expected, rtol=1e-9)


def test_worked_8_2_amsgrad_steps_are_never_longer():
    gradients = [10.0, *[0.01] * 2000]
    adam = steps(lambda p: optim.Adam(p, betas=(0.9, 0.9)), gradients)
    ams = steps(lambda p: optim.Adam(p, betas=(0.9, 0.9), amsgrad=True), gradients)
    assert np.all(np.abs(np.diff(ams)) <= np.abs(np.diff(adam)) + 1e-15)
    assert abs(ams[-1] - ams[-2]) < 0.1 * abs(adam[-1] - adam[-2])


@pytest.mark.parametrize("g", [1e-3, 1.0, -1e6])
def test_worked_8_2_first_step_of_adam_has_the_length_of_the_rate(g):
    assert abs(steps(lambda p: optim.Adam(p, lr=0.05), [g])[0] - 1) == pytest.approx(0.05, rel=1e-4)


# --- 8.3


def bowl(x, y):
    return x * x / 20 + y * y


PATHS = {
    "SGD": (lambda p: optim.SGD(p, lr=0.95), [(-6.335, -1.8), (-5.733175, 1.62), (-5.188523375, -1.458)],
            (-0.3503929958, 0.0847823166), 1.332680e-2, 30),
    "Momentum": (lambda p: optim.SGD(p, lr=0.1, momentum=0.9), [(-6.93, 1.6), (-6.7977, 0.92), (-6.610653, 0.124)],
                 (0.8964138585, 0.0880856017), 4.793696e-2, 4),
    "AdaGrad": (lambda p: optim.Adagrad(p, lr=1.5, eps=1e-7),
                [(-5.5000002143, 0.5000000375), (-4.5732679682, 0.1361965831), (-3.887842339, 0.0373145705)],
                (-0.1201623223, 0), 7.219492e-4, 0),
    "Adam": (lambda p: optim.Adam(p, lr=0.3),
             [(-6.7000000043, 1.7000000007), (-6.4004143017, 1.4022453286), (-6.1015458802, 1.1089114798)],
             (0.1360146173, 0.3182453889), 1.022051e-1, 2),
}  # fmt: skip


@pytest.mark.parametrize("name", PATHS)
def test_worked_8_3_paths_on_the_bowl(name):
    make, first, last, value, changes = PATHS[name]
    assert bowl(-7, 2) == pytest.approx(6.45)
    start = leaf((-7.0, 2.0))
    bowl(start[0], start[1]).backward()
    np.testing.assert_allclose(start.grad.numpy(), [-0.7, 4], rtol=1e-12)
    path = trajectory(make, (-7.0, 2.0), bowl, 30)
    np.testing.assert_allclose(path[:3], first, rtol=1e-9)
    np.testing.assert_allclose(path[29], last, rtol=1e-8, atol=1e-10)
    assert bowl(*path[29]) == pytest.approx(value, rel=1e-6)
    # The claim of zig-zags: how often y changes its sign, the start counted.
    y = np.concatenate([[2.0], path[:, 1]])
    assert np.sum(np.sign(y[1:]) * np.sign(y[:-1]) < 0) == changes


def test_worked_8_3_sgd_zig_zags_by_a_factor():
    path = trajectory(lambda p: optim.SGD(p, lr=0.95), (-7.0, 2.0), bowl, 30)
    np.testing.assert_allclose(path[1:, 1] / path[:-1, 1], -0.9, rtol=1e-12)


def test_worked_8_3_adagrad_is_best_of_the_four_and_rmsprop_better_still():
    values = {name: bowl(*trajectory(make, (-7.0, 2.0), bowl, 30)[-1]) for name, (make, *_) in PATHS.items()}
    assert min(values, key=values.get) == "AdaGrad" and max(values, key=values.get) == "Adam"
    rmsprop = bowl(*trajectory(lambda p: optim.RMSprop(p, lr=0.3, eps=1e-7), (-7.0, 2.0), bowl, 30)[-1])
    assert rmsprop == pytest.approx(1.4e-12, rel=0.05)


def test_worked_8_3_nesterov_is_look_ahead_nesterov():
    """The parameter stands at w + μv of the look-ahead form: stepping back by μv gives the tabled positions."""
    expected = [(-6.93, 1.6), (-6.79833, 0.992), (-6.61302873, 0.35584)]
    p = leaf((-7.0, 2.0))
    optimizer = optim.SGD([p], lr=0.1, momentum=0.9, nesterov=True)
    for step in range(30):
        optimizer.zero_grad()
        bowl(p[0], p[1]).backward()
        optimizer.step()
        velocity = -0.1 * optimizer.state[p]["momentum_buffer"].numpy()
        position = p.numpy() - 0.9 * velocity
        if step < 3:
            np.testing.assert_allclose(position, expected[step], rtol=1e-9)
    np.testing.assert_allclose(position, (0.6130736453, 0.0058989478), rtol=1e-7)
    assert bowl(*position) == pytest.approx(1.882776e-2, rel=1e-6)


def test_worked_8_3_note_wrong_adagrad_with_the_rate_in_the_sum():
    """h ← h + η·g² instead of h ← h + g²: the first step from (−7, 2) is another."""
    gradient, start = np.array([-0.7, 4.0]), np.array([-7.0, 2.0])
    right = trajectory(lambda p: optim.Adagrad(p, lr=1.5, eps=1e-7), start, bowl, 1)[0]
    np.testing.assert_allclose(right, [-5.5, 0.5], rtol=1e-6)
    note = start - 1.5 * gradient / np.sqrt(1.5 * gradient**2)
    np.testing.assert_allclose(note, [-5.775, 0.775], atol=3e-4)


# --- 8.4


def valley(x, y):
    return x * x + 100 * y * y


@pytest.mark.parametrize(
    ("momentum", "expected"),
    [
        (0.0, [(9.82, -0.8), (9.64324, 0.64), (9.46966168, -0.512)]),
        (0.9, [(9.82, -0.8), (9.48124, -0.98), (9.00569368, 0.622)]),
    ],
)
def test_worked_8_4_paths_in_the_valley(momentum, expected):
    path = trajectory(lambda p: optim.SGD(p, lr=0.009, momentum=momentum), (10.0, 1.0), valley, 3)
    np.testing.assert_allclose(path, expected, rtol=1e-9)


def test_worked_8_4_stable_rates():
    still = trajectory(lambda p: optim.SGD(p, lr=0.01), (10.0, 1.0), valley, 50)
    np.testing.assert_allclose(np.abs(still[:, 1]), 1.0, rtol=1e-12)
    for rate, stable in ((0.0099, True), (0.0101, False)):
        path = trajectory(lambda p, rate=rate: optim.SGD(p, lr=rate), (10.0, 1.0), valley, 500)
        assert bool(abs(path[-1, 1]) < 1) is stable
    for rate, stable in ((0.0189, True), (0.0191, False)):
        path = trajectory(lambda p, rate=rate: optim.SGD(p, lr=rate, momentum=0.9), (10.0, 1.0), valley, 500)
        assert bool(abs(path[-1, 1]) < 1) is stable


def test_worked_8_4_equation_of_motion():
    """v(t+1) − v(t) = −(1 − α)·v(t) − lr·gradient: 1 − α is friction, −lr·gradient the force."""
    path = np.vstack([(10.0, 1.0), trajectory(lambda p: optim.SGD(p, lr=0.009, momentum=0.9), (10, 1), valley, 6)])
    velocity = np.diff(path, axis=0)
    gradient = path[1:-1] * [2, 200]
    np.testing.assert_allclose(np.diff(velocity, axis=0), -0.1 * velocity[:-1] - 0.009 * gradient, rtol=1e-9)


def test_momentum_with_a_constant_gradient_steps_lr_over_1_minus_mu():
    """003 L352: momentum does not imitate a falling rate; it makes the rate 10 times as large."""
    path = steps(lambda p: optim.SGD(p, lr=0.01, momentum=0.9), [1.0] * 300)
    assert path[-2] - path[-1] == pytest.approx(0.1)


def test_note_wrong_training_error_falls_at_every_step():
    """003 L169: with single samples it does not, even where every sample's own error falls."""
    samples, w = np.array([1.0, -1.0, 3.0]), leaf([0.0])
    optimizer = optim.SGD([w], lr=0.2)
    errors = []
    for step in range(12):
        optimizer.zero_grad()
        before = (w.item() - samples[step % 3]) ** 2
        ((w - samples[step % 3]) ** 2).sum().backward()
        optimizer.step()
        assert (w.item() - samples[step % 3]) ** 2 < before
        errors.append(np.mean((w.item() - samples) ** 2))
    assert np.any(np.diff(errors) > 0) and np.any(np.diff(errors) < 0)
    p, errors = leaf([0.0]), []
    optimizer = optim.SGD([p], lr=0.2)
    for _ in range(12):
        optimizer.zero_grad()
        ((p - gg.tensor(samples)) ** 2).mean().backward()
        optimizer.step()
        errors.append(np.mean((p.item() - samples) ** 2))
    assert np.all(np.diff(errors) < 0), "with all samples at once it falls"


# --- 8.5


@pytest.mark.parametrize(("start", "wrong"), [((10, 1), 1.09e25), ((10, 10), 1.1e26)])
def test_worked_8_5_note_wrong_nesterov_looks_the_other_way(start, wrong):
    """w ← w − v with the gradient at w + μv, on diag(1, 20); right is w − μv, which SGD(nesterov=True) does."""
    curvature, rate, mu = np.array([1.0, 20.0]), 0.05, 0.9
    for sign, check in ((1, lambda size: size == pytest.approx(wrong, rel=0.02)), (-1, lambda size: size < 1e-4)):
        w, v = np.array(start, dtype=float), np.zeros(2)
        for _ in range(200):
            v = rate * curvature * (w + sign * mu * v) + mu * v
            w = w - v
        assert check(np.linalg.norm(w))
    if start == (10, 1):
        assert np.linalg.norm(w) == pytest.approx(1.52e-6, rel=0.01)
    p = leaf(start)
    optimizer = optim.SGD([p], lr=rate, momentum=mu, nesterov=True)
    for _ in range(200):
        optimizer.zero_grad()
        (gg.tensor(curvature) * p * p / 2).sum().backward()
        optimizer.step()
    ahead = p.numpy() + mu * rate * optimizer.state[p]["momentum_buffer"].numpy()
    np.testing.assert_allclose(ahead, w, rtol=1e-6, atol=1e-12)


def test_worked_8_5_note_wrong_gradient_added():
    for maximize, expected in ((False, [0.8, 0.64]), (True, [1.2, 1.44])):
        w = leaf([1.0])
        optimizer = optim.SGD([w], lr=0.1, maximize=maximize)
        for value in expected:
            optimizer.zero_grad()
            (w * w).sum().backward()
            optimizer.step()
            assert w.item() == pytest.approx(value)


def test_note_wrong_average_of_rmsprop():
    """003 L424-426 has (1 − ρ) twice, h ← (1 − ρ)·h + (1 − ρ)·g²: no average, and steps 10 times too long."""
    rho, lr = 0.99, 0.001
    path = steps(lambda p: optim.RMSprop(p, lr=lr, alpha=rho), [2.0] * 2000)
    assert path[-2] - path[-1] == pytest.approx(lr, rel=1e-6), "the root of the average of g² is |g|"
    h = 0.0
    for _ in range(2000):
        h = (1 - rho) * h + (1 - rho) * 2.0**2
    assert lr * 2.0 / h**0.5 == pytest.approx(lr * (rho / (1 - rho)) ** 0.5, rel=1e-6) and lr * 2.0 / h**0.5 > 9 * lr


def test_note_wrong_velocity_kept_under_another_name():
    """004 L296 writes the new velocity to self.h and adds self.v, which stays 0: nothing is ever learnt."""
    for kept, expected in (("v", [0.95, 0.93, 0.812]), ("h", [1, 1, 1])):
        w, memory, path = 1.0, {"v": 0.0, "h": 0.0}, []
        for g in (0.5, -0.25, 1.0):
            memory[kept] = 0.9 * memory["v"] - 0.1 * g
            w += memory["v"]
            path.append(w)
        assert path == pytest.approx(expected)
        ours = steps(lambda p: optim.SGD(p, lr=0.1, momentum=0.9), [0.5, -0.25, 1.0])
        assert (path == pytest.approx(ours)) is (kept == "v")


def rates_at(make, wanted):
    optimizer = optim.SGD([leaf([1.0])], lr=0.1)
    schedule = make(optimizer)
    found = {}
    for epoch in range(max(wanted) + 1):
        if epoch in wanted:
            found[epoch] = schedule.get_last_lr()[0]
        optimizer.step()
        schedule.step()
    return [found[epoch] for epoch in wanted]


def test_worked_8_5_linear_decay():
    """ε_t = ε_0 − α·t, ε_0 = .1, α = .001; the note's ε_0·α·t (NOTE WRONG) grows from 0."""
    epochs = (0, 50, 100)
    made = [
        lambda o: lr_scheduler.LinearLR(o, 1.0, 0.0, total_iters=100),
        lambda o: lr_scheduler.LambdaLR(o, lambda t: 1 - t / 100),
        lambda o: lr_scheduler.PolynomialLR(o, total_iters=100),
    ]
    for make in made:
        assert rates_at(make, epochs) == pytest.approx([0.1, 0.05, 0], abs=1e-12)
    note = [0.1 * 0.001 * t for t in epochs]
    assert note == sorted(note) and note[0] == 0


def test_worked_8_5_step_decay():
    epochs, expected = (0, 29, 30, 59, 60), [0.1, 0.1, 0.01, 0.01, 0.001]
    assert rates_at(lambda o: lr_scheduler.StepLR(o, 30), epochs) == pytest.approx(expected)
    assert rates_at(lambda o: lr_scheduler.MultiStepLR(o, [30, 60]), epochs) == pytest.approx(expected)


def test_noise_settles_in_proportion_to_the_rate():
    """001 L1307: steps down h·w²/2 with noise of variance σ² end in a cloud of variance lr·σ²/(h·(2 − lr·h))."""
    h, sigma, rng = 2.0, 1.5, np.random.default_rng(0)
    for lr in (0.1, 0.01):
        w = leaf(np.zeros(4000))
        optimizer = optim.SGD([w], lr=lr)
        for _ in range(int(5 / (lr * h))):
            w.grad = gg.tensor(h * w.numpy() + sigma * rng.standard_normal(4000))
            optimizer.step()
        assert w.numpy().var() == pytest.approx(lr * sigma**2 / (h * (2 - lr * h)), rel=0.1)


def test_adam_follows_a_schedule():
    """P5: with a constant gradient Adam's steps have the length of the rate, so a drop to a tenth is seen in them."""
    w = leaf([1.0])
    optimizer = optim.Adam([w], lr=0.1)
    schedule = lr_scheduler.MultiStepLR(optimizer, [2], gamma=0.1)
    path = [1.0]
    for _ in range(4):
        w.grad = gg.tensor(np.array([0.7]))
        optimizer.step()
        schedule.step()
        path.append(w.item())
    np.testing.assert_allclose(-np.diff(path), [0.1, 0.1, 0.01, 0.01], rtol=1e-6)


# --- claims of the notes about AdaGrad (000 L273, 003 L421; corrections 1.2)


def test_adagrad_stalls_after_a_large_gradient_and_rmsprop_does_not():
    """From 10, rate .1: 400 steps on 0.05·w², the first with a gradient of 1000."""
    ends = []
    for make in (lambda p: optim.Adagrad(p, lr=0.1), lambda p: optim.RMSprop(p, lr=0.1, alpha=0.9)):
        w = leaf([10.0])
        optimizer = make([w])
        for step in range(400):
            w.grad = gg.tensor(np.array([1000.0]) if step == 0 else 0.1 * w.numpy())
            optimizer.step()
        ends.append(w.item())
    assert ends == pytest.approx([9.86, -0.05], abs=0.005)


# --- 9


def test_worked_9_weight_decay():
    w = leaf([2.0, -1.0])
    w.grad = gg.tensor(np.array([0.3, 0.1]))
    optim.SGD([w], lr=0.1, weight_decay=0.5).step()
    np.testing.assert_allclose(w.numpy(), [1.87, -0.96], rtol=1e-12)
    w = leaf([2.0, -1.0])
    w.grad = gg.zeros(2, dtype="float64")
    optim.SGD([w], lr=0.1, weight_decay=0.5).step()
    np.testing.assert_allclose(w.numpy(), [1.9, -0.95], rtol=1e-12)


def test_worked_9_note_wrong_sign_of_weight_decay():
    w, g = np.array([2.0, -1.0]), np.array([0.3, 0.1])
    np.testing.assert_allclose(w - 0.1 * (g - 0.5 * w), [2.07, -1.06], rtol=1e-12)


def gradient_with(make_penalty, values, loss_gradient):
    w = leaf(values)
    ((w * gg.tensor(np.array(loss_gradient))).sum() + make_penalty(w)).backward()
    return w.grad.numpy()


def test_worked_9_ridge_and_lasso_gradients():
    param, grad = [1.0, -2.0, 0.0], [0.1, 0.1, 0.1]
    ridge = gradient_with(lambda w: optim.penalty(w, l2=0.01), param, grad)
    np.testing.assert_allclose(ridge, [0.11, 0.08, 0.10], rtol=1e-12)
    lasso = gradient_with(lambda w: optim.penalty(w, l1=0.01), param, grad)
    np.testing.assert_allclose(lasso, [0.11, 0.09, 0.10], rtol=1e-12)


def test_worked_9_norms():
    w = leaf([3.0, -4.0, 0.0])
    assert optim.penalty(w, l1=1.0).item() == 7
    assert (2 * optim.penalty(w, l2=1.0).item()) ** 0.5 == 5
    largest = optim.penalty(w, p=(float("inf"), 1.0)).item()
    assert largest == 4
    assert largest != w.max().item() == 3  # NOTE WRONG: the largest w is not the largest |w|


def test_note_wrong_l2_norm_and_its_square():
    """004 L494 calls ‖x‖² the L2 norm of x, and L419-421 has Σ|w| for both; the norm is 5, its square 25, Σ|w| 7."""
    w = leaf([3.0, -4.0, 0.0])
    assert optim.penalty(w, p=(2, 2.0)).item() == 25 == gg.linalg.vector_norm(w).item() ** 2
    assert gg.linalg.vector_norm(w).item() == 5 and gg.abs(w).sum().item() == 7


def test_worked_9_penalty_of_001():
    """Ω = Σ W²: dΩ/dW = 2W, so l2 = 2α is the note's α; the note's 2αW is that of α·Ω. W·Wᵀ would be a matrix."""
    values = [[1.0, -2.0], [0.5, 3.0]]
    w = leaf(values)
    optim.penalty(w, l2=2.0).backward()
    np.testing.assert_allclose(w.grad.numpy(), 2 * np.array(values))
    assert optim.penalty(w, l2=2.0).item() == pytest.approx(np.trace(np.array(values) @ np.array(values).T))
    w = leaf(values)
    optim.penalty(w, l1=1.0).backward()
    np.testing.assert_allclose(w.grad.numpy(), np.sign(values))
    alpha = 0.3
    w = leaf(values)
    optim.penalty(w, l2=2 * alpha).backward()
    np.testing.assert_allclose(w.grad.numpy(), 2 * alpha * np.array(values))


def test_worked_9_p_norm():
    w = leaf([3.0, -4.0, 0.0])
    value = optim.penalty(w, p=(2, 1.0))
    value.backward()
    assert value.item() == 12.5
    np.testing.assert_allclose(w.grad.numpy(), [3, -4, 0])
    assert 1 / 2 * np.linalg.norm([3, -4, 0]) == 2.5  # NOTE WRONG: without the power


def test_worked_9_max_norm():
    for c, expected in ((9, (1.8, 2.4)), (1, (0.6, 0.8))):
        w = leaf([[3.0, 4.0], [0.3, 0.4]])
        optim.max_norm_(w, c**0.5)
        np.testing.assert_allclose(w.numpy(), [expected, (0.3, 0.4)], rtol=1e-12)


def hill(w):
    return (w[0] - 3) ** 2 + 4 * (w[1] - 6) ** 2


def descend(loss, after=lambda w: None, lr=0.05, count=2000):
    w = leaf([0.5, 0.5])
    optimizer = optim.SGD([w], lr=lr)
    path = []
    for _ in range(count):
        optimizer.zero_grad()
        loss(w).backward()
        optimizer.step()
        after(w)
        path.append(w.numpy(copy=True))
    return np.array(path)


def test_worked_9_figure_of_l2():
    end = descend(lambda w: hill(w) + optim.penalty(w, l2=2.0))[-1]
    np.testing.assert_allclose(end, [1.5, 4.8], rtol=1e-9)
    assert hill(end) + np.sum(end**2) == pytest.approx(33.3)
    np.testing.assert_allclose(descend(hill)[-1], [3, 6], rtol=1e-9)


@pytest.mark.parametrize(("c", "a"), [(1, 3), (4, 6), (2.5, -1.5)])
def test_worked_9_minima_of_one_weight(c, a):
    """Of c(w − a)² + w² it is ca/(c + 1), of c(w − a)² + 10|w| it is a moved towards 0 by 10/(2c), and not past it."""
    for add, after, expected in (
        (lambda w: optim.penalty(w, l2=2.0), lambda w: None, c * a / (c + 1)),
        (lambda w: 0.0, lambda w: optim.soft_threshold_(w, 0.05 * 10), np.sign(a) * max(abs(a) - 10 / (2 * c), 0)),
    ):
        end = descend(lambda w, add=add: (c * (w - a) ** 2).sum() + add(w), after)[-1]
        np.testing.assert_allclose(end, expected, rtol=1e-9)


def test_worked_9_figure_of_l1():
    proximal = descend(hill, after=lambda w: optim.soft_threshold_(w, 0.05 * 10))[-1]
    assert proximal[0] == 0.0 and not np.signbit(proximal[0])
    assert proximal[1] == pytest.approx(4.75)
    assert hill(proximal) + 10 * np.abs(proximal).sum() == pytest.approx(62.75)
    swinging = descend(lambda w: hill(w) + optim.penalty(w, l1=10.0))[-200:, 0]
    assert swinging.min() == pytest.approx(-0.16, abs=0.06) and swinging.max() == pytest.approx(0.80, abs=0.06)
    assert np.all(swinging != 0)
