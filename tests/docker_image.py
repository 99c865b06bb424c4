"""The Dockerfile, read, and built without an engine: each step in a chroot.

`python -m tests.docker_image FOLDER [--target T] [--arg NAME=VALUE]...`, as root, builds the image
in FOLDER, where `base` must be a root such as `mmdebstrap --variant=minbase bookworm FOLDER/base`
makes, and prints what each step adds. It stands in for an engine where there is none.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCKERFILE = ROOT / "contrib" / "docker" / "Dockerfile"


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: its keyword, its options (`--from=...`), and the rest as it is written."""

    keyword: str
    options: Mapping[str, str]
    rest: str

    @property
    def words(self) -> list[str]:
        """Give the rest as words, also where it is a JSON array."""
        if self.rest.startswith("["):
            return [str(one) for one in json.loads(self.rest)]
        return shlex.split(self.rest)


@dataclass(slots=True)
class Stage:
    """What stands between one FROM and the next."""

    name: str
    base: str
    instructions: list[Instruction] = field(default_factory=list)


def instructions(text: str) -> Iterator[Instruction]:
    """Read a Dockerfile: comments left out, lines that go on joined."""
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    joined = "\n".join(lines).replace("\\\n", " ")
    for line in filter(str.strip, joined.splitlines()):
        keyword, _, rest = line.strip().partition(" ")
        options = {}
        while rest.lstrip().startswith("--"):
            option, _, rest = rest.lstrip().partition(" ")
            name, _, value = option.removeprefix("--").partition("=")
            options[name] = value
        yield Instruction(keyword, options, " ".join(rest.split()))


def stages(text: str) -> dict[str, Stage]:
    """Read the stages of a Dockerfile, by name, in their order."""
    found: dict[str, Stage] = {}
    for one in instructions(text):
        if one.keyword == "FROM":
            base, _, name = one.rest.partition(" AS ")
            found[name] = Stage(name, base)
        elif found:
            [*found.values()][-1].instructions.append(one)
    return found


_QUIET = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}


class _Build:
    """Builds stages in folders beside each other."""

    def __init__(self, folder: Path, arguments: Mapping[str, str]) -> None:
        self._folder = folder
        self._arguments = arguments
        self._stages = stages(DOCKERFILE.read_text(encoding="utf-8"))

    def build(self, name: str) -> Path:
        stage, root = self._stages[name], self._folder / name
        if root.exists():
            return root
        base = self.build(stage.base) if stage.base in self._stages else self._folder / "base"
        subprocess.run(["cp", "-a", base, root], check=True)
        _lend(root)
        variables = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
        before = _size(root)
        for one in stage.instructions:
            self._do(one, root, variables)
            after = _size(root)
            if after != before:
                print(f"{name:10}{one.keyword:6}{(after - before) / 1e6:8.1f} MB  {one.rest[:80]}")
            before = after
        return root

    def _do(self, one: Instruction, root: Path, variables: dict[str, str]) -> None:
        match one.keyword:
            case "ARG":
                name, _, default = one.rest.partition("=")
                variables[name] = self._arguments.get(name, default)
            case "ENV":
                variables.update(word.partition("=")[::2] for word in one.words)
            case "RUN":
                _in_chroot(root, ["sh", "-c", one.rest], variables)
            case "COPY":
                self._copy(one, root)

    def _copy(self, one: Instruction, root: Path) -> None:
        source, target = one.words
        begin = self.build(one.options["from"]) if "from" in one.options else ROOT
        place = root / target.lstrip("/")
        if source == ".":  # what .dockerignore lets through
            place.mkdir(parents=True)
            for name in ignored_but(ROOT / f"{DOCKERFILE}.dockerignore"):
                subprocess.run(["cp", "-a", begin / name, place], check=True)
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-a", begin / source.lstrip("/"), place], check=True)
        if mode := one.options.get("chmod"):
            place.chmod(int(mode, 8))


def _lend(root: Path) -> None:
    """Give a root what an engine, and its base image, would: names, and no kept archives."""
    shutil.copy("/etc/resolv.conf", root / "etc" / "resolv.conf")
    shutil.copy("/etc/ssl/certs/ca-certificates.crt", root / "etc" / "lent.crt")
    (root / "etc/apt/apt.conf.d/keep-nothing").write_text(
        'Dir::Cache::pkgcache "";\nDir::Cache::srcpkgcache "";\n'
        'DPkg::Post-Invoke {"rm -f /var/cache/apt/archives/*.deb";};\n',
        encoding="utf-8",
    )


def ignored_but(file: Path) -> list[str]:
    """Give what a .dockerignore that ignores everything takes back."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return [line[1:] for line in lines if line.startswith("!")]


def _in_chroot(root: Path, command: Sequence[str], variables: Mapping[str, str]) -> None:
    inside = 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"'
    lent = {name: value for name, value in os.environ.items() if name == "PIP_INDEX_URL"}
    subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "sh", "-c", inside, root, *command],
        env={**lent, **variables, **_QUIET, "PIP_CERT": "/etc/lent.crt"},
        check=True,
    )


def _size(root: Path) -> int:
    done = subprocess.run(
        ["du", "-sbx", "--exclude=./proc/*", root], capture_output=True, text=True, check=True
    )
    return int(done.stdout.split()[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--target", default="listsync")
    parser.add_argument("--arg", action="append", default=[])
    given = parser.parse_args()
    arguments = dict(one.split("=", 1) for one in given.arg)
    root = _Build(given.folder, arguments).build(given.target)
    print(f"{root}: {_size(root) / 1e6:.0f} MB", file=sys.stderr)


if __name__ == "__main__":
    main()
