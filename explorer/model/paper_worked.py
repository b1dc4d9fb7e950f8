"""How an entry of the worked tables is worked out from other entries, with their numbers as they are printed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .paper_data import EXACT, NOTHING, Block, Line, Paper, Sheet

_PRODUCT = re.compile(r"(\w+) @ (.+)")
_BACK = re.compile(r"(\w+)ᵀ ∂L/∂(.+)")
_VOTE = re.compile(r".* \+= (∂L/∂\(.*\)|\S+)(?: (⊗|·) (.*))?")
_UPDATE = re.compile(r"new w = w − (\S+) · d( / \d+)?")
_NAME = re.compile(r"∂L/∂[^\W²]+|[^\W\d²][^\W²]*")
_FUNCTIONS = frozenset(("sigmoid", "tanh", "relu", "where", "clamp"))

Factors = list[tuple[str, ...]]
"""Summands, each a few numbers to be multiplied."""


def worked(found: Paper, sheet: Sheet, block: Block, line: Line, column: int) -> str:
    """The numbers that stand for the names of an entry's formula: ``0.3000 · 0.1000 + …``; "" where that says nothing.

    A sum is told only if it makes the very entry: of a loss that is counted several times, or of a gradient that is not
    complete, it does not.
    """
    return _Worker(found, sheet, block, line, column).said()


class _Worker:
    def __init__(self, found: Paper, sheet: Sheet, block: Block, line: Line, column: int) -> None:
        self.sheets = {one.title: one for one in found.sheets}
        self.sheet, self.block, self.line, self.column = sheet, block, line, column
        self.text = line.cells[column].text

    def said(self) -> str:
        if self.text == NOTHING:
            return ""
        if self.sheet.title == "After the update":
            return self._updated()
        if self.sheet.title == "Gradients":
            return self._sum(self._votes()) or self._unread()
        if self.sheet.title in ("Forward", "Backward"):
            return self._read() or self._sum(self._products()) or self._named()
        return ""

    # --- entries ---

    def _rows(self, title: str) -> tuple[Line, ...]:
        sheet = self.sheets.get(title)
        return sheet.blocks[0].lines if sheet is not None else ()

    def _at(self, title: str, name: str, part: str, column: int | None = None) -> str:
        """The printed number of a pass's line; "" where there is none."""
        rows = (row for row in self._rows(title) if (row.name, row.part) == (name, part))
        found = next(rows, None)
        return "" if found is None else found.cells[self.column if column is None else column].text

    def _parts(self, title: str, name: str) -> list[str]:
        return [row.part for row in self._rows(title) if row.name == name]

    def _weight(self, name: str, row: str, column: str) -> str:
        """An entry of a matrix, or of a vector, by the labels of its row and its column."""
        for block in self.sheets["Weights"].blocks if "Weights" in self.sheets else ():
            first = block.lines[0].name
            if first == f"{name}ᵀ":
                row, column = column, row
            elif first != name:
                continue
            cells = next((line.cells for line in block.lines if line.part == row), ())
            return next((c.text for head, c in zip(block.heads, cells, strict=False) if head == column), "")
        return ""

    def _forward_name(self, operand: str) -> str:
        """What the line of an operand is called: that of ``h_prev`` is “h before”."""
        return f"{operand.removesuffix('_prev')} before" if operand.endswith("_prev") else operand

    def _gradient_name(self, label: str) -> str:
        """What the line of the gradient with respect to a value is called."""
        plain = f"∂L/∂({label.removeprefix('(').removesuffix(')')})" if label.startswith("(") else f"∂L/∂({label})"
        return plain if self._parts("Backward", plain) else f"∂L/∂{label}, their sum"

    # --- sums of products ---

    def _how(self) -> str:
        """The formula of this line: another's of its name, or the expression that is its name."""
        same = (line.label for line in self.block.lines if line.name == self.line.name)
        how = next((self.sheet.hows[label] for label in same if self.sheet.hows.get(label)), "")
        name = self.line.name.removeprefix("∂L/∂")
        return how or (name[1:-1] if self.sheet.title == "Forward" and name.startswith("(") else "")

    def _products(self) -> Factors:
        how, part = self._how(), self.line.part
        unit = part or "1"
        if how.startswith("V h"):
            parts = self._parts("Forward", "h")
            found: Factors = [(self._weight("V", part, p or "1"), self._at("Forward", "h", p)) for p in parts]
            return [*found, (self._weight("b_y", part, ""),)] if how.endswith("b_y") else found
        if how.startswith("Vᵀ"):
            words = self._parts("Forward", "ŷ")
            return [(self._weight("V", word, unit), self._error(word, self.column)) for word in words]
        if forward := _PRODUCT.fullmatch(how):
            name = self._forward_name(forward[2])
            parts = self._parts("Forward", name)
            return [(self._weight(forward[1], unit, p or "1"), self._at("Forward", name, p)) for p in parts]
        if back := _BACK.fullmatch(how):
            name = self._gradient_name(back[2])
            parts = self._parts("Backward", name)
            return [(self._weight(back[1], p or "1", unit), self._at("Backward", name, p)) for p in parts]
        if self.line.name.endswith(", from the future"):
            return list(self._handed_back(self.line.name.partition(",")[0].removeprefix("∂L/∂")))
        return []

    def _read(self) -> str:
        """The entry of a matrix that the word read picks out."""
        product = _PRODUCT.fullmatch(self._how())
        word = self._at("Forward", "x", "")
        return f"{product[1]}[{self.line.part or '1'}, {word}]" if product and product[2] == "x" and word else ""

    def _handed_back(self, state: str) -> Iterator[tuple[str, ...]]:
        """What the next step's readers of a state hand back to it."""
        part, then, before = self.line.part, self.column + 1, f"{state}_prev"
        if then >= len(self.line.cells):
            return
        for name in dict.fromkeys(row.name for row in self._rows("Backward")):
            reader = name.removeprefix("∂L/∂(").removesuffix(")")
            if product := _PRODUCT.fullmatch(reader):
                for p in self._parts("Backward", name) if product[2] == before else ():
                    yield self._weight(product[1], p or "1", part or "1"), self._at("Backward", name, p, then)
            elif before in (factors := reader.split(" * ")) and len(factors) == 2:
                other = factors[1 - factors.index(before)]
                value = self._at("Forward", other, part, then) or self._weight(other, part or "1", "")
                yield value, self._at("Backward", name, part, then)

    def _error(self, word: str, column: int) -> str:
        """ŷ − y of a word, as it is written."""
        share = self._at("Forward", "ŷ", word, column)
        if not share:
            return ""
        return f"({share} − 1)" if self._at("Forward", "target y", "", column) == word else share

    def _votes(self) -> Factors:
        """What each time step adds to this entry of a gradient."""
        name = self.line.name.removesuffix("ᵀ").removeprefix("d")
        row, column = self.line.part, self.block.heads[self.column]
        if self.line.name.endswith("ᵀ"):
            row, column = column, row
        steps = range(len(self.sheets["Forward"].blocks[0].heads))
        if name in ("V", "b_y"):
            errors = [self._error(row, t) for t in steps]
            known = self._at("Forward", "target y", "", 0) != "" and all(
                self._at("Forward", "target y", "", t) != NOTHING for t in steps
            )
            if not known:
                return []
            h = self._parts("Forward", "h")
            unit = "" if h == [""] else column
            return [
                (e, self._at("Forward", "h", unit, t)) if name == "V" else (e,)
                for t, e in zip(steps, errors, strict=True)
            ]
        uses = [use for use in self.sheet.note.partition(": ")[2].split("; ") if use.startswith(f"d{name} += ")]
        if len(uses) != 1:
            return []
        vote = _VOTE.fullmatch(uses[0])
        if vote is None:
            return []
        gradient, sign, operand = vote.groups()
        source = self._gradient_name(gradient.removeprefix("∂L/∂"))
        parts = self._parts("Backward", source)
        unit = "" if parts == [""] else row
        deltas = [self._at("Backward", source, unit, t) for t in steps]
        if not operand:
            return [(d,) for d in deltas if d != NOTHING]
        if operand == "x":
            return [
                (d,)
                for t, d in zip(steps, deltas, strict=True)
                if self._at("Forward", "x", "", t) == column and d != NOTHING
            ]
        read = self._forward_name(operand)
        other = "" if self._parts("Forward", read) == [""] else column if sign == "⊗" else row
        return [(d, self._at("Forward", read, other, t)) for t, d in zip(steps, deltas, strict=True) if d != NOTHING]

    def _unread(self) -> str:
        """Why the gradient of a word's column is nothing."""
        word = self.line.part if self.line.name.endswith("ᵀ") else self.block.heads[self.column]
        name = self.line.name.removesuffix("ᵀ")
        seen = [cell.text for row in self._rows("Forward") if row.name == "x" for cell in row.cells]
        reads = f"{name} += " in self.sheet.note and re.search(rf"{name} \+= [^;]* ⊗ x(;|$)", self.sheet.note)
        return f"no step reads “{word}”" if reads and all(seen) and word not in seen else ""

    def _sum(self, summands: Factors) -> str:
        """The summands written out, if they make this entry."""
        if not summands or any(not number or number == NOTHING for factors in summands for number in factors):
            return ""
        total, size = 0.0, 0.0
        for factors in summands:
            product = 1.0
            for number in factors:
                product *= _value(number)
            total, size = total + product, size + abs(product)
        written = " + ".join(" · ".join(map(_bracketed, factors)) for factors in summands)
        if not self.text:
            return written
        # With every digit a number is as long as it happens to be: the longest says how exact they are.
        texts = " ".join([self.text, *(number for factors in summands for number in factors)])
        places = EXACT if "e" in texts else max(map(len, re.findall(r"\.(\d+)", texts)), default=0)
        slack = 2.0 * len(summands) * 10.0 ** -min(places, 12) + 1e-9 * size
        return written if abs(total - _value(self.text)) <= slack else ""

    # --- one unit by itself ---

    def _named(self) -> str:
        """The formula with a number for each name; "" while one of them is still blank."""
        name, part, column = self.line.name, self.line.part, self.column
        if name == "ŷ":
            logits = next(
                (n for n in ("z", "logits z") if self._parts("Forward", n) == self._parts("Forward", "ŷ")), ""
            )
            powers = [f"e^{_bracketed(self._at('Forward', logits, w))}" for w in self._parts("Forward", "ŷ")]
            own = f"e^{_bracketed(self._at('Forward', logits, part))}"
            return "" if "e^" in powers else f"{own} / ({' + '.join(powers)})"
        if name.startswith("L = "):
            share = self._at("Forward", "ŷ", self._at("Forward", "target y", ""))
            return f"−ln {share}" if share else ""
        if name.endswith(", their sum"):
            state = name.removesuffix(", their sum")
            streams = [self._at("Backward", f"{state}, from {s}", part) for s in ("this loss", "the future")]
            there = [_bracketed(s) for s in streams if s not in ("", NOTHING)]
            return " + ".join(there) if len(there) > 1 else ""
        if name.endswith(" before"):
            state = name.removesuffix(" before")
            return "" if column == 0 else f"{state} at t = {column - 1}"
        how, stream = self._how(), ""
        for said, after in (("from the future + ", ", from the future"), ("their sum + ", ", their sum")):
            if how.startswith(said):
                how = how.removeprefix(said)
                stream = self._at("Backward", f"∂L/∂{name.removeprefix('∂L/∂(').removesuffix(')')}{after}", part)
                stream = f"{stream} + " if stream not in ("", NOTHING) else ""
        written, count = self._with_numbers(how)
        if stream:
            return f"{stream}{_summand(written)}" if written else ""
        return written if count > 1 or name.startswith("(") else ""  # which says no formula beside its name

    def _with_numbers(self, how: str) -> tuple[str, int]:
        """A formula with a number for each of its names, and how many that are; "" where one has none."""
        lines = {line.name for title in ("Forward", "Backward") for line in self._rows(title)}
        whole = [n for n in lines if n.startswith(("(", "∂L/∂(")) and n != self.line.name]
        whole += [n[1:-1] for n in whole if _PRODUCT.fullmatch(n[1:-1]) and n[1:-1] != how]  # as it stands in a sum
        whole.sort(key=len, reverse=True)
        pattern = re.compile("|".join([*map(re.escape, whole), _NAME.pattern]))
        count, missing = 0, False

        def number(match: re.Match[str]) -> str:
            nonlocal count, missing
            word = match[0]
            if word in _FUNCTIONS:
                return word
            text = self._number_of(word)
            count, missing = count + 1, missing or not text or text == NOTHING
            after = how[match.end() : match.end() + 1]
            return f"({text})" if text.startswith("−") and (match.start() > 0 or after in "²") else text

        written = pattern.sub(number, how)
        return ("", count) if missing or not count else (written.replace(" * ", " · ").replace(" - ", " − "), count)

    def _number_of(self, word: str) -> str:
        part = self.line.part
        if word.startswith("∂L/∂"):
            return self._at("Backward", self._gradient_name(word.removeprefix("∂L/∂")), part)
        found = self._at("Forward", self._forward_name(word), part) or self._at("Forward", f"({word})", part)
        return found or self._weight(word, part or "1", "")

    def _updated(self) -> str:
        rule = _UPDATE.search(self.sheet.note)
        name = self.line.name.removeprefix("new ")
        gradient, weight = (
            next((b for b in self.sheets[title].blocks if b.lines[0].name == called), None)
            for title, called in (("Gradients", f"d{name}"), ("Weights", name))
        )
        if rule is None or gradient is None or weight is None:
            return ""
        place = self.block.lines.index(self.line)
        d, w = (b.lines[place].cells[self.column].text for b in (gradient, weight))
        return f"{w} − {rule[1]} · {_bracketed(d)}{rule[2] or ''}" if d and w else ""


def _value(text: str) -> float:
    """The number that is written, or a difference in brackets."""
    total = 0.0
    for sign, number in _signed(text):
        total += sign * float(number.replace("−", "-").replace("NaN", "nan").replace("∞", "inf"))
    return total


def _signed(text: str) -> Iterator[tuple[float, str]]:
    if text.startswith("("):
        first, _, second = text[1:-1].partition(" − ")
        yield 1.0, first
        yield -1.0, second
    else:
        yield 1.0, text


def _summand(written: str) -> str:
    """A product as it stands behind a +."""
    first, space, rest = written.partition(" ")
    return f"{_bracketed(first)}{space}{rest}"


def _bracketed(text: str) -> str:
    return f"({text})" if text.startswith("−") else text
