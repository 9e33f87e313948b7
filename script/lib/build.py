"""What script/setup makes from sources: message catalogues and the browser libraries' folder.

build.py catalogues    compile every .po that is newer than its .mo (Babel; no gettext package needed)
build.py vendor        copy the files that package.json names from node_modules to build/static/vendor
"""

import json
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def catalogues() -> None:
    stale = [po for po in sorted(ROOT.glob("src/fangxian/*/locale/*/LC_MESSAGES/*.po")) if _is_stale(po)]
    if not stale:
        return
    from babel.messages.mofile import write_mo  # not needed when nothing is stale, and slow to load
    from babel.messages.pofile import read_po

    for po in stale:
        with po.open("rb") as source:
            catalogue = read_po(source, locale=po.parts[-3], domain=po.stem)
        draft = po.with_suffix(".mo.new")
        with draft.open("wb") as target:
            write_mo(target, catalogue)
        draft.replace(po.with_suffix(".mo"))


def _is_stale(po: Path) -> bool:
    mo = po.with_suffix(".mo")
    return not mo.exists() or mo.stat().st_mtime < po.stat().st_mtime


def vendor() -> None:
    wanted: dict[str, str] = json.loads((ROOT / "package.json").read_text("utf-8"))["copy"]
    folder = ROOT / "build" / "static" / "vendor"
    shutil.rmtree(folder, ignore_errors=True)
    for source, target in wanted.items():
        destination = folder / target
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / "node_modules" / source, destination)


if __name__ == "__main__":
    {"catalogues": catalogues, "vendor": vendor}[sys.argv[1]]()
