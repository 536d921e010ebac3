"""From conversations to files: the three of each fixture, and the table in the README.

A text whose tail the protocol leaves open keeps the tail that stands in the expected file already;
where there is none it ends in `TAIL` until `portcullis replay --bless fixtures` fills it in.
"""

import json
import pathlib

from .layout import FREE, Open, dumps, loads
from .themes import TITLES

FOLDER = pathlib.Path(__file__).resolve().parent.parent.parent / "fixtures"
CONFIG_FOLDER = FOLDER / "config"
PLACEHOLDER = "TAIL"


def all_files(talks):
    """Everything under fixtures/: path -> bytes."""
    files = {FOLDER / "README.md": readme(talks).encode("utf-8")}
    for talk in talks:
        expected = FOLDER / f"{talk.name}.out.jsonl"
        files[FOLDER / f"{talk.name}.in.jsonl"] = talk.input
        files[expected] = answers(talk.expected, expected).encode("ascii")
        files[FOLDER / f"{talk.name}.toml"] = settings(talk).encode("utf-8")
        for name, text in talk.config_files.items():
            path = CONFIG_FOLDER / name
            if files.setdefault(path, text.encode("utf-8")) != text.encode("utf-8"):
                raise ValueError(f"two files are named config/{name}")
    return files


def answers(expected, path):
    lines = path.read_text(encoding="utf-8").split("\n") if path.exists() else []
    present = lines + [""] * len(expected)
    return "".join(answer_line(answer, old) + "\n" for answer, old in zip(expected, present))


def answer_line(answer, old):
    """The line for `answer`: the old one, where it differs in free parts only."""
    blessed = closed(answer, loads(old) or {})
    if blessed is not None and dumps(blessed) == old:
        return old
    return dumps(closed(answer, None))


def closed(answer, old):
    """`answer` with its free parts taken from `old`, or with placeholders where `old` is None."""
    old_body = {} if old is None else old.get("body")
    if not isinstance(old_body, dict):
        return None
    body = {}
    for name, value in answer["body"].items():
        if value is FREE:
            if old is not None and name not in old_body:
                return None
            value = old_body.get(name, PLACEHOLDER)
        elif isinstance(value, Open):
            tail = old_body.get(name, value + PLACEHOLDER)
            if not isinstance(tail, str) or not tail.startswith(value):
                return None
            value = str(tail)
        body[name] = value
    return {**answer, "body": body}


def settings(talk):
    lines = [f"about = {json.dumps(talk.about, ensure_ascii=False)}"]
    lines += [f"{name} = {toml_value(value)}" for name, value in sorted(talk.settings.items())]
    return "\n".join(lines) + "\n"


def toml_value(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {json.dumps(text)}" for name, text in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)


def readme(talks):
    """The table of all fixtures by theme."""
    text = [
        "# Fixtures",
        "",
        "Recorded conversations with the node, each with the answers that the protocol demands. "
        "`portcullis replay fixtures` runs them all.",
        "",
        "- `NAME.in.jsonl` is piped in, byte for byte; it holds broken messages where these are the point.",
        "- `NAME.out.jsonl` is what must come out, byte for byte (`compare = \"prefix\"`: more lines may follow).",
        "- `NAME.toml` says what the conversation shows and how the node is started: `now` (the frozen clock), "
        "`max_message_bytes`, `key` and `config` (the files for `--key` and `--config`, relative to this folder), "
        "`env` (environment variables), `set` (the options `--set`), `forward`, `explain`.",
        "- `config/` holds the files that `config` names, and what these name in turn.",
        "",
        "`scripts/mint_fixtures.py` writes this folder and states every expected answer by itself; it never runs the "
        "gateway. Only what the protocol leaves open, the tails of some error texts, the `explain` member and parts of the "
        "answers to `health` and `metrics`, is filled in by "
        "`portcullis replay --bless fixtures`. The tokens are signed with the test keys in `scripts/keys`, and the "
        "clock stands at 2026-01-01T00:00:00Z.",
    ]
    for prefix, title in TITLES.items():
        members = sorted((t for t in talks if t.name.split("-")[0] == prefix), key=lambda t: t.name)
        text += ["", f"## {title}", "", "| name | what it shows |", "|---|---|"]
        text += [f"| `{t.name}` | {t.about.replace('|', chr(92) + '|')} |" for t in members]
    return "\n".join(text) + "\n"


def differences(files):
    """Files on disk that are not as they should be: a list of lines to print."""
    found = []
    for path, content in sorted(files.items()):
        if not path.exists():
            found.append(f"missing: {path.relative_to(FOLDER.parent)}")
        elif path.read_bytes() != content:
            found.append(f"differs: {path.relative_to(FOLDER.parent)}")
    return found + [f"not minted: {p.relative_to(FOLDER.parent)}" for p in strangers(files)]


def strangers(files):
    """Files in the folder and in its config/ that are none of ours; other folders are left alone."""
    present = [*FOLDER.glob("*"), *CONFIG_FOLDER.glob("*")]
    return sorted(p for p in present if p.is_file() and p not in files)


def write(files):
    """Writes what differs, and returns how many files that were."""
    CONFIG_FOLDER.mkdir(parents=True, exist_ok=True)
    changed = 0
    for path, content in files.items():
        if not path.exists() or path.read_bytes() != content:
            path.write_bytes(content)
            changed += 1
    return changed


def unfilled(files):
    """Fixtures whose expected answers still hold a placeholder."""
    ends = (f'{PLACEHOLDER}"}}}}\n'.encode(), f'": "{PLACEHOLDER}"'.encode())
    return sorted(p.name for p, c in files.items() if p.name.endswith(".out.jsonl") and any(e in c for e in ends))
