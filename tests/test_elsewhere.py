"""`retort repro` with workers that have clones of their own: the same results, whatever way the data travel."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace as changed
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest
from rich.console import Console
from typer.testing import CliRunner

from retort.commands import app
from retort.commands import repro as command
from retort.engine import clones, clusters, driving, lockfile, screen, serving, station, where, workers
from retort.engine.clones import CloneError
from retort.engine.graph import Graph, GraphError
from retort.engine.ledger import Ledger
from retort.engine.locking import lives
from retort.engine.orders import Home, Order
from retort.engine.where import Certificates, Where
from tests import elsewhere
from tests.elsewhere import until
from tests.small_graph import PROJECT, done, dvc, finished, replace, results, sh, template, tree
from tests.small_graph import repro as here

__all__ = ["done", "finished", "template", "tree"]

pytestmark = pytest.mark.filterwarnings("ignore:_NoneStep.value:DeprecationWarning")

TIME = """\
  time:
    cmd: python step.py time alone 1 results/times.json data/a/numbers
    meta: {place: alone}
    deps:
      - data/a
    outs:
      - results/times.json:
          cache: false
"""


def commit(message: str = "change") -> None:
    """Commit what is changed."""
    sh("git", "add", "-A")
    sh("git", "-c", "user.name=somebody", "-c", "user.email=somebody@example.org", "commit", "-qm", message)


def store(folder: Path) -> str:
    """A directory as a remote of DVC, of which only this tree's own configuration knows."""
    dvc("remote", "add", "--local", "store", str(folder))
    return "store"


@contextmanager
def in_the_background(address: str) -> Iterator[subprocess.Popen[str]]:
    """`retort repro --scheduler ADDRESS` as a process of its own."""
    program = "import sys; from retort.commands import repro; from retort.engine.where import Where\n"
    program += f"sys.exit(repro.started([], Where(1, scheduler={address!r}), lambda: None))"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=elsewhere.environment()
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def ran_in(folder: Path) -> list[str]:
    """The items that have run in a tree."""
    file = folder / "runs.txt"
    return file.read_text(encoding="utf-8").split() if file.exists() else []


def slow(folder: Path, row: str) -> None:
    """Let an item wait in every clone until its file is removed."""
    for clone in folder.glob("clones/*/*/"):
        (clone / f"slow-{row}").touch()


def at_work(folder: Path, row: str) -> Path:
    """The clone in which a slow item waits, once it does."""
    until(lambda: list(folder.glob(f"clones/*/*/pid-{row}")))
    return next(folder.glob(f"clones/*/*/pid-{row}")).parent


@pytest.mark.parametrize("remote", [False, True])
def test_two_clones_make_what_one_tree_makes(remote: bool, tree: Path, finished: Path, tmp_path: Path) -> None:
    with elsewhere.cluster(tmp_path / "cluster", 2) as cluster:
        assert elsewhere.repro(cluster, remote=store(tmp_path / "store") if remote else "") == 0
        both = elsewhere.clones(tmp_path / "cluster")
        assert len(both) == 2
        assert all((clone / ".dvc/cache/files").exists() == remote for clone in both)
    assert results(tree) == results(finished)
    assert "up to date" in dvc("status")
    first, second = map(ran_in, both)
    assert first
    assert second
    assert sorted([*first, *second]) == sorted(set(ran_in(finished)) - {"gather@all"})
    assert ran_in(tree) == ["gather@all"]
    assert Path(".retort/logs/distill@one.log").read_text(encoding="utf-8").startswith("the end, on ")


def test_what_ran_elsewhere_is_restored_from_the_remote_without_a_cluster(
    template: Path, tree: Path, finished: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with elsewhere.cluster(tmp_path / "cluster", 1) as cluster:
        assert elsewhere.repro(cluster, remote=store(tmp_path / "store")) == 0
    os.chdir(shutil.copytree(template, tmp_path / "another"))
    store(tmp_path / "store")
    assert command.started([], Where(1, remote="store"), lambda: None) == 0
    assert "8 restored from the run cache" in capfd.readouterr().out
    assert ran_in(Path()) == ["gather@all"]
    assert results(Path()) == results(tree) == results(finished)


@pytest.mark.usefixtures("done")
def test_clones_are_given_what_the_driver_has_and_what_must_be_alone_runs_here_and_last(tmp_path: Path) -> None:
    with Path("params.yaml").open("a", encoding="utf-8") as file:
        file.write("  four: {source: b, factor: 7, rate: 1.0, about: []}\n")
    graph = Path("dvc.yaml").read_text(encoding="utf-8")
    Path("dvc.yaml").write_text(graph + TIME, encoding="utf-8")
    commit()
    shutil.copytree(".", tmp_path / "copy")
    with elsewhere.cluster(tmp_path / "cluster", 1) as cluster:
        assert elsewhere.repro(cluster, remote=store(tmp_path / "store")) == 0
        (clone,) = elsewhere.clones(tmp_path / "cluster")
    assert ran_in(clone) == ["distill@four", "evaluate@four"]
    assert ran_in(Path()) == ["gather@all", "time@alone"]
    made = results(Path())
    os.chdir(tmp_path / "copy")
    assert here() == 0
    assert results(Path()) == made


def test_code_and_params_that_are_not_committed_are_refused_and_changed_results_are_not(
    done: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    commit()
    Path("results/quality/one.json").write_text("half", encoding="utf-8")
    Path("notes.txt").write_text("of nobody's concern", encoding="utf-8")
    at = Where(1, scheduler="tcp://127.0.0.1:9")
    replace("params.yaml", "factor: 3", "factor: 4")
    assert command.started([], at, lambda: None) == 2
    assert "these differ from it: params.yaml; commit them" in capfd.readouterr().err
    commit()
    (done / "data/a/more").write_text("untracked, but made by an item", encoding="utf-8")
    with elsewhere.cluster(tmp_path / "cluster", 1) as cluster:
        assert elsewhere.repro(cluster) == 0
    assert "up to date" in dvc("status")


@pytest.mark.usefixtures("tree")
def test_a_run_whose_driver_is_killed_is_continued(finished: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cluster"
    with elsewhere.cluster(folder, 1) as cluster:
        assert elsewhere.repro(cluster, "acquire") == 0
        slow(folder, "two")
        with in_the_background(cluster.address) as driver:
            clone = at_work(folder, "two")
            pid = int((clone / "pid-two").read_text(encoding="utf-8"))
            driver.kill()
            until(lambda: not lives(pid, time.time()))
        (clone / "slow-two").unlink()
        assert elsewhere.repro(cluster) == 0
    assert results(Path()) == results(finished)


@pytest.mark.usefixtures("tree")
def test_an_item_whose_worker_no_longer_answers_runs_elsewhere(finished: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cluster"
    with elsewhere.cluster(folder, 2, DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL="3s") as cluster:
        assert elsewhere.repro(cluster, "acquire") == 0
        slow(folder, "two")
        with in_the_background(cluster.address) as driver:
            clone = at_work(folder, "two")
            worker = psutil.Process(int((clone / "pid-two").read_text(encoding="utf-8"))).parent()
            while "multiprocessing" not in " ".join(worker.cmdline()):
                worker = worker.parent()
            worker.suspend()
            for each in folder.glob("clones/*/*/slow-two"):
                if each.parent != clone:
                    each.unlink()
            assert driver.wait(60) == 0
            assert driver.stdout
            assert "again      distill@two: its worker died" in driver.stdout.read()
    assert results(Path()) == results(finished)


@pytest.mark.usefixtures("tree")
def test_a_scheduler_that_counts_deaths_does_not_end_an_item(finished: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cluster"
    with elsewhere.cluster(folder, 2, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0") as cluster:
        assert elsewhere.repro(cluster, "acquire") == 0
        slow(folder, "two")
        with in_the_background(cluster.address) as driver:
            elsewhere.end(cluster.workers[[*elsewhere.clones(folder)].index(at_work(folder, "two"))])
            for each in folder.glob("clones/*/*/slow-two"):
                each.unlink()
            assert driver.wait(60) == 0
    assert results(Path()) == results(finished)


def waits_for_workers(driver: subprocess.Popen[str]) -> None:
    """Read what a driver says until it says that there is no worker."""
    assert driver.stdout
    assert any("no worker has joined yet" in line for line in driver.stdout)


@pytest.mark.usefixtures("tree")
def test_a_run_waits_for_workers_and_ends_with_its_scheduler(tmp_path: Path) -> None:
    folder = tmp_path / "cluster"
    with elsewhere.cluster(folder, 0) as cluster:
        with in_the_background(cluster.address) as driver:
            waits_for_workers(driver)
            driver.send_signal(signal.SIGINT)
            assert driver.wait(60) == 130
        with in_the_background(cluster.address) as driver:
            waits_for_workers(driver)
            elsewhere.end(cluster.scheduler)
            said, _ = driver.communicate(timeout=90)
            assert driver.returncode == 1
            assert "the scheduler is gone" in said


@pytest.mark.usefixtures("tree")
def test_what_cannot_be_sent_fails_its_item_and_is_not_recorded(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("no directory", encoding="utf-8")
    with elsewhere.cluster(tmp_path / "cluster", 1) as cluster:
        assert elsewhere.repro(cluster, "acquire@a", remote=store(tmp_path / "store")) == 1
    assert "acquire@a" not in lockfile.lock_entries()[1]
    assert "NotADirectoryError" in Path(".retort/logs/acquire@a.log").read_text(encoding="utf-8")


def test_a_connection_needs_the_right_certificate(
    tree: Path, finished: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    ours, others = (elsewhere.certificates(tmp_path / name) for name in ("ours", "others"))
    with elsewhere.cluster(tmp_path / "cluster", 1, ours) as cluster:
        assert cluster.address.startswith("tls://")
        for wrong in (Certificates(), others):
            assert elsewhere.repro(changed(cluster, certificates=wrong), "acquire") == 2
            assert "cannot be reached" in capfd.readouterr().err
        assert elsewhere.repro(cluster) == 0
    assert results(tree) == results(finished)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"scheduler": "tcp://10.0.0.1:8786"}, "whoever reaches that port"),
        ({"scheduler": "10.0.0.1:8786"}, "no address of a Dask scheduler, which looks like tls://HOST:8786"),
        ({"scheduler": "tls://10.0.0.1"}, "no address of a Dask scheduler"),
        ({"scheduler": "tls://10.0.0.1:port"}, "no address of a Dask scheduler"),
        ({"scheduler": "tls://h:1", "certificates": Certificates(Path("gone.pem"))}, "there is no file gone.pem"),
        ({"scheduler": "tls://h:1", "queue": "slurm"}, "choose"),
        ({"remote": "store"}, "DVC knows no remote 'store'"),
        ({"remote": "web"}, "DVC keeps no record of runs in an HTTP remote"),
        ({"scheduler": "tcp://127.0.0.1:9", "remote": "store"}, "DVC knows no remote 'store'"),
        ({"scheduler": "tcp://127.0.0.1:9"}, "tcp://127.0.0.1:9 cannot be reached"),
        ({"queue": "slurm"}, "there is no cluster.yaml, which says what jobs to ask for. For example:\n\njobs: 8"),
        ({"queue": "magic", "cluster_file": Path("good.yaml")}, "dask-jobqueue knows no 'magic', but htcondor, lsf"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    options: dict[str, object],
    said: str,
    tree: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    dvc("remote", "add", "--local", "web", "https://example.org/store")
    (tree / "good.yaml").write_text("{jobs: 1, memory: 1GB}", encoding="utf-8")
    monkeypatch.setattr(clusters, "REACH_S", 1)
    assert command.started([], Where(1, **options), lambda: None) == 2  # type: ignore[arg-type]
    assert said in capfd.readouterr().err
    assert not list((tree / ".retort").glob("run-*"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["repro", "--slurm"], "there is no cluster.yaml"),
        (["repro", "--scheduler", "tcp://10.0.0.1:8786"], "say --insecure if nobody else is in that network"),
        (["worker", "tcp://10.0.0.1:8786"], "say --insecure if nobody else is in that network"),
        (["worker", "here"], "no address of a Dask scheduler"),
        (["worker", "tls://127.0.0.1:9", "--tls-key", "gone.pem"], "there is no file gone.pem"),
        (["worker", "tcp://127.0.0.1:9", "-j", "1"], "tcp://127.0.0.1:9 cannot be reached"),
    ],
)
def test_the_command_line_is_refused_in_a_sentence(
    words: list[str], said: str, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "REACH_S", 1)
    outcome = CliRunner().invoke(app, words)
    assert outcome.exit_code == 2
    assert said in outcome.stderr
    assert not (tree / "runs.txt").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("jobs: 0\nmemory: 1GB", "jobs: Input should be greater than or equal to 1"),
        ("jobs: two\nmemory: 1GB", "jobs: Input should be a valid integer"),
        ("jobs: 2", "memory: Field required"),
        ("jobs: 2\nmemory: 1GB\npartition: main", "partition: Extra inputs are not permitted"),
        ("jobs: 2\nmemory: 1GB\nworkers_per_job: 4\ngpus_per_job: 1", "set workers_per_job: 1"),
        ("jobs: [", "is not YAML"),
        ("", "the file: Input should be a valid dictionary"),
    ],
)
def test_a_wrong_cluster_file_is_refused_in_a_sentence(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "cluster.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(GraphError) as refused:
        where.jobs(file)
    assert said in str(refused.value)


def test_the_example_of_a_cluster_file_is_one(tmp_path: Path) -> None:
    (tmp_path / "cluster.yaml").write_text(where.EXAMPLE, encoding="utf-8")
    assert where.jobs(tmp_path / "cluster.yaml").jobs == 8


@pytest.mark.parametrize(
    ("queue", "directives"),
    [
        ("slurm", ["#SBATCH -p night", "#SBATCH -t 02:00:00", "#SBATCH --gres=gpu:1", "#SBATCH -A ours"]),
        ("pbs", ["#PBS -q night", "#PBS -l walltime=02:00:00", "#PBS --gres=gpu:1", "#PBS -A ours"]),
        ("sge", ["#$ -q night", "#$ -l h_rt=02:00:00", "#$ --gres=gpu:1"]),
    ],
)
def test_a_job_asks_for_what_the_file_says(
    queue: str, directives: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(".retort").mkdir()
    wanted = where.Jobs(
        jobs=3,
        memory="8GB",
        walltime="02:00:00",
        queue="night",
        account=None if queue == "sge" else "ours",
        gpus_per_job=1,
        directives=["--gres=gpu:1"],
        prologue=["module load git"],
        interface="lo",
        clones="/fast/clones",
    )
    with workers.quiet(), clusters.issued() as security:
        with clusters.cluster_class(queue)(**clusters.arguments(wanted, security, dashboard=False)) as cluster:
            script = cluster.job_script()
        assert Path(security.tls_worker_key).parent.stat().st_mode & 0o077 == 0
    assert not list(Path(".retort").glob("tls-*"))
    lines = script.splitlines()
    assert set(directives) <= set(lines)
    assert lines.index("module load git") < lines.index("export RETORT_CLONES=/fast/clones") < len(lines) - 1
    for words in ("--nthreads 1", "--resources 'CPU=1 GPU=1'", "--preload retort.engine.preload", "tls://127.0.0.1:"):
        assert words in lines[-1]


def partitions() -> list[str]:
    """What a Slurm that runs on this machine has."""
    if not shutil.which("sinfo"):
        return []
    try:
        said = subprocess.run(["sinfo", "--noheader", "--format", "%R"], capture_output=True, text=True, timeout=5)
    except subprocess.TimeoutExpired:
        return []
    return said.stdout.split() if said.returncode == 0 else []


def test_slurm_runs_the_items(tree: Path, finished: Path, tmp_path: Path) -> None:
    found = partitions()
    if not found:
        pytest.skip("no Slurm answers on this machine")
    partition = found[0]
    told = f"jobs: 2\nmemory: 500MB\nqueue: {partition}\nclones: {tmp_path}/clones\n"
    file = tmp_path / "cluster.yaml"
    file.write_text(f"{told}prologue: ['export PYTHONPATH={PROJECT}']\n", encoding="utf-8")
    assert command.started([], Where(1, queue="slurm", cluster_file=file), lambda: None) == 0
    assert results(tree) == results(finished)
    assert ran_in(tree) == ["gather@all"]


def home(tree: Path) -> Home:
    """The tree as a driver tells of it."""
    head = sh("git", "rev-parse", "HEAD").strip()
    return Home("1", str(tree), "there", far=True, commit=head, cache=str(tree / ".dvc/cache"))


def test_a_clone_is_made_from_the_tree_or_from_its_origin_or_refused(tree: Path, tmp_path: Path) -> None:
    shutil.copytree(tree, tmp_path / "origin.git")
    at, clone = home(tree), tmp_path / "clone"
    with pytest.raises(CloneError, match=r"does not see the driver's tree .*; name a remote: --remote NAME"):
        clones.update(clone, at)
    at = changed(at, remote="store", remote_url="somewhere")
    with pytest.raises(CloneError, match=r"neither the driver's tree .* nor an `origin`"):
        clones.update(clone, at)
    replace("params.yaml", "factor: 3", "factor: 4")
    commit()
    there = changed(at, commit=home(tree).commit, origin=str(tmp_path / "origin.git"))
    with pytest.raises(CloneError, match=r"commit \w{12} is not in .*; push it"):
        clones.update(clone, there)
    clones.update(clone, changed(there, commit=at.commit))
    assert "factor: 3" in (clone / "params.yaml").read_text(encoding="utf-8")
    Path(".retort").mkdir()
    Path(at.mark).touch()
    clones.update(clone, there)
    assert "factor: 4" in (clone / "params.yaml").read_text(encoding="utf-8")
    with pytest.raises(CloneError, match=r"git fetch in .*no-such-place"):
        clones.update(tmp_path / "other", changed(there, origin="/no-such-place", root="/nowhere"))


def test_a_clone_has_one_worker(tmp_path: Path) -> None:
    first, lock = clones.claimed(tmp_path)
    second, other = clones.claimed(tmp_path)
    assert [first.name, second.name] == ["0", "1"]
    lock.unlock()
    third, lock = clones.claimed(tmp_path)
    assert third.name == "0"
    lock.unlock()
    other.unlock()


def test_every_gpu_has_one_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2, 5,-1")
    workers.gpus.cache_clear()
    devices = workers.gpus()
    workers.gpus.cache_clear()
    assert devices == ["2", "5"]
    made = [workers.worker(number, devices, {workers.CPU: 1.0}) for number in range(3)]
    assert [each["env"] for each in made] == [{"CUDA_VISIBLE_DEVICES": name} for name in ("2", "5", "")]
    assert [each["resources"].get(workers.GPU) for each in made] == [1.0, 1.0, None]
    assert all(each["nthreads"] == 1 and each["resources"][workers.CPU] == 1.0 for each in made)
    assert workers.worker(0, [], {})["env"] == {}


def test_an_item_asks_for_a_gpu_where_params_say_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = Graph({"train": (), "count": ()}, {}, devices={"train": "cuda"})

    def asked(item: str, far: bool, here: bool) -> dict[str, float]:
        at = Home("1", "/tree", "host", far=far)
        return driving.resources(Order(at, item, stale=True, here=here, sent=False), graph)

    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    workers.gpus.cache_clear()
    assert asked("train", far=True, here=False) == {"GPU": 1.0}
    assert asked("count", far=True, here=False) == {"CPU": 1.0}
    assert asked("count", far=True, here=True) == {"here": 1.0}
    assert asked("train", far=False, here=True) == {}
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    workers.gpus.cache_clear()
    assert asked("train", far=False, here=True) == {"GPU": 1.0}
    workers.gpus.cache_clear()


def test_another_build_of_torch_or_another_processor_is_said_once(capfd: pytest.CaptureFixture[str]) -> None:
    graph = Graph({"a": (), "b": ()}, {"a": "never ran", "b": "never ran"})
    with screen.shown(Console(), Ledger(graph, {"a": [], "b": []}, {}, 1)) as shown:
        for item in ("a", "b"):
            shown.started(item, {**station.facts(), "host": "n7", "torch": "2.13.0+cu130"}, again=False)
    out = capfd.readouterr().out
    assert out.count("n7 has torch 2.13.0+cu130, this machine") == 1
    assert "has cpu" not in out


def test_a_worker_tells_what_numbers_depend_on() -> None:
    assert station.facts().keys() == {"host", "cpu", "torch", "dvc"}
