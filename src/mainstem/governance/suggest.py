"""Suggests sensitivity tags by the names and a few values of columns; a person decides."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mainstem.core.found import FoundColumn

_BY_NAME: Sequence[tuple[str, str]] = (
    ("email", r"e_?mails?(_address(es)?)?|mail_address"),
    ("phone", r"(tele)?phones?(_(number|no))?|mobile(_(number|phone))?|fax|msisdn"),
    (
        "person",
        r"(first|last|middle|full|given|family|sur|maiden|user|customer|contact|person|employee)_?names?|surname",
    ),
    ("address", r"(street|home|postal|billing|shipping)?_?address(_?(line)?_?\d)?|street|post_?code|zip(_?code)?"),
    ("birth", r"(date_of_)?birth(_?(date|day))?|dob"),
    ("identity", r"ssn|social_security(_number)?|passport(_(number|no))?|national_id|tax_?id|nin|personal_number"),
    ("payment", r"iban|bic|credit_?card(_number)?|card_number|pan|account_number|cvv|cvc"),
    ("secret", r"pass(word|wd)?(_hash)?|secret|api_?key|(access|auth|refresh)_?token|token"),
    ("location", r"lat(itude)?|lon(gitude)?|lng|geo_?(location|point)|gps"),
    ("ip", r"ip(_?address|v4|v6)?|(remote|client)_(ip|addr(ess)?)"),
)
_BY_VALUE: Sequence[tuple[str, str]] = (
    ("email", r"[^@\s]+@[^@\s]+\.[a-zA-Z]{2,}"),
    ("phone", r"\+\d[\d ()/.-]{6,18}\d"),
    ("payment", r"[A-Z]{2}\d{2}( ?[A-Z0-9]{4}){3,7}( ?[A-Z0-9]{1,3})?"),
    ("ip", r"(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}"),
)
_MOST = 0.8
"""The share of sampled values that must look alike."""


def tags_of(column: FoundColumn) -> tuple[str, ...]:
    """The tags that a column seems to deserve; none for most.

    >>> tags_of(FoundColumn("contact_email", "varchar"))
    ('email',)
    >>> tags_of(FoundColumn("note", "varchar", samples=("a@example.org", "b@example.org")))
    ('email',)
    """
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", column.name).lower()
    plain = re.sub(r"[^a-z0-9]+", "_", words).strip("_")
    named = [tag for tag, pattern in _BY_NAME if re.fullmatch(rf"(.*_)?({pattern})", plain)]
    return tuple(dict.fromkeys([*named, *_by_value(column.samples)]))


def _by_value(samples: Sequence[str]) -> list[str]:
    texts = [sample.strip() for sample in samples if sample.strip()]
    if len(texts) < 2:
        return []
    return [
        tag
        for tag, pattern in _BY_VALUE
        if sum(re.fullmatch(pattern, text) is not None for text in texts) >= _MOST * len(texts)
    ]
