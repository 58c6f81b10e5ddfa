"""Why a text cannot be carried over, and things whose use is such a reason."""

from __future__ import annotations

from typing import Any, NoReturn


class NotCarriedError(Exception):
    """A text that cannot be carried over. `why` is a fact; `line` and `file` say where, 0 and "" for not known."""

    def __init__(self, why: str, line: int = 0, file: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.line = line
        self.file = file


class Refusing:
    """Something that a text may name, and not use: whatever is done with it raises `NotCarriedError`."""

    __slots__ = ("_why",)

    def __init__(self, why: str) -> None:
        self._why = why

    def _refuse(self, *args: Any, **named: Any) -> NoReturn:
        del args, named
        raise NotCarriedError(self._why)

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotCarriedError(self._why)

    __call__ = __getitem__ = __iter__ = __len__ = __bool__ = __str__ = __eq__ = __contains__ = _refuse
    __hash__ = None  # type: ignore[assignment]


class Returned(Exception):  # noqa: N818 - no error: how a macro ends early
    """The value that a macro gives back by `return`."""

    def __init__(self, value: Any) -> None:
        super().__init__(value)
        self.value = value
