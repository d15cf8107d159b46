"""What was tried as one picture.

Where each input has one question, a line holds the input and what each row made of it. Where an input is asked for
several labels, its block has a line for each row and a column for each label.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby

from PIL import Image, ImageDraw, ImageFont

from retort.trying.networks import Row
from retort.trying.pictures import Bytes
from retort.trying.questions import Question, Seen
from retort.trying.telling import cost, size
from retort.trying.trying import Tried

TILE, WIDE = 192, 1500
"""Small pictures are enlarged by a whole number, to at most so many pixels a side, and all of a line to so many."""
NARROWEST, CAPTIONS, MARGIN, GAP, LINE, AIR = 112, 150, 28, 14, 20, 5
INK, FAINT, ALARM, PAPER, RULE = (24, 28, 36), (98, 106, 120), (176, 42, 24), (255, 255, 255), (222, 226, 232)
TITLE, PLAIN, SMALL, SMALLEST = 20, 15, 13, 9
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Words:
    """A line of text."""

    text: str
    points: int = SMALL
    ink: Colour = FAINT
    bold: bool = False


@dataclass(frozen=True)
class Line:
    """A line of the sheet: what stands left of it, its pictures (none: left open), and what stands above them."""

    captions: Sequence[Words]
    tiles: Sequence[Bytes | None]
    heads: Sequence[Sequence[Words]] = ()
    ruled: bool = True


def sheet(tried: Tried, title: str) -> Image.Image:
    """The whole sheet."""
    blocks = [list(block) for _, block in groupby(enumerate(tried.questions), key=lambda each: id(each[1].seen))]
    several = any(len(block) > 1 for block in blocks) and tried.questions[0].seen is not None
    lines = [line for block in blocks for line in block_of(tried, block)] if several else list(plain(tried))
    return drawn(lines, title, len(tried.answers[0][0]))


def plain(tried: Tried) -> list[Line]:
    """A line for each question: the input, if there is one, then each row's answer."""
    heads = [[Words("input", PLAIN, INK, True)], *(head(row, tried) for row in tried.rows)]
    lines = []
    for at, question in enumerate(tried.questions):
        answers = [each[at] for each in tried.answers]
        tiles = answers if question.shown is None else [question.shown, *answers]
        above = heads[-len(tiles) :] if at == 0 else []
        lines.append(Line([Words(question.caption, PLAIN, INK, True), *about(question.seen)], tiles, above))
    return lines


def block_of(tried: Tried, block: Sequence[tuple[int, Question]]) -> list[Line]:
    """A line for each row: the input at the first one, then the row's answers to all questions of a picture."""
    seen = block[0][1].seen
    named = [Words(seen.picture.name, PLAIN, INK, True), *about(seen)[1:]] if seen else []
    heads = [named, *([Words(each.caption, PLAIN, INK, True)] for _, each in block)]
    return [
        Line(
            head(row, tried),
            [block[0][1].shown if index == 0 else None, *(answers[at] for at, _ in block)],
            heads if index == 0 else [],
            ruled=index == 0,
        )
        for index, (row, answers) in enumerate(zip(tried.rows, tried.answers, strict=True))
    ]


def head(row: Row, tried: Tried) -> list[Words]:
    """A row's name, its time and its cost."""
    network = tried.used(row)
    taken = tried.milliseconds[tried.rows.index(row)]
    kind = "teacher" if row.teacher else "student"
    texts = (f"{kind}, {taken:.2f} ms", f"{cost(network)} MACs", size(network.bytes))
    return [Words(row.name, PLAIN, INK, True), *(Words(text) for text in texts)]


def about(seen: Seen | None) -> list[Words]:
    """The name of a picture, and whether it is unlike all others."""
    if seen is None:
        return []
    texts = ("unlike the data", f"(strangeness {seen.strangeness:.1f})") if seen.unlike else ()
    return [Words(seen.picture.name), *(Words(text, SMALL, ALARM) for text in texts)]


def drawn(lines: Sequence[Line], title: str, side: int) -> Image.Image:
    """The lines below each other."""
    columns = max(len(line.tiles) for line in lines)
    times = max(1, min(TILE, (WIDE - CAPTIONS) // columns) // side)
    tile = max(side * times, NARROWEST)
    tops, bottom = placed(lines, tile)
    width = max(MARGIN + CAPTIONS + columns * (tile + GAP) - GAP, 480) + MARGIN
    picture = Image.new("RGB", (width, bottom + MARGIN), PAPER)
    draw = ImageDraw.Draw(picture)
    write(draw, (MARGIN, MARGIN - 6), [Words(title, TITLE, INK)], width - 2 * MARGIN)
    for line, top in zip(lines, tops, strict=True):
        above = top - LINE * highest(line) - AIR
        if line.ruled:
            draw.line([(MARGIN, above - GAP), (width - MARGIN, above - GAP)], RULE)
        write(draw, (MARGIN, top), line.captions, CAPTIONS - GAP)
        for column, image in enumerate(line.tiles):
            left = MARGIN + CAPTIONS + column * (tile + GAP)
            if line.heads:
                write(draw, (left, above), line.heads[column], tile)
            if image is not None:
                picture.paste(enlarged(image, times), (left, top))
    return picture


def placed(lines: Sequence[Line], tile: int) -> tuple[list[int], int]:
    """Where each line's pictures begin, and where the last line ends."""
    tops, down = [], MARGIN + LINE + GAP
    for line in lines:
        down += LINE * highest(line) + AIR + (2 * GAP if line.ruled else GAP)
        tops.append(down)
        down += max(tile, LINE * len(line.captions))
    return tops, down


def highest(line: Line) -> int:
    """How many lines of text stand above a line's pictures."""
    return max((len(head) for head in line.heads), default=0)


@cache
def font(points: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The font that comes with Pillow."""
    return ImageFont.load_default(points)


def write(draw: ImageDraw.ImageDraw, place: tuple[int, int], lines: Sequence[Words], width: int) -> None:
    """Lines of text, each smaller where it would not fit, and cut where that is not enough."""
    for at, words in enumerate(lines):
        text, points = words.text, words.points
        while points > SMALLEST and draw.textlength(text, font(points)) > width:
            points -= 1
        while len(text) > 1 and draw.textlength(text, font(points)) > width:
            text = f"{text[:-2]}…"
        corner = (place[0], place[1] + at * LINE)
        draw.text(corner, text, words.ink, font(points), stroke_width=0.3 if words.bold else 0)


def enlarged(image: Bytes, times: int) -> Image.Image:
    """A picture with each pixel as a square of whole pixels."""
    small = Image.fromarray(image)
    return small.resize((small.width * times, small.height * times), Image.Resampling.NEAREST)
