"""What `machine.detect` makes of the system's tables: limits of control groups, garbage, nothing at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bertgpt_cli.checkpoints import machine
from bertgpt_cli.checkpoints.machine import detect, scaled, stated
from bertgpt_cli.report.checkpoint import Gpu
from bertgpt_cli.report.estimate import Machine, Speed

GB = 1 << 30
MEMINFO = "MemTotal:       16777216 kB\nMemFree:         1048576 kB\nMemAvailable:    8388608 kB\n"
V1_NONE = 9223372036854771712  # what version 1 says where there is no limit


def cpuinfo(cores: int, name: str = "A Processor @ 2.00GHz") -> str:
    return "".join(f"processor\t: {at}\nmodel name\t: {name}\nflags\t\t: fpu\n\n" for at in range(cores))


def rooted(root: Path, files: dict[str, str] | None = None, cores: int = 8) -> str:
    """A root folder with 16 GiB, 8 of them free, so many cores, and these files more."""
    for name, text in {"proc/meminfo": MEMINFO, "proc/cpuinfo": cpuinfo(cores), **(files or {})}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return str(root)


def grouped(root: Path, *files: tuple[str, object], group: str = "0::/a/b\n", cores: int = 8) -> Machine:
    """Where the process is in this control group and these files stand under sys/fs/cgroup."""
    named = {f"sys/fs/cgroup/{name}": f"{text}\n" for name, text in files}
    return detect(rooted(root, {"proc/self/cgroup": group, **named}, cores))


def test_a_machine_without_limits(tmp_path: Path) -> None:
    assert detect(rooted(tmp_path)) == Machine(8, 16 * GB, "physical", 8 * GB, "", "A Processor @ 2.00GHz")


def test_this_machine_is_something() -> None:
    here = detect()
    assert here.cores >= 1
    assert here.memory > 0
    assert here.limit in ("physical", "cgroup")
    assert 0 <= here.spare <= here.memory
    assert here.gpu == ""


# --- memory -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", ["", "a/", "a/b/"])
def test_a_limit_of_its_own_group_or_of_one_above(folder: str, tmp_path: Path) -> None:
    found = grouped(tmp_path, (f"{folder}memory.max", 4 * GB))
    assert (found.memory, found.limit, found.spare) == (4 * GB, "cgroup", 4 * GB)


def test_the_least_of_several_limits_holds(tmp_path: Path) -> None:
    limits = (("memory.max", 6 * GB), ("a/memory.max", 2 * GB), ("a/b/memory.max", 4 * GB))
    assert grouped(tmp_path, *limits).memory == 2 * GB


def test_a_group_that_is_not_above_it_does_not_count(tmp_path: Path) -> None:
    others = (("b/memory.max", GB), ("a/c/memory.max", GB), ("a/b/c/memory.max", GB), ("other/memory.max", GB))
    assert grouped(tmp_path, *others).memory == 16 * GB


def test_max_is_no_limit(tmp_path: Path) -> None:
    found = grouped(tmp_path, ("memory.max", "max"), ("a/memory.max", "max"), ("a/b/memory.max", "max"))
    assert (found.memory, found.limit) == (16 * GB, "physical")
    assert grouped(tmp_path, ("a/memory.max", 3 * GB), ("a/b/memory.max", "max")).memory == 3 * GB


def test_a_limit_that_is_no_less_than_all_memory_is_none(tmp_path: Path) -> None:
    for limit in (16 * GB, 17 * GB, V1_NONE):
        found = grouped(tmp_path, ("a/b/memory.max", limit))
        assert (found.memory, found.limit) == (16 * GB, "physical")
    assert grouped(tmp_path, ("a/b/memory.max", 16 * GB - 1)).limit == "cgroup"


def test_what_is_free_is_no_more_than_what_may_be_taken(tmp_path: Path) -> None:
    assert grouped(tmp_path, ("memory.max", 12 * GB)).spare == 8 * GB
    assert grouped(tmp_path, ("memory.max", 2 * GB)).spare == 2 * GB


V1 = "12:pids:/x\n5:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n1:name=systemd:/x\n0::/y\n"


@pytest.mark.parametrize("folder", ["memory", "memory/docker", "memory/docker/abc"])
def test_a_limit_of_version_1(folder: str, tmp_path: Path) -> None:
    found = grouped(tmp_path, (f"{folder}/memory.limit_in_bytes", 3 * GB), group=V1)
    assert (found.memory, found.limit) == (3 * GB, "cgroup")


def test_version_1_without_a_limit_and_another_controllers_group(tmp_path: Path) -> None:
    files = (
        ("memory/memory.limit_in_bytes", V1_NONE), ("memory/docker/abc/memory.limit_in_bytes", V1_NONE),
        ("memory/x/memory.limit_in_bytes", GB), ("x/memory.max", GB),
    )  # fmt: skip
    found = grouped(tmp_path, *files, group=V1)
    assert (found.memory, found.limit) == (16 * GB, "physical")


def test_the_whole_groups_tree_is_seen_from_inside_a_container(tmp_path: Path) -> None:
    """With a namespace of its own the process is at the top, or above what it sees."""
    for group in ("0::/\n", "0::/../../other\n"):
        files = (("memory.max", 5 * GB), ("../memory.max", GB))  # the second is no control group's
        assert grouped(tmp_path, *files, group=group).memory == 5 * GB


# --- cores ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quota", "cores"),
    [
        ("200000 100000", 2), ("250000 100000", 2), ("50000 100000", 1), ("1000 100000", 1), ("900000 100000", 8),
        ("max 100000", 8), ("100000", 8), ("0 100000", 8), ("-1 100000", 8), ("200000 0", 8), ("", 8), ("2 1 1", 8),
    ],
)  # fmt: skip
def test_a_quota_of_processor_time_is_so_many_cores(quota: str, cores: int, tmp_path: Path) -> None:
    for folder in ("", "a/", "a/b/"):
        root = tmp_path / (folder.replace("/", "-") or "top")
        assert grouped(root, (f"{folder}cpu.max", quota)).cores == cores


@pytest.mark.parametrize(("quota", "cores"), [("300000", 3), ("50000", 1), ("-1", 8), ("0", 8)])
@pytest.mark.parametrize("folder", ["cpu", "cpu/docker", "cpu/docker/abc"])
def test_a_quota_of_version_1(quota: str, cores: int, folder: str, tmp_path: Path) -> None:
    files = ((f"{folder}/cpu.cfs_quota_us", quota), (f"{folder}/cpu.cfs_period_us", "100000"))
    assert grouped(tmp_path, *files, group=V1).cores == cores


def test_the_least_quota_holds(tmp_path: Path) -> None:
    quotas = (("cpu.max", "600000 100000"), ("a/cpu.max", "300000 100000"), ("a/b/cpu.max", "400000 100000"))
    assert grouped(tmp_path, *quotas).cores == 3


def test_cores_that_this_process_may_not_use_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3}, raising=False)
    assert detect().cores == 1


def test_where_affinity_is_not_known_all_cores_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert detect().cores == 1


# --- the rest ---------------------------------------------------------------------------------------------------------


def test_an_arm_board_is_called_by_its_model(tmp_path: Path) -> None:
    text = "processor\t: 0\nBogoMIPS\t: 108.00\n\nModel\t\t: Raspberry Pi 5 Model B\n"
    assert detect(rooted(tmp_path, {"proc/cpuinfo": text})).processor == "Raspberry Pi 5 Model B"


def test_nothing_that_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = detect(str(tmp_path / "none"))
    assert (found.cores, found.limit, found.spare, found.gpu, found.processor) == (1, "physical", 0, "", "")
    assert found.memory == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")

    def refuse(_: str) -> int:
        raise ValueError("unrecognized configuration name")

    monkeypatch.setattr(os, "sysconf", refuse)
    assert detect(str(tmp_path / "none")) == Machine(1, 0, "physical", 0, "", "")


def test_a_limit_where_all_memory_is_not_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_physical", lambda _: (0, 0))
    found = grouped(tmp_path, ("memory.max", 4 * GB))
    assert (found.memory, found.limit) == (4 * GB, "cgroup")
    assert grouped(tmp_path / "none", ("memory.max", "max")).memory == 0


def test_folders_in_the_place_of_files(tmp_path: Path) -> None:
    for name in ("proc/meminfo", "proc/cpuinfo", "proc/self/cgroup", "sys/fs/cgroup/memory.max"):
        (tmp_path / name).mkdir(parents=True)
    assert detect(str(tmp_path)).cores == 1


NUMBER = st.sampled_from(
    ["max", "-1", "0", "1", "100000", "16777216", "9" * 400, "9" * 5000, "1e5", "nan", "½", "٣", "", "\x00"]
)
NAME = st.one_of(st.sampled_from(["", "a", "..", "/", "x" * 5000, "\x00", "\x1b[31m"]), st.text(max_size=5))
GROUP = st.builds("{}:{}:/{}/{}\n".format, NUMBER, st.sampled_from(["", "memory", "cpu,cpuacct"]), NAME, NAME)
FILES: dict[str, st.SearchStrategy[str]] = {
    "proc/meminfo": st.builds("MemTotal: {} kB\nMemAvailable: {} kB\n".format, NUMBER, NUMBER),
    "proc/cpuinfo": st.builds("processor : {}\nmodel name{}\n".format, NUMBER, NAME),
    "proc/self/cgroup": st.lists(GROUP, max_size=3).map("".join),
    "sys/fs/cgroup/memory.max": NUMBER,
    "sys/fs/cgroup/a/memory.max": NUMBER,
    "sys/fs/cgroup/memory/memory.limit_in_bytes": NUMBER,
    "sys/fs/cgroup/cpu.max": st.builds("{} {}\n".format, NUMBER, NUMBER),
    "sys/fs/cgroup/cpu/cpu.cfs_quota_us": NUMBER,
    "sys/fs/cgroup/cpu/cpu.cfs_period_us": NUMBER,
}
BYTES = st.binary(max_size=40)
GARBAGE = [st.one_of(shaped.map(lambda text: text.encode("utf-8", "replace")), BYTES) for shaped in FILES.values()]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(contents=st.tuples(*GARBAGE))
def test_garbage_in_every_file_is_never_an_error(contents: tuple[bytes, ...], tmp_path: Path) -> None:
    for name, data in zip(FILES, contents, strict=True):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    found = detect(str(tmp_path))
    assert found.cores >= 1
    assert 0 <= found.spare <= found.memory


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("proc/self/cgroup", "0::/a\x00b\n"),
        ("sys/fs/cgroup/cpu.max", f"{'9' * 400} 1\n"),
        ("sys/fs/cgroup/cpu.max", f"{'9' * 5000} 1\n"),
        ("sys/fs/cgroup/memory.max", f"{'9' * 5000}\n"),
        ("proc/self/cgroup", f"0::/{'x' * 5000}\n"),
    ],
    ids=[
        "a NUL in a path",
        "a quota beyond floats",
        "a quota beyond integers",
        "a limit beyond integers",
        "a long path",
    ],
)
def test_one_odd_value_leaves_the_rest_as_it_is(name: str, text: str, tmp_path: Path) -> None:
    assert detect(rooted(tmp_path, {name: text})) == detect(rooted(tmp_path / "usual"))


@pytest.mark.parametrize("text", ["MemTotal: -5 kB\n", "MemTotal: 0 kB\n", "MemTotal:\n", "MemTotal: x kB\n", ""])
def test_memory_that_is_no_number_above_0_is_looked_for_elsewhere(text: str, tmp_path: Path) -> None:
    found = detect(rooted(tmp_path, {"proc/meminfo": text}))
    assert found.memory == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert found.spare == 0


# --- speeds -----------------------------------------------------------------------------------------------------------


def test_a_data_sheet_is_never_reached() -> None:
    speed = stated(Gpu("x", "X", 16e9, 300e9, 8e12, 65e12, 130e12, 2018, ""))
    assert 0.3 * 8e12 < speed.fp32 < 8e12
    assert 0.3 * 65e12 < speed.bf16 < 65e12
    assert 0.3 * 300e9 < speed.bandwidth == speed.stream < 300e9
    assert 0 < speed.dispatch < 1e-4


@settings(max_examples=100, deadline=None)
@given(cores=st.integers(1, 512), wanted=st.integers(1, 512))
def test_speed_is_scaled_both_ways(cores: int, wanted: int) -> None:
    speed = Speed(50e9, 100e9, 20e9, 10e9, 4e-6)
    there = scaled(speed, cores, wanted)
    assert there.fp32 == pytest.approx(speed.fp32 * wanted / cores)
    assert there.bandwidth**2 == pytest.approx(speed.bandwidth**2 * wanted / cores)
    assert list(scaled(there, wanted, cores)) == pytest.approx(list(speed))
    assert there.dispatch == speed.dispatch
