"""The measurement of this machine against a clock of the test's own."""

from __future__ import annotations

import math
import time

import pytest
import torch

from bertgpt_cli.lab.calibration import gpu, measure
from bertgpt_cli.report.estimate import Speed


@pytest.fixture(scope="module")
def measured() -> Speed:
    return measure(budget=0.2)


def test_all_five_numbers_are_numbers_above_0(measured: Speed) -> None:
    assert len(measured) == 5
    assert all(isinstance(one, float) and math.isfinite(one) and one > 0 for one in measured)


def test_they_are_of_a_size_that_machines_have(measured: Speed) -> None:
    assert 1e8 < measured.fp32 < 1e15
    assert 1e7 < measured.bf16 < 1e16
    assert 1e8 < measured.stream < 1e13
    assert 1e8 < measured.bandwidth < 1e13
    assert 1e-8 < measured.dispatch < 1e-2


def test_products_are_about_as_fast_as_a_clock_says(measured: Speed) -> None:
    size = 1024
    left, right = torch.rand(size, size), torch.rand(size, size)
    times = []
    for _ in range(9):
        start = time.perf_counter()
        left @ right
        times.append(time.perf_counter() - start)
    speed = 2.0 * size**3 / sorted(times[1:])[4]
    assert speed / 3 < measured.fp32 < 3 * speed


def test_the_budget_is_kept_to() -> None:
    start = time.perf_counter()
    measure(budget=0.05)
    assert time.perf_counter() - start < 5  # each part runs at least twice, however small its share


def test_gradients_and_threads_are_as_they_were(measured: Speed) -> None:
    assert torch.is_grad_enabled()
    assert not torch.is_inference_mode_enabled()


def test_a_gpu_is_told_where_there_is_one() -> None:
    found = gpu()
    assert (found is not None) is torch.cuda.is_available()
    if found is not None:
        assert found.name
        assert found.memory > 10**9
