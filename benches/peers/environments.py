"""Virtual environments for the peers, one each, so that no pinned version has to suit two of them."""

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent


def python(name: str, root: Path, folder: Path = HERE / "requirements") -> Path:
    """The interpreter of the environment `name` below `root`, which is made or made anew where its requirements in `folder` changed."""
    requirements = folder / f"{name}.txt"
    place = root / name
    interpreter = place / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    stamp = place / "requirements.sha256"
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return interpreter
    print(f"making the environment {name} from {requirements.parent.name}/{name}.txt", file=sys.stderr, flush=True)
    venv.create(place, with_pip=True, clear=True)
    whole = ["--no-deps"] if "--no-deps" in requirements.read_text() else []
    install = [interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *whole, "-r", requirements]
    subprocess.run([str(part) for part in install], check=True)
    # Last, so that an interrupted installation is repeated.
    stamp.write_text(digest)
    return interpreter
