"""Which packages a browser gets is decided by what they require of a browser's Python, not of this one."""

import json
import zipfile
from collections.abc import Mapping, Sequence
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest

from assistant_nb.lite import lock, wheels
from assistant_nb.lite.wheels import Package, SiteError, Target

TARGET = Target("3.14.2", "2026_0")
IN_A_PAGE = 'sys_platform == "emscripten"'


def wheel(folder: Path, name: str, version: str = "1", needs: Sequence[str] = (), tag: str = "py3-none-any") -> Path:
    path = folder / f"{name}-{version}-{tag}.whl"
    notes = f"{name}-{version}.dist-info"
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {it}" for it in needs)]
    files: Mapping[str, str] = {
        f"{name}/__init__.py": "",
        f"{notes}/METADATA": "\n".join(lines) + "\n",
        f"{notes}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n",
        f"{notes}/RECORD": "",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)
    return path


@pytest.fixture
def pypi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes for PyPI. The site is assistant_nb with what it requires, and nothing else."""
    folder = tmp_path / "pypi"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setattr(wheels, "_ALSO", ())
    monkeypatch.setattr(wheels, "_OF_THE_KERNEL", ())
    return folder


def collected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *needs: str) -> list[Package]:
    (folder := tmp_path / "wheels").mkdir()
    monkeypatch.setattr(wheels, "_own_wheel", lambda folder: wheel(folder, "assistant_nb", needs=needs))
    return wheels.collect(folder, TARGET, lambda _: None)


def test_conditions_are_those_of_the_browser(tmp_path: Path, pypi: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel(pypi, "page", needs=["deep; python_version >= '3.14'"])
    wheel(pypi, "deep")
    needs = [f"page; {IN_A_PAGE}", 'server; sys_platform != "emscripten"', "drawn; extra == 'widgets'"]
    wheel(pypi, "drawn")
    packages = collected(tmp_path, monkeypatch, *needs)
    assert {package.name: [*package.depends] for package in packages} == {
        "assistant-nb": ["drawn", "page"],
        "deep": [],
        "drawn": [],
        "page": ["deep"],
    }


def test_a_compiled_wheel_is_the_browsers(tmp_path: Path, pypi: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel(pypi, "fast", "2", tag="cp314-cp314-pyemscripten_2026_0_wasm32")
    wheel(pypi, "fast", "3", tag="cp314-cp314-manylinux_2_17_x86_64")
    _, fast = collected(tmp_path, monkeypatch, "fast")
    assert fast.wheel.name == "fast-2-cp314-cp314-pyemscripten_2026_0_wasm32.whl"


def test_a_package_that_comes_late_can_ask_for_an_older_one(
    tmp_path: Path, pypi: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel(pypi, "shared", "1")
    wheel(pypi, "shared", "2", needs=["gone"])
    wheel(pypi, "gone")
    wheel(pypi, "late", needs=["shared<2"])
    wheel(pypi, "early", needs=["late"])
    packages = collected(tmp_path, monkeypatch, "shared", "early")
    assert [package.wheel.name for package in packages if package.name == "shared"] == ["shared-1-py3-none-any.whl"]
    assert "gone" not in [package.name for package in packages]


def test_a_package_that_nobody_has_stops_the_site_with_pips_words(
    tmp_path: Path, pypi: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SiteError, match="No matching distribution found for nowhere"):
        collected(tmp_path, monkeypatch, "nowhere")


def test_what_is_installed_becomes_a_wheel_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (site := tmp_path / "site-packages").mkdir()
    with zipfile.ZipFile(wheel(tmp_path, "assistant_nb", "0.1.0", needs=["page"])) as archive:
        archive.extractall(site)
    notes = site / "assistant_nb-0.1.0.dist-info"
    files = [file for file in site.rglob("*") if file.is_file()]
    recorded = [f"{file.relative_to(site).as_posix()},sha256=abc,9" for file in files if file.name != "RECORD"]
    (notes / "INSTALLER").write_text("pip")
    own = ["assistant_nb-0.1.0.dist-info/INSTALLER,,", "../../../bin/assistant-nb,,"]
    (notes / "RECORD").write_text("\n".join([*recorded, *own]))
    monkeypatch.setattr(wheels, "_CHECKOUT", tmp_path)
    monkeypatch.setattr(wheels, "distribution", lambda _: PathDistribution(notes))
    made = wheels._own_wheel(tmp_path / "site-packages")
    with zipfile.ZipFile(made) as archive:
        assert sorted(archive.namelist()) == [
            "assistant_nb-0.1.0.dist-info/METADATA",
            "assistant_nb-0.1.0.dist-info/RECORD",
            "assistant_nb-0.1.0.dist-info/WHEEL",
            "assistant_nb/__init__.py",
        ]
        record = archive.read("assistant_nb-0.1.0.dist-info/RECORD").decode()
    assert "assistant_nb/__init__.py,sha256=abc,9\n" in record
    assert "bin/assistant-nb" not in record
    assert [need.name for need in wheels.needs(made, TARGET)] == ["page"]


def test_the_list_names_files_of_the_site_only(tmp_path: Path) -> None:
    published = {
        "info": {"python": "3.14.2", "abi_version": "2026_0", "arch": "wasm32"},
        "packages": {"numpy": {"file_name": "https://elsewhere.example/numpy.whl"}},
    }
    made = lock.rewritten(published, [Package("my-page", wheel(tmp_path, "my_page"), ["deep"])])
    assert lock.target_of(published) == TARGET
    assert made["info"] == published["info"]
    entry = made["packages"].pop("my-page")
    assert made["packages"] == {}
    assert (entry["file_name"], entry["imports"], entry["depends"]) == (
        "my_page-1-py3-none-any.whl",
        ["my_page"],
        ["deep"],
    )
    assert json.loads(json.dumps(entry)) == entry
