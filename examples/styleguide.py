"""Check a text against a style guide, and apply the suggested corrections."""

from socialcollab.styleguide import StyleGuide, fix, lint

GUIDE = """
[[terms]]
prefer = "cabin crew"
instead_of = ["stewardess", "air hostess"]
why = "it is what they call themselves"
"""
guide = StyleGuide.loads(GUIDE, name="tulip.toml")
text = "Our air hostess of the month! " + "Thank you, Sanne. " * 15
findings = lint(text, guide, profile="x")
for finding in findings:
    print(f"{finding.severity} {finding.code} at {finding.start}: {finding.message}")
print(fix(text, findings)[:48])
