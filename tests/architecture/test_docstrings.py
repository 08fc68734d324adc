"""Docstrings against code, by program: names, defaults and errors that a docstring claims."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted([*ROOT.glob("marketing_models/**/*.py"), *ROOT.glob("pipelines/*.py")])
SECTION = re.compile(
    r"^(\w[\w ]*)\n-{3,}\n(.*?)(?=^\w[\w ]*\n-{3,}\n|\Z)", re.MULTILINE | re.DOTALL
)


def sections(docstring):
    return dict(SECTION.findall(docstring))


def entries(body):
    return [line.split(":")[0].strip() for line in body.splitlines() if re.match(r"\S", line)]


def arguments(function):
    held = function.args
    named = [*held.posonlyargs, *held.args, *held.kwonlyargs, held.vararg, held.kwarg]
    return [a.arg for a in named if a and a.arg not in {"self", "cls"}]


def raised(function):
    names = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Raise) and node.exc is not None:
            call = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            names.add(getattr(call, "id", getattr(call, "attr", "")))
    return names


def defaults(function):
    held = function.args
    positional = [*held.posonlyargs, *held.args]
    pairs = list(
        zip(positional[len(positional) - len(held.defaults) :], held.defaults, strict=True)
    )
    pairs += [(a, d) for a, d in zip(held.kwonlyargs, held.kw_defaults, strict=True) if d]
    return {a.arg: ast.unparse(d).strip("'\"") for a, d in pairs}


def lies(function):
    docstring = ast.get_docstring(function)
    if docstring is None:
        return ["has no docstring"]
    found = sections(docstring)
    told = [n.strip() for e in entries(found.get("Parameters", "")) for n in e.split(",")]
    told = [n.lstrip("*") for n in told if n]
    real = arguments(function)
    problems = [f"documents {n!r}, which it does not take" for n in told if n not in real]
    if told:
        problems += [f"does not document {n!r}" for n in real if n not in told]
    for name, claim in re.findall(
        r"^(\w+) :.*default[= ]`{0,2}([\w.'\"-]+)", found.get("Parameters", ""), re.M
    ):
        actual = defaults(function).get(name)
        if claim.strip("'\"`") != actual:
            problems.append(f"says default {claim} of {name}, which is {actual}")
    claimed, actual = set(entries(found.get("Raises", ""))), raised(function)
    problems += [f"claims to raise {n}" for n in claimed - actual]
    problems += [f"does not say that it raises {n}" for n in actual - claimed]
    return problems


def public(tree):
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node.name, node
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef) and not inner.name.startswith("_"):
                    yield f"{node.name}.{inner.name}", inner


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_public_docstring_tells_the_truth(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = [f"{name} {lie}" for name, node in public(tree) for lie in lies(node)]
    assert not found, "\n".join(found)


def test_a_planted_liar_is_caught_in_all_three_lies():
    liar = ast.parse(
        "def f(load_kw, *, share=0.1):\n"
        '    """Do.\n\n    Parameters\n    ----------\n    load : Series\n        x\n'
        "    share : float, default 0.01\n        y\n\n"
        "    Raises\n    ------\n    KeyError\n        z\n"
        '    """\n'
        '    raise ValueError("no")\n'
    ).body[0]
    assert lies(liar) == [
        "documents 'load', which it does not take",
        "does not document 'load_kw'",
        "says default 0.01 of share, which is 0.1",
        "claims to raise KeyError",
        "does not say that it raises ValueError",
    ]
