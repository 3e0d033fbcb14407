"""SG106 to SG112: hashtags, mentions, emoji, links, disclosure, alt texts and tone."""

from __future__ import annotations

import time
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.content import Image, LinkCard, PostContent, media_digest
from socialcollab.directory import Profile
from socialcollab.styleguide import StyleGuide, fix, lint

CODES = ("SG106", "SG107", "SG108", "SG109", "SG110", "SG111", "SG112")


def guide(code: str, **settings: Any) -> StyleGuide:
    """Return the default guide with the settings of one rule."""
    return StyleGuide.from_dict({"rules": {code: settings}})


def found(text: str, code: str, **settings: Any) -> list[tuple[str, str]]:
    """Return the kind and the text of each finding on X."""
    findings = lint(text, guide(code, **settings), profile="x")
    assert {finding.code for finding in findings} <= {code}
    return [
        (
            finding.message_code.removeprefix(code).removeprefix("."),
            text[finding.start : finding.end] if finding.start is not None else "",
        )
        for finding in findings
    ]


@pytest.mark.parametrize(
    ("text", "code", "settings", "expected"),
    [
        ("#een #twee", "SG106", {"at_most": 2}, []),
        ("#een #twee #drie", "SG106", {"at_most": 2}, [("count", "#drie")]),
        ("#een", "SG106", {"at_most": 0}, [("count", "#een")]),
        ("Kom! #Sale #lente", "SG106", {"banned": ["#sale"]}, [("banned", "#Sale")]),
        ("Kom!", "SG106", {"required": ["tulpen"]}, [("required", "")]),
        ("Kom! #Tulpen", "SG106", {"required": ["tulpen", "lente"]}, []),
        ("#nietgoedleesbaar #WelGoedLeesbaar", "SG106", {"capitals_from": 10},
         [("capitals", "#nietgoedleesbaar")]),
        ("#東京タワーからの眺めは最高", "SG106", {"capitals_from": 5}, []),
        ("@a en @Rival", "SG107", {"banned": ["rival"]}, [("banned", "@Rival")]),
        ("@a @b @c", "SG107", {"at_most": 1}, [("count", "@b")]),
        ("@a @b", "SG107", {"at_most": 1, "banned": ["b"]}, [("count", "@b"), ("banned", "@b")]),
        ("🌷🌷", "SG108", {"at_most": 1, "banned": ["🌷"]},
         [("banned", "🌷"), ("count", "🌷"), ("banned", "🌷")]),
        ("@tulip is er", "SG107", {"not_first": True}, [("first", "@tulip")]),
        ("Vandaag @tulip", "SG107", {"not_first": True}, []),
        ("Mail ana@rival.nl", "SG107", {"banned": ["rival"]}, []),
        ("👨‍👩‍👧 en 🇳🇱", "SG108", {"at_most": 2}, []),
        ("🌷🌷🌷", "SG108", {"at_most": 2}, [("count", "🌷")]),
        ("Goed 👍🏽!", "SG108", {"no_skin_tone": True}, [("skin_tone", "👍🏽")]),
        ("Goed 👍🏽!", "SG108", {"banned": ["👍"]}, [("banned", "👍🏽")]),
        ("❤️ en 🌷", "SG108", {"only": ["❤"]}, [("banned", "🌷")]),
        ("De 🌷 is er", "SG108", {"at_end": True}, [("inside", "🌷")]),
        ("De tulp is er 🌷 #lente\nKom!", "SG108", {"at_end": True}, []),
        ("Nr. 1, 2 # 3 ©", "SG108", {"at_most": 0}, []),
        ("Zie http://tulip.nl/a", "SG109", {"https": True}, [("https", "http://tulip.nl/a")]),
        ("Zie https://bit.ly/a", "SG109", {"shorteners": False},
         [("shortener", "https://bit.ly/a")]),
        ("Zie https://www.tulip.nl/a", "SG109", {"allow": ["tulip.nl"]}, []),
        ("Zie https://nottulip.nl/a", "SG109", {"allow": ["tulip.nl"]},
         [("domain", "https://nottulip.nl/a")]),
        ("Zie https://shop.rival.com/", "SG109", {"deny": ["rival.com"]},
         [("domain", "https://shop.rival.com/")]),
        ("Zie https://tulip.nl/?utm_source=x", "SG109",
         {"utm": ["utm_source", "utm_campaign"], "own": ["tulip.nl"]},
         [("utm", "https://tulip.nl/?utm_source=x")]),
        ("Zie https://nrc.nl/", "SG109", {"utm": ["utm_source"], "own": ["tulip.nl"]}, []),
        ("Dank @avenida!", "SG110", {"partners": ["@avenida"]}, [("", "@avenida")]),
        ("#ad Dank Avenida!", "SG110", {"partners": ["avenida"]}, []),
        ("#adres van Avenida", "SG110", {"partners": ["avenida"]}, [("", "Avenida")]),
        ("Dank Avenida! " + "x" * 200 + " #ad", "SG110", {"partners": ["avenida"]},
         [("late", "Avenida")]),
        ("Ja!!", "SG112", {"exclamation_marks": 1}, [("exclamation_marks", "!!")]),
        ("KLM en de NAVO", "SG112", {"capital_words": 0, "abbreviations": ["navo"]}, []),
        ("NIEUW #NIEUW", "SG112", {"capital_words": 0}, [("capital_words", "NIEUW")]),
        ("Een twee drie. Vier.", "SG112", {"sentence_words": 2},
         [("sentence_words", "Een twee drie.")]),
    ],
)  # fmt: skip
def test_rule(
    text: str, code: str, settings: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    """A rule reports what its settings describe, and nothing else."""
    assert found(text, code, **settings) == expected


@pytest.mark.parametrize(
    ("alt", "kind"),
    [
        ("", ""),
        ("DSC_0042.JPG", "file"),
        ("Screenshot 2026-11-30", "file"),
        ("Foto", "empty"),
        ("An image of a field", "begins"),
        ("Foto van een veld", "begins"),
        ("Fotograaf bij een veld", ""),
        ("De tulpen  bloeien", "repeats"),
        ("Een veld " + "x" * 500, "long"),
        ("Een veld vol tulpen", ""),
    ],
)
def test_alt_text(alt: str, kind: str) -> None:
    """Alt texts that help no reader are reported once; missing ones by SG103 only."""
    image = Image(digest=media_digest(b"1"), alt=alt, name="veld.jpg")
    findings = lint(PostContent(text="De tulpen bloeien", media=[image]), StyleGuide.default())
    expected = "SG103" if not alt else f"SG111.{kind}" if kind else None
    assert [finding.message_code or finding.code for finding in findings] == (
        [expected and expected.replace("SG103", "SG103.named")] if expected else []
    )


def test_reply() -> None:
    """A reply may begin with a mention."""
    reply = PostContent(text="@ana dank!", targets=["tulip-x"], reply_to="1234")
    profile = Profile(id="tulip-x", workspace="tulip", network="x")
    rules = guide("SG107", not_first=True)
    assert not lint(reply, rules, profiles=[profile])
    [finding] = lint(attrs.evolve(reply, reply_to=""), rules, profiles=[profile])
    assert finding.message_code == "SG107.first"


@pytest.mark.parametrize(
    ("link", "kind"),
    [
        ("https://tulip.nl@evil.com/a", "domain"),
        ("https://evil.com\\@tulip.nl/", "domain"),
        ("https://evil.com/#tulip.nl", "domain"),
        ("https://xn--tlip-0na.nl", "domain"),
        ("javascript:alert(1)", "domain"),
        ("https://[", "invalid"),
        ("https://TULIP.nl.:443/a", ""),
        ("//www.tulip.nl", ""),
        ("tulip.nl/a?next=https://evil.com", ""),
        ("https://ｔｕｌｉｐ.nl", ""),
    ],
)
def test_where_links_lead(link: str, kind: str) -> None:
    """A link is judged by the host to which a browser goes."""
    post = PostContent(text="Zie", links=[link])
    found = lint(post, guide("SG109", allow=["tulip.nl"]), profile="linkedin")
    codes = [finding.message_code for finding in found if finding.code == "SG109"]
    assert codes == ([f"SG109.{kind}"] if kind else [])


def test_link_of_the_card() -> None:
    """The link of a card is checked like the links of the post."""
    post = PostContent(text="Zie", card=LinkCard(url="https://rival.com/a", title="Zie"))
    [finding] = lint(post, guide("SG109", deny=["rival.com"]), profile="bluesky")
    assert (finding.message_code, finding.field) == ("SG109.domain", "links")
    assert "rival.com" in finding.message


@pytest.mark.integration
def test_many_emoji() -> None:
    """The time grows with the number of emoji, not with its square."""
    rules = guide("SG108", at_end=True)

    def seconds(number: int) -> float:
        text = "🌷 a " * number
        start = time.process_time()
        assert len(lint(text, rules)) == number
        return time.process_time() - start

    assert min(seconds(16_000) for _ in range(3)) < 12 * min(seconds(4_000) for _ in range(3))


def test_fixes() -> None:
    """A link gets https, and an emoji loses its skin tone."""
    for text, code, settings, expected in (
        ("http://tulip.nl 🌷", "SG109", {"https": True}, "https://tulip.nl 🌷"),
        ("Goed 👍🏽", "SG108", {"no_skin_tone": True}, "Goed 👍"),
    ):
        assert fix(text, lint(text, guide(code, **settings))) == expected


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("SG106", "at_most"),
        ("SG107", "at_most"),
        ("SG108", "at_most"),
        ("SG110", "within"),
        ("SG111", "at_most"),
        ("SG112", "exclamation_marks"),
        ("SG112", "capital_words"),
        ("SG112", "sentence_words"),
        ("SG107", "not_first"),
        ("SG108", "at_end"),
        ("SG108", "no_skin_tone"),
        ("SG109", "https"),
        ("SG109", "shorteners"),
    ],
)
@pytest.mark.parametrize("value", [-1, "two", 1.5, 2.0, [True]])
def test_wrong_settings(code: str, name: str, value: object) -> None:
    """A setting of a wrong type is a fault of the guide."""
    with pytest.raises(ExceptionGroup) as caught:
        guide(code, **{name: value})
    [fault] = caught.value.exceptions
    assert name in str(fault)


@given(st.text(max_size=60) | st.text("#@🌷!ABC 👍🏽.http:/é", max_size=60))
def test_positions(text: str) -> None:
    """Without settings, the rules are silent; with all settings, positions are in the text."""
    assert not lint(text, StyleGuide.default(), profile="x") if text.isascii() else True
    strict = StyleGuide.from_dict(
        {
            "rules": {
                "SG106": {"at_most": 0, "capitals_from": 1},
                "SG107": {"at_most": 0, "not_first": True},
                "SG108": {"at_most": 0, "at_end": True, "no_skin_tone": True},
                "SG109": {"https": True, "shorteners": False, "allow": ["tulip.nl"]},
                "SG110": {"partners": ["a"]},
                "SG112": {"exclamation_marks": 0, "capital_words": 0, "sentence_words": 1},
            }
        }
    )
    for finding in lint(text, strict, profile="x"):
        if finding.start is not None and finding.end is not None:
            assert 0 <= finding.start <= finding.end <= len(text)
