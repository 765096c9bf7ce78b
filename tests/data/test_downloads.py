"""Downloads from a real server that truncates, stalls, redirects, lies and fails."""

import hashlib
import logging
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from dnalrp.data import catalogue
from dnalrp.data.catalogue import fetch_named, named_data
from dnalrp.data.downloads import download, redirected
from dnalrp.data.local import local_copy
from dnalrp.errors import InputError

CONTENT = bytes(range(256)) * 1200  # more than one block
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PATIENCE = {"timeout": 0.2, "pause": 0.01}


class Server(BaseHTTPRequestHandler):
    """Behaves as the path says; ``asked`` keeps each request's path and range."""

    protocol_version = "HTTP/1.1"
    asked: list

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        self.asked.append((self.path, self.headers.get("Range")))
        times = sum(path == self.path for path, _ in self.asked)
        getattr(self, f"be_{self.path.split('/')[1]}")(times)

    def answer(self, status=200, headers=(), body=b""):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def send(self, content=CONTENT, upto=None, ranges=True, etag='"one"'):
        start = self.headers.get("Range") if ranges else None
        if self.headers.get("If-Range") not in (None, etag):
            start = None
        start = int(start.removeprefix("bytes=").removesuffix("-")) if start else 0
        headers = [("Content-Length", str(len(content) - start)), ("ETag", etag)]
        if start:
            place = f"bytes {start}-{len(content) - 1}/{len(content)}"
            headers.append(("Content-Range", place))
        self.answer(206 if start else 200, headers, content[start:upto])
        if upto is not None:
            self.close_connection = True

    def be_whole(self, times):
        self.send()

    def be_truncated(self, times):
        self.send(upto=100_000 * times if times < 3 else None)

    def be_truncated_without_ranges(self, times):
        self.send(upto=100_000 if times == 1 else None, ranges=False)

    def be_truncated_always(self, times):
        self.send(upto=min(100_000 * times, 200_000))

    def be_changing(self, times):
        if times == 1:
            self.send(bytes(len(CONTENT)), upto=100_000)
        else:
            self.send(etag='"two"')

    def be_stalling(self, times):
        if times == 1:
            self.answer(200, [("Content-Length", str(len(CONTENT)))], CONTENT[:1000])
            self.server.released.wait(5)
            self.close_connection = True
        else:
            self.send()

    def be_silent(self, times):
        self.server.released.wait(5)
        self.close_connection = True

    def be_lying(self, times):
        self.send(b"something else")

    def be_page(self, times):
        self.answer(200, [("Content-Length", "6")], b"<html>")

    def be_missing(self, times):
        self.answer(404, [("Content-Length", "0")])

    def be_busy(self, times):
        if times == 1:
            self.answer(503, [("Content-Length", "0")])
        else:
            self.send()

    def be_moved(self, times):
        self.answer(302, [("Location", "/whole/other.fa"), ("Content-Length", "0")])

    def be_endless(self, times):
        self.answer(302, [("Location", "/endless/again.fa"), ("Content-Length", "0")])

    def be_elsewhere(self, times):
        self.answer(302, [("Location", "file:///etc/hostname"), ("Content-Length", "0")])

    def be_at_end(self, times):
        self.answer(416, [("Content-Range", f"bytes */{len(CONTENT)}"), ("Content-Length", "0")])


@pytest.fixture(scope="module")
def running_server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        server.daemon_threads = True
        server.released = threading.Event()
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.released.set()
        server.shutdown()


@pytest.fixture
def address(running_server, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    Server.asked = []
    return f"http://127.0.0.1:{running_server.server_port}"


@pytest.fixture
def target(tmp_path):
    return tmp_path / "folder/file.fa"


def left_beside(target):
    return [path.name for path in target.parent.iterdir() if path != target]


@pytest.mark.parametrize(
    "behaviour",
    [
        *("whole", "moved", "busy", "stalling", "truncated", "truncated_without_ranges"),
        "changing",
    ],
)
def test_the_file_arrives_whole(behaviour, address, target):
    assert download(f"{address}/{behaviour}/file.fa", target, SHA256, **PATIENCE) == SHA256
    assert target.read_bytes() == CONTENT
    assert left_beside(target) == []


def test_a_broken_transfer_is_resumed_where_it_stopped(address, target):
    download(f"{address}/truncated/file.fa", target, SHA256, **PATIENCE)
    ranges = [asked for _, asked in Server.asked]
    assert ranges == [None, "bytes=100000-", "bytes=200000-"]


def test_a_later_call_resumes_what_an_earlier_one_left(address, target):
    with pytest.raises(
        InputError, match=r"at last with: it broke off|at last with: .*IncompleteRead"
    ):
        download(f"{address}/truncated_always/file.fa", target, SHA256, retries=1, **PATIENCE)
    assert not target.exists()
    assert left_beside(target) == [".file.fa.partial"]
    download(f"{address}/whole/file.fa", target, SHA256, **PATIENCE)
    assert Server.asked[-1] == ("/whole/file.fa", "bytes=200000-")
    assert target.read_bytes() == CONTENT


def test_a_part_of_another_file_is_thrown_away(address, target):
    target.parent.mkdir()
    (target.parent / ".file.fa.partial").write_bytes(b"x" * 500)
    download(f"{address}/whole/file.fa", target, SHA256, **PATIENCE)
    assert [asked for _, asked in Server.asked] == ["bytes=500-", None]
    assert target.read_bytes() == CONTENT


def test_a_part_that_is_already_all_is_taken(address, target):
    target.parent.mkdir()
    (target.parent / ".file.fa.partial").write_bytes(CONTENT)
    download(f"{address}/at_end/file.fa", target, SHA256, **PATIENCE)
    assert target.read_bytes() == CONTENT and len(Server.asked) == 1


@pytest.mark.parametrize(
    ("behaviour", "message", "requests"),
    [
        ("missing", "the server answers 404 Not Found; correct the address", 1),
        ("lying", f"SHA-256 is .* and not {SHA256}", 1),
        ("page", f"SHA-256 is .* and not {SHA256}", 1),
        ("endless", "more than 5 redirects", 6),
        ("elsewhere", "redirects to file:///etc/hostname, which is not as safe", 1),
        ("silent", "download failed 2 times, at last with: ReadTimeout", 2),
    ],
)
def test_what_cannot_be_had_is_said_in_one_line(behaviour, message, requests, address, target):
    with pytest.raises(InputError, match=message) as error:
        download(f"{address}/{behaviour}/file.fa", target, SHA256, retries=1, **PATIENCE)
    assert "\n" not in str(error.value)
    assert len(Server.asked) == requests
    assert not target.exists() and left_beside(target) == []


def test_a_wrong_file_does_not_replace_a_file_that_is_there(address, target):
    target.parent.mkdir()
    target.write_bytes(b"old")
    with pytest.raises(InputError, match="SHA-256"):
        download(f"{address}/lying/file.fa", target, SHA256, **PATIENCE)
    assert target.read_bytes() == b"old"


def test_nobody_answers(target):
    with pytest.raises(InputError, match="download failed 2 times, at last with: ConnectionError"):
        download("http://127.0.0.1:9/file.fa", target, SHA256, retries=1, **PATIENCE)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/file.fa", "http:///file.fa"])
def test_what_is_no_address_is_not_tried_again(url, target):
    with pytest.raises(InputError, match="correct the address"):
        download(url, target, SHA256, pause=100)


def test_without_a_checksum_nothing_is_asked_for(address, target):
    with pytest.raises(InputError, match="no SHA-256 is known"):
        download(f"{address}/whole/file.fa", target)
    assert Server.asked == []


def test_a_first_download_on_trust_says_what_to_pin(address, target, caplog):
    with caplog.at_level(logging.WARNING):
        found = download(f"{address}/whole/file.fa", target, trust_first=True, **PATIENCE)
    assert found == SHA256 and SHA256 in caplog.text


def test_a_broken_download_on_trust_leaves_no_part(address, target):
    with pytest.raises(InputError):
        download(
            f"{address}/truncated_always/file.fa",
            *(target, None),
            trust_first=True,
            retries=1,
            **PATIENCE,
        )
    assert left_beside(target) == []


def test_a_file_that_is_there_is_not_fetched_again(address, target):
    for _ in range(2):
        download(f"{address}/whole/file.fa", target, SHA256, **PATIENCE)
    assert len(Server.asked) == 1


def test_encryption_is_never_given_up():
    assert redirected("https://a/x", "/y") == "https://a/y"
    assert redirected("http://a/x", "https://b/y") == "https://b/y"
    with pytest.raises(InputError, match="not as safe"):
        redirected("https://a/x", "http://a/x")


def test_a_mirror_is_taken_and_verified(address, target, tmp_path):
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    (mirror / "file.fa").write_bytes(CONTENT)
    download(f"{address}/missing/file.fa", target, SHA256, mirror=mirror, offline=True)
    assert target.read_bytes() == CONTENT and Server.asked == []
    (mirror / "file.fa").write_bytes(b"damaged")
    target.unlink()
    with pytest.raises(InputError, match=r"mirror/file\.fa: SHA-256"):
        download(f"{address}/whole/file.fa", target, SHA256, mirror=mirror)
    assert not target.exists()
    with pytest.raises(InputError, match="no such folder; correct 'mirror'"):
        download(f"{address}/whole/file.fa", target, SHA256, mirror=tmp_path / "none")


def test_offline_names_the_file_and_its_place(address, target, tmp_path):
    url = f"{address}/whole/file.fa"
    with pytest.raises(InputError, match=f"^file.fa: wanted, but offline; .*{url}.* at {target}$"):
        download(url, target, SHA256, offline=True)
    (tmp_path / "mirror").mkdir()
    with pytest.raises(InputError, match=f"put it at {tmp_path}/mirror/file.fa"):
        download(url, target, SHA256, offline=True, mirror=tmp_path / "mirror")
    assert Server.asked == []


def test_local_copies_of_paths_and_addresses(address, tmp_path, caplog):
    assert local_copy("own.fa", tmp_path) == Path("own.fa")
    pinned = f"{address}/whole/a.fa#sha256={SHA256}"
    copy = local_copy(pinned, tmp_path / "cache", **PATIENCE)
    assert copy == tmp_path / "cache/a.fa" and copy.read_bytes() == CONTENT
    assert local_copy(pinned, tmp_path / "cache", offline=True) == copy
    trusted = local_copy(f"{address}/whole/b.fa", tmp_path / "cache", **PATIENCE)
    assert trusted.read_bytes() == CONTENT and SHA256 in caplog.text
    with pytest.raises(InputError, match="correct the checksum"):
        local_copy(f"{address}/whole/c.fa#sha256={'0' * 64}", tmp_path / "cache", **PATIENCE)
    assert sorted(path.name for path in (tmp_path / "cache").iterdir()) == ["a.fa", "b.fa"]


@pytest.fixture
def small_table(address, tmp_path, monkeypatch):
    row = named_data()["hg38"]
    table = {"hg38": row, "known": row, "wheel": named_data()["janggu"]}
    changes = {"source": f"{address}/whole/hg38.fa.gz"}
    for name in ("hg38", "known"):
        checksum = {"sha256": SHA256 if name == "known" else None}
        table[name] = catalogue.NamedData(**(vars(row) | changes | checksum | {"name": name}))
    monkeypatch.setattr(catalogue, "named_data", lambda: table)


def test_named_data_are_fetched_by_name(small_table, tmp_path):
    path = fetch_named("known", tmp_path / "out", **PATIENCE)
    assert path.name == "hg38.fa.gz" and path.read_bytes() == CONTENT
    with pytest.raises(InputError, match=r"hg38: .*no SHA-256 is known"):
        fetch_named("hg38", tmp_path / "new")
    fetch_named("hg38", tmp_path / "new", SHA256, **PATIENCE)
    with pytest.raises(InputError, match="leave it out"):
        fetch_named("known", tmp_path / "out", "0" * 64)
    with pytest.raises(InputError, match="no data set is named 'hg83'; known: hg38"):
        fetch_named("hg83", tmp_path)


def test_a_wheel_that_is_wanted_offline_is_named(small_table, tmp_path):
    with pytest.raises(InputError, match=r"janggu==0\.10\.2: wanted, but offline; .*pip download"):
        fetch_named("wheel", tmp_path, offline=True)
