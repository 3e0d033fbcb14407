"""Answers with their reasons and remedies, in both languages."""

from socialcollab.verdicts import LANGUAGES, Reason, Remedy, Verdict

editor = Remedy.of("grant_role", member="ana", role="editor", resource="tulip-x", by=["eva"])
stranger = Verdict.no(Reason.of("not_a_member", member="zoe"))
for answer in (Verdict.yes(), stranger, Verdict.no(remedies=[editor])):
    print("yes" if answer else "no")
    for language in LANGUAGES:
        print(f"  {language}: {answer.explain(language)}")
