"""Where everything on the stage stands: rows, cells and strips in their columns, without Qt."""

from __future__ import annotations

from functools import cached_property

from rnncore.frozen import dataclass

from .stage_columns import NARROWEST, WIDEST, Columns, Detail
from .stage_places import Band, Row, Span

__all__ = ["NARROWEST", "WIDEST", "Band", "Detail", "Row", "Span", "StageLayout"]

TOP_WORDS = 3
#: On a stage higher than this cells and bars are larger.
TALL_STAGE = 620.0
#: On a stage lower than this units are worth more than a third word.
LOW_STAGE = 290.0
#: Between a word that is read and the rim around it, at the least.
WORD_PAD = 3
#: With so few units each cell is large enough to print its number in.
FEW = 3
#: Cells of common size, and what the strip of few units has at scale 1 before the height that is left stays free.
CELL, STRIP = 26, 150


@dataclass(frozen=True)
class StageLayout(Columns):
    """The geometry for one size; a new one is made when any of its fields changes."""

    @property
    def words_upright(self) -> bool:
        """Whether input tokens are written upright: where a column is too narrow for one of them to lie in it whole.

        In the narrowest columns they have no room at all.
        """
        if self.detail == Detail.BARS:
            return self.longest > self.word_room
        return self.detail < Detail.BARS and self.column_width >= 11 * self.scale and not self.letters_lie

    @property
    def letters_lie(self) -> bool:
        """Whether columns too narrow for anything but a letter have room for each that is read."""
        return self.detail < Detail.BARS and 0.0 < self.longest <= self.word_room

    @property
    def word_room(self) -> int:
        """Width that a word has that lies in a column: all but a hair's breadth on each side."""
        rim = WORD_PAD if self.detail >= Detail.BARS else 0
        return int(self.column_width) - 2 - 2 * rim

    @property
    def in_lane(self) -> bool:
        """Whether what runs between columns has a lane of its own below the states: beside them is too little room."""
        return self.detail < Detail.TARGET

    @property
    def sums_seen(self) -> bool:
        """Whether columns are wide enough for a + where the two streams meet."""
        return self.detail >= Detail.BARS

    @property
    def output_rows(self) -> int:
        """Words of the output in a column: the likeliest and the target at least, where words are shown at all.

        On a low stage units go before words: a third word would make two units of every cell.
        """
        return {Detail.FULL: 2 if self.low else TOP_WORDS, Detail.TARGET: 2}.get(self.detail, 0)

    @property
    def low(self) -> bool:
        """Whether height is scarce, as where two stages share it: then the units get what others can spare."""
        return self.height < LOW_STAGE * self.scale

    # -- rows -----------------------------------------------------------------------------------

    @cached_property
    def _fixed(self) -> dict[str, int]:
        """Heights of the rows without cells and of the gaps, between their least and their best."""
        d, s, low = self.detail, self.scale, self.low
        words = self.output_rows
        upright = self.words_upright
        tall_word = round(self.longest / s) + 4 * WORD_PAD
        least = {
            "number": 13 if d >= Detail.BARS else 0,
            "bar": 8 if low else 18,
            "output": 15 * words if words else 14,
            "lane": 15 if self.in_lane else 12,
            "caption": 14 if self.in_lane else 0,
            "names": 14 if d == Detail.FULL and self.gates > 1 else 0,
            "input": max(34, min(64, tall_word)) if upright else (20 if d >= Detail.BARS or self.letters_lie else 10),
            "time": 13,
            "gap": 6 if low else 7,
        }
        best = {
            "number": 18 if d >= Detail.BARS else 0,
            "bar": 40,
            "output": 22 * words if words else 26,
            "lane": 20 if self.in_lane else 12,
            "caption": 0,
            "names": 17 if d == Detail.FULL and self.gates > 1 else 0,
            "input": max(58, min(88, tall_word)) if upright else (30 if d >= Detail.BARS or self.letters_lie else 14),
            "time": 18,
            "gap": 20,
        }
        tall = min(2.0, max(1.0, self.height / (TALL_STAGE * self.scale)))
        best["bar"], best["gap"] = round(best["bar"] * tall), round(best["gap"] * tall)
        if words:
            best["output"] = round(best["output"] * min(1.5, tall))
        gaps = 5
        wanted = self.height - s * (sum(best.values()) + (gaps - 1) * best["gap"])
        needed = 2.0 * self.cells * (16 if self.cells <= FEW else 7) * s
        if d == Detail.HEAT:  # each map and each name beside it want a line
            needed = max(needed, 2.0 * (self.states + self.gates) * max(1.5 * self.cells, 14) * s)
        spare = s * (sum(best.values()) - sum(least.values()) + (gaps - 1) * (best["gap"] - least["gap"]))
        share = min(1.0, max(0.0, 1.0 - (needed - wanted) / spare)) if spare > 0 else 1.0
        return {k: round(s * (least[k] + share * (best[k] - least[k]))) for k in least}

    @cached_property
    def run_lane(self) -> float:
        """Height at which runs back through time are drawn: between losses and output, where nothing else is."""
        return (self.rows["bar"].bottom + self.rows["output"].top) / 2.0

    @property
    def _growth(self) -> float:
        """How many times the usual size things may have in columns that are wider than usual."""
        return min(2.0, max(1.0, self.column_width / (WIDEST * self.scale)))

    @cached_property
    def cell_room(self) -> int:
        """Height that state and gate cells share."""
        f = self._fixed
        return max(8, self.height - sum(f.values()) - 4 * f["gap"])

    @cached_property
    def most_cells(self) -> int:
        """More cells in a strip than this would be thinner than two pixels: aggregate to it."""
        if self.detail == Detail.HEAT:
            bands = 2 * (self.states + self.gates)
            return max(1, self.cell_room // bands)
        return max(1, self.cell_room // 4)

    @cached_property
    def cell_heights(self) -> tuple[int, int]:
        """Pixels of one state cell and of one gate cell: whole, so that every cell is alike."""
        tall = max(1.0, self.height / (TALL_STAGE * self.scale))
        widest = max(CELL, STRIP / max(1, self.cells))
        widest = round(widest * self.scale * min(2.5, max(self._growth, tall)))
        total = self.cell_room / max(1, self.cells)
        # A little less for the state than for the gates, except where a pixel is worth more than that.
        state = min(widest, max(1, int(total / 2) if total < 7 else int(total * 0.45)))
        gate = min(widest, max(1, int(total - state)), max(1, round(state * 1.3)))
        return state, gate

    @cached_property
    def rows(self) -> dict[str, Row]:
        """Rows by name: loss (its ``number`` and ``bar``), output, state, lane, caption, gates, names, input, time."""
        f = self._fixed
        state, gate = self.cell_heights
        if self.detail == Detail.HEAT:
            bands = self.states + self.gates
            unit = self.cell_room / max(1, bands)
            heights = {"state": int(unit * self.states), "gates": int(unit * self.gates)}
        else:
            heights = {"state": state * self.cells, "gates": gate * self.cells}
        spare = max(0, self.cell_room - heights["state"] - heights["gates"])
        gap = f["gap"] + min(spare // 4, round(14 * self.scale))
        used = sum(f.values()) - f["gap"] + sum(heights.values()) + 4 * gap
        y = max(0, (self.height - used) // 2)
        rows: dict[str, Row] = {}
        for name, height, after in (
            ("number", f["number"], 0),
            ("bar", f["bar"], gap),
            ("output", f["output"], gap),
            ("state", heights["state"], 2 if self.in_lane else 0),
            ("lane", f["lane"], 0),
            ("caption", f["caption"], max(4, gap - 2) if self.in_lane else gap),
            ("gates", heights["gates"], 0),
            ("names", f["names"], gap),
            ("input", f["input"], 0),
            ("time", f["time"], 0),
        ):
            rows[name] = Row(y, height)
            y += height + after
        rows["loss"] = Row(rows["number"].top, rows["bar"].bottom - rows["number"].top)
        rows["all"] = Row(rows["number"].top, rows["time"].bottom - rows["number"].top)
        return rows

    @cached_property
    def parts(self) -> tuple[Row, ...]:
        """The whole height in four, one below the other, cut where nothing but the ground and a curve passes.

        Loss and output; states with what runs between columns; gates with their names; input and time.
        """
        rows = self.rows
        ends = (
            (rows["output"].bottom + rows["state"].top) // 2,
            rows["gates"].top - 2,
            (rows["names"].bottom + rows["input"].top) // 2,
            self.height,
        )
        tops = (0, *ends[:-1])
        return tuple(Row(top, end - top) for top, end in zip(tops, ends, strict=True))

    # -- inside a column ------------------------------------------------------------------------

    @cached_property
    def side(self) -> int:
        """Free room on each side of a column's content, where arrows and ribbons run."""
        w = self.column_width
        if self.detail >= Detail.TARGET:
            return round(min(max(0.19 * w, 10 * self.scale), 30 * self.scale * self._growth))
        return round(5 * self.scale) if self.detail == Detail.BARS else 2

    @cached_property
    def word_side(self) -> int:
        """Free room on each side of the words: less than beside the strips, for no ribbon runs there."""
        return min(self.side, round((7 if self.detail == Detail.TARGET else 10) * self.scale))

    @cached_property
    def inner(self) -> int:
        """Width of a column's content."""
        return max(2, int(self.column_width) - 2 * self.side)

    @cached_property
    def state_spans(self) -> tuple[Span, ...]:
        """Where the state strips stand in a column."""
        # In narrow columns ribbons need some of the strips' room, or nobody sees how wide they are.
        part = {Detail.FULL: 0.80, Detail.TARGET: 0.64}.get(self.detail, 1.0)
        if self.cells <= FEW:
            return self._spans(self.states, 64, 64, 0.50, max(part, 1.0 if self.states == 1 else 0.0))
        return self._spans(self.states, 40, 14, 0.30, part)

    @cached_property
    def lead_spans(self) -> tuple[Span, ...]:
        """Where the initial states stand before the first column, counted from :attr:`lead_left`."""
        if not self.lead or not self.state_spans:
            return ()
        spans = self.state_spans
        # The arrow out of them is as long as it is wide between the strips of two columns, as far as there is room.
        free = self.lead - spans[-1].right + spans[0].x
        away = max(0, min(round(0.12 * self.column_width), free - round(5 * self.scale)))
        shift = self.lead - away - spans[-1].right
        return tuple(Span(s.x + shift, s.width, s.gradient_x + shift, s.gradient_width) for s in spans)

    @cached_property
    def gate_spans(self) -> tuple[Span, ...]:
        """Where the gate strips stand in a column."""
        if self.cells <= FEW:
            return self._spans(self.gates, 64, 64, 0.50, 1.0)
        return self._spans(self.gates, 22, 18, 0.46, 1.0)

    def _spans(self, count: int, widest: int, widest_gradient: int, share: float, part: float) -> tuple[Span, ...]:
        """``count`` pairs in the middle ``part`` of the column's content, ``share`` of each for its gradient."""
        if count == 0:
            return ()
        room = max(2 * count, int(self.inner * part))
        roomy = self.detail >= Detail.TARGET
        between = (round(min(9.0, room / (3.6 * count)) * self.scale) if roomy else 1) if count > 1 else 0
        hair = 1 if self.detail >= Detail.BARS else 0
        each = (room - between * (count - 1)) // count
        most = self.scale * self._growth
        gradient = max(1, min(round(widest_gradient * most), int((each - hair) * share)))
        value = max(1, min(round(widest * most), each - hair - gradient))
        each = value + hair + gradient
        x = self.side + max(0, (self.inner - count * each - between * (count - 1)) // 2)
        spans = []
        for _ in range(count):
            spans.append(Span(x, value, x + value + hair, gradient))
            x += each + between
        return tuple(spans)

    @cached_property
    def state_bands(self) -> tuple[Band, ...]:
        """Heat rows of the states, for the ``HEAT`` detail."""
        return _bands(self.rows["state"], self.states)

    @cached_property
    def gate_bands(self) -> tuple[Band, ...]:
        """Heat rows of the gates, for the ``HEAT`` detail."""
        return _bands(self.rows["gates"], self.gates)

    @cached_property
    def value_lane(self) -> float:
        """Height at which value arrows run."""
        row = self.rows["state"]
        return self.rows["lane"].top + 2.0 if self.in_lane else row.top + 0.25 * row.height

    @cached_property
    def credit_lane(self) -> float:
        """Height at which gradient ribbons run: the + of every step stands on it."""
        row = self.rows["state"]
        return self.rows["lane"].middle + 1.5 if self.in_lane else row.top + 0.75 * row.height


def _bands(row: Row, count: int) -> tuple[Band, ...]:
    result = []
    for i in range(count):
        top = row.top + row.height * i // count
        bottom = row.top + row.height * (i + 1) // count - (3 if row.height >= 20 * count else 1)
        half = max(1, (bottom - top) // 2)
        result.append(Band(Row(top, half), Row(top + half, max(1, bottom - top - half))))
    return tuple(result)
