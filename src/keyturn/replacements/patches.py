"""The text of a workflow, and what is to change in its steps -> a unified diff that applies.

It edits whole lines and keeps indentation, comments and line ends. The edited text is read again:
where it does not say precisely what was wanted, there is no patch, because a wrong one is worse
than none. It reads and writes no file.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence

from keyturn import yaml_tree
from keyturn.replacements.evidence import Change, StepChange
from keyturn.replacements.patch_lines import Lines, NotExact
from keyturn.replacements.patch_permissions import grant

_PATH = re.compile(r"[\w./@+-]+")
"""What git writes into a patch without quotes."""


def make_patch(texts: Mapping[str, str], changes: Sequence[StepChange]) -> str:
    """Return one diff for all changes, empty where any of them cannot be made exactly.

    `texts`: path -> what stands in the file.
    """
    by_path: dict[str, list[StepChange]] = {}
    for each in changes:
        by_path.setdefault(each.consumer.path, []).append(each)
    try:
        return "".join(
            _diff(path, texts.get(path, ""), _rewrite(texts.get(path, ""), by_path[path]))
            for path in sorted(by_path)
        )
    except NotExact:
        return ""


def _rewrite(text: str, changes: Sequence[StepChange]) -> str:
    """Return the text of one file with its changes. Raises NotExact."""
    lines = Lines(text)
    jobs: dict[str, list[StepChange]] = {}
    for each in changes:
        jobs.setdefault(each.consumer.job or "", []).append(each)
    for job, inside in jobs.items():
        _change_job(lines, job, inside)
    return lines.finish()


def _change_job(lines: Lines, job: str, changes: Sequence[StepChange]) -> None:
    grants = dict(pair for each in changes for pair in each.change.grants)
    if grants:
        grant(lines, job, grants)
    steps = lines.find("jobs", job, "steps")
    if not isinstance(steps, yaml_tree.Sequence):
        raise NotExact
    numbers = {node.line: number for number, node in enumerate(steps.items)}
    preludes: dict[tuple[tuple[str, str], ...], list[int]] = {}
    for each in changes:
        number = numbers.get(each.consumer.line)
        if number is None:
            raise NotExact
        if not _change_step(lines, ("jobs", job, "steps", number), each.change):
            raise NotExact
        if each.change.prelude:
            preludes.setdefault(each.change.prelude, []).append(number)
    names = {_named(step, "id") for step in steps.items}
    # From the top down: what is put in counts for what comes after it.
    for prelude, before in sorted(preludes.items(), key=lambda item: min(item[1])):
        own = dict(prelude).get("id")
        if own and own in names:
            raise NotExact
        names.add(own)
        _insert_step(lines, steps, job, prelude, sorted(set(before)))


def _change_step(lines: Lines, step: tuple[str | int, ...], change: Change) -> bool:
    """Drop and put entries of a step's `with:` and `env:`; say whether anything was there."""
    found = False
    for section in ("with", "env"):
        prefix = f"{section}."
        puts = [(key.removeprefix(prefix), v) for key, v in change.put if key.startswith(prefix)]
        drops = [key.removeprefix(prefix) for key in change.drop if key.startswith(prefix)]
        if not puts and not drops:
            continue
        node = lines.find(*step, section)
        if node is None and puts:
            lines.add_section((*step, section), puts, after=(*step, "uses"))
        if not isinstance(node, yaml_tree.Mapping):
            continue
        # The names of inputs do not heed case.
        written = {(k.lower() if section == "with" else k): k for k in node.entries}
        gone = {written[name] for name in drops if name in written}
        found = found or bool(gone) or any(name in written for name, _ in puts)
        if gone == set(node.entries) and not puts:
            lines.remove((*step, section))
            continue
        for name, value in puts:
            if name in written:
                lines.replace((*step, section, written[name]), value)
            else:
                lines.append((*step, section), name, value)
        for name in sorted(gone):
            lines.remove((*step, section, name))
    return found


def _insert_step(
    lines: Lines,
    steps: yaml_tree.Sequence,
    job: str,
    prelude: Sequence[tuple[str, str]],
    before: Sequence[int],
) -> None:
    """Put a step before the first that needs it; it runs when they do."""
    conditions = {_named(steps.items[number], "if") for number in before}
    condition = conditions.pop()
    if conditions or not all(
        _stands_alone(steps.items[number], condition is not None) for number in before
    ):
        raise NotExact
    top = [(key, value) for key, value in prelude if "." not in key]
    inside = [(key.partition(".")[2], value) for key, value in prelude if "." in key]
    if condition is not None:
        top.append(("if", condition))
    lines.insert_item(("jobs", job, "steps", before[0]), top, ("with", inside))


def _named(step: yaml_tree.Node, key: str) -> str | None:
    node = step.get(key) if isinstance(step, yaml_tree.Mapping) else None
    return node.text if isinstance(node, yaml_tree.Scalar) else None


def _stands_alone(step: yaml_tree.Node, conditional: bool) -> bool:
    """Say whether a step's condition, if it has one, can stand at another step as it is."""
    node = step.get("if") if isinstance(step, yaml_tree.Mapping) else None
    if not conditional:
        return node is None
    return isinstance(node, yaml_tree.Scalar) and node.plain and "\n" not in node.raw


def _diff(path: str, before: str, after: str) -> str:
    if before == after or not _PATH.fullmatch(path):
        raise NotExact
    found = difflib.unified_diff(
        before.splitlines(keepends=True),
        after.splitlines(keepends=True),
        f"a/{path}",
        f"b/{path}",
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in found
    )
