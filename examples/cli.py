"""The command line from Python: the same words, and the exit code back."""

from pathlib import Path
from tempfile import mkdtemp

from socialcollab.cli import main
from socialcollab.organization import Organization

document = Path(mkdtemp(), "acme.toml")
acme = Organization.template("client_signs_off", id="acme", client="tulip")
document.write_text(acme.to_toml(), encoding="utf-8")
print("exit code", main(["check", str(document)]))
wrong = document.read_text(encoding="utf-8").replace('role = "publisher"', 'role = "publsher"')
document.write_text(wrong, encoding="utf-8")
print("exit code", main(["check", str(document), "--json"]))
