"""`retort repro` on small graphs through real DVC: equal to `dvc repro`, side by side, continuing after mishaps."""

from __future__ import annotations

import io
import json
import logging
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest
from dvc.utils.serialize import loads_yaml
from rich.console import Console

from retort.commands import dag
from retort.commands import repro as command
from retort.engine import clusters, lockfile, screen
from retort.engine import graph as graphs
from retort.engine.graph import Graph
from retort.engine.ledger import Ledger
from retort.engine.locking import settle
from retort.engine.station import log_of
from retort.engine.where import Where
from tests.elsewhere import until
from tests.killing import worker_of
from tests.small_graph import PROJECT, done, dvc, finished, replace, repro, results, runs, template, tree

__all__ = ["done", "finished", "template", "tree"]

# DVC's own use of a library.
pytestmark = pytest.mark.filterwarnings("ignore:_NoneStep.value:DeprecationWarning")


def at_work(pid: int) -> bool:
    """Whether a process exists, and is more than an entry that nobody has collected."""
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def pid_of(row: str) -> int:
    """The process of a slow item, once it is at work."""
    file = Path(f"pid-{row}")
    until(lambda: file.exists() and file.read_text(encoding="utf-8") != "")
    return int(file.read_text(encoding="utf-8"))


@contextmanager
def in_the_background(*targets: str) -> Iterator[subprocess.Popen[str]]:
    """`retort repro -j 2` as a process of its own."""
    program = f"import sys; sys.path.insert(0, {str(PROJECT)!r}); from retort.commands import repro\n"
    program += f"sys.exit(repro.run({list(targets)}, 2, lambda: None))"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def locks_held() -> list[object]:
    """What DVC believes to be read or written by somebody."""
    held = json.loads(Path(".dvc/tmp/rwlock").read_text(encoding="utf-8"))
    return [*held.get("read", {}), *held.get("write", {})]


def test_equals_dvc_repro_byte_for_byte(tree: Path, finished: Path) -> None:
    assert repro(jobs=3) == 0
    assert results(tree) == results(finished)
    assert json.loads(Path("results/results.json").read_text(encoding="utf-8")) == [
        0,
        6,
        12,
        0,
        5,
        10,
        15,
        20,
        0,
        9,
        18,
    ]
    assert "up to date" in dvc("status")
    assert len(runs()) == 9


def test_nothing_to_do_starts_nothing(done: Path, capfd: pytest.CaptureFixture[str]) -> None:
    checked: list[bool] = []
    assert command.run([], 2, lambda: checked.append(True)) == 0
    assert capfd.readouterr().out == "Everything is up to date (9 items).\n"
    assert not checked
    assert not (done / ".retort" / "logs").exists()
    assert runs() == []


@pytest.mark.usefixtures("tree")
def test_items_run_side_by_side() -> None:
    for row in ("a", "b"):
        Path(f"slow-{row}").touch()
    with in_the_background("acquire") as process:
        assert pid_of("a") != pid_of("b")
        Path("slow-a").unlink()
        Path("slow-b").unlink()
        assert process.wait(60) == 0


@pytest.mark.usefixtures("tree")
def test_nobody_on_another_machine_can_reach_a_run_and_nothing_is_served() -> None:
    Path("slow-a").touch()
    with in_the_background("acquire@a") as process:
        pid_of("a")
        driver = psutil.Process(process.pid)
        ports = [
            each.laddr
            for one in (driver, *driver.children(recursive=True))
            for each in one.net_connections("inet")
            if each.status == psutil.CONN_LISTEN
        ]
        assert len(ports) >= 3
        assert {each.ip for each in ports} == {"127.0.0.1"}
        for each in ports:
            for path in ("status", "info/main/workers.html", "json/counts.json", "metrics", "health"):
                with pytest.raises(OSError):
                    urllib.request.urlopen(f"http://{each.ip}:{each.port}/{path}", timeout=5).close()
        Path("slow-a").unlink()
        assert process.wait(60) == 0


def test_dask_says_nothing_of_its_own_while_a_run_lasts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even what it calls critical, as that a client has gone when a run ends early; afterwards it speaks."""
    monkeypatch.chdir(tmp_path)
    scheduler = logging.getLogger("distributed.scheduler")
    before = scheduler.getEffectiveLevel()
    with clusters.local(Where(1), {}):
        assert not scheduler.isEnabledFor(logging.CRITICAL)
    assert scheduler.getEffectiveLevel() == before <= logging.CRITICAL


@pytest.mark.usefixtures("done")
def test_a_row_runs_alone_and_an_equal_result_ends_the_chain(capfd: pytest.CaptureFixture[str]) -> None:
    with Path("params.yaml").open("a", encoding="utf-8") as file:
        file.write("  four: {source: b, factor: 7, rate: 1.0, about: []}\n")
    assert repro() == 0
    assert runs() == ["distill@four", "evaluate@four", "gather@all"]
    Path("acquire.txt").write_text("2", encoding="utf-8")
    capfd.readouterr()
    assert repro() == 0
    assert runs() == ["acquire@a", "acquire@b"]
    assert "11 items in" in capfd.readouterr().out


@pytest.mark.usefixtures("done")
def test_the_run_cache_is_used(capfd: pytest.CaptureFixture[str]) -> None:
    replace("params.yaml", "factor: 2", "factor: 9")
    assert repro("distill@one") == 0
    assert runs() == ["distill@one"]
    replace("params.yaml", "factor: 9", "factor: 2")
    capfd.readouterr()
    assert repro("distill@one") == 0
    assert runs() == []
    assert "1 restored from the run cache" in capfd.readouterr().out


@pytest.mark.usefixtures("tree")
def test_targets_come_with_their_ancestors(capfd: pytest.CaptureFixture[str]) -> None:
    assert repro("distill@three") == 0
    assert runs() == ["acquire@b", "distill@three"]
    assert repro("distill") == 0
    assert runs() == ["acquire@a", "distill@one", "distill@two"]
    capfd.readouterr()
    assert repro("distil") == 2
    assert "did you mean distill?" in capfd.readouterr().err


@pytest.mark.usefixtures("tree")
def test_a_failure_holds_back_only_what_needs_it(capfd: pytest.CaptureFixture[str]) -> None:
    Path("fail-two").touch()
    assert repro() == 1
    assert set(runs()) == set(graphs.items()) - {"evaluate@two", "gather"}
    out = capfd.readouterr().out
    assert "held back  gather" in out
    assert "distill@two failed" in out
    assert ".retort/logs/distill@two.log" in out
    assert "| this is distill of two, OMP_NUM_THREADS=1" in out
    assert "| no luck with two" in out
    Path("fail-two").unlink()
    assert repro() == 0
    assert runs() == ["distill@two", "evaluate@two", "gather@all"]


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_items_and_the_next_call_continues(number: signal.Signals) -> None:
    for row in ("a", "three"):
        Path(f"slow-{row}").touch()
    with in_the_background("acquire", "distill@three") as process:
        pids = [pid_of("a"), pid_of("three")]
        process.send_signal(number)
        assert process.wait(60) == 128 + number
        assert process.stdout
        assert "`retort repro` continues" in process.stdout.read()
    assert not any(at_work(pid) for pid in pids)
    assert locks_held() == []
    for row in ("a", "three"):
        Path(f"slow-{row}").unlink()
    runs()
    assert repro("acquire", "distill@three") == 0
    assert runs() == ["acquire@a", "distill@three"]


@pytest.mark.usefixtures("tree")
def test_a_killed_call_takes_its_items_along_and_the_next_call_continues() -> None:
    Path("slow-a").touch()
    with in_the_background("acquire") as process:
        pid = pid_of("a")
        process.kill()
        process.wait(60)
    until(lambda: not at_work(pid))
    Path("slow-a").unlink()
    assert repro("distill@one") == 0
    assert locks_held() == []
    assert "distill@one" not in graphs.read().stale


def kill_the_worker_of(pid: int, driver: int) -> None:
    """Kill the process in which a worker of Dask runs an item; the process of the item itself is left alone."""
    worker_of(psutil.Process(pid), driver).kill()


@pytest.mark.usefixtures("tree")
def test_an_item_whose_worker_is_killed_runs_again_and_what_was_left_has_ended() -> None:
    Path("slow-a").touch()
    with in_the_background("acquire") as process:
        first = pid_of("a")
        Path("pid-a").unlink()
        kill_the_worker_of(first, process.pid)
        second = pid_of("a")
        assert not at_work(first)
        assert second != first
        Path("slow-a").unlink()
        assert process.wait(60) == 0
        assert process.stdout
        assert "again      acquire@a: its worker died" in process.stdout.read()
    assert runs() == ["acquire@a", "acquire@a", "acquire@b"]
    assert list(Path(".retort/attempts").iterdir()) == []


@pytest.mark.usefixtures("tree")
def test_an_item_of_which_three_workers_die_fails_alone() -> None:
    Path("slow-a").touch()
    with in_the_background() as process:
        for _ in range(3):
            pid = pid_of("a")
            Path("pid-a").unlink()
            kill_the_worker_of(pid, process.pid)
        assert process.wait(60) == 1
        assert process.stdout
        out = process.stdout.read()
        assert "acquire@a failed: its worker died 3 times" in out
        assert "| this is acquire of a" in out
    assert log_of("acquire@a").read_text(encoding="utf-8").count("this is acquire of a") >= 3
    Path("slow-a").unlink()
    assert set(runs()) == {"acquire@a", "acquire@b", "distill@three", "evaluate@three"}
    assert repro("acquire") == 0
    assert runs() == ["acquire@a"]


@pytest.mark.usefixtures("tree")
def test_a_checkpoint_in_between_lets_an_item_survive_any_number_of_deaths() -> None:
    Path("slow-a").touch()
    folder = Path(".retort/scratch/of-a")
    folder.mkdir(parents=True)
    (folder / "lease").write_text("acquire@a 1", encoding="utf-8")
    with in_the_background("acquire@a") as process:
        for number in range(5):
            pid = pid_of("a")
            Path("pid-a").unlink()
            (folder / "state.pt").write_text(str(number), encoding="utf-8")
            kill_the_worker_of(pid, process.pid)
        pid_of("a")
        Path("slow-a").unlink()
        assert process.wait(60) == 0


@pytest.mark.usefixtures("tree")
def test_an_edit_under_a_running_item_is_not_recorded_as_its_input() -> None:
    Path("slow-a").touch()
    with in_the_background("acquire@a") as process:
        pid_of("a")
        Path("acquire.txt").write_text("2", encoding="utf-8")
        Path("slow-a").unlink()
        assert process.wait(60) == 1
        assert process.stdout
        assert "acquire.txt changed while the item ran" in process.stdout.read()
    runs()
    assert repro("acquire@a") == 0
    assert runs() == ["acquire@a"]


@pytest.mark.usefixtures("tree")
def test_an_item_that_ran_may_be_given_another_input() -> None:
    assert repro("acquire@a") == 0
    runs()
    Path("other.txt").write_text("1", encoding="utf-8")
    graph = Path("dvc.yaml").read_text(encoding="utf-8")
    Path("dvc.yaml").write_text(
        graph.replace("        - acquire.txt\n", "        - acquire.txt\n        - other.txt\n"), encoding="utf-8"
    )
    assert repro("acquire@a") == 0
    assert runs() == ["acquire@a"]
    assert repro("acquire@a") == 0
    assert runs() == []


@pytest.mark.usefixtures("tree")
def test_what_a_killed_process_left_in_dvcs_locks_is_cleared() -> None:
    file = Path(".dvc/tmp/rwlock")
    mine = {"pid": os.getpid(), "cmd": "long ago, another process of this number"}
    path = str(Path("data/a").absolute())
    file.write_text(json.dumps({"write": {path: mine}, "read": {path: [mine]}}), encoding="utf-8")
    settle()
    assert len(locks_held()) == 2
    os.utime(file, (0, 0))
    settle()
    assert locks_held() == []
    file.write_text('{"write": {"/half', encoding="utf-8")
    Path("dvc.lock").touch()
    assert repro("acquire@a") == 0


@pytest.mark.usefixtures("tree")
def test_one_call_at_a_time(capfd: pytest.CaptureFixture[str]) -> None:
    with graphs.alone():
        assert repro() == 2
    assert f"another retort (process {os.getpid()}) is at work" in capfd.readouterr().err


def test_the_check_comes_before_the_work_and_explains_a_broken_graph(tree: Path) -> None:
    def refuse() -> None:
        raise SystemExit(2)

    with pytest.raises(SystemExit):
        command.run([], 2, refuse)
    assert runs() == []
    replace("params.yaml", "source: b, ", "")
    with pytest.raises(SystemExit):
        command.run([], 2, refuse)
    (tree / "elsewhere").mkdir()
    os.chdir(tree / "elsewhere")
    assert repro() == 2


ENTRIES = """\
stages:
  a@x:
    cmd: one
    outs:
    - path: there
  b:
    cmd: two
"""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "schema: '2.0'\n",
        "schema: '2.0'\nstages: {}\n",
        f"schema: '2.0'\n{ENTRIES}",
        f"schema: '2.0'\n{ENTRIES}datasets:\n- name: d\n",
        f"schema: '2.0'\ndatasets:\n- name: d\n{ENTRIES}",
        'schema: "2.0"\nstages:\n    "a@x":\n        cmd: one\n',
        '{"schema": "2.0", "stages": {"a@x": {"cmd": "one"}}}\n',
    ],
)
def test_any_layout_of_the_lock_file_is_kept(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("dvc.lock").write_text(text, encoding="utf-8")
    expected = {"schema": "2.0", "stages": {}, **loads_yaml(text or "{}")}
    before, entries, after = lockfile.lock_entries()
    assert entries.keys() == expected["stages"].keys()
    added = {**entries, "c@z": "  c@z:\n    cmd: three\n"}
    lockfile.replace_lock(before, added.values(), after)
    expected["stages"]["c@z"] = {"cmd": "three"}
    assert loads_yaml(Path("dvc.lock").read_text(encoding="utf-8")) == expected
    lockfile.replace_lock(before, [], after)
    assert loads_yaml(Path("dvc.lock").read_text(encoding="utf-8")) == {**expected, "stages": {}}


@pytest.mark.usefixtures("done")
def test_reasons_of_staleness_agree_with_dvc() -> None:
    assert graphs.read().stale == {}
    Path("distill.txt").write_text("2", encoding="utf-8")
    replace("params.yaml", "count: 5", "count: 6")
    Path("results/quality/one.json").unlink()
    replace("dvc.yaml", "evaluate ${key} 1", "evaluate ${key} 2")
    stale = graphs.read().stale
    assert stale.keys() == json.loads(dvc("status", "--json")).keys()
    assert stale["distill@one"] == "distill.txt is modified"
    assert stale["acquire@b"] == "its command changed"
    assert graphs.read().pending() == set(graphs.items()) - {"acquire@a"}


CHAIN = Graph({"a": (), "b@x": ("a",), "b@y": ("a",), "c": ("b@x", "b@y")}, {"b@x": "never ran"})


def test_estimates() -> None:
    assert graphs.expected_seconds(CHAIN.needs, {}) == {}
    seconds = graphs.expected_seconds(CHAIN.needs, {"b@x": 8.0, "c": 2.0})
    assert seconds == {"a": 5.0, "b@x": 8.0, "b@y": 8.0, "c": 2.0}
    assert graphs.chains(CHAIN, CHAIN.needs, seconds) == {"a": 15.0, "b@x": 10.0, "b@y": 10.0, "c": 2.0}
    assert graphs.span(CHAIN, CHAIN.needs, seconds, 1) == 23.0
    assert graphs.span(CHAIN, CHAIN.needs, seconds, 2) == 15.0
    assert CHAIN.pending() == {"b@x", "c"}


@pytest.mark.usefixtures("tree")
def test_the_longest_chain_goes_first() -> None:
    folder = Path("results/provenance")
    folder.mkdir(parents=True)
    for stage, name, seconds in (("acquire", "a", 1.0), ("acquire", "b", 9.0), ("distill", "three", 4.0)):
        record = {"stage": stage, "name": name, "seconds": seconds}
        (folder / f"{stage}@{name}.json").write_text(json.dumps(record), encoding="utf-8")
    assert repro("distill@one", "distill@three") == 0
    order = Path("runs.txt").read_text(encoding="utf-8").split()
    assert order == ["acquire@b", "distill@three", "acquire@a", "distill@one"]


def test_the_screen_says_what_is_known_and_what_is_not() -> None:
    ledger = Ledger(CHAIN, {"b@x": [], "c": ["b@x"]}, {}, 2)
    ledger.running["b@x"] = time.monotonic() - 3
    console = Console(file=io.StringIO(), force_terminal=True, width=100, highlight=False)
    with screen.shown(console, ledger) as shown:
        shown.refresh()
        ledger.durations["b@x"] = 63.0
        shown.refresh()
        ledger.end("b@x", "ran", "")
        shown.ended("b@x", 3.0)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "0/2 items" in text
    assert "time left unknown" in text
    assert "of about 1 min 03 s" in text
    assert "done       b@x (3.0 s) 1/2" in text


def test_the_overview_leaves_out_what_follows_by_itself() -> None:
    graph = Graph({"a": (), "b": ("a",), "c": ("a", "b")}, {"b": "never ran"})
    assert dag.stage_needs(graph) == {"a": [], "b": ["a"], "c": ["b"]}
    assert list(dag.mermaid_lines(graph))[-2:] == ["  a --> b", "  b --> c"]
    console = Console(file=io.StringIO(), width=100)
    console.print(dag.overview(graph))
    assert isinstance(console.file, io.StringIO)
    cells = [line.split() for line in console.file.getvalue().splitlines()]
    assert cells[2:] == [["b", "a", "1", "1"], ["c", "b", "1", "1"]]
