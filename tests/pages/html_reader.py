"""A strict HTML reader, which requires closed elements and rejects scripts and loaded resources."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = frozenset({"meta", "img", "br", "hr", "input", "link", "rect", "circle", "path"})
ACTIVE = frozenset({"script", "iframe", "object", "embed", "link", "form", "base"})


class Reader(HTMLParser):
    """
    The content of an HTML text.

    Attributes:
        text: The visible text.
        styles: The style sheets.
        elements: The tags with their attributes.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        html.encode("utf-8")
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.styles: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == [], f"not closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.elements.append((tag, attributes))
        assert tag not in ACTIVE
        assert not [name for name in attributes if name.startswith("on")]
        href = attributes.get("href")
        assert href is None or href.startswith(("https:", "http:"))
        if tag == "img":
            # Loading an image would reveal the reader to the image's server.
            assert "//" not in (attributes["src"] or "").partition(",")[0]
            assert attributes["alt"]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "style":
            self.styles.append(data)
        else:
            self.text += data
