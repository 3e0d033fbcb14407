"""Tokens in environment variables and files, which only their owner can read."""

from __future__ import annotations

import json
import os
import traceback
from pathlib import Path

import pytest

from socialcollab.errors import AuthenticationError, InvalidValueError, MissingExtraError
from socialcollab.stores import (
    EnvironmentTokens,
    FileTokens,
    SqliteCredentials,
    fernet_cipher,
)
from socialcollab.transport import Token

SECRET = "geheim-4d2f"


def written(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable is read for each request, and an empty one is an error that names it."""
    tokens = EnvironmentTokens()
    with pytest.raises(AuthenticationError, match="`SOCIALCOLLAB_TOKEN_TULIP_X` with the token"):
        tokens("tulip-x")
    monkeypatch.setenv("SOCIALCOLLAB_TOKEN_TULIP_X", f"{SECRET}\n")
    assert tokens("tulip-x") == SECRET
    monkeypatch.setenv("SOCIALCOLLAB_TOKEN_TULIP_X", " ")
    with pytest.raises(AuthenticationError):
        tokens("tulip-x")
    assert EnvironmentTokens(prefix="T_").variable_of("tulip.x_2") == "T_TULIP_X_2"
    assert repr(tokens) == "EnvironmentTokens()"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.toml", f'tulip-x = "{SECRET}"\n"tulip.y" = "b"\n'),
        ("a.json", json.dumps({"tulip-x": SECRET, "tulip.y": "b"})),
        ("b.json", "\ufeff" + json.dumps({"tulip-x": f" {SECRET} "})),
    ],
)
def test_file(tmp_path: Path, name: str, text: str) -> None:
    """The file is read for each request, so that it can be replaced."""
    path = written(tmp_path / name, text)
    tokens = FileTokens(path)
    assert tokens("tulip-x") == SECRET
    with pytest.raises(AuthenticationError, match="no token for `tulip-z`; did you mean"):
        tokens("tulip-z")
    written(path, '{"tulip-x": "new"}' if name.endswith("json") else 'tulip-x = "new"')
    assert tokens("tulip-x") == "new"
    assert repr(tokens) == "FileTokens()"


INVALID = [
    ("a.toml", f"tulip-x = {SECRET}", "not valid TOML at line 1, column"),
    ("a.toml", f'tulip-x = "{SECRET}', "not valid TOML at "),
    ("a.toml", f'tulip.x = "{SECRET}"', "the entry `tulip` is a table; write an id with a dot"),
    ("a.toml", "tulip-x = 7", "the entry `tulip-x` is of type int; it must be a text"),
    ("a.json", f'["{SECRET}"]', "it is not a table"),
    ("a.json", f'{{"a": "{SECRET}",}}', "not valid JSON at line 1, column"),
    ("a.json", f'{{"a": "{SECRET}", "a": "b"}}', "cannot be parsed"),
    ("a.json", "[" * 100_000, "cannot be parsed"),
    ("a.json", "1" * 5_000, "cannot be parsed"),
    ("a.json", " " * 1_000_001, "more than 1,000,000 bytes"),
    ("a.txt", SECRET, "does not end in `.toml` or `.json`"),
]


@pytest.mark.parametrize(("name", "text", "message"), INVALID)
def test_invalid_files(tmp_path: Path, name: str, text: str, message: str) -> None:
    """A file that is not a table of tokens is refused, and no error shows a token."""
    with pytest.raises(InvalidValueError, match=message) as caught:
        FileTokens(written(tmp_path / name, text))
    shown = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value))
    assert SECRET not in shown


def test_bytes(tmp_path: Path) -> None:
    """A file in another encoding, a folder and a pipe are refused; a missing file is named."""
    path = written(tmp_path / "a.json", "")
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidValueError, match="cannot be parsed"):
        FileTokens(path)
    os.mkfifo(tmp_path / "pipe.json", 0o600)
    with pytest.raises(InvalidValueError, match="it is not a file"):
        FileTokens(tmp_path / "pipe.json")
    (tmp_path / "folder.json").mkdir()
    with pytest.raises((InvalidValueError, OSError)):
        FileTokens(tmp_path / "folder.json")
    with pytest.raises(FileNotFoundError, match=r"gone\.json"):
        FileTokens(tmp_path / "gone.json")


def test_other_readers(tmp_path: Path) -> None:
    """A file that others can read is refused, also if it becomes readable later."""
    path = written(tmp_path / "a.toml", f'x = "{SECRET}"', 0o644)
    with pytest.raises(InvalidValueError, match=r"mode 0644; run `chmod 600 .*a\.toml`"):
        FileTokens(path)
    path.chmod(0o400)
    tokens = FileTokens(path)
    path.chmod(0o440)
    with pytest.raises(InvalidValueError, match="mode 0440"):
        tokens("x")


def test_fernet(tmp_path: Path) -> None:
    """Tokens are encrypted with the first key, and a key can be replaced."""
    fernet = pytest.importorskip(
        "cryptography.fernet", reason="the extra `credentials` is not installed"
    )
    old, new = (fernet.Fernet.generate_key().decode() for _ in range(2))
    path, token = tmp_path / "tokens.db", Token(access=SECRET)
    SqliteCredentials(path, cipher=fernet_cipher(f"{old}\n")).put("x", token)
    assert SECRET.encode() not in path.read_bytes()
    both = SqliteCredentials(path, cipher=fernet_cipher(new, old))
    assert both.read("x") == token
    both.put("x", token)
    assert SqliteCredentials(path, cipher=fernet_cipher(new)).read("x") == token
    with pytest.raises(InvalidValueError, match="stored with another key"):
        SqliteCredentials(path, cipher=fernet_cipher(old)).read("x")
    for wrong in ((), ("",), (SECRET,), ("é",)):
        with pytest.raises(InvalidValueError, match="missing or not valid") as caught:
            fernet_cipher(*wrong)
        text = "".join(traceback.format_exception(caught.value))
        assert not [key for key in wrong if key and key in text]


def test_missing_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra, the error names it."""

    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr("socialcollab.stores.credentials.import_module", missing)
    with pytest.raises(MissingExtraError, match=r"socialcollab\[credentials\]"):
        fernet_cipher("key")
