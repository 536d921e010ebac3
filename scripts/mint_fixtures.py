#!/usr/bin/env python3
"""Writes fixtures/: conversations with the node, and the answers that the protocol demands.

    scripts/mint_fixtures.py            write what is missing or differs
    scripts/mint_fixtures.py --check    write nothing; exit 1 and list the files that differ

The expected answers are stated here, from the protocol's text alone: this script never runs the
gateway, so that it can find it wrong. It needs Python 3.9 and, for keys and signatures that are not
kept yet in scripts/keys and scripts/tokens.json, the openssl command line (version 3).
"""

import argparse
import sys

sys.dont_write_bytecode = True  # no __pycache__ folders beside what is committed

from minting import files, keys, openssl, tokens
from minting.talk import Talk
from minting.themes import write_all


def main():
    parser = argparse.ArgumentParser(description="Mint the fixtures, or check them.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a file on disk differs")
    check = parser.parse_args().check

    if not check:
        for name in keys.make_missing():
            print(f"made scripts/keys/{name}")
    tokens.load_cache()
    write_all()
    wanted = files.all_files(Talk.all)
    wanted[tokens.CACHE_FILE] = tokens.cache_text().encode("ascii")

    if check:
        found = files.differences(wanted)
        print("\n".join(found) if found else f"{len(Talk.all)} fixtures are as they should be")
    else:
        found = []
        print(f"{len(Talk.all)} fixtures, {files.write(wanted)} files written")
        for path in files.strangers(wanted):
            print(f"not minted, left alone: {path.relative_to(files.FOLDER.parent)}", file=sys.stderr)
    waiting = files.unfilled(wanted)
    if waiting:
        print(f"{len(waiting)} expected files hold a placeholder: run `portcullis replay --bless fixtures`", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except openssl.OpensslError as fault:
        sys.exit(f"mint_fixtures.py: {fault}")
    except FileNotFoundError as fault:
        sys.exit(f"mint_fixtures.py: {fault.filename} is missing: run it once without --check")
