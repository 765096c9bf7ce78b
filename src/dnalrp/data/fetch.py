"""Download of data that are published as Python wheels or Debian packages, verified before use."""

import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

from dnalrp.errors import InputError
from dnalrp.provenance import checksum, written_whole


def fetch_wheel(
    requirement: str,
    sha256: str,
    destination: str | Path,
    *,
    local: str | Path | None = None,
    mirror: str | Path | None = None,
    offline: bool = False,
) -> None:
    """Put a wheel of a package registry at ``destination``, without installing it.

    The download goes through pip, so that the user's mirrors, proxies and certificates apply;
    nothing of the package is run.

    Parameters
    ----------
    requirement
        ``name==version``.
    sha256
        Expected checksum of the wheel, hexadecimal.
    local
        A copy of the wheel on this machine, taken instead of a download.
    mirror
        Folder of such copies, under their own names; taken where it has the wheel.
    offline
        Never use the network.

    Raises
    ------
    InputError
        No network, no such release, no such local file, or another checksum. Then nothing is
        left at ``destination``.
    """
    if Path(destination).is_file() and checksum(destination) == sha256:
        return
    local = local or _mirrored(requirement, mirror)
    if offline and not local:
        copies = "'archive: local'" if mirror is None else f"the folder {mirror}"
        raise InputError(
            f"{requirement}: wanted, but offline; fetch its wheel elsewhere by 'pip download "
            f"--no-deps {requirement}' and put it into {copies}"
        )
    with tempfile.TemporaryDirectory() as folder:
        wheel = Path(local) if local else _download(requirement, Path(folder))
        if not wheel.is_file():
            raise InputError(f"{wheel}: no such file; correct 'archive: local' or set it to null")
        _copy_verified(wheel, Path(destination), sha256)


def fetch_debian(
    requirement: str,
    sha256: str,
    destination: str | Path,
    *,
    mirror: str | Path | None = None,
    offline: bool = False,
) -> None:
    """Put a Debian package at ``destination``, without installing it.

    The download goes through apt, so that the sources, mirrors and proxies of the machine apply;
    nothing of the package is run.

    Parameters
    ----------
    requirement
        ``name=version``.
    sha256, mirror, offline
        As for :func:`fetch_wheel`; a copy in ``mirror`` has the name of ``destination``.

    Raises
    ------
    InputError
        No apt, no such package, or another checksum. Then nothing is left at ``destination``.
    """
    destination = Path(destination)
    if destination.is_file() and checksum(destination) == sha256:
        return
    copy = None if mirror is None else Path(mirror) / destination.name
    command = ["apt-get", "download", requirement]
    cure = f"fetch it elsewhere by '{' '.join(command)}' and name its folder as mirror"
    with tempfile.TemporaryDirectory() as folder:
        if copy is None or not copy.is_file():
            if offline:
                raise InputError(f"{requirement}: wanted, but offline; {cure}")
            if shutil.which(command[0]) is None:
                raise InputError(f"{requirement}: needs apt-get, which is not here; {cure}")
            run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            copy = next(Path(folder).glob("*.deb"), None)
            if copy is None:
                reason = (run.stderr.strip().splitlines() or ["apt-get failed"])[-1]
                raise InputError(f"{requirement}: download failed ({reason}); {cure}")
        _copy_verified(copy, destination, sha256)


def _copy_verified(source: Path, destination: Path, sha256: str) -> None:
    actual = checksum(source)
    if actual != sha256:
        raise InputError(
            f"{source.name}: SHA-256 is {actual} and not {sha256} as asked for; it is damaged or "
            "another file, fetch it again or correct the checksum"
        )
    with written_whole(destination) as beside:
        shutil.copyfile(source, beside)


def _mirrored(requirement: str, mirror: str | Path | None) -> Path | None:
    if mirror is None:
        return None
    if not Path(mirror).is_dir():
        raise InputError(f"{mirror}: no such folder; correct 'mirror'")
    name, version = requirement.split("==")
    stem = f"{re.sub('[-_.]+', '_', name)}-{version}-".lower()
    wheels = (path for path in Path(mirror).glob("*.whl") if path.name.lower().startswith(stem))
    return next(wheels, None)


def _download(requirement: str, folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", requirement]
    command += ["--no-deps", "--only-binary", ":all:", "--dest", str(folder)]
    command += ["--disable-pip-version-check", "--progress-bar", "off", "--retries", "2"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        reasons = [line for line in result.stderr.splitlines() if line.startswith("ERROR")]
        reason = reasons[-1].removeprefix("ERROR: ") if reasons else "pip failed"
        raise InputError(
            f"{requirement}: download failed ({reason}); check the network and the version, or "
            "set 'archive: local' to a copy of the wheel"
        )
    return next(folder.iterdir())


def extract(archive: str | Path, members: Iterable[str], folder: str | Path) -> list[Path]:
    """Extract named members of a wheel into ``folder`` and return their paths.

    Raises
    ------
    InputError
        The archive is not a zip file or lacks a member.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            return [Path(opened.extract(member, folder)) for member in members]
    except zipfile.BadZipFile as error:
        raise InputError(f"{archive}: not a zip archive; fetch it again") from error
    except KeyError as error:
        raise InputError(
            f"{archive}: holds no {error.args[0]!r}; correct 'fasta' under the data set's classes"
        ) from error
