"""The rooms of the engine form a staircase: each knows only those before it."""

import ast
from pathlib import Path

ROOMS = ("core", "engine", "handles", "ops", ("func", "numpy_protocol"), "operators", "__init__")
FOLDER = Path(__file__).resolve().parents[2] / "autograd"
STEP = {name: step for step, names in enumerate(ROOMS) for name in ([names] if isinstance(names, str) else names)}


def imported_rooms(file: Path):
    """Yield the room of every import in a file, those inside functions and for type checkers too."""
    package = file.relative_to(FOLDER).parent.parts
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            above = package[: len(package) + 1 - node.level] if node.level <= len(package) else ()
            target = (*above, *(node.module or "").split(".")) if node.module else above
            for path in [target] if target else [(alias.name,) for alias in node.names]:
                if path[0] != "signatures":  # what type checkers see of the methods; nothing there runs
                    yield path[0] if path[0] in STEP else "__init__"


def test_no_room_knows_one_above_it():
    for file in sorted(FOLDER.rglob("*.py")):
        room = file.relative_to(FOLDER).parts[0].removesuffix(".py")
        for other in imported_rooms(file):
            climbs = other != room and STEP[other] >= STEP[room]
            assert not climbs, f"{file.relative_to(FOLDER)} imports from {other}, which stands on it or beside it"
