"""The socket that `mainstem up` listens at."""

from __future__ import annotations

import socket

import pytest

from mainstem.cli.up import _listening
from mainstem.core.problem import WorldError


def test_small_answers_are_not_held_back() -> None:
    with _listening("127.0.0.1", 0) as found:
        assert found.proto == socket.IPPROTO_TCP  # asyncio sets TCP_NODELAY for these alone


def test_a_port_in_use_is_told_with_another() -> None:
    with _listening("127.0.0.1", 0) as found:
        port = found.getsockname()[1]
        with pytest.raises(WorldError) as refused:
            _listening("127.0.0.1", port)
    assert refused.value.problems[0].code == "C020"
    assert f"--port {port + 1}" in refused.value.problems[0].mend
