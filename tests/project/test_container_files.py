"""The Dockerfile, what is beside it, and the template of Unraid say what they should."""

from __future__ import annotations

import re
import subprocess
import sysconfig
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import yaml

from tests.docker_image import DOCKERFILE, ROOT, Instruction, ignored_but, stages

_STAGES = stages(DOCKERFILE.read_text(encoding="utf-8"))
_IMAGES = ("listsync", "puid")
_KNOWN = {
    "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "HEALTHCHECK", "RUN", "STOPSIGNAL", "USER",
    "VOLUME", "WORKDIR",
}  # fmt: skip
_OF_USERS = ("http://localhost", "http://seerr:5055", "http://[IP]:")
_UNRAID = ROOT / "contrib" / "unraid"


def _all_of(image: str) -> list[Instruction]:
    """Give what an image is made of, from its first stage on."""
    stage = _STAGES[image]
    return [*(_all_of(stage.base) if stage.base in _STAGES else []), *stage.instructions]


def _last(image: str, keyword: str) -> Instruction:
    return [one for one in _all_of(image) if one.keyword == keyword][-1]


def _environment(image: str) -> dict[str, str]:
    words = [word for one in _all_of(image) if one.keyword == "ENV" for word in one.words]
    return {name: value for name, _, value in (word.partition("=") for word in words)}


def test_every_instruction_is_one_that_is_understood() -> None:
    assert {one.keyword for stage in _STAGES.values() for one in stage.instructions} <= _KNOWN
    assert next(reversed(_STAGES)) == "listsync", "the last one is built without --target"


@pytest.mark.parametrize("image", _IMAGES)
def test_an_image_starts_the_agent_and_is_asked_how_it_is(image: str) -> None:
    assert _last(image, "ENTRYPOINT").words == ["listsync"]
    assert _last(image, "CMD").words == ["run"]
    assert _last(image, "STOPSIGNAL").rest == "SIGTERM"
    assert _last(image, "HEALTHCHECK").rest == 'CMD ["listsyncctl", "ping"]'
    assert _last(image, "VOLUME").rest == "/config"
    variables = _environment(image)
    assert variables["LISTSYNC_CONFIG_DIR"] == variables["HOME"] == "/config"
    assert variables["LISTSYNC_STATE_DIR"] == "/config/state"
    assert "XDG_RUNTIME_DIR" not in variables


def test_only_who_becomes_another_user_starts_as_root() -> None:
    assert _last("listsync", "USER").rest == "1000:1000"
    assert _last("puid", "USER").rest == "0:0"
    assert _environment("puid")["PATH"].startswith("/usr/local/sbin:/opt/listsync/bin:")
    assert not [one for one in _all_of("listsync") if "as-puid" in one.rest]


def test_the_linter_has_nothing_to_say() -> None:
    linter = Path(sysconfig.get_path("scripts"), "hadolint")
    done = subprocess.run([linter, DOCKERFILE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_what_is_copied_is_there_and_let_through() -> None:
    let_through = ignored_but(Path(f"{DOCKERFILE}.dockerignore"))
    assert all((ROOT / name).exists() for name in let_through if "*" not in name)
    for stage in _STAGES.values():
        for one in stage.instructions:
            if one.keyword == "COPY" and "from" not in one.options and one.words[0] != ".":
                assert (ROOT / one.words[0]).is_file()
                assert one.words[0].split("/")[0] in let_through
    for name in ("pyproject.toml", "README.md", "LICENSE", "agent", "ctl", "constraints.txt"):
        assert name in let_through, "the wheel is made of it"


def test_a_step_leaves_no_rubbish() -> None:
    for stage in _STAGES.values():
        for one in stage.instructions:
            if one.keyword != "RUN":
                continue
            if "apt-get install" in one.rest:
                assert one.rest.startswith("apt-get update &&")
                assert "rm -rf /var/lib/apt/lists/*" in one.rest
                assert all(
                    "--no-install-recommends" in part for part in one.rest.split("install -y")[1:]
                )
            assert ";" not in one.rest.replace("; then", "").replace("; fi", ""), (
                "it would hide a failure"
            )
            assert "pip" not in one.rest or "--no-cache-dir" in one.rest or "apt-get" in one.rest


def test_no_secret_is_in_the_image() -> None:
    for stage in _STAGES.values():
        for one in stage.instructions:
            if one.keyword in {"ARG", "ENV"}:
                assert not re.search(r"(?i)key|token|password|secret", one.rest)


def test_compose_starts_what_is_described() -> None:
    services = yaml.safe_load((DOCKERFILE.parent / "compose.yaml").read_text(encoding="utf-8"))[
        "services"
    ]
    assert set(services) == {"listsync", "seerr"}
    ours = services["listsync"]
    assert (ours["user"], ours["read_only"], ours["cap_drop"]) == ("1000:1000", True, ["ALL"])
    assert ours["security_opt"] == ["no-new-privileges:true"]
    build = ours["build"]
    assert (DOCKERFILE.parent / build["context"]).resolve() == ROOT
    assert ROOT / build["dockerfile"] == DOCKERFILE
    assert "ports" not in ours, "no port is opened unless somebody wants the dashboard"


@pytest.mark.parametrize("image", _IMAGES)
def test_an_image_has_what_copies_need(image: str) -> None:
    installed = " ".join(one.rest for one in _all_of(image) if one.keyword == "RUN")
    assert re.search(r"apt-get install [^&]*\brsync\b", installed)


def test_libraries_are_only_read_where_files_show_how_they_are_mounted() -> None:
    text = (DOCKERFILE.parent / "compose.yaml").read_text(encoding="utf-8")
    shown = re.findall(r"# - (/mnt/\w+):(/mnt/\w+):(\S+)", text)
    assert [(inside, options) for _, inside, options in shown] == [
        ("/mnt/synology", "ro,rslave"),
        ("/mnt/unraid", "rslave"),
    ]
    root = ET.parse(_UNRAID / "listsync.xml").getroot()
    modes = {one.get("Target"): one.get("Mode") for one in root.findall("Config")}
    assert modes["/mnt/source"] == "ro,slave"
    assert modes["/mnt/destination"] == "rw,slave"


def test_the_template_of_unraid_names_what_the_image_has() -> None:
    root = ET.parse(_UNRAID / "listsync.xml").getroot()
    assert (root.tag, root.get("version")) == ("Container", "2")
    fields = {one.get("Target"): one for one in root.findall("Config")}
    assert fields["/config"].get("Type") == "Path"
    assert (fields["PUID"].get("Default"), fields["PGID"].get("Default")) == ("99", "100")
    assert {one.get("Type") for one in fields.values()} <= {"Path", "Port", "Variable"}
    masked = {name for name, one in fields.items() if one.get("Mask") == "true"}
    assert masked == {"OVERSEERR_API_KEY"}
    profile = ET.parse(_UNRAID / "ca_profile.xml").getroot()
    assert profile.tag == "CommunityApplications"
    assert profile.findtext("Profile")


def test_no_address_is_invented() -> None:
    """There is no public repository and no registry that has it: nothing may say so."""
    for folder in (_UNRAID, DOCKERFILE.parent):
        for path in folder.iterdir():
            if path.suffix == ".png":
                continue
            text = path.read_text(encoding="utf-8")
            found = re.findall(r"(?:https?://|ghcr|docker\.io|lscr)[^\s<>\"')]*", text)
            assert [one for one in found if not one.startswith(_OF_USERS)] == []
