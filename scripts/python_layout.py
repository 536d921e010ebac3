#!/usr/bin/env python3
"""Prints strings, and how Python's json.dumps lays each of them out by default.

    scripts/python_layout.py > tests/data/python_layout.jsonl

A line is a JSON list of two strings: a text, written with as few escapes as JSON allows, and the
output of json.dumps for it. Every run prints the same: each ASCII character, alone and between
letters, the first and the last character of every kind of encoding, a sample of each plane, and
strings of all of these mixed. It needs Python 3.9.
"""

import json
import random

SURROGATES = range(0xD800, 0xE000)

# Where the length of UTF-8, the number of UTF-16 units or the need of an escape changes.
EDGES = [
    0x1F, 0x20, 0x7E, 0x7F, 0x80, 0x9F, 0xA0, 0xFF, 0x100, 0x7FF, 0x800, 0x2028, 0x2029, 0xD7FF, 0xE000,
    0xFDD0, 0xFEFF, 0xFFFD, 0xFFFE, 0xFFFF, 0x10000, 0x103FF, 0x10400, 0x1F600, 0x1FFFF, 0x20000, 0xE0001, 0x10FFFF,
]  # fmt: skip


def texts():
    yield ""
    for code in range(0x80):
        yield chr(code)
        yield f"a{chr(code)}z"
    for code in EDGES:
        yield chr(code)
        yield f'"{chr(code)}\\'
    # A step that is prime to every power of two, so that all digits of an escape vary.
    for code in range(0x80, 0x110000, 4099):
        if code not in SURROGATES:
            yield chr(code)
    dice = random.Random(1767225600)
    anything = [code for code in range(0x110000) if code not in SURROGATES]
    for _ in range(150):
        kinds = [range(0x20, 0x7F), range(0x00, 0x80), range(0x80, 0x800), EDGES, anything]
        length = dice.choice([2, 3, 5, 8, 40])
        yield "".join(chr(dice.choice(dice.choice(kinds))) for _ in range(length))


for text in texts():
    print(json.dumps([text, json.dumps(text)], ensure_ascii=False))
