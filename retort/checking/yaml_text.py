"""Reading params files as DVC reads them (YAML 1.2), with every trap of the notation said in a sentence."""

from __future__ import annotations

import math
import re
from itertools import accumulate
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from retort.checking.sentences import Problem
from stages.settings.params import sections

NAME = re.compile(r"[a-z][a-z0-9_-]*")
UNSEEN_BY_DVC = ("size", "nfiles")
SHORT_EXPONENT = re.compile(r"[-+]?\d+[eE][-+]?\d+")
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
BOOLEAN_ELSEWHERE = ("yes", "no", "on", "off")
DEEPEST = 100
FREE_KEYS = re.compile(r".*\.(frequencies|labels|match)")


def read(file: Path) -> tuple[dict[str, Any], list[Problem]]:
    """The content of a params file, and what its notation gets wrong."""
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}, [Problem(str(file), "there is no such file; run from the root of the repository")]
    except UnicodeDecodeError as error:
        return {}, [Problem(str(file), f"is not UTF-8 text (byte {error.start}); save it as UTF-8")]
    return parse(text, str(file))


def parse(text: str, name: str) -> tuple[dict[str, Any], list[Problem]]:
    """The content of a params text, and what its notation gets wrong."""
    if depth(text) > DEEPEST:
        return {}, [Problem(name, f"has more than {DEEPEST} brackets inside each other, which nobody wrote")]
    tabs = [number for number, line in enumerate(text.splitlines(), 1) if re.match(r"\s*\t", line)]
    if tabs:
        return {}, [Problem(f"{name} line {number}", "is indented with a tab; YAML wants spaces") for number in tabs]
    try:
        content = YAML(typ="safe").load(text)
        tree = YAML().compose(text)
    except DuplicateKeyError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        key = re.search(r'found duplicate key "?([^"\s]+)"?', str(error.problem))
        what = key[1] if key else "a key"
        return {}, [Problem(f"{name} line {line}", f"the key {what!r} stands twice in the same place; keep one")]
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        return {}, [Problem(f"{name} line {line}", f"is not YAML: {error.problem or error.context}")]
    except ReaderError as error:
        code = error.character if isinstance(error.character, int) else ord(error.character)
        line = text.partition(chr(code))[0].count("\n") + 1
        return {}, [Problem(f"{name} line {line}", f"holds a character that no YAML may, number {code}")]
    except RecursionError:
        return {}, [Problem(name, "is nested too deeply to be read")]
    if not isinstance(content, dict):
        return {}, [Problem(name, "must hold sections (run, datasets, teachers, …), one per line, each with a colon")]
    return content, [*walk_nodes(tree, ""), *walk_keys(sections(content), "")]


def depth(text: str) -> int:
    """How many brackets stand inside each other at most; readers of YAML crash where there are thousands."""
    steps = accumulate(1 if each in "[{" else -1 for each in re.findall(r"[][{}]", text))
    return max(steps, default=0)


def walk_nodes(node: Node, path: str) -> list[Problem]:
    """Numbers in a notation that not every YAML reader takes for a number."""
    if isinstance(node, ScalarNode):
        plain = node.style is None
        if plain and SHORT_EXPONENT.fullmatch(node.value):
            mantissa, exponent = re.split("[eE]", node.value)
            advice = f"write {mantissa}.0e{exponent}"
            return [Problem(path, f"{node.value} is a number to some YAML readers and text to others; {advice}")]
        if not plain and NUMBER.fullmatch(node.value):
            return [Problem(path, f"{node.value!r} is text that looks like a number; take the quotes away")]
        if plain and node.value in BOOLEAN_ELSEWHERE:
            return [Problem(path, f"{node.value} is a truth value to some YAML readers and text to others; quote it")]
        return []
    if isinstance(node, SequenceNode):
        return [p for index, item in enumerate(node.value) for p in walk_nodes(item, f"{path}[{index}]")]
    if isinstance(node, MappingNode):
        pairs = [(key, value) for key, value in node.value if key.tag != "tag:yaml.org,2002:merge"]
        return [p for key, value in pairs for p in walk_nodes(value, f"{path}.{key.value}".lstrip("."))]
    return []


def walk_keys(content: object, path: str) -> list[Problem]:
    """Names which DVC loses, mistakes, or cannot put into a path."""
    problems: list[Problem] = []
    if isinstance(content, list):
        return [p for index, item in enumerate(content) for p in walk_keys(item, f"{path}[{index}]")]
    if not isinstance(content, dict):
        return []
    for key, value in content.items():
        where = f"{path}.{key}".lstrip(".")
        if key in UNSEEN_BY_DVC:
            problems.append(Problem(where, f"DVC's run cache does not see a param named {key!r}; use another word"))
        elif not FREE_KEYS.fullmatch(path) and not (isinstance(key, str) and NAME.fullmatch(key)):
            rule = "names start with a letter and hold lower-case letters, digits, '-' and '_'"
            why = "DVC runs nothing for a number" if not isinstance(key, str) else "DVC cannot address it"
            problems.append(Problem(where, f"{key!r} cannot be a name ({why}); {rule}"))
        problems += walk_keys(value, where)
    return problems


def walk_values(content: object, path: str = "") -> list[Problem]:
    """Values that are left empty or are no finite number; what only holds anchors is looked at where it is merged."""
    if isinstance(content, dict):
        inner = [(f"{path}.{key}".lstrip("."), value) for key, value in content.items() if not str(key).startswith("_")]
        return [problem for where, value in inner for problem in walk_values(value, where)]
    if isinstance(content, list):
        return [p for index, item in enumerate(content) for p in walk_values(item, f"{path}[{index}]")]
    if content is None:
        return [Problem(path, "is left empty; write a value, or take the key out")]
    if isinstance(content, float) and not math.isfinite(content):
        return [Problem(path, f"{content} is not a finite number; write one")]
    return []
