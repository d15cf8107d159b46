"""`retort verify` passes what was published, names every kind of damage, and tells what becomes of claims."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from retort.checking import accepting, params, yaml_text
from retort.checking import claims as claims_file
from retort.commands import app
from retort.verification import agreement, allowing, derived, judging, recorded
from stages import (
    acquire_data,
    build_judges,
    build_teachers,
    count_costs,
    distill_students,
    establish_protocols,
    evaluate_quality,
)
from stages.findings import claims, dictionary, factors, outcomes
from stages.settings import members, paths, sweeps
from tests import all_tables
from tests.smallest import TEXT

GRAPH = """\
stages:
  acquire_data: {foreach: "${datasets}", do: {cmd: make, outs: ["data/${key}"]}}
  count_costs: {cmd: make, outs: [results/costs.json: {cache: false}]}
  distill_students: {foreach: "${variants}", do: {cmd: make, outs: ["results/students/${key}"]}}
  evaluate_quality: {foreach: "${variants}", do: {cmd: make, outs: ["results/quality/${key}.json": {cache: false}]}}
  gather_results: {cmd: make, outs: [results/results.csv: {cache: false}, results/comparisons.csv: {cache: false}]}
"""
CLAIMS = """\
claims:
  - {claim: Teaching helps., row: taught, metric: l1, relation: better_than, than: plain, headline: true}
  - {claim: The teacher beats the input., row: teacher, metric: l1, relation: better_than, than: input}
"""
ERRORS = {"teacher": [0.02], "plain": [0.04, 0.041], "taught": [0.03, 0.0311]}
PROTOCOL = {"examination": "translation", "extractor": "judge", "version": 1, "split": "test"}
COLUMNS = {
    name: {"metric": "some", "better": better, "unit": "", "title": name, "meaning": name}
    for name, better in (("l1", "min"), ("accuracy_target", "max"), ("fid_judge", "min"))
}
IDENTITY = ("-c", "user.name=Test", "-c", "user.email=test@example.invalid")


def quality(errors: list[float]) -> dict[str, Any]:
    """What evaluate_quality writes, with few metrics."""
    seeds = {
        str(seed): {
            "training_precision": "float32",
            "overall": {"l1": error, "accuracy_target": 0.9 - error, "fid_judge": 100 * error},
            "intervals": {"l1": [error - 0.001, error + 0.001]},
            "standard_errors": {"l1": 0.0005},
            "datasets": {},
        }
        for seed, error in enumerate(errors)
    }
    protocol = {"shared": PROTOCOL, "datasets": {"faces": {"images": 16}}}
    references = {"reference_input_l1": 0.05}
    return {"protocol": protocol, "columns": COLUMNS, "headline": "l1", "references": references, "seeds": seeds}


def write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content, indent=1) + "\n", encoding="utf-8")


def lock() -> None:
    """What DVC would record of the files at hand."""

    def out(path: str) -> dict[str, Any]:
        return {"path": path, "hash": "md5", "md5": recorded.digest(Path(path)), "size": 1}

    rows = yaml_text.read(paths.PARAMS)[0]["variants"]
    judged = [out(paths.quality(name).as_posix()) for name in rows]
    items: dict[str, Any] = {
        "acquire_data@faces": {"outs": [out("data/faces")]},
        "count_costs": {"outs": [out("results/costs.json")]},
        **{f"distill_students@{name}": {} for name in rows},
        **{
            f"evaluate_quality@{name}": {
                "deps": [out("code.py"), out("data/faces")],
                "params": {"params.yaml": {f"variants.{name}": row}},
                "outs": [each],
            }
            for (name, row), each in zip(rows.items(), judged, strict=True)
        },
        "gather_results": {"deps": judged, "outs": [out("results/results.csv"), out("results/comparisons.csv")]},
    }
    stages = {name: {"cmd": f"python -m stages.{name}", **each} for name, each in items.items()}
    with paths.LOCK.open("w", encoding="utf-8") as file:
        YAML().dump({"schema": "2.0", "stages": json.loads(json.dumps(stages))}, file)


def accept() -> None:
    accepting.write(params.checked())


def gather() -> None:
    all_tables.gather()
    lock()


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose last commit holds results."""
    monkeypatch.chdir(tmp_path)
    for file, text in (
        (paths.PARAMS, TEXT),
        (paths.GRAPH, GRAPH),
        (paths.CLAIMS, CLAIMS),
        (Path("code.py"), "x = 1\n"),
    ):
        write(file, text)
    costs = {"parameters": 100, "macs": 1000, "macs_output_rule": 1200, "bytes": 400, "activations": 50}
    write(
        paths.costs(),
        {"teachers": {}, "variants": {name: {"kept": costs, "training": {"macs": 9000}} for name in ERRORS}},
    )
    write(paths.dataset("faces") / "header.json", "{}")
    write(paths.dataset("faces") / "train" / "images.npy", "bytes")
    for name, errors in ERRORS.items():
        write(paths.quality(name), quality(errors))
        for seed in range(len(errors)):
            write(paths.student_curve(name, seed), "step\tloss\n1\t0.5\n")
    write(paths.teacher_curve("large"), "step\tloss\n1\t0.5\n")
    accept()
    gather()
    commit()
    return tmp_path


def commit() -> None:
    for command in (["init", "-q"], ["add", "-A"], [*IDENTITY, "commit", "-q", "-m", "results"]):
        subprocess.run(["git", *command], check=True)


def verify(*options: str) -> tuple[int, str]:
    """Exit status and what was printed, on one line."""
    result = CliRunner().invoke(app, ["verify", *options], env={"COLUMNS": "1000"})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, re.sub(r"\s+", " ", result.output)


def replace(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


@pytest.mark.usefixtures("published")
def test_published_results_are_verified() -> None:
    for options in ([], ["--exact"]):
        status, shown = verify(*options)
        assert status == 0, shown
        assert shown.rstrip().endswith("Verified.")
        assert shown.count("holds") == 2


def change_digit(path: Path, before: str, after: str) -> Callable[[], None]:
    return lambda: replace(path, before, after)


def change_and_lock(path: Path, before: str, after: str) -> Callable[[], None]:
    def damage() -> None:
        replace(path, before, after)
        lock()

    return damage


def last_line(keep: bool) -> Callable[[], None]:
    """Take the last row of the table away, or add one."""

    def damage() -> None:
        lines = paths.results().read_text().splitlines()
        lines = [*lines, lines[-1].replace("taught,1", "taught,2")] if keep else lines[:-1]
        paths.results().write_text("\n".join(lines) + "\n")

    return damage


def judged(name: str, change: Callable[[Any], None]) -> Callable[[], None]:
    """Change a report, and all that follows from it, consistently."""

    def damage() -> None:
        report = json.loads(paths.quality(name).read_text())
        change(report)
        write(paths.quality(name), report)

    return damage


def all_errors(errors: dict[str, list[float]]) -> Callable[[], None]:
    """Another training, honestly gathered and recorded."""

    def damage() -> None:
        for name, each in errors.items():
            write(paths.quality(name), quality(each))
        gather()

    return damage


def claimed(lines: str) -> Callable[[], None]:
    """Other claims, honestly gathered."""

    def damage() -> None:
        write(paths.CLAIMS, "claims:\n" + lines if lines else "claims: []\n")
        gather()

    return damage


def drop_row() -> None:
    text = paths.PARAMS.read_text()
    paths.PARAMS.write_text("\n".join(line for line in text.splitlines() if not line.startswith("  taught:")) + "\n")


def other_data() -> None:
    write(paths.dataset("faces") / "train" / "images.npy", "other bytes")
    lock()


def other_costs() -> None:
    replace(paths.costs(), '"macs": 1000', '"macs": 1001')
    gather()


def other_source(report: Any) -> None:  # noqa: ANN401
    report["protocol"]["datasets"]["faces"]["images"] = 8


def not_a_number(report: Any) -> None:  # noqa: ANN401
    report["seeds"]["0"]["overall"]["l1"] = float("nan")


def leaked(report: Any) -> None:  # noqa: ANN401
    report["protocol"]["shared"] = {**PROTOCOL, "split": "train"}


def leaked_data() -> None:
    """Honestly prepared, and recorded, but for what is in the train split."""
    images = paths.dataset("faces") / "train" / "images.npy"
    write(images, f"{images.read_text()} and those of the test")
    lock()


def tenfold() -> None:
    """Another lesson's weight, honestly run: whoever runs it may not see the difference in noisy numbers."""
    head, tail = paths.PARAMS.read_text().split("  taught:", 1)
    paths.PARAMS.write_text(f"{head}  taught:{tail.replace('weight: 10.0', 'weight: 100.0', 1)}")
    accept()
    lock()


def exchanged() -> None:
    """The numbers of two rows under each other's name, honestly gathered."""
    one, other = (json.loads(paths.quality(name).read_text()) for name in ("teacher", "plain"))
    first, second = one["seeds"]["0"], other["seeds"]["0"]
    one["seeds"]["0"], other["seeds"]["0"] = second, first
    write(paths.quality("teacher"), one)
    write(paths.quality("plain"), other)
    gather()


def other_processor() -> None:
    for name, cpu in (("teacher", "EPYC"), ("plain", "EPYC"), ("taught", "Xeon")):
        write(paths.provenance("distill_students", name), {"cpu": cpu, "device": "cpu"})


def fewer_seeds(report: Any) -> None:  # noqa: ANN401
    del report["seeds"]["1"]


DAMAGE: dict[str, tuple[Callable[[], None], str]] = {
    "digit of a report": (
        change_digit(paths.quality("plain"), "0.041", "0.043"),
        "results/quality/plain.json: was changed after evaluate_quality@plain made it",
    ),
    "digit of the table": (
        change_and_lock(paths.results(), "0.031100", "0.031200"),
        "line 6: 0.031200 instead of 0.031100",
    ),
    "digit of a comparison": (
        change_and_lock(paths.comparisons(), "-0.009950", "-0.009951"),
        "results/comparisons.csv: is not what the files behind it give; line 2: -0.009951 instead of -0.009950",
    ),
    "digit of a count": (change_digit(paths.costs(), "1200", "1300"), "results/costs.json: was changed after"),
    "missing row": (last_line(keep=False), "taught seed 1: is missing in results/results.csv"),
    "extra row": (last_line(keep=True), "taught seed 2: is in results/results.csv, but not in params.yaml"),
    "NaN in a report": (judged("plain", not_a_number), "results/quality/plain.json: holds NaN"),
    "NaN in the table": (
        change_and_lock(paths.results(), "0.031100", "nan"),
        "results/results.csv: line 6: l1 holds nan",
    ),
    "other protocol": (
        judged("plain", other_source),
        "results/quality/plain.json: has another protocol than teacher: images (faces (translation))",
    ),
    "missing seed": (
        judged("taught", fewer_seeds),
        "results/quality/taught.json: has seeds 0; params.yaml asks for 0, 1",
    ),
    "missing report": (lambda: paths.quality("plain").unlink(), "results/quality/plain.json: is missing"),
    "broken report": (lambda: write(paths.quality("plain"), "{"), "results/quality/plain.json: is not JSON"),
    "params changed": (
        change_digit(paths.PARAMS, "student: {width: 2, blocks: 3}", "student: {width: 2, blocks: 2}"),
        "evaluate_quality@plain: is stale: variants.plain in params.yaml changed since it ran",
    ),
    "code changed": (
        change_digit(Path("code.py"), "1", "2"),
        "evaluate_quality@taught: is stale: code.py changed since it ran",
    ),
    "inputs changed": (
        lambda: relabel("results/quality/plain.json"),
        "gather_results: is stale: evaluate_quality@plain has made another results/quality/plain.json since",
    ),
    "never ran": (lambda: forget("evaluate_quality@plain"), "evaluate_quality@plain: never ran"),
    "left behind": (drop_row, "evaluate_quality@taught: is in dvc.lock but not in params.yaml"),
    "other data": (other_data, "data/faces: has other bytes than the published one (acquire_data@faces)"),
    "other counts": (other_costs, "variants.teacher.kept.macs is 1001, published 1000"),
    "far from published": (
        all_errors({"plain": [0.04, 0.9]}),
        "plain, l1: is 0.47, published 0.0405 (mean of 2 seeds);",
    ),
    "no table": (lambda: paths.results().unlink(), "results/results.csv: is missing in the working tree"),
    "claim turned": (
        all_errors({"taught": [0.0500, 0.0511]}),
        "Teaching helps.: does not hold here (0.0505 against 0.0405: difference 0.01, interval 0.00941 to 0.0107); "
        "published: holds (0.0306 against 0.0405: difference -0.00995, interval -0.0106 to -0.00932)",
    ),
    "a weight off by a factor of ten": (
        tenfold,
        "variants.taught: was run with other params: generator_lesson.weight is 100.0, published 10.0",
    ),
    "a split that leaked": (
        judged("plain", leaked),
        "results/quality/plain.json: protocol: shared.split is train, published test",
    ),
    "test images among those that were trained on": (
        leaked_data,
        "data/faces: has other bytes than the published one (acquire_data@faces)",
    ),
    "two rows exchanged": (exchanged, "teacher, l1: is 0.04, published 0.02;"),
    "another processor for one row": (
        other_processor,
        "1 trainings were done by cpu on Xeon",
    ),
    "claim taken back": (
        claimed(""),
        "Teaching helps.: is a published claim, and not made here",
    ),
    "claim added": (
        claimed(
            CLAIMS.removeprefix("claims:\n")
            + "  - {claim: More., row: taught, metric: l1, relation: at_most, than: 1.0}\n"
        ),
        "More.: is claimed here (holds), and not published",
    ),
    "digit of an outcome": (
        change_digit(claims.TABLE, "difference -0.00995", "difference -0.00996"),
        "results/claims.csv: is not what the files behind it give; line 2:",
    ),
    "table of paces that is none": (
        lambda: write(paths.paces(), "variant,pace\ntaught,constant\n"),
        "results/paces.csv: is not what the files behind it give; line 1: its length",
    ),
}


def edit_lock(change: Callable[[Any], None]) -> None:
    yaml = YAML()
    content = yaml.load(paths.LOCK.read_text())
    change(content["stages"])
    with paths.LOCK.open("w") as file:
        yaml.dump(content, file)


def relabel(path: str) -> None:
    """The table was made from another file than the one that is here."""

    def change(items: Any) -> None:  # noqa: ANN401
        for dep in items["gather_results"]["deps"]:
            if dep["path"] == path:
                dep["md5"] = hashlib.md5(b"other").hexdigest()

    edit_lock(change)


def forget(item: str) -> None:
    edit_lock(lambda items: items.pop(item))


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize("name", ["cmd", "outs", "path", "hash", "md5", "size", "schema", "stages"])
def test_a_name_in_the_lock_file_that_dvc_does_not_write_is_refused(name: str) -> None:
    """Whatever was called so before: what it said is not recorded any more."""
    text = paths.LOCK.read_text()
    assert f"{name}:" in text
    paths.LOCK.write_text(text.replace(f"{name}:", f"{name}x:", 1))
    said = CliRunner().invoke(app, ["verify"])
    assert said.exit_code == 2
    assert "dvc.lock is not what was recorded" in said.output


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize(("errors", "outcome"), [([0.0500, 0.0511], "does not hold"), ([0.030, 0.0419], "cannot tell")])
def test_a_claim_that_was_published_as_open_or_refuted_is_no_finding(errors: list[float], outcome: str) -> None:
    all_errors({"taught": errors})()
    commit()
    status, shown = verify()
    assert status == 0, shown
    assert f"Teaching helps. │ {outcome} │" in shown


@pytest.mark.usefixtures("published")
def test_a_claim_that_becomes_open_is_told_and_no_finding() -> None:
    all_errors({"taught": [0.030, 0.0419]})()
    status, shown = verify()
    assert status == 0, shown
    assert "Teaching helps.: cannot tell here (0.036 against 0.0405: difference -0.00455, interval" in shown
    assert "1 of 2 the same" in shown
    status, shown = verify("--exact")
    assert status == 1


@pytest.mark.usefixtures("published")
def test_where_no_outcomes_are_published_it_is_said() -> None:
    subprocess.run(["git", *IDENTITY, "rm", "-q", "--cached", claims.TABLE.as_posix()], check=True)
    subprocess.run(["git", *IDENTITY, "commit", "-q", "-m", "no outcomes"], check=True)
    status, shown = verify()
    assert status == 0, shown
    assert "claims come out as published │ yes (not compared: commit" in shown
    assert "holds no results/claims.csv)" in shown


@pytest.mark.usefixtures("published")
def test_outcomes_are_published_in_the_order_of_the_claims() -> None:
    with claims.TABLE.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert list(lines[0]) == ["claim", "outcome", "figures", "headline", "problems", "rows", "metric"]
    assert [line["claim"] for line in lines] == ["Teaching helps.", "The teacher beats the input."]
    assert [line["headline"] for line in lines] == ["true", "false"]
    assert (lines[0]["problems"], lines[0]["rows"], lines[0]["metric"]) == ("two", "taught plain", "l1")


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_is_named(kind: str) -> None:
    damage, sentence = DAMAGE[kind]
    damage()
    status, shown = verify()
    assert status == 1, shown
    assert sentence in shown, shown
    assert "Not verified" in shown


@pytest.mark.usefixtures("published")
def test_what_another_machine_computes_agrees_but_is_not_the_same() -> None:
    all_errors({"plain": [0.0401, 0.0411], "taught": [0.0301, 0.0312]})()
    status, shown = verify()
    assert status == 0, shown
    assert "l1 │ 0.0001 │" in shown
    status, shown = verify("--exact")
    assert status == 1
    assert "plain seed 1, l1: is 0.041100, published 0.041000" in shown
    assert "results/quality/plain.json: has other bytes" in shown


@pytest.mark.usefixtures("published")
def test_training_in_another_precision_is_said() -> None:
    for name in ERRORS:
        text = paths.quality(name).read_text(encoding="utf-8")
        paths.quality(name).write_text(text.replace("float32", "bfloat16"), encoding="utf-8")
    gather()
    status, shown = verify()
    assert status == 0, shown
    assert "trained in float32 there, in bfloat16 here" in shown


@pytest.mark.usefixtures("published")
def test_weights_may_be_absent_but_not_others() -> None:
    def record(items: Any) -> None:  # noqa: ANN401
        outs = [{"path": "results/students/plain", "hash": "md5", "md5": f"{32 * '0'}.dir", "size": 1}]
        items["distill_students@plain"]["outs"] = outs

    edit_lock(record)
    commit()
    assert verify()[0] == 0
    write(paths.student("plain", 0), "weights")
    status, shown = verify()
    assert status == 1
    assert "results/students/plain: was changed after distill_students@plain made it" in shown


def test_results_that_do_not_exist_are_said_to_be_absent(published: Path) -> None:
    paths.LOCK.unlink()
    shutil.rmtree(published / "results")
    status, shown = verify()
    assert status == 1
    assert "There are no results here: neither dvc.lock nor results/results.csv. `make repro` computes them." in shown
    assert re.search(r"commit [0-9a-f]+ has published ones", shown)


def test_nothing_published_is_no_failure(published: Path) -> None:
    subprocess.run(["git", "rm", "-q", "--cached", "results/results.csv"], check=True)
    commit_again = [*IDENTITY, "commit", "-q", "-m", "without"]
    subprocess.run(["git", *commit_again], check=True)
    status, shown = verify()
    assert status == 0, shown
    assert "not compared: commit" in shown
    shutil.rmtree(published / ".git")
    status, shown = verify()
    assert status == 0, shown
    assert "not compared: there is no git here" in shown


def packed(kind: str, root: Path, target: Path) -> Path:
    files = [file for file in sorted(root.rglob("*")) if file.is_file() and ".git" not in file.parts]
    if kind == "zip":
        with zipfile.ZipFile(target, "w") as archive:
            for file in files:
                archive.write(file, Path("retort-1.0") / file.relative_to(root))
    else:
        with tarfile.open(target, "w:gz") as archive:
            for file in files:
                archive.add(file, Path("retort-1.0") / file.relative_to(root))
    return target


@pytest.mark.parametrize("kind", ["folder", "results folder", "zip", "tar", "table"])
def test_published_results_may_be_named(kind: str, published: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("published")
    if kind in ("zip", "tar"):
        place = packed(kind, published, elsewhere / f"archive.{kind}")
    else:
        shutil.copytree(published, elsewhere / "copy", ignore=shutil.ignore_patterns(".git"))
        place = (
            elsewhere / {"folder": "copy", "results folder": "copy/results", "table": "copy/results/results.csv"}[kind]
        )
    shutil.rmtree(published / ".git")
    assert verify("--against", str(place))[0] == 0
    all_errors({"plain": [0.04, 0.9]})()
    status, shown = verify("--against", str(place))
    assert status == 1
    assert "plain, l1: is 0.47, published 0.0405 (mean of 2 seeds)" in shown


@pytest.mark.usefixtures("published")
def test_a_source_without_results_is_refused() -> None:
    write(Path("empty/notes.txt"), "nothing")
    for name, sentence in (("empty", "holds neither"), ("nowhere", "does not exist"), ("code.py", "is no folder")):
        status, shown = verify("--against", name)
        assert status == 2
        assert sentence in shown


def test_a_folder_is_hashed_as_dvc_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("b/c.txt", "b.txt", "b/a/z.txt", "a-b/x"):
        write(tmp_path / "folder" / name, name)
    for command in (["init", "--no-scm", "-q"], ["add", "-q", "folder"]):
        subprocess.run([sys.executable, "-m", "dvc", *command], check=True, capture_output=True)
    out = yaml_text.read(Path("folder.dvc"))[0]["outs"][0]
    assert recorded.digest(Path("folder")) == out["md5"]


def table(values: dict[str, list[str]]) -> agreement.Table:
    text = "variant,seed,l1\n" + "".join(f"{n},{i},{v}\n" for n, vs in values.items() for i, v in enumerate(vs))
    return agreement.read(text.encode())


def test_what_is_allowed_is_the_spread_over_seeds() -> None:
    values = agreement.values(table({"a": ["-0.1", "0.1"], "b": ["5.0", "5.2"], "c": ["9"]}), "l1")
    # Both pairs have variance 0.02; one comparison at 1 % and 2 degrees of freedom has t = 9.925.
    (found,) = allowing.scatters(values[""])
    assert found.allowed(5.1, 5.0, 0.01) == pytest.approx(9.925 * (2 * 0.02) ** 0.5, rel=1e-4)
    assert found.allowed(5.1, 5.0, 0.0001) > 5 * found.allowed(5.1, 5.0, 0.01)
    assert not allowing.scatters({"a": {"0": 0.1}})


def test_few_seeds_borrow_from_the_problem_that_scatters_most_for_its_size() -> None:
    quiet = {f"q{row}": {"0": 1.0, "1": 1.01} for row in range(8)}
    loud = {f"l{row}": {"0": 100.0, "1": 120.0} for row in range(8)}
    found = allowing.of_problems({"quiet": quiet, "loud": loud, "few": {"alone": {"0": 10.0}}})
    (borrowed,) = found["few"]
    assert borrowed.axis == "log"
    assert borrowed.deviation == pytest.approx(found["loud"][-1].deviation)
    assert allowing.allowed(found["quiet"], 1.1, 1.0, 0.01) < 0.1
    assert allowing.allowed(found["few"], 11.0, 10.0, 0.01) > 1.0


def test_without_spread_a_fiftieth_is_allowed() -> None:
    theirs = table({"a": ["1.0"], "b": ["2.0"]})
    near, far = (agreement.nearly(table({"a": ["1.0"], "b": [cell]}), theirs, ["l1"]) for cell in ("2.039", "2.041"))
    assert not near.findings
    assert [each.where for each in far.findings] == ["b, l1"]
    assert not [*near.told, *far.told]


def held(text: str, **errors: list[float]) -> list[tuple[str, str]]:
    """What becomes of claims under other errors."""
    for name, each in errors.items():
        write(paths.quality(name), quality(each))
    all_tables.gather()
    write(paths.CLAIMS, "claims:\n" + text)
    settings = params.checked()
    return [(each.state, each.figures) for each in derived.of_results(settings, claims_file.checked()).outcomes]


RELATIONS = [
    ("{row: taught, metric: l1, relation: better_than, than: plain}", "holds"),
    ("{row: plain, metric: l1, relation: better_than, than: taught}", "cannot tell"),
    ("{row: taught, metric: fid_judge, relation: better_than, than: plain}", "holds"),
    ("{row: taught, metric: accuracy_target, relation: better_than, than: plain}", "holds"),
    ("{row: taught, metric: l1, relation: not_worse_than, than: plain}", "holds"),
    ("{row: teacher, metric: l1, relation: better_than, than: input}", "holds"),
    ("{row: teacher, metric: l1, relation: at_most, than: input, times: 0.5}", "holds"),
    ("{row: teacher, metric: l1, relation: at_most, than: input, times: 0.41}", "cannot tell"),
    ("{row: teacher, metric: l1, relation: at_most, than: input, times: 0.3}", "does not hold"),
    ("{row: teacher, metric: l1, relation: at_least, than: 0.01}", "holds"),
    ("{row: plain, metric: l1, relation: at_most, than: 0.05}", "holds"),
    ("{row: plain, metric: l1, relation: at_most, than: 0.042}", "cannot tell"),
    ("{row: plain, metric: l1, relation: better_than, than: 0.03}", "does not hold"),
    ("{row: plain, metric: macs, relation: at_most, than: teacher}", "holds"),
    ("{row: plain, metric: macs, relation: at_most, than: teacher, times: 0.5}", "does not hold"),
    ("{row: plain, metric: psnr, relation: at_least, than: 20}", "cannot tell"),
    ("{row: gone, metric: l1, relation: better_than, than: plain}", "other scale"),
]


@pytest.mark.usefixtures("published")
def test_every_relation_can_hold_fail_or_stay_open() -> None:
    text = "".join(f"  - {claim.replace('{', '{claim: it, ', 1)}\n" for claim, _ in RELATIONS)
    outcomes = held(text)
    for (claim, expected), (state, figures) in zip(RELATIONS, outcomes, strict=True):
        assert state == expected, f"{claim}: {state}, {figures}"


@pytest.mark.usefixtures("published")
def test_a_margin_is_what_may_be_lost() -> None:
    text = "  - {claim: it, row: taught, metric: l1, relation: not_worse_than, than: plain, margin: %s}\n"
    slightly_worse = {"taught": [0.0410, 0.0421]}
    assert held(text % 0.002, **slightly_worse)[0][0] == "holds"
    assert held(text % 0.001, **slightly_worse)[0][0] == "cannot tell"
    assert held(text % 0.0001, **slightly_worse)[0][0] == "does not hold"


@pytest.mark.usefixtures("published")
def test_a_single_seed_decides_nothing() -> None:
    replace(
        paths.PARAMS,
        "schedule: short, seeds: [0, 1]}\nevaluation",
        "schedule: short, seeds: [0]}\nevaluation",
    )
    text = "  - {claim: it, row: taught, metric: l1, relation: better_than, than: plain}\n"
    assert held(text, taught=[0.01])[0] == ("cannot tell", "0.01 against 0.04: difference -0.03 of a single seed")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("claims: {}\n", "needs a list under `claims:`"),
        ("claims:\n  - {claim: it, row: a, metric: l1, relation: beats, than: b}\n", r"claims\[0\].relation"),
        ("claims:\n  - {claim: it, row: a, metric: l1, relation: at_most}\n", r"claims\[0\].than: Field required"),
        (
            "claims:\n  - {claim: it, row: a, metric: l1, relation: at_most, than: [1]}\n",
            r"claims\[0\].than: Input should be a text or a number; found \[1\]$",
        ),
        (
            "claims:\n  - {claim: it, row: a, metric: l1, relation: at_most, than: }\n",
            r"claims\[0\].than: is left empty",
        ),
        (
            "claims:\n  - {claim: it, row: all, of: imgae, metric: l1, relation: at_most, than: 0}\n",
            r"claims\[0\].of: .*no table holds that of a row; known are .*image.*found 'imgae'$",
        ),
    ],
)
def test_a_malformed_claim_is_refused(text: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "claims.yaml").write_text(text)
    with pytest.raises(claims.ClaimsError, match=sentence):
        claims_file.checked(tmp_path / "claims.yaml")


@pytest.mark.usefixtures("published")
def test_other_claims_may_be_named() -> None:
    write(
        Path("mine.yaml"),
        "claims:\n  - {claim: All is perfect., row: taught, metric: l1, relation: at_most, than: 0.0}\n",
    )
    status, shown = verify("--claims", "mine.yaml")
    assert status == 1
    assert "All is perfect. │ does not hold" in shown
    assert "Teaching helps." not in shown
    status, shown = verify("--claims", "nowhere.yaml")
    assert status == 2
    assert "there is no such file" in shown


@pytest.mark.usefixtures("published")
def test_a_claim_of_better_needs_a_better_side() -> None:
    with pytest.raises(claims.ClaimsError, match="neither side of reference_input_l1 is better"):
        held("  - {claim: it, row: taught, metric: reference_input_l1, relation: better_than, than: 0.1}\n")


def test_the_claims_of_this_repository_are_about_its_rows() -> None:
    root = Path(__file__).resolve().parents[1]
    rows = sweeps.rows(params.checked(root / paths.PARAMS))
    columns = {
        name: column
        for each in members.names("metrics")
        for name, column in members.load("metrics", each).COLUMNS.items()
    }
    settings = params.checked(root / paths.PARAMS)
    problems = {row.problem for row in rows.values()}
    for claim in claims_file.checked(root / paths.CLAIMS):
        if claim.of:
            assert claim.row in (*rows, factors.ALL)
            continue
        if claim.metric == outcomes.TAU:
            assert claim.row in settings.searches
            continue
        if claim.metric in outcomes.COSINES:
            assert claim.row in problems or rows[claim.row].evidence
            continue
        assert claim.row in rows
        assert claim.relation in ("at_most", "at_least") or columns[claim.metric.removesuffix("_judge")].better


@pytest.mark.usefixtures("published")
def test_rows_cannot_be_judged_again_without_weights() -> None:
    status, shown = verify("--quick", "1")
    assert status == 1
    assert "there are no weights here" in shown


@pytest.fixture
def trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything but DVC, at the smallest scale."""
    monkeypatch.chdir(tmp_path)
    write(paths.PARAMS, TEXT)
    write(paths.GRAPH, GRAPH)
    write(paths.CLAIMS, "claims: []\n")
    write(Path("code.py"), "x = 1\n")
    acquire_data.main("faces")
    build_judges.main("faces")
    build_teachers.main("large")
    count_costs.main()
    establish_protocols.main("translation")
    for name in params.checked().variants:
        distill_students.main(name)
        evaluate_quality.main(name)
    gather()


@pytest.mark.usefixtures("trained")
def test_rows_are_judged_again_from_their_weights() -> None:
    before = paths.quality("plain").read_bytes()
    status, shown = verify("--quick", "2", "--exact")
    assert status == 0, shown
    assert "2 items: teacher, plain" in shown
    shutil.copyfile(paths.student("taught", 0), paths.student("teacher", 0))
    status, shown = verify("--quick", "1")
    assert status == 1
    assert re.search(r"results/quality/teacher.json seed 0, l1: is [\d.]+, judged again [\d.]+", shown), shown
    assert paths.quality("plain").read_bytes() == before


@pytest.mark.usefixtures("trained")
def test_judges_of_other_seeds_see_the_same_networks_otherwise() -> None:
    before = paths.quality("plain").read_bytes()
    refused = CliRunner().invoke(app, ["bench", "judges", "--seed", "0"])
    assert refused.exit_code == 1
    assert "judges have the seeds [0]; name other ones than 0" in refused.output
    result = CliRunner().invoke(app, ["bench", "judges", "--seed", "7", "-j", "2"])
    assert result.exit_code == 0, result.output
    found = {(line["variant"], line["seed"]): line for line in outcomes.lines(paths.judging().read_text())}
    assert [*found] == [("teacher", "0"), ("teacher", "7"), ("plain", "0"), ("plain", "7")]
    for name in ("teacher", "plain"):
        published, other = found[name, "0"], found[name, "7"]
        # Pixels are no matter of a judge; what it sees of images that no network made is.
        assert published["l1"] == other["l1"] != ""
        assert published["reference_input_accuracy_target"] != other["reference_input_accuracy_target"]
    assert "macs" not in found["teacher", "0"]
    known = judging.scatter(paths.judging().read_bytes())
    assert known["l1"][0].deviation == 0 < known["fid_judge"][0].deviation
    assert paths.quality("plain").read_bytes() == before
    shutil.rmtree(paths.RESULTS / "teachers")
    refused = CliRunner().invoke(app, ["bench", "judges", "--seed", "7"])
    assert refused.exit_code == 1
    assert "results/teachers is missing: `retort repro` makes it, or `dvc pull`" in refused.output


@pytest.mark.parametrize(
    ("claim", "state", "rows"),
    [
        ("row: all, of: image, metric: l1, relation: at_most, than: 0.0", "holds", ("one", "two")),
        ("row: all, of: image, metric: l1, relation: better_than, than: -0.2", "cannot tell", ("one", "two")),
        ("row: all, of: image, metric: l1, relation: at_least, than: 0.0", "does not hold", ("one", "two")),
        ("row: all, of: image, metric: kid, relation: at_most, than: 0.0", "cannot tell", ()),
        ("row: all, of: both, metric: l1, relation: at_most, than: 0.0", "cannot tell", ("one",)),
        ("row: all, of: last block, metric: l1, relation: at_most, than: 0.0", "other scale", ()),
        ("row: two, of: equal cost, metric: l1, relation: at_most, than: 0.0", "holds", ("two", "one")),
        ("row: gone, of: equal cost, metric: l1, relation: at_most, than: 0.0", "other scale", ()),
    ],
)
def test_effects_and_what_lasts_are_held_against_numbers(claim: str, state: str, rows: tuple[str, ...]) -> None:
    effects = (
        "over,effect,rows,metric,difference,low,high\nall,image,one two,l1,-0.2,-0.3,-0.1\nall,both,one,l1,-0.2,,\n"
    )
    lasting = "variant,at,beside,metric,difference,low,high\ntwo,equal cost,one,l1,-0.2,-0.3,-0.1\n"
    names: Any = {name: SimpleNamespace(problem="set1", student={}) for name in ("one", "two")}
    described = dictionary.Dictionary({"l1": SimpleNamespace(better="min")}, {})  # type: ignore[dict-item]
    known = outcomes.results(names, {paths.factorial(): effects, paths.lengths(): lasting}, {}, {}, described, ())
    found = outcomes.judge(claims.Claim.model_validate({"claim": "it", **YAML(typ="safe").load(f"{{{claim}}}")}), known)
    assert (found.state, found.rows) == (state, rows), found.figures
    if state == "holds":
        assert found.figures == f"{found.claim.of}: -0.2, interval -0.3 to -0.1"


EVIDENCE = "variant,problem,first,first_low,first_high,last,last_low,last_high,slope,slope_low,slope_high\n"


@pytest.mark.parametrize(
    ("claim", "state"),
    [
        ("row: one, metric: cosine_slope, relation: at_most, than: 0.0", "holds"),
        ("row: one, metric: cosine_first, relation: at_most, than: 0.0", "does not hold"),
        ("row: faces, metric: cosine_slope, relation: at_most, than: 0.0", "cannot tell"),
        ("row: lone, metric: cosine_slope, relation: at_most, than: 0.0", "cannot tell"),
        ("row: portraits, metric: cosine_slope, relation: at_most, than: 0.0", "cannot tell"),
        ("row: zebras, metric: cosine_slope, relation: at_most, than: 0.0", "other scale"),
        ("row: quarter, metric: tau, relation: at_least, than: 0.0", "holds"),
        ("row: half, metric: tau, relation: at_least, than: 0.0", "cannot tell"),
        ("row: whole, metric: tau, relation: at_least, than: 0.0", "other scale"),
    ],
)
def test_cosines_and_ranks_are_held_against_numbers(claim: str, state: str) -> None:
    lines = "one,faces,0.15,0.1,0.2,-0.15,-0.2,-0.1,-0.35,-0.4,-0.3\n"
    lines += ",faces,0.15,0.1,0.2,-0.05,-0.2,0.1,-0.1,-0.4,0.1\nlone,faces,,,,,,,,,\n"
    choices = {
        "quarter": {"tau": 0.5, "tau_low": 0.1, "tau_high": 0.9},
        "half": {"tau": 0.4, "tau_low": -0.1, "tau_high": 0.9},
    }
    rows: Any = {name: SimpleNamespace(problem="faces", student={}) for name in ("one", "lone")}
    rows["best"] = SimpleNamespace(problem="portraits", student={"chosen": "quarter", "pick": "best"})
    known = outcomes.results(rows, {paths.evidence(): EVIDENCE + lines}, choices, {}, dictionary.Dictionary({}, {}), ())
    stated = claims.Claim.model_validate({"claim": "it", **YAML(typ="safe").load(f"{{{claim}}}")})
    found = outcomes.judge(stated, known)
    assert found.state == state
    behind = {"one": ("one",), "faces": ("one",), "lone": ("lone",), "quarter": ("best",)}
    assert found.rows == behind.get(stated.row, ())
    # A problem is named, also where none of its rows recorded anything.
    assert found.problems == {"portraits": ("portraits",)}.get(stated.row, tuple({rows[r].problem for r in found.rows}))
