"""Which part of a long sentence's ledger is in sight: some losses, and some weight copies."""

from __future__ import annotations

from rnncore.frozen import dataclass

Pair = tuple[int, int]
FEWEST = 4
"""So many losses at least are in sight."""
AHEAD = 0.25
"""Share of the copies in sight that lie behind a pair that has been brought there: the walk goes on to those before."""


@dataclass(frozen=True)
class Part:
    """``rows`` losses from ``first`` on, and ``columns`` weight copies from ``copy`` on, of ``of`` each."""

    of: int
    rows: int
    columns: int
    first: int = 0
    copy: int = 0

    @property
    def whole(self) -> bool:
        """Whether all of it is in sight."""
        return self.rows >= self.of and self.columns >= self.of

    def sees(self, t: int, tau: int) -> bool:
        """Whether a pair is in sight."""
        return self.first <= t < self.first + self.rows and self.copy <= tau < self.copy + self.columns

    def at(self, first: int, copy: int) -> Part:
        """The part that begins there, or as near to it as there are pairs: never beyond the last loss, nor above the
        diagonal alone."""
        first = min(max(first, 0), max(0, self.of - self.rows))
        most = min(max(0, self.of - self.columns), first + self.rows - 1)
        return Part(self.of, self.rows, self.columns, first, min(max(copy, 0), most))

    def moved(self, down: int, right: int) -> Part:
        """The part so many losses and copies further."""
        return self.at(self.first + down, self.copy + right)

    def showing(self, t: int, tau: int) -> Part:
        """This part, or where it does not show a pair one that does, with room for the way further back."""
        first, copy = self.first, self.copy
        if not first <= t < first + self.rows:
            first = t - self.rows // 2
        if not copy <= tau < copy + self.columns:
            copy = tau - self.columns + 1 + int(AHEAD * self.columns)
        return self.at(first, copy)

    @property
    def said(self) -> tuple[str, ...]:
        """Which losses and copies are in sight, from the fullest form to the shortest; () for all of them."""
        if self.whole:
            return ()
        losses = f"{self.first}–{self.first + self.rows - 1}"
        copies = f"{self.copy}–{self.copy + self.columns - 1}"
        where = f"losses {losses}, copies {copies} of 0–{self.of - 1}"
        return (
            f"{where}; votes of all losses",
            where,
            f"losses {losses}, copies {copies}",
            f"t {losses}, τ {copies}",
        )


def fewer(count: int, of: int, factor: float) -> int:
    """How many losses are in sight after a zoom by ``factor`` from ``count``; 0 for all of them."""
    wanted = round(count * factor)
    wanted = max(FEWEST, min(wanted, count - 1)) if factor < 1 else max(wanted, count + 1)
    return wanted if wanted < of else 0
