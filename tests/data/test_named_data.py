"""Named data: what their table says, wheels and Debian packages."""

import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from dnalrp.data.catalogue import named_data, unpack_deb
from dnalrp.data.fetch import fetch_debian, fetch_wheel
from dnalrp.errors import InputError

CONTENT = bytes(range(256)) * 1200  # more than one block
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def test_the_table_of_named_data_is_complete():
    for name, row in named_data().items():
        assert row.kind in ("wheel", "deb", "file"), name
        assert row.about and row.licence and row.version
        assert isinstance(row.version, str)
        if row.sha256 is None:
            assert row.note, f"{name}: say why its checksum is not known"
        else:
            assert len(row.sha256) == 64
        if row.kind == "wheel":
            assert "==" in row.source and row.file.endswith(".whl") and row.sha256
        elif row.kind == "deb":
            assert "=" in row.source and row.file.endswith(".deb") and row.sha256
        else:
            assert row.source.startswith("https://")
    assert len({row.result for row in named_data().values()}) == len(named_data())


def test_the_default_run_takes_the_wheel_of_the_table():
    import yaml

    settings = yaml.safe_load((Path(__file__).parents[2] / "config.yaml").read_text())
    archive, row = settings["datasets"]["oct4_mafk"]["archive"], named_data()["janggu"]
    assert (archive["package"], archive["sha256"]) == (row.source, row.sha256)


def debian_package(path, name, content):
    """A package as dpkg-deb makes it: an ar archive of three members."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:xz") as archive:
        entry = tarfile.TarInfo(f"./{name}")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    with path.open("wb") as file:
        file.write(b"!<arch>\n")
        members = {"debian-binary": b"2.0\n", "control.tar.xz": b"odd", "data.tar.xz": data}
        for member, body in members.items():
            body = body if isinstance(body, bytes) else body.getvalue()
            file.write(f"{member:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(body):<10}`\n".encode())
            file.write(body + b"\n" * (len(body) % 2))


def test_one_file_of_a_debian_package(tmp_path):
    package = tmp_path / "some.deb"
    debian_package(package, "usr/share/a.fa", b">a\nACGT\n")
    assert unpack_deb(package, "usr/share/a.fa", tmp_path / "a.fa").read_bytes() == b">a\nACGT\n"
    with pytest.raises(InputError, match="holds no file 'usr/b'"):
        unpack_deb(package, "usr/b", tmp_path / "b.fa")
    package.write_bytes(package.read_bytes()[:-80])
    with pytest.raises(InputError, match="not a whole Debian package"):
        unpack_deb(package, "usr/share/a.fa", tmp_path / "c.fa")
    assert not (tmp_path / "c.fa").exists()


def test_a_wheel_comes_from_a_mirror(tmp_path):
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    (mirror / "Some_Thing-1.0-py3-none-any.whl").write_bytes(CONTENT)
    fetch_wheel("some-thing==1.0", SHA256, tmp_path / "out.whl", mirror=mirror, offline=True)
    assert (tmp_path / "out.whl").read_bytes() == CONTENT
    with pytest.raises(InputError, match=f"put it into the folder {mirror}"):
        fetch_wheel("other==1.0", SHA256, tmp_path / "new.whl", mirror=mirror, offline=True)


def test_a_debian_package_comes_from_a_mirror_or_is_named(tmp_path, monkeypatch):
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    (mirror / "some.deb").write_bytes(CONTENT)
    target = tmp_path / "some.deb"
    with pytest.raises(InputError, match=f"some.deb: SHA-256 is {SHA256} and not 0000"):
        fetch_debian("some=1", "0" * 64, target, mirror=mirror)
    with pytest.raises(InputError, match=r"some=1: wanted, but offline; .*apt-get download some=1"):
        fetch_debian("some=1", SHA256, target, offline=True)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="some=1: needs apt-get, which is not here"):
        fetch_debian("some=1", SHA256, target)
    assert not target.exists()
    fetch_debian("some=1", SHA256, target, mirror=mirror, offline=True)
    assert target.read_bytes() == CONTENT
