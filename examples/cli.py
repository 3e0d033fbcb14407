"""Call the command line from Python, and print its exit codes."""

from pathlib import Path
from tempfile import mkdtemp

from socialcollab.cli import main
from socialcollab.organization import Organization

document = Path(mkdtemp(), "acme.toml")
acme = Organization.template("client_signs_off", id="acme", client="tulip")
document.write_text(acme.to_toml(), encoding="utf-8")
print("exit code", main(["check", str(document)]))
misspelled = document.read_text(encoding="utf-8").replace('role = "publisher"', 'role = "publsher"')
document.write_text(misspelled, encoding="utf-8")
print("exit code", main(["check", str(document), "--json"]))
