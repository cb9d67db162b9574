"""Fetching: only the published content arrives, and never half of it. No test reaches the network."""

import gzip
import hashlib
import io
import threading
import time

import pytest

from glassgrad.data import MNIST, DownloadError, download
from glassgrad.data.download import fetch

CONTENT = bytes(range(256)) * 2000
PACKED = gzip.compress(CONTENT, mtime=0)
SUM = hashlib.sha256(CONTENT).hexdigest()
URL = "https://example.org/file.gz"


class Answer(io.BytesIO):
    def __init__(self, content, status=200, tag='"1"', broken=False):
        super().__init__(content)
        self.status, self.headers, self.broken = status, {"ETag": tag} if tag else {}, broken

    def read(self, size=-1):
        piece = super().read(min(size, 1000))
        if self.broken and not piece:
            raise ConnectionResetError("reset by peer")
        return piece


@pytest.fixture
def server(monkeypatch):
    """A list of answers, or functions of the headers asked for, that are given one after the other."""
    answers, asked = [], []

    def open_url(url, headers):
        asked.append((url, headers))
        answer = answers.pop(0)
        answer = answer(headers) if callable(answer) else answer
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(download, "_open", open_url)
    monkeypatch.setattr(download, "_PAUSE", 0)
    monkeypatch.delenv("GLASSGRAD_OFFLINE", raising=False)
    return answers, asked


def get(target, urls=(URL,), sha256=SUM, limit=10**6):
    return fetch(urls, target, sha256, limit)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_published_file_arrives(server, tmp_path):
    answers, asked = server
    answers.append(Answer(PACKED))
    target = tmp_path / "deep" / "file.gz"
    assert get(target) == target and target.read_bytes() == PACKED
    assert names(target.parent) == ["file.gz"] and len(asked) == 1
    get(target)
    assert len(asked) == 1, "what is there is not fetched again"


def test_another_compression_of_the_same_content_is_accepted(server, tmp_path):
    server[0].append(Answer(gzip.compress(CONTENT, 1, mtime=7)))
    get(tmp_path / "file.gz")


@pytest.mark.parametrize(
    ("content", "limit", "message"),
    [
        (gzip.compress(b"something else"), 10**6, f"its content has SHA-256 .*, the published file has {SUM}"),
        (PACKED, 100, "it is larger than 100 bytes"),
        (gzip.compress(bytes(10**7)), 9_999, "it unpacks to more than 9999000 bytes"),
        (b"<html>moved</html>", 10**6, "could not be fetched"),
    ],
)
def test_other_content_never_gets_its_name(server, tmp_path, content, limit, message):
    server[0].extend(lambda headers: Answer(content, tag=None) for _ in range(3))
    with pytest.raises(DownloadError, match=message) as caught:
        get(tmp_path / "file.gz", limit=limit)
    assert "file.gz" not in names(tmp_path) and "file.gz.lock" not in names(tmp_path)
    for part in (URL, str(tmp_path / "file.gz"), "by other means"):
        assert part in str(caught.value)


def test_an_interrupted_download_goes_on_where_it_stopped(server, tmp_path):
    answers, asked = server

    def rest(headers):
        start = int(headers["Range"].removeprefix("bytes=").removesuffix("-"))
        assert headers["If-Range"] == '"1"' and start == 1500
        return Answer(PACKED[start:], status=206)

    answers.extend([Answer(PACKED[:1500], broken=True), rest])
    get(tmp_path / "file.gz")
    assert (tmp_path / "file.gz").read_bytes() == PACKED and names(tmp_path) == ["file.gz"] and len(asked) == 2


def test_a_connection_that_ends_early_without_an_error_is_noticed(server, tmp_path):
    answers, _ = server
    answers.extend([Answer(PACKED[:1500]), lambda headers: Answer(PACKED[1500:], status=206)])
    get(tmp_path / "file.gz")
    assert (tmp_path / "file.gz").read_bytes() == PACKED


@pytest.mark.parametrize("tag", ['"1"', 'W/"1"', None])
def test_another_version_on_the_server_begins_anew(server, tmp_path, tag):
    answers, asked = server
    answers.extend([Answer(b"x" * 1500, broken=True, tag=tag), Answer(PACKED, tag='"2"')])
    get(tmp_path / "file.gz")
    assert (tmp_path / "file.gz").read_bytes() == PACKED
    assert ("Range" in asked[1][1]) == (tag == '"1"'), "a weak tag promises nothing"


def test_each_mirror_is_tried_three_times(server, tmp_path):
    answers, asked = server
    answers.extend([OSError("no route")] * 3 + [OSError("busy"), Answer(PACKED)])
    get(tmp_path / "file.gz", urls=("https://a.org/f.gz", "https://b.org/f.gz"))
    assert [url for url, _ in asked] == ["https://a.org/f.gz"] * 3 + ["https://b.org/f.gz"] * 2


def test_two_at_once_fetch_once(server, tmp_path):
    answers, asked = server

    def slow(headers):
        time.sleep(0.3)
        return Answer(PACKED)

    answers.append(slow)
    threads = [threading.Thread(target=get, args=(tmp_path / "file.gz",)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(asked) == 1 and names(tmp_path) == ["file.gz"]


def test_a_lock_that_was_left_behind_is_taken_over(server, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "_LOCK_AGE", -1)
    (tmp_path / "file.gz.lock").touch()
    server[0].append(Answer(PACKED))
    get(tmp_path / "file.gz")


def test_only_https(tmp_path):
    for url in ("http://example.org/a", "file:///etc/passwd", "ftp://example.org/a"):
        with pytest.raises(ValueError, match="only https addresses are fetched"):
            fetch([URL, url], tmp_path / "a", SUM, 10)


def test_offline_says_what_to_put_where(tmp_path, monkeypatch):
    monkeypatch.setenv("GLASSGRAD_OFFLINE", "1")
    with pytest.raises(DownloadError, match="GLASSGRAD_OFFLINE is set") as caught:
        MNIST(tmp_path, train=False, download=True)
    for part in ("t10k-images-idx3-ubyte.gz", "https://", str(tmp_path / "mnist" / "t10k-images-idx3-ubyte.gz")):
        assert part in str(caught.value)


def test_a_data_set_is_not_fetched_unasked(server, tmp_path):
    with pytest.raises(FileNotFoundError, match="Pass download=True to fetch them"):
        MNIST(tmp_path)
    assert server[1] == []
