"""What the documentation shows must work as it stands."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def blocks(path):
    return re.findall(r"```python\n(.*?)```", (ROOT / path).read_text(encoding="utf-8"), flags=re.S)


def test_the_engine_in_forty_lines_runs():
    code = blocks("docs/forty_lines.md")
    assert len(code) == 2 and len([line for line in code[0].splitlines() if line.strip()]) <= 40
    exec("\n".join(code), {})


@pytest.mark.parametrize(
    ("page", "index"), [("README.md", i) for i in range(3)] + [("README.ja.md", i) for i in range(4)]
)
def test_the_readme_runs(page, index, tmp_path, monkeypatch, request):
    if index == 0:
        request.getfixturevalue("dot")
    monkeypatch.chdir(tmp_path)
    code = blocks(page)[index].replace("epochs=10", "epochs=1, progress=False")
    exec("import numpy as np, glassgrad as gg\n" + code, {})


def test_links_in_the_documentation_lead_somewhere():
    fronts = [ROOT / name for name in ("README.md", "README.ja.md", "CONTRIBUTING.md", "examples/README.md")]
    for page in [*fronts, *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_pages_name_files_that_exist():
    for page in ("docs/architecture.md", "docs/forty_lines.md", "autograd/engine/PRIMITIVES.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        for name in re.findall(r"`((?:autograd/)?(?:\w+/)*\w+\.py)`", text):
            found = (ROOT / name).exists() or any((ROOT / "autograd").rglob(name))
            assert found, f"{page} names {name}"
