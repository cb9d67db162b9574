"""Switching recording off and on: local to the block, the thread and the task, whatever way the block is left."""

import asyncio
import contextvars
import threading

import numpy as np
import pytest

import glassgrad as gg


def recorded():
    """Return whether an operation is recorded here, and that the question gives the same answer."""
    result = (gg.tensor([1.0], requires_grad=True) * 2).requires_grad
    assert gg.is_grad_enabled() is result
    assert (gg.Scalar(1.0, requires_grad=True) * 2).requires_grad is result
    return result


def test_blocks_nest():
    assert recorded()
    with gg.no_grad():
        assert not recorded()
        with gg.enable_grad():
            assert recorded()
            with gg.set_grad_enabled(False):
                assert not recorded()
            assert recorded()
        assert not recorded()
    assert recorded()


def test_exceptions_leave_the_block():
    with pytest.raises(KeyError), gg.no_grad():
        raise KeyError
    assert recorded()
    with gg.no_grad():
        with pytest.raises(ValueError), gg.enable_grad():
            gg.zeros(2) + gg.zeros(3)
        assert not recorded()
    assert recorded()


def test_one_switch_may_be_entered_again_inside_itself():
    switch = gg.no_grad()
    with switch:
        with gg.enable_grad():
            with switch:
                assert not recorded()
            assert recorded()
        assert not recorded()
    assert recorded()
    with switch:
        assert not recorded()


@pytest.mark.parametrize("decorator", [gg.no_grad(), gg.set_grad_enabled(False)])
def test_decorated_functions(decorator):
    @decorator
    def f(depth, key="k"):
        """Say."""
        assert not recorded()
        return f(depth - 1) if depth else key

    assert f(3, key="q") == "k" and f(0, "z") == "z"
    assert recorded()
    assert (f.__name__, f.__doc__) == ("f", "Say.")

    @decorator
    def fail():
        raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert recorded()


def test_decorated_method():
    class Model:
        @gg.no_grad()
        def predict(self, x):
            return x * 2

    assert not Model().predict(gg.tensor(1.0, requires_grad=True)).requires_grad


def test_decorators_refuse_what_is_not_a_function():
    with pytest.raises(TypeError, match="no_grad decorates a function, but got int"):
        gg.no_grad()(3)


def test_threads_have_their_own():
    inside, checked = threading.Event(), threading.Event()
    seen = {}

    def other():
        seen["at start"] = recorded()
        inside.wait(5)
        seen["while the first is inside"] = recorded()
        with gg.no_grad():
            checked.set()
            seen["own block"] = recorded()
        seen["after"] = recorded()

    thread = threading.Thread(target=other)
    with gg.no_grad():
        thread.start()
        inside.set()
        checked.wait(5)
        assert not recorded()
        thread.join()
    assert recorded()
    assert seen == {"at start": True, "while the first is inside": True, "own block": False, "after": True}


def test_one_switch_used_in_two_threads_at_once():
    """What the switch remembers of one thread must not end up in another."""
    switch = gg.no_grad()
    first_in, second_in, first_out = threading.Event(), threading.Event(), threading.Event()
    seen = {}

    def other():
        with gg.no_grad():
            first_in.wait(5)
            with switch:
                second_in.set()
                first_out.wait(5)
            seen["other"] = recorded()

    thread = threading.Thread(target=other)
    thread.start()
    with switch:
        first_in.set()
        second_in.wait(5)
    seen["main"] = recorded()
    first_out.set()
    thread.join()
    assert seen == {"main": True, "other": False}


# -- generators ------------------------------------------------------------------------------------------------


def test_decorated_generator_runs_its_own_code_without_recording():
    @gg.no_grad()
    def numbers(n):
        for i in range(n):
            assert not recorded()
            got = yield i
            assert not recorded()
            assert got is None or got == i * 10
        return "done"

    seen = []
    for i in numbers(3):
        assert recorded(), "the consumer's code is not switched off"
        seen.append(i)
    assert seen == [0, 1, 2]
    generator = numbers(2)
    assert (next(generator), generator.send(0), recorded()) == (0, 1, True)
    with pytest.raises(StopIteration) as stop:
        generator.send(10)
    assert stop.value.value == "done"
    assert recorded()


def test_decorated_generator_left_early_or_by_an_exception():
    closed = []

    @gg.no_grad()
    def numbers():
        try:
            yield 1
            yield 2
        except KeyError:
            assert not recorded()
            yield "caught"
        finally:
            assert not recorded()
            closed.append(True)

    for _ in numbers():
        break
    generator = numbers()
    next(generator)
    assert generator.throw(KeyError()) == "caught"
    assert recorded()
    generator.close()
    assert closed == [True, True] and recorded()
    generator = numbers()
    next(generator)
    with pytest.raises(ZeroDivisionError):
        generator.throw(ZeroDivisionError())
    assert recorded()


def test_generators_take_turns():
    @gg.no_grad()
    def without():
        while True:
            yield recorded()

    @gg.enable_grad()
    def within():
        while True:
            yield recorded()

    a, b = without(), within()
    for _ in range(3):
        assert (next(a), recorded(), next(b), recorded()) == (False, True, True, True)
        with gg.no_grad():
            assert (next(a), recorded(), next(b), recorded()) == (False, False, True, False)


def test_a_block_inside_a_generator_ends_with_it():
    def numbers():
        with gg.no_grad():
            yield recorded()

    assert list(numbers()) == [False]
    assert recorded()
    generator = numbers()
    next(generator)
    generator.close()
    assert recorded()


# -- asyncio ---------------------------------------------------------------------------------------------------


def test_tasks_have_their_own():
    async def off(turns):
        seen = []
        with gg.no_grad():
            for _ in range(turns):
                seen.append(recorded())
                await asyncio.sleep(0)
        seen.append(recorded())
        return seen

    async def on(turns):
        seen = []
        for _ in range(turns):
            seen.append(recorded())
            await asyncio.sleep(0)
        return seen

    async def main():
        return await asyncio.gather(off(3), on(6), off(5), on(2))

    a, b, c, d = asyncio.run(main())
    assert a == [False] * 3 + [True] and c == [False] * 5 + [True]
    assert b == [True] * 6 and d == [True] * 2
    assert recorded()


def test_tasks_inherit_what_holds_where_they_start():
    async def child():
        await asyncio.sleep(0)
        return recorded()

    async def main():
        with gg.no_grad():
            inside = asyncio.create_task(child())
        outside = asyncio.create_task(child())
        return await inside, await outside

    assert asyncio.run(main()) == (False, True)


def test_decorated_coroutines_and_their_cancellation():
    @gg.no_grad()
    async def work():
        assert not recorded()
        await asyncio.sleep(0)
        assert not recorded()
        await asyncio.sleep(30)

    async def main():
        task = asyncio.create_task(work())
        await asyncio.sleep(0.01)
        assert recorded()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(work(), 0.01)
        return recorded()

    assert asyncio.run(main())


def test_decorated_asynchronous_generator():
    @gg.no_grad()
    async def numbers():
        for i in range(2):
            assert not recorded()
            yield i
            assert not recorded()

    async def main():
        seen = []
        async for i in numbers():
            assert recorded()
            seen.append(i)
        return seen

    assert asyncio.run(main()) == [0, 1]


def test_asynchronous_generator_closed_in_another_context():
    async def numbers():
        with gg.no_grad():
            yield recorded()
            yield 2

    async def main():
        generator = numbers()
        assert await anext(generator) is False
        await asyncio.create_task(generator.aclose())

    asyncio.run(main())
    assert recorded()


def test_a_copied_context_is_its_own():
    def inside():
        with gg.no_grad():
            return recorded()

    assert contextvars.copy_context().run(inside) is False
    assert recorded()


# -- what the mode does ----------------------------------------------------------------------------------------


def test_results_under_no_grad_are_leaves_without_a_graph():
    x = gg.tensor([1.0, 2.0], requires_grad=True)
    with gg.no_grad():
        y = x * 2
        z = gg.tensor([1.0], requires_grad=True)
    assert y.is_leaf and not y.requires_grad and y.grad_fn is None
    assert z.requires_grad, "leaves that ask for a gradient get one anywhere"
    assert not gg.no_grad()(lambda: x[0])().requires_grad
    assert (y * x).requires_grad


def test_backward_runs_under_no_grad():
    x = gg.tensor([1.0, 2.0], requires_grad=True)
    y = (x * x).sum()
    with gg.no_grad():
        y.backward()
    assert x.grad.tolist() == [2, 4]
    y = (x * x).sum()
    with gg.no_grad():
        (g,) = gg.grad(y, x, create_graph=True)
        assert not recorded()
    assert g.requires_grad, "create_graph records whatever the mode"


def test_scopes_nest_and_are_local():
    x = gg.tensor([1.0], requires_grad=True)
    with gg.scope("a"):
        with gg.scope("b"), gg.no_grad(), gg.enable_grad():
            y = x * 2
        z = x * 2
    w = x * 2
    assert [t.grad_fn.scope for t in (y, z, w)] == [("a", "b"), ("a",), ()]
    s = gg.Scalar(1.0, requires_grad=True)
    with gg.scope("s"):
        assert (s * 2).scope == ("s",)

    @gg.scope("f")
    def f():
        return x * 2

    assert f().grad_fn.scope == ("f",)
    with pytest.raises(TypeError, match="scope: the name must be a string, not int"):
        gg.scope(3)


def test_errors_name_the_scope():
    with gg.scope("encoder"), gg.scope("fc1"), pytest.raises(ValueError, match=r"matmul.*encoder\.fc1"):
        gg.zeros(2, 3) @ gg.zeros(4, 5)


# -- without brackets --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("switch", [gg.no_grad, gg.enable_grad, gg.no_grad(), gg.enable_grad()])
def test_switches_decorate_with_brackets_and_without(switch):
    inside = switch is gg.enable_grad or isinstance(switch, gg.enable_grad)

    class Holder:
        @switch
        def method(self):
            """Its own words."""
            return recorded()

        @switch
        @staticmethod
        def alone():
            return recorded()

        @switch
        @classmethod
        def of_class(cls):
            return cls is Holder and recorded()

        @staticmethod
        @switch
        def under_it():
            return recorded()

        @switch
        def one_by_one(self):
            got = yield recorded()
            yield got, recorded()

        @switch
        async def later(self):
            return recorded()

    with gg.set_grad_enabled(not inside):
        holder = Holder()
        assert Holder.method.__doc__ == "Its own words." and Holder.method.__name__ == "method"
        for call in (holder.method, holder.alone, Holder.alone, Holder.under_it):
            assert call() is inside
        assert holder.of_class() is inside and Holder.of_class() is inside
        generator = holder.one_by_one()
        assert next(generator) is inside and recorded() is not inside
        assert generator.send("x") == ("x", inside)
        assert asyncio.run(holder.later()) is inside
        assert recorded() is not inside


def test_detect_anomaly_without_brackets():
    @gg.detect_anomaly
    def logarithm(x):
        return gg.log(x)

    with pytest.raises(FloatingPointError, match="log made an infinity"), np.errstate(divide="ignore"):
        logarithm(gg.zeros(1, requires_grad=True))
    with gg.detect_anomaly(False), np.errstate(divide="ignore"):
        gg.log(gg.zeros(1, requires_grad=True))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda f: gg.record(f), r"recorder = gg\.record\(\), then @recorder"),
        (lambda f: gg.set_grad_enabled(f), r"True or False.*@gg\.set_grad_enabled\(False\)"),
        (lambda f: gg.scope(f), r"must be a string, not function, as in scope\('encoder'\)"),
        (lambda f: gg.no_grad(3), "no_grad decorates a function, but got int"),
    ],
)
def test_switches_that_need_an_argument_say_so(wrong, message):
    with pytest.raises(TypeError, match=message):
        wrong(lambda: None)
    recorder = gg.record()

    @recorder
    def double(x):
        return x * 2

    double(gg.ones(1, requires_grad=True))
    assert [node.primitive.name for node in recorder.recording.nodes] == ["multiply"]
