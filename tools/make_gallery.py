"""Run the experiments on MNIST and write what the gallery shows: pictures, numbers, pages.

    python tools/make_gallery.py [--only NAME ...]   run, then write examples/results.json and the pages
    python tools/make_gallery.py --pages             write the pages again from the numbers that are there

The pages are examples/README.md, README.ja.md (between its marks) and the table of verdicts in docs/source-notes.md; a
test compares them with examples/results.json. ``GLASSGRAD_DATA`` names the folder with MNIST.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
PICTURES = EXAMPLES / "gallery"
RESULTS = EXAMPLES / "results.json"
_BEGIN, _END = "<!-- gallery: begin -->", "<!-- gallery: end -->"


def entries() -> list[dict[str, Any]]:
    """Return what examples/gallery.toml says of each script, in the order of the gallery."""
    return tomllib.loads((EXAMPLES / "gallery.toml").read_text(encoding="utf-8"))["experiment"]


def script_of(entry: dict[str, Any]) -> str:
    """Return the file of an entry: of its ``script``, or of its name, if it is the script's only entry."""
    return f"{entry.get('script', entry['name'])}.py"


def run(entry: dict[str, Any]) -> dict[str, Any]:
    """Run one script and return its numbers."""
    name = entry["name"]
    script = EXAMPLES / script_of(entry)
    command = [sys.executable, str(script), "--out", str(PICTURES), *entry.get("arguments", [])]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=environment, check=False)
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stdout}\n{done.stderr}")
    print(f"{name}: {time.perf_counter() - start:.0f} s", flush=True)
    numbers = PICTURES / f"{name}.json"
    results = json.loads(numbers.read_text(encoding="utf-8"))
    numbers.unlink()
    return results


def filled(text: str, results: dict[str, Any]) -> str:
    """Return a caption with the measured numbers in its holes: ``{He, test accuracy:.3f}``, or ``:.1%``."""

    def number(match: re.Match[str]) -> str:
        return format(results["measured"][match[1]]["mean"], match[2])

    return re.sub(r"\{([^{}:]+):([^{}]+)\}", number, text)


def gallery(language: str, folder: str, results: dict[str, Any]) -> str:
    """Return the entries as Markdown: title, picture, caption."""
    parts = []
    for entry in entries():
        name = entry["name"]
        if name not in results:
            continue
        title, caption = entry[f"title_{language}"], filled(entry[f"caption_{language}"], results[name])
        names = [name, *(f"{name}-{further}" for further in entry.get("pictures", ()))]
        pictures = [f"![{title}]({folder}gallery/{n}.png)" for n in names if (PICTURES / f"{n}.png").exists()]
        parts.append("\n\n".join((f"### {title}", *pictures, caption.strip(), f"`{script_of(entry)}`")))
    return "\n\n".join(parts)


def verdicts(results: dict[str, Any]) -> str:
    """Return the table of claims."""
    rows = ["| claim | note, line | measured | verdict | script |", "|---|---|---|---|---|"]
    for entry in entries():
        for v in results.get(entry["name"], {}).get("verdicts", ()):
            cells = (v["claim"], v["where"], v["measured"], f"**{v['verdict']}**", f"`{script_of(entry)}`")
            rows.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
    return "\n".join(rows)


def between_marks(page: str, content: str) -> str:
    """Return a page with ``content`` between its marks."""
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    if not after and not rest:
        raise SystemExit(f"a page lacks the marks {_BEGIN} and {_END}")
    return f"{before}{_BEGIN}\n\n{content}\n\n{_END}{after}"


def pages(results: dict[str, Any]) -> dict[Path, str]:
    """Return the text of every page that quotes results."""
    made = {}
    for path, content in (
        (EXAMPLES / "README.md", gallery("en", "", results)),
        (ROOT / "README.ja.md", gallery("ja", "examples/", results)),
        (ROOT / "docs" / "source-notes.md", verdicts(results)),
    ):
        made[path] = between_marks(path.read_text(encoding="utf-8"), content)
    return made


def main() -> None:
    """Run what is asked for and write everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", action="store_true", help="only write the pages again")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="run these scripts and keep the other numbers")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="scripts at a time (default: one a core)")
    options = parser.parse_args()
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    if not options.pages:
        chosen = [e for e in entries() if options.only is None or e["name"] in options.only]
        unknown = set(options.only or ()) - {e["name"] for e in chosen}
        if unknown:
            parser.error(f"no such experiment: {', '.join(sorted(unknown))}")
        PICTURES.mkdir(exist_ok=True)
        # The longest first, so that no core is idle at the end.
        queue = sorted(chosen, key=lambda e: -results.get(e["name"], {}).get("seconds", e.get("seconds", 60)))
        with ThreadPoolExecutor(options.jobs) as pool:
            for entry, measured in zip(queue, pool.map(run, queue), strict=True):
                results[entry["name"]] = measured
        order = [e["name"] for e in entries()]
        results = {name: results[name] for name in order if name in results}
        text = json.dumps(results, indent=1, ensure_ascii=False) + "\n"
        RESULTS.with_suffix(".new").write_text(text, encoding="utf-8")
        RESULTS.with_suffix(".new").replace(RESULTS)
    for path, text in pages(results).items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
