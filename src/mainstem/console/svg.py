"""Elements of SVG, escaped, styled by classes only."""

from __future__ import annotations

from markupsafe import Markup, escape


def el(name: str, *children: Markup | str, **attributes: object) -> Markup:
    """An element. `class_` is class, `stroke_width` is stroke-width; None leaves an attribute out.

    >>> el("text", "a < b", x=1.25, class_="soft")
    Markup('<text x="1.2" class="soft">a &lt; b</text>')
    """
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_text(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    inner = "".join(str(escape(child)) for child in children)
    return Markup(f"<{name}{said}>{inner}</{name}>")  # noqa: S704 - every part was escaped above


def picture(
    width: float, height: float, title: str, *children: Markup | str, desc: str = "", class_: str = ""
) -> Markup:
    """A picture with a name (and what it shows) for those who do not see it; as wide as its place allows."""
    about = [el("title", title)] + ([el("desc", desc)] if desc else [])
    return el(
        "svg",
        *about,
        *children,
        viewBox=f"0 0 {_text(width)} {_text(height)}",
        role="img",
        aria_label=title,
        class_=class_ or None,
    )


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.1f}".rstrip("0").rstrip(".") or "0"
    return str(value)
