"""The sources name no place, host or machine that a user of the project does not have."""

import re
import shutil
import subprocess

from tests.support.repository import ROOT

# Written so that this file does not find itself.
FOREIGN = re.compile(
    "|".join(
        [
            r"/wo" + r"rk/",
            r"\.\./sha" + r"red/",
            r"/tm" + r"p/fx",
            r"regis" + r"try\.npmjs",
            r"py" + r"pi\.org",
            r"files\.python" + r"hosted",
            r"--(extra-)?index" + r"-url\s+\S*:",
            r"cdn\.",
            r"unp" + r"kg\.com",
            r"jsdel" + r"ivr",
        ]
    )
)
BINARY = {".png", ".ico", ".jpg", ".webp", ".woff2", ".xlsx", ".xls", ".ods"}


def tracked() -> list[str]:
    """The committed files; without git or a repository, all that lies here but what the scripts make."""
    if shutil.which("git") and (ROOT / ".git").exists():
        # The folder may belong to another user than the one who runs the suite.
        command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        return [name for name in listed.split("\0") if name]
    made = {".git", ".venv", "build", "node_modules", "var"}
    names = [file.relative_to(ROOT) for file in ROOT.rglob("*") if file.is_file()]
    return [
        str(name)
        for name in names
        if name.parts[0] not in made and "__pycache__" not in name.parts and name.suffix != ".mo"
    ]


def test_no_source_names_a_foreign_place() -> None:
    found = []
    for name in tracked():
        file = ROOT / name
        if file.suffix in BINARY or not file.is_file():
            continue
        for number, line in enumerate(file.read_text("utf-8", "replace").splitlines(), 1):
            if FOREIGN.search(line):
                found.append(f"{name}:{number}")
    assert found == []


def test_nothing_made_or_borrowed_is_committed() -> None:
    """Build products and third-party code come from packages, and secrets stay with their street."""
    wrong = re.compile(r"(^|/)(node_modules|build|var|\.venv)/|\.(mo|sqlite3|min\.js|min\.css)$|(^|/)keys$")
    assert [name for name in tracked() if wrong.search(name)] == []
