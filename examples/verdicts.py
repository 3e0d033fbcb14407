"""Explain positive and negative verdicts in each language, with reasons and remedies."""

from socialcollab.verdicts import LANGUAGES, Reason, Remedy, Verdict

remedy = Remedy.of("grant_role", member="ana", role="editor", resource="tulip-x", by=["eva"])
not_member = Verdict.no(Reason.of("not_a_member", member="zoe"))
for verdict in (Verdict.yes(), not_member, Verdict.no(remedies=[remedy])):
    print("yes" if verdict else "no")
    for language in LANGUAGES:
        print(f"  {language}: {verdict.explain(language)}")
