"""Arrow IPC files (Feather V2) and streams, as Arrow streams."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mainstem.lifecycle.generation.file_parts import extra

_FILE, _FEATHER_1 = b"ARROW1", b"FEA1"
_ENDS = (b"\xff\xff\xff\xff\x00\x00\x00\x00", b"\x00\x00\x00\x00")


def arrow_stream(path: Path) -> Any:
    """The record batches of a file, read as they are asked for.

    A stream that ends without saying so may have lost batches, so it is refused like any file that is cut off: OSError,
    EOFError. WorldError G035 without the package that reads it.
    """
    reader = extra("arro3.io", "files")
    with path.open("rb") as stream:
        head = stream.read(len(_FILE))
        stream.seek(max(0, path.stat().st_size - len(_ENDS[0])))
        tail = stream.read()
    if head.startswith(_FEATHER_1):
        raise OSError("it is Feather version 1, which only its first writers know; write it anew")
    if not head.startswith(_FILE) and not tail.endswith(_ENDS):
        raise EOFError("it ends before its end")
    try:
        return reader.read_ipc(str(path)) if head.startswith(_FILE) else reader.read_ipc_stream(str(path))
    except Exception as error:  # the package raises nothing narrower
        raise OSError(str(error)) from error
