"""Fetching published files: only over https, only the published content, all or nothing."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

__all__ = ["DownloadError", "fetch"]

_TRIES = 3
_PAUSE = 1.0  # seconds before the second try; twice as long before the third
_TIMEOUT = 30.0
_PIECE = 2**16
_LOCK_AGE = 600.0  # seconds after which a lock was left behind by a process that died


class DownloadError(OSError):
    """A file could not be fetched; the message says what to download and where to put it."""


def fetch(urls: Sequence[str], target: Path, sha256: str, limit: int) -> Path:
    """Fetch a gzip file that has the given content, unless it is there already.

    It is written as ``<name>.part`` beside its place, and renamed when it is complete and its *decompressed* bytes have
    the published SHA-256, so the place never holds anything else. An interrupted download goes on where it stopped if
    the server still has the same version (its ETag). A lock file keeps two processes from writing one file.

    Args:
        urls: where it may be found, tried in turn, each three times.
        target: where to put it.
        sha256: of the decompressed content, hexadecimal.
        limit: the most bytes that are fetched, and a thousandth of the most that are decompressed.

    Returns:
        ``target``.

    Raises:
        DownloadError: ``GLASSGRAD_OFFLINE`` is set, nothing can be reached, or what came is not the published file.
        ValueError: an address does not begin with https.

    >>> fetch(["http://example.org/a.gz"], Path("a.gz"), "", 100)
    Traceback (most recent call last):
        ...
    ValueError: fetch: only https addresses are fetched, not http://example.org/a.gz
    """
    for url in urls:
        if not url.startswith("https://"):
            raise ValueError(f"fetch: only https addresses are fetched, not {url}")
    by_hand = f"Download {' or '.join(urls)} by other means and put it at {target}."
    if os.environ.get("GLASSGRAD_OFFLINE"):
        raise DownloadError(f"{target.name} is not fetched because GLASSGRAD_OFFLINE is set. {by_hand}")
    target.parent.mkdir(parents=True, exist_ok=True)
    with _locked(target.with_name(f"{target.name}.lock")):
        if target.exists():  # another process fetched it while this one waited
            return target
        problems = []
        for url in urls:
            for attempt in range(_TRIES):
                try:
                    return _fetch_once(url, target, sha256, limit)
                except (OSError, ValueError, zlib.error) as error:
                    problems.append(f"{url}: {error}")
                    if isinstance(error, ValueError):  # the server has something else; asking again does not help
                        break
                    if attempt + 1 < _TRIES:
                        time.sleep(_PAUSE * 2**attempt)
        raise DownloadError(f"{target.name} could not be fetched ({'; '.join(dict.fromkeys(problems))}). {by_hand}")


def _fetch_once(url: str, target: Path, sha256: str, limit: int) -> Path:
    part, note = target.with_name(f"{target.name}.part"), target.with_name(f"{target.name}.part.json")
    headers = {"User-Agent": "glassgrad", "Accept-Encoding": "identity"}
    have, tag = _partial(part, note, url)
    if have:
        headers |= {"Range": f"bytes={have}-", "If-Range": tag}
    with _open(url, headers) as answer:
        resumed = have > 0 and answer.status == 206
        if not resumed:
            have = 0
        tag = answer.headers.get("ETag") or ""
        note.write_text(json.dumps({"url": url, "etag": tag}), encoding="utf-8")
        with part.open("ab" if resumed else "wb") as file:
            while piece := answer.read(_PIECE):
                have += len(piece)
                if have > limit:
                    file.close()
                    _remove(part, note)
                    raise ValueError(f"it is larger than {limit} bytes, so it is not the published file")
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
    found = _sha256_of_gzip(part, 1000 * limit)
    if found != sha256:
        _remove(part, note)
        raise ValueError(f"its content has SHA-256 {found}, the published file has {sha256}")
    os.replace(part, target)
    _remove(note)
    return target


def _open(url: str, headers: dict[str, str]) -> Any:
    """Open an address; the redirections it leads to must be https, too."""
    from urllib.request import HTTPRedirectHandler, Request, build_opener

    class OnlyHttps(HTTPRedirectHandler):
        def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
            if not newurl.startswith("https://"):
                raise ValueError(f"it redirects to {newurl}, which is not https")
            return super().redirect_request(req, fp, code, msg, headers, newurl)

    return build_opener(OnlyHttps).open(Request(url, headers=headers), timeout=_TIMEOUT)


def _partial(part: Path, note: Path, url: str) -> tuple[int, str]:
    """How many bytes of this very version are there, and its tag; (0, "") if it must begin anew."""
    try:
        known = json.loads(note.read_text(encoding="utf-8"))
        tag, size = str(known["etag"]), part.stat().st_size
    except (OSError, ValueError, KeyError, TypeError):
        return 0, ""
    # A weak tag does not promise equal bytes.
    return (size, tag) if known["url"] == url and tag and not tag.startswith("W/") else (0, "")


def _sha256_of_gzip(path: Path, limit: int) -> str:
    """SHA-256 of the decompressed content, a piece at a time, so that a bomb costs no memory."""
    digest, size = hashlib.sha256(), 0
    unpack = zlib.decompressobj(wbits=31)
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            while piece:
                out = unpack.decompress(piece, _PIECE)
                size += len(out)
                if size > limit:
                    raise ValueError(f"it unpacks to more than {limit} bytes, so it is not the published file")
                digest.update(out)
                piece = unpack.unconsumed_tail
    if not unpack.eof:
        # Kept: a connection that broke leaves a beginning that the next try completes.
        raise OSError("the connection ended before the file was complete")
    return digest.hexdigest()


def _remove(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def _locked(lock: Path) -> Iterator[None]:
    """Hold a lock file; one that is older than any download takes was left behind, and is taken over."""
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            break
        except FileExistsError:
            with contextlib.suppress(FileNotFoundError):
                if time.time() - lock.stat().st_mtime > _LOCK_AGE:
                    lock.unlink()
                    continue
            time.sleep(0.2)
    try:
        yield
    finally:
        _remove(lock)
