"""One tool for the whole data engineering lifecycle: every table answers a need, and you can see that it does."""

from mainstem.core.marking import model

__all__ = ["model"]

__version__ = "0.1.0"
