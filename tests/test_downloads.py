"""Downloads resume and are verified, archives stay in their folder, weights are found where they are said to be."""

import gzip
import hashlib
import io
import re
import stat
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
import typer
from PIL import Image
from ruamel.yaml import YAML
from typer.testing import CliRunner, Result

from retort.commands.fetch import fetch
from retort.exchange import origins
from retort.exchange.downloads import DownloadError, download, unpack
from stages.datasets import mnist, tissue
from stages.settings import members
from stages.storage import weights
from stages.storage.weights import WeightsError

CONTENT = bytes(range(256)) * 4000
PREFIX = hashlib.sha256(CONTENT).hexdigest()[:8]


class Server(ThreadingHTTPServer):
    """Serves CONTENT on loopback; remembers where each answer began."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = CONTENT
        self.starts: list[int] = []

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{path}"


class Handler(BaseHTTPRequestHandler):
    """/file knows ranges, /whole ignores them, /cut ends early, /endless names no length, others are absent."""

    server: Server

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path not in ("/file", "/whole", "/cut", "/endless"):
            self.send_error(404, "Not Found")
            return
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(wanted[1]) if wanted and path == "/file" else 0
        self.server.starts.append(start)
        content = self.server.content
        if start >= len(content):
            self.send_error(416, "Range Not Satisfiable")
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        if path != "/endless":
            self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        self.wfile.write(content[start:] if path != "/cut" else content[:300_000])

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def get(url: str, target: Path, prefix: str = PREFIX, limit: int = 10**7) -> list[tuple[int, int | None]]:
    seen: list[tuple[int, int | None]] = []
    download(url, target, prefix, limit, lambda have, total: seen.append((have, total)))
    return seen


def test_a_download_arrives_and_is_reported(server: Server, tmp_path: Path) -> None:
    seen = get(server.url("file"), tmp_path / "deep" / "file")
    assert (tmp_path / "deep" / "file").read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["file"]


def test_an_interrupted_download_goes_on(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=f"ended after 300000 of {len(CONTENT)} bytes; run again to continue"):
        get(server.url("cut"), tmp_path / "file")
    assert not (tmp_path / "file").exists()
    seen = get(server.url("file"), tmp_path / "file")
    assert server.starts == [0, 300_000]
    assert seen[0][0] > 300_000
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_server_that_ignores_ranges_starts_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file.partial").write_bytes(CONTENT[:1000])
    get(server.url("whole"), tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_all_of_it_was_there_already(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file.partial").write_bytes(CONTENT)
    get(server.url("file"), tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_changed_file_is_not_stitched_together(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file.partial").write_bytes(b"x" * 1000)
    with pytest.raises(DownloadError, match=f"does not begin with {PREFIX}; the download was deleted, run again"):
        get(server.url("file"), tmp_path / "file")
    assert list(tmp_path.iterdir()) == []
    get(server.url("file"), tmp_path / "file")


@pytest.mark.parametrize("path", ["file", "endless"])
def test_too_much_is_refused(server: Server, tmp_path: Path, path: str) -> None:
    with pytest.raises(DownloadError, match="more than the 300000"):
        get(server.url(path), tmp_path / "file", limit=300_000)
    assert list(tmp_path.iterdir()) == []


def test_addresses_that_do_not_answer(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="the server answered 404 Not Found"):
        get(server.url("nothing"), tmp_path / "file")
    with pytest.raises(DownloadError, match="only http and https"):
        get(Path(__file__).as_uri(), tmp_path / "file")
    closed = server.url("file")
    server.shutdown()
    server.server_close()
    with pytest.raises(DownloadError, match="refused"):
        get(closed, tmp_path / "file")


File = tuple[str, bytes]


def make_zip(path: Path, files: list[File], modes: dict[str, int] | None = None) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = ((modes or {}).get(name, stat.S_IFREG | 0o644)) << 16
            archive.writestr(entry, content)
    return path


def make_tar(path: Path, files: list[File], kinds: dict[str, bytes] | None = None) -> Path:
    with tarfile.open(path, f"w:{path.suffix[1:]}" if path.suffix != ".tar" else "w") as archive:  # type: ignore[call-overload]
        for name, content in files:
            entry = tarfile.TarInfo(name)
            entry.type = (kinds or {}).get(name, tarfile.REGTYPE)
            if entry.type in (tarfile.SYMTYPE, tarfile.LNKTYPE):
                entry.linkname = content.decode()
                content = b""
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


FILES = [("faces/1.png", b"one"), ("faces/deep/2.png", b"two"), ("list.txt", b"three")]


def contents(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz", "a.tar.xz", "a.tar.bz2"])
def test_archives_unpack(tmp_path: Path, name: str) -> None:
    archive = (make_zip if name.endswith("zip") else make_tar)(tmp_path / name, FILES)
    assert unpack(archive, tmp_path / "out", 100, 3) == 3
    assert contents(tmp_path / "out") == dict(FILES)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"faces", "list.txt"}


GOOD = ("good.txt", b"good")
ESCAPES = ["../evil", "faces/../../evil", "/tmp/evil", "faces\\..\\..\\evil", "C:evil", ""]


@pytest.mark.parametrize("name", ESCAPES)
@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_paths_that_leave_the_folder(tmp_path: Path, make: Callable[[Path, list[File]], Path], name: str) -> None:
    archive = make(tmp_path / ("a.zip" if make is make_zip else "a.tar"), [GOOD, (name, b"evil")])
    refused(archive, tmp_path / "out", "would leave the folder; nothing was extracted")


def refused(archive: Path, out: Path, message: str, max_bytes: int = 10**6, max_files: int = 10) -> None:
    with pytest.raises(DownloadError, match=message):
        unpack(archive, out, max_bytes, max_files)
    assert not out.exists() or not list(out.iterdir())
    assert not [path for path in archive.parent.rglob("*") if "evil" in path.name]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_tar_links_and_devices(tmp_path: Path, kind: bytes) -> None:
    files = [GOOD, ("link", b"/etc"), ("link/passwd", b"evil")]
    archive = make_tar(tmp_path / "a.tar", files[:2], {"link": kind})
    refused(archive, tmp_path / "out", "'link' is a link or a device; nothing was extracted")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFBLK])
def test_zip_links_and_devices(tmp_path: Path, kind: int) -> None:
    archive = make_zip(tmp_path / "a.zip", [GOOD, ("link", b"/etc/passwd")], {"link": kind | 0o777})
    refused(archive, tmp_path / "out", "'link' is a link or a device; nothing was extracted")


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz"])
def test_bombs(tmp_path: Path, name: str) -> None:
    make = make_zip if name.endswith("zip") else make_tar
    large = make(tmp_path / name, [GOOD, ("zeros", bytes(10**7))])
    assert large.stat().st_size < 20_000
    refused(large, tmp_path / "out", "unpacks to more than 1000000 bytes; nothing was extracted")
    many = make(tmp_path / name, [(str(number), b"") for number in range(11)])
    refused(many, tmp_path / "out", "holds more than 10 files; nothing was extracted")


def test_a_name_that_occurs_twice(tmp_path: Path) -> None:
    archive = make_tar(tmp_path / "a.tar", [GOOD, ("./good.txt", b"other")])
    refused(archive, tmp_path / "out", "occurs twice; nothing was extracted")


def test_damaged_archives(tmp_path: Path) -> None:
    whole = make_zip(tmp_path / "a.zip", [("noise", CONTENT), GOOD])
    content = bytearray(whole.read_bytes())
    content[200] ^= 255
    whole.write_bytes(content)
    refused(whole, tmp_path / "out", "cannot be unpacked")
    cut = make_tar(tmp_path / "b.tar.gz", [("noise", CONTENT)])
    cut.write_bytes(cut.read_bytes()[:-200])
    refused(cut, tmp_path / "out", "cannot be unpacked")
    other = tmp_path / "c.zip"
    other.write_text("<html>quota exceeded</html>")
    refused(other, tmp_path / "out", "cannot be unpacked")
    with pytest.raises(DownloadError, match="cannot be unpacked"):
        unpack(tmp_path / "absent.zip", tmp_path / "out", 1, 1)


def test_what_is_there_is_not_replaced(tmp_path: Path) -> None:
    archive = make_zip(tmp_path / "a.zip", FILES)
    (tmp_path / "out" / "faces").mkdir(parents=True)
    with pytest.raises(DownloadError, match="out/faces exists already; move it away first"):
        unpack(archive, tmp_path / "out", 100, 3)
    assert contents(tmp_path / "out") == {}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository without weights, for someone whose home is empty."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("RETORT_WEIGHTS", "TORCH_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def place(path: Path, content: object = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(content or {"layer": torch.ones(2)}, path)
    return path


ALEX = weights.PUBLISHED["alex"].file


def test_weights_are_looked_for_in_order(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = place(root / "home" / ".cache" / "torch" / "hub" / "checkpoints" / ALEX)
    assert weights.find("alex", None) == hub
    assert hub.parent == Path(torch.hub.get_dir()) / "checkpoints"
    local = place(Path("data/weights") / ALEX)
    assert weights.find("alex", "") == local
    monkeypatch.setenv("RETORT_WEIGHTS", str(root / "shared"))
    assert weights.find("alex", None) == local
    shared = place(root / "shared" / ALEX)
    assert weights.find("alex", None) == shared
    mine = place(root / "mine.pth")
    assert weights.find("alex", str(mine)) == mine
    assert weights.find("alex", str(root / "shared")) == shared


def test_absent_weights_name_every_place(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETORT_WEIGHTS", str(root / "shared"))
    with pytest.raises(WeightsError, match="`retort fetch vgg`") as caught:
        weights.find("vgg", None)
    for folder in (root / "shared", Path("data/weights"), root / "home" / ".cache" / "torch" / "hub" / "checkpoints"):
        assert f"\n  {folder / weights.PUBLISHED['vgg'].file}" in str(caught.value)
    place(root / "shared" / ALEX)
    with pytest.raises(WeightsError, match=r"correct the path in params.yaml:\n  elsewhere.pth$"):
        weights.find("alex", "elsewhere.pth")
    with pytest.raises(WeightsError, match="no published weights named 'resnet'; there are: inception, alex, vgg"):
        weights.find("resnet", None)


def test_other_weights_are_refused(root: Path) -> None:
    path = place(root / ALEX)
    with pytest.raises(WeightsError, match="the published file begins with 7be5be79"):
        weights.load("alex", str(path))


def test_verified_weights_load_without_running_code(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = place(root / "own.pth", {"layer": torch.arange(3)})
    prefix = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    own = weights.Weights("own.pth", "", prefix, "a test", 1)
    monkeypatch.setitem(weights.PUBLISHED, "own", own)
    assert torch.equal(weights.load("own", str(path))["layer"], torch.arange(3))
    place(path, {"layer": Path("/etc")})
    harmful = weights.Weights("own.pth", "", hashlib.sha256(path.read_bytes()).hexdigest()[:8], "a test", 1)
    monkeypatch.setitem(weights.PUBLISHED, "own", harmful)
    with pytest.raises(Exception, match="Weights only load failed"):
        weights.load("own", str(path))


@pytest.mark.parametrize("name", list(weights.PUBLISHED))
def test_published_names_carry_their_hash(name: str) -> None:
    published = weights.PUBLISHED[name]
    assert published.file.endswith(f"-{published.sha256_prefix}.pth")
    assert published.url.endswith(f"/{published.file}")


def run(*arguments: str) -> Result:
    app = typer.Typer()
    app.command()(fetch)
    return CliRunner().invoke(app, arguments)


def test_fetch_downloads_and_verifies(root: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    own = weights.Weights(f"own-{PREFIX}.pth", server.url("file"), PREFIX, "a test", 1)
    monkeypatch.setitem(weights.PUBLISHED, "alex", own)
    result = run("alex")
    assert result.exit_code == 0
    assert (root / "data" / "weights" / own.file).read_bytes() == CONTENT
    assert f"({PREFIX})" in result.output
    assert hashlib.sha256(CONTENT).hexdigest() in result.output
    assert run("alex").exit_code == 0
    assert server.starts == [0]
    (root / "data" / "weights" / own.file).write_bytes(b"other")
    damaged = run("alex")
    assert damaged.exit_code == 1
    assert "delete it and fetch it again" in damaged.output


def test_fetch_downloads_the_files_of_mnist_that_are_not_there(
    root: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = root / "data" / "raw" / "mnist"
    raw.mkdir(parents=True)
    for number, name in enumerate(mnist.PUBLISHED):
        plain, packed = bytes([number] * 50), gzip.compress(bytes([number] * 50), mtime=0)
        hashes = (hashlib.sha256(packed).hexdigest(), hashlib.sha256(plain).hexdigest())
        monkeypatch.setitem(mnist.PUBLISHED, name, hashes)
        if number:
            (raw / name).write_bytes(plain)
        else:
            server.content = packed
    monkeypatch.setattr("retort.commands.fetch.MNIST_ADDRESS", server.url("file?"))
    result = run("mnist")
    assert result.exit_code == 0, result.output
    assert result.output.count("in place, verified by its SHA-256; 50 bytes unpacked") == 4
    assert (raw / "train-images-idx3-ubyte.gz").read_bytes() == server.content
    assert run("mnist").exit_code == 0
    assert server.starts == [0]
    (raw / "t10k-labels-idx1-ubyte").write_bytes(b"other")
    damaged = run("mnist")
    assert damaged.exit_code == 1
    assert "has SHA-256" in damaged.output


def test_fetch_explains_mhist_and_counts_it(root: Path) -> None:
    raw = root / "data" / "raw" / "mhist"
    absent = run("mhist")
    assert absent.exit_code == 1
    assert "annotations.csv" in absent.output
    assert "https://bmirds.github.io/MHIST" in absent.output
    raw.mkdir(parents=True)
    tissue.write(raw, 16, {"train": 40, "test": 20}, 0)
    complete = run("mhist")
    assert complete.exit_code == 0, complete.output
    assert "14 HP to test, 6 SSA to test, 27 HP to train, 13 SSA to train" in complete.output


def test_fetch_explains_celeba_unpacks_and_checks_it(root: Path) -> None:
    raw = root / "data" / "raw" / "celeba"
    absent = run("celeba")
    assert absent.exit_code == 1
    for part in ("img_align_celeba", "list_attr_celeba.txt", "list_eval_partition.txt"):
        assert f"missing: data/raw/celeba/{part}" in absent.output
    assert "mmlab.ie.cuhk.edu.hk" in absent.output
    raw.mkdir(parents=True)
    make_zip(raw / "img_align_celeba.zip", [("img_align_celeba/000001.jpg", b"picture")])
    (raw / "list_attr_celeba.txt").write_text("1\nMale Young\n000001.jpg  1 -1\n")
    (raw / "list_eval_partition.txt").write_text("000001.jpg 0\n")
    complete = run("celeba")
    assert complete.exit_code == 0
    assert "complete, 1 images with 2 attributes" in complete.output
    (raw / "list_eval_partition.txt").write_text("000001.jpg 4\n")
    wrong = run("celeba")
    assert wrong.exit_code == 1
    assert "line 1: expected an image name and 0, 1 or 2" in wrong.output


def test_fetch_explains_rafd_and_counts_it(root: Path) -> None:
    absent = run("rafd", "--into", "faces")
    assert absent.exit_code == 1
    assert "rafd.socsci.ru.nl" in absent.output
    for split, expression in (("train", "happy"), ("train", "sad"), ("test", "happy"), ("test", "sad")):
        place(root / "faces" / split / expression / "1.png")
    complete = run("rafd", "--into", "faces")
    assert complete.exit_code == 0
    assert "faces/train: 2 images: 1 happy, 1 sad" in complete.output


def image(width: int = 16, mode: str = "RGB") -> bytes:
    packed = io.BytesIO()
    Image.new(mode, (width, 16)).save(packed, "PNG")
    return packed.getvalue()


def archived(path: Path, folder: str) -> bytes:
    """An archive of three horses and four zebras to train on and one of each for the test, or of pairs."""
    if folder == "facades":
        names = ["train/1.png", "train/2.png", "val/1.png", "test/1.png"]
    else:
        names = (
            [f"trainA/{i}.png" for i in range(3)]
            + [f"trainB/{i}.png" for i in range(4)]
            + ["testA/9.png", "testB/9.png"]
        )
    files = [(f"{folder}/{name}", image(32 if folder == "facades" else 16)) for name in names]
    return (make_tar if path.suffix == ".gz" else make_zip)(path, files).read_bytes()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("horse2zebra", ["3 and 4 images in train", "1 and 1 images in test", "verified by its SHA-256"]),
        ("summer2winter", ["3 and 4 images in train", "labels: [summer, winter]"]),
        ("facades", ["2 pairs in train", "1 pairs in test", "not verified, as nobody states its SHA-256"]),
    ],
)
def test_fetch_downloads_unpacks_and_counts_public_archives(
    root: Path, server: Server, monkeypatch: pytest.MonkeyPatch, name: str, told: list[str]
) -> None:
    published = origins.ARCHIVES[name]
    server.content = archived(root / published.file, published.folder)
    sha256 = hashlib.sha256(server.content).hexdigest() if published.sha256 else ""
    local = replace(published, url=server.url(f"file?/{published.file}"), sha256=sha256)
    monkeypatch.setitem(origins.ARCHIVES, name, local)
    result = run(name)
    assert result.exit_code == 0, result.output
    assert all(each in result.output for each in told)
    assert run(name).exit_code == 0
    assert server.starts == [0]
    row = YAML(typ="safe").load(result.output.rpartition("params.yaml:")[2])[name]
    reader = members.load("datasets", row["dataset"]).source
    settings = {**row["settings"], "resolution": 16}
    if "validation" in settings:
        settings["validation"] = 2
    assert reader(**members.options(reader, settings)).labels


def test_another_archive_is_not_unpacked(root: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    published = origins.ARCHIVES["horse2zebra"]
    server.content = archived(root / published.file, published.folder)
    local = replace(published, url=server.url(f"file?/{published.file}"))
    monkeypatch.setitem(origins.ARCHIVES, "horse2zebra", local)
    refused = run("horse2zebra")
    assert refused.exit_code == 1
    assert "does not begin with a74d9d39" in refused.output
    (root / "here").mkdir()
    (root / "here" / published.file).write_bytes(server.content)
    placed = run("horse2zebra", "--into", "here")
    assert placed.exit_code == 1
    assert "the published file a74d9d392eecca99…: delete it and fetch it again" in placed.output
    assert [path.name for path in (root / "here").iterdir()] == [published.file]


def test_public_archives_are_named_by_whole_hashes() -> None:
    for name, published in origins.ARCHIVES.items():
        assert re.fullmatch(r"([0-9a-f]{64})?", published.sha256)
        assert published.url.startswith("https://")
        assert published.file.startswith(published.folder)
        assert name in published.row(name, Path("here"))


def test_fetch_explains_tigers_and_leopards_and_counts_them(root: Path) -> None:
    absent = run("tiger2leopard")
    assert absent.exit_code == 1
    assert "Nobody publishes tigers and leopards" in absent.output
    make_zip(root / "own.zip", [(f"cats/{name}", image()) for name in ("trainA/1.png", "trainB/1.png", "testA/1.png")])
    unpack(root / "own.zip", root, 10**6, 10)
    wrong = run("tiger2leopard", "--into", "cats")
    assert wrong.exit_code == 1
    assert "cats/testB: cannot be listed" in wrong.output
    (root / "cats" / "testB").mkdir()
    (root / "cats" / "testB" / "1.png").write_bytes(image())
    complete = run("tiger2leopard", "--into", "cats")
    assert complete.exit_code == 0
    assert "cats: 1 and 1 images in train" in complete.output


def test_fetch_explains_cityscapes_unpacks_and_pairs_it(root: Path) -> None:
    raw = root / "data" / "raw" / "cityscapes"
    absent = run("cityscapes")
    assert absent.exit_code == 1
    assert "after a registration: https://www.cityscapes-dataset.com" in absent.output
    raw.mkdir(parents=True)
    names = ["train/ulm/ulm_0", "train/ulm/ulm_1", "val/lindau/lindau_0"]
    photos = [(f"leftImg8bit/{name}_leftImg8bit.png", image()) for name in names]
    labels = [(f"gtFine/{name}_gtFine_labelIds.png", image(mode="L")) for name in names]
    # Both archives hold the same file beside their folder.
    make_zip(raw / "leftImg8bit_trainvaltest.zip", [*photos, ("README", b"one")])
    make_zip(raw / "gtFine_trainvaltest.zip", [*labels[:2], ("README", b"two")])
    alone = run("cityscapes")
    assert alone.exit_code == 1
    assert "gtFine/val: no <city>/*_gtFine_labelIds.png below this folder" in alone.output
    (raw / "gtFine/val/lindau").mkdir(parents=True)
    (raw / labels[2][0]).write_bytes(labels[2][1])
    complete = run("cityscapes")
    assert complete.exit_code == 0
    assert "2 pairs in train" in complete.output
    assert "1 pairs in val" in complete.output
    assert not (raw / "README").exists()


@pytest.mark.parametrize(
    ("name", "folder", "told"),
    [
        (
            "ffhq",
            "images1024x1024",
            ["CC BY-NC-SA 4.0", "github.com/NVlabs/ffhq-dataset", "or data/raw/ffhq/thumbnails"],
        ),
        ("lsun-church", "train_images", ["LMDB", "github.com/fyu/lsun", "no licence"]),
    ],
)
def test_fetch_explains_images_without_labels_and_counts_them(
    root: Path, name: str, folder: str, told: list[str]
) -> None:
    absent = run(name)
    assert absent.exit_code == 1
    assert all(each in absent.output for each in told)
    row = YAML(typ="safe").load(absent.output.rpartition("params.yaml:")[2])[name]
    reader = members.load("datasets", row["dataset"]).source
    assert members.options(reader, {**row["settings"], "resolution": row["resolution"]})["path"].endswith(folder)
    place = root / "data" / "raw" / name / folder
    place.mkdir(parents=True)
    empty = run(name)
    assert empty.exit_code == 1
    assert f"data/raw/{name}/{folder}: no .jpg, .jpeg, .png, .webp files in it" in empty.output
    (place / "a" / "b").mkdir(parents=True)
    (place / "a" / "b" / "1.png").write_bytes(image())
    complete = run(name)
    assert complete.exit_code == 0
    assert f"data/raw/{name}/{folder}: 1 images" in complete.output


def test_fetch_counts_a_zip_of_faces_as_it_is(root: Path) -> None:
    (root / "data" / "raw" / "ffhq").mkdir(parents=True)
    make_zip(root / "data/raw/ffhq/thumbnails128x128.zip", [("00000/00000.png", image()), ("00000/00001.png", image())])
    complete = run("ffhq")
    assert complete.exit_code == 0
    assert "data/raw/ffhq/thumbnails128x128.zip: 2 images" in complete.output
