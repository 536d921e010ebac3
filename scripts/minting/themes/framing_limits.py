"""The length of a message (section 1), at a limit of 1024 bytes so that the files stay small."""

from ..talk import MALFORMED, Talk
from .framing_text import line, missing, pretty

LIMIT = 1024


def limited(name, about):
    return Talk(name, about, clock=False, max_message_bytes=LIMIT)


def padded(msg_id, size):
    """The message on one line, of exactly `size` bytes from { to }."""
    return line(msg_id, pad="x" * (size - len(line(msg_id, pad=""))))


def padded_pretty(msg_id, size):
    """The message over several lines, of exactly `size` bytes from { to }."""
    return pretty(msg_id, pad="x" * (size - len(pretty(msg_id, pad=""))))


def write():
    one_line()
    around_a_message()
    gathered()
    gathered_line_by_line()
    gathered_then_anew()


def one_line():
    talk = limited("framing-limit-line", "a message of exactly the limit is answered; one of a byte more is malformed, and its line is discarded up to the newline")
    talk.text(padded(1, LIMIT) + "\n", missing(1))
    talk.text(padded(2, LIMIT + 1) + "\n", MALFORMED)
    talk.text(padded(3, LIMIT - 1) + "\n", missing(3))
    talk.text(padded(4, 3 * LIMIT) + line(5) + " oops\n", MALFORMED)
    talk.text("x" * 2 * LIMIT + "\n", MALFORMED)
    talk.text('{"src":"' + "x" * 2 * LIMIT + "\n", MALFORMED)
    talk.text(line(6) + "\n", missing(6))


def around_a_message():
    talk = limited("framing-limit-is-of-the-message", "the limit is on a message from { to }, not on its line: blanks around it and other messages beside it do not count")
    talk.text(" " * 600 + padded(1, LIMIT) + " " * 600 + "\r\n", missing(1))
    talk.text(padded(2, 700) + padded(3, 700) + "\n", missing(2), missing(3))
    talk.text(" " * 2 * LIMIT + "\n")
    talk.text(padded(4, 700) + padded(5, LIMIT + 1) + line(6) + "\n", missing(4), MALFORMED)
    talk.text(line(7) + "\n", missing(7))


def gathered():
    talk = limited("framing-limit-gathered", "the limit is on a message over several lines as a whole, its newlines included")
    talk.text(padded_pretty(1, LIMIT) + "\n", missing(1))
    talk.text(padded_pretty(2, LIMIT + 1) + "\n", MALFORMED)
    talk.text(padded_pretty(3, LIMIT).replace("\n", "\r\n") + "\r\n", MALFORMED)
    talk.text(padded_pretty(4, 3 * LIMIT) + "\n", MALFORMED)
    talk.text("skipped, as after a syntax error\n")
    talk.text(line(5) + "\n", missing(5))


def gathered_line_by_line():
    talk = limited("framing-limit-line-by-line", "a gathered message that grows too long is skipped; the line that takes it over the limit is part of it, also where it begins with {")
    talk.text('{"src":"client","list":[\n', MALFORMED)
    for number in range(1, 51):
        talk.text(f'"item {number:018}",\n')
    talk.text('"last"]}\n')
    talk.text(line(1) + "\n", missing(1))
    talk.text('{"src":"client","list":[\n' + '"an item",\n' * 80, MALFORMED)
    talk.text('{"name":"' + "x" * 200 + '"}\n')
    talk.text("]}\n")
    talk.text(line(2) + "\n", missing(2))


def gathered_then_anew():
    talk = limited("framing-limit-then-anew", "a complete message within the limit starts anew, also where it would take the gathered one over the limit")
    talk.text('{"src":"client","list":[\n' + '"an item",\n' * 80, MALFORMED)
    talk.text(padded(1, 900) + "\n", missing(1))
    talk.text('{"src":"client","list":[\n' + '"an item",\n' * 120, MALFORMED)
    talk.text(padded(2, 900) + "\n", missing(2))
    talk.text('{"src":"client","list":[\n', MALFORMED)
    # This one is over the limit by itself: it starts nothing, and is part of what it breaks.
    talk.text(padded(3, LIMIT + 1) + "\n")
    talk.text(line(4) + "\n", missing(4))
