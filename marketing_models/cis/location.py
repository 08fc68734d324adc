"""Where stores lie; light enough to ask before anything heavy is imported."""

from pathlib import Path

import marketing_models
from marketing_models.errors import StoreError


def locate(name: str | Path) -> Path:
    """Return the folder of a store.

    Parameters
    ----------
    name : str or Path
        A bare name, for ``data/<name>`` beside the package, or an absolute path.

    Returns
    -------
    Path
        Absolute.

    Raises
    ------
    StoreError
        If it is a relative path: papermill and a shell start in different folders.
    """
    path = Path(name)
    if path.is_absolute():
        return path
    if len(path.parts) != 1 or str(name) in {"", ".", ".."}:
        raise StoreError(f"store {str(name)!r} is a relative path; give a bare name or a full path")
    return Path(marketing_models.__file__).parents[1] / "data" / path
