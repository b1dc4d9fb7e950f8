"""Where the bundled texts, lessons and pictures are, in an installed wheel and in a checkout alike."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def assets_folder() -> Path:
    """Return the assets folder: ``explorer/assets`` of a wheel, or else ``assets`` beside the package.

    Raises FileNotFoundError, with the remedy, when there is neither.
    """
    package = Path(__file__).resolve().parent
    for folder in (package / "assets", package.parent / "assets"):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"There is no assets folder beside or in {package}. Install bptt-explorer again.")


def asset(*parts: str) -> Path:
    """Return the path of one asset; raises FileNotFoundError when it is missing."""
    path = assets_folder().joinpath(*parts)
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing. Install bptt-explorer again.")
    return path
