"""Random numbers by name: a stream of its own for every seed, table and unit."""

import hashlib

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]


def stream(seed: int, *names: str) -> np.random.Generator:
    """Return the stream of random numbers that belongs to a seed and a name.

    Parameters
    ----------
    seed : int
        Seed of the province.
    *names : str
        Table, unit and whatever else tells the stream from all others.

    Returns
    -------
    Generator
        Philox, keyed by a hash of seed and names, so that neither the order of the calls nor the
        presence of other units changes a number.
    """
    key = hashlib.blake2b("\0".join((str(seed), *names)).encode(), digest_size=16).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(key, "big")))


def autoregression(shocks: Floats, persistence: float) -> Floats:
    """Turn independent shocks into first-order autoregressions of the same variance.

    Parameters
    ----------
    shocks : array of shape (n_steps, ...)
        Independent draws, time first.
    persistence : float
        Correlation of neighbouring steps, below one.

    Returns
    -------
    array
        Same shape; stationary from the first step.
    """
    flat = shocks.reshape(len(shocks), -1).copy()
    flat[1:] *= np.sqrt(1 - persistence**2) / (1 - persistence)
    smooth = pd.DataFrame(flat).ewm(alpha=1 - persistence, adjust=False).mean()
    return smooth.to_numpy().reshape(shocks.shape)


def shared_out(total: int, weights: Floats) -> npt.NDArray[np.int64]:
    """Share out a whole number by weights, by largest remainders, at least one to each.

    Parameters
    ----------
    total : int
        What is shared; at least one for each.
    weights : array of shape (n,)
        Positive weights.

    Returns
    -------
    array of shape (n,)
        Whole numbers that add up to the total.
    """
    exact = (total - len(weights)) * weights / weights.sum()
    whole = np.floor(exact).astype("int64")
    order = np.argsort(-(exact - whole), kind="stable")
    whole[order[: total - len(weights) - whole.sum()]] += 1
    return whole + 1
