"""Where stores lie; light enough to ask before anything heavy is imported."""

from pathlib import Path

import marketing_models
from marketing_models.errors import StoreError

TRUTH_MARK = "TRUTH"


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
        If it is a relative path: papermill and a shell start in different folders; or if what
        lies there is the truth behind a synthetic province.
    """
    path = Path(name)
    if not path.is_absolute():
        if len(path.parts) != 1 or str(name) in {"", ".", ".."}:
            raise StoreError(
                f"store {str(name)!r} is a relative path; give a bare name or a full path"
            )
        path = Path(marketing_models.__file__).parents[1] / "data" / path
    if any((folder / TRUTH_MARK).is_file() for folder in (path, *path.parents)):
        raise StoreError(
            f"{path} holds the truth behind a synthetic province, which only tests and benchmarks "
            "may read; name the store beside it"
        )
    return path
