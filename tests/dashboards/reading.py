"""What tests ask of a page: a tile, a table, a sentence without its marks, a total."""

import re


def tile(page, name):
    return next(t for t in page.tiles if t.id == name)


def table(page, name):
    return next(t for t in page.tables if t.id == name)


def plain(markup):
    return re.sub(r"<[^>]+>", "", str(markup))


def total(found, label):
    index = [column.label for column in found.columns].index(label)
    return found.total.cells[index].text
