"""The pages of the experiments quote the numbers of examples/results.json, and nothing else."""

import importlib.util
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_spec = importlib.util.spec_from_file_location("make_gallery", ROOT / "tools" / "make_gallery.py")
gallery = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(gallery)
ENTRIES = gallery.entries()
RESULTS = json.loads(gallery.RESULTS.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", gallery.pages(RESULTS), ids=lambda path: path.name)
def test_a_page_is_what_the_tool_writes(path):
    assert path.read_text(encoding="utf-8") == gallery.pages(RESULTS)[path], "run python tools/make_gallery.py --pages"


def test_every_entry_has_a_script_results_and_its_pictures():
    assert list(RESULTS) == [entry["name"] for entry in ENTRIES]
    for entry in ENTRIES:
        assert (gallery.EXAMPLES / gallery.script_of(entry)).is_file()
        results = RESULTS[entry["name"]]
        assert not results["short"] and results["seeds"] and results["seconds"] > 0
        for name in (entry["name"], *(f"{entry['name']}-{further}" for further in entry.get("pictures", ()))):
            assert (gallery.PICTURES / f"{name}.png").is_file(), name


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["name"])
def test_captions_quote_what_was_measured(entry):
    for language in ("en", "ja"):
        caption = entry[f"caption_{language}"]
        quoted = re.findall(r"\{([^{}:]+):[^{}]+\}", caption)
        assert set(quoted) <= set(RESULTS[entry["name"]]["measured"])
        assert "{" not in gallery.filled(caption, RESULTS[entry["name"]])


def test_every_experiment_is_in_the_gallery():
    shown = {gallery.script_of(entry) for entry in ENTRIES}
    experiments = {
        p.name for p in gallery.EXAMPLES.glob("[!_]*.py") if "from _experiment import" in p.read_text("utf-8")
    }
    assert experiments == shown


def test_a_hole_without_a_number_is_an_error():
    with pytest.raises(KeyError):
        gallery.filled("{loss of nothing:.2f}", {"measured": {}})
    assert gallery.filled("{a, b:.1%}", {"measured": {"a, b": {"mean": 0.123}}}) == "12.3%"
