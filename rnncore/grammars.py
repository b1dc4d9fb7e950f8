"""Small formal languages as random walks, with the exact loss of a predictor that knows the language.

A grammar here is a probabilistic automaton. In each state it writes one of a few tokens and goes on to the
state that this token leads to; no two arcs of a state carry the same token, so a string determines its path.
The last token is the end token ``</s>``: that a string is over must be predicted like all else. Strings are
drawn on the condition that they have at most so many tokens, without drawing any in vain: with Z(s, n) the
probability to finish from state s within n tokens, the arc of probability p from s to s' is taken with
probability p · Z(s', n − 1) / Z(s, n) (Doob's h-transform).
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Hashable, Sequence
from functools import cached_property
from typing import NamedTuple

from rnncore.errors import TextError
from rnncore.vocabulary import END

State = Hashable
STOP: State = "stop"  # nothing but the end token is left to write
FINAL: State = "final"  # the end token is written


class Arc(NamedTuple):
    """One way on: write ``token`` with this probability and be in state ``to``."""

    token: str
    probability: float
    to: State


class Grammar:
    """A probabilistic automaton, and its strings of at most ``longest`` tokens.

    Parameters
    ----------
    start : State
        Where every string begins.
    arcs : callable
        The arcs of a state other than STOP and FINAL; their probabilities sum to 1 and their tokens differ.
    longest : int
        Most tokens of a string, the end token not counted.

    Raises TextError when no string is that short.
    """

    def __init__(self, start: State, arcs: Callable[[State], Sequence[Arc]], longest: int) -> None:
        self.start = start
        self.longest = longest
        self._steps = longest + 1
        self._arcs = arcs
        self._known: dict[State, Sequence[Arc]] = {}
        self._chances: dict[tuple[State, int], float] = {}
        self._conditioned: dict[tuple[State, int], list[Arc]] = {}
        if self._chance(start, self._steps) == 0.0:
            raise TextError(f"No string of this grammar has at most {longest} tokens. Allow longer ones.")

    def arcs(self, state: State) -> Sequence[Arc]:
        """Return the arcs of a state, before strings are bounded in length."""
        if state not in self._known:
            self._known[state] = (Arc(END, 1.0, FINAL),) if state == STOP else tuple(self._arcs(state))
        return self._known[state]

    def _chance(self, state: State, left: int) -> float:
        """Return the probability to finish within ``left`` more tokens."""
        if state == FINAL:
            return 1.0
        if left <= 0:
            return 0.0
        key = (state, left)
        if key not in self._chances:
            self._chances[key] = sum(arc.probability * self._chance(arc.to, left - 1) for arc in self.arcs(state))
        return self._chances[key]

    def bounded(self, state: State, left: int) -> list[Arc]:
        """Return the arcs of a state, given that the string ends within ``left`` more tokens."""
        key = (state, left)
        if key not in self._conditioned:
            total = self._chance(state, left)
            chances = [(arc, arc.probability * self._chance(arc.to, left - 1)) for arc in self.arcs(state)]
            self._conditioned[key] = [Arc(arc.token, chance / total, arc.to) for arc, chance in chances if chance > 0]
        return self._conditioned[key]

    def sample(self, generator: random.Random) -> list[str]:
        """Return one string, without its end token.

        Only ``generator.random()`` is called, which is the same in every version of Python.
        """
        state, tokens = self.start, list[str]()
        while True:
            arcs = self.bounded(state, self._steps - len(tokens))
            place, rest = 0, generator.random()
            while place < len(arcs) - 1 and rest >= arcs[place].probability:
                rest -= arcs[place].probability
                place += 1
            if arcs[place].to == FINAL:
                return tokens
            tokens.append(arcs[place].token)
            state = arcs[place].to

    def probability(self, tokens: Sequence[str]) -> float:
        """Return the probability that :meth:`sample` returns these tokens; 0 if they are no string of it."""
        state, result = self.start, 1.0
        for written, token in enumerate((*tokens, END)):
            arcs = [] if state == FINAL else self.bounded(state, self._steps - written)
            arc = next((arc for arc in arcs if arc.token == token), None)
            if arc is None:
                return 0.0
            state, result = arc.to, result * arc.probability
        return result if state == FINAL else 0.0

    @cached_property
    def entropy(self) -> float:
        """Entropy of a string in nats: what its tokens cost, in sum, a predictor that knows the grammar."""
        return self._expected[0]

    @cached_property
    def best_loss(self) -> float:
        """The lowest mean loss per token, end token included, that a predictor can expect (nats).

        It is the entropy of a string over its mean number of tokens, since a mean over many strings counts
        tokens.
        """
        return self.entropy / self.mean_steps

    @cached_property
    def mean_steps(self) -> float:
        """Mean number of tokens of a string, its end token included."""
        return self._expected[1]

    @cached_property
    def _expected(self) -> tuple[float, float]:
        """Follow the probability of being in each state, token by token."""
        entropy, length = 0.0, 0.0
        here: dict[State, float] = {self.start: 1.0}
        for left in range(self._steps, 0, -1):
            ahead: dict[State, float] = {}
            for state, mass in here.items():
                length += mass
                for arc in self.bounded(state, left):
                    entropy -= mass * arc.probability * math.log(arc.probability)
                    if arc.to != FINAL:
                        ahead[arc.to] = ahead.get(arc.to, 0.0) + mass * arc.probability
            here = ahead
        return entropy, length


# Reber's grammar (A. S. Reber, 1967) as in Cleeremans, Servan-Schreiber and McClelland (1989).
_REBER: dict[int, tuple[tuple[str, int], ...]] = {
    0: (("B", 1),),
    1: (("T", 2), ("P", 3)),
    2: (("S", 2), ("X", 4)),
    3: (("T", 3), ("V", 5)),
    4: (("X", 3), ("S", 6)),
    5: (("P", 4), ("V", 6)),
    6: (("E", 7),),
}
_REBER_END = 7


def reber(longest: int) -> Grammar:
    """Return Reber's grammar: B, a way through six nodes with two even choices at most of them, E."""

    def arcs(state: State) -> list[Arc]:
        assert isinstance(state, int)
        ways = _REBER[state]
        return [Arc(token, 1 / len(ways), STOP if to == _REBER_END else to) for token, to in ways]

    return Grammar(0, arcs, longest)


def embedded_reber(longest: int) -> Grammar:
    """Return the embedded Reber grammar: B, T or P, a whole Reber string, the same T or P again, E."""

    def arcs(state: State) -> list[Arc]:
        assert isinstance(state, tuple)
        side, inner = state
        if side == "":
            return [Arc("B", 1.0, ("?", 0))]
        if side == "?":
            return [Arc(token, 0.5, (token, 0)) for token in ("T", "P")]
        if inner == _REBER_END:
            return [Arc(side, 1.0, ("end", 0))]
        if side == "end":
            return [Arc("E", 1.0, STOP)]
        ways = _REBER[inner]
        return [Arc(token, 1 / len(ways), (side, to)) for token, to in ways]

    return Grammar(("", 0), arcs, longest)


def a_n_b_n(largest: int) -> Grammar:
    """Return aⁿbⁿ with n from 1 to ``largest``, each as likely."""

    def arcs(state: State) -> list[Arc]:
        assert isinstance(state, tuple)
        letter, count = state
        if letter == "b":
            return [Arc("b", 1.0, STOP if count == 1 else ("b", count - 1))]
        go_on = (largest - count) / (largest - count + 1) if count else 1.0
        ways = [Arc("a", go_on, ("a", count + 1))] if go_on else []
        if count:
            ways.append(Arc("b", 1 - go_on, STOP if count == 1 else ("b", count - 1)))
        return ways

    return Grammar(("a", 0), arcs, 2 * largest)


_UNOPENED = ("unopened",)


def brackets(pairs: Sequence[str], deepest: int, longest: int) -> Grammar:
    """Return balanced brackets (a Dyck language) of several kinds, nested to ``deepest`` at most.

    ``pairs`` are two-character texts such as "()". A string that has closed all its brackets ends with
    probability 0.4; inside, opening (while there is depth left) and closing are as likely.
    """

    def arcs(state: State) -> list[Arc]:
        assert isinstance(state, tuple)
        depth = len(state)
        go_on = 1.0 if state == _UNOPENED else 0.6 if depth == 0 else 0.5 if depth < deepest else 0.0
        nested: tuple[int, ...] = () if state == _UNOPENED else state
        ways = [Arc(pair[0], go_on / len(pairs), (*nested, kind)) for kind, pair in enumerate(pairs) if go_on]
        if nested:
            ways.append(Arc(pairs[nested[-1]][1], 1 - go_on, nested[:-1]))
        elif state != _UNOPENED:
            ways.append(Arc(END, 1 - go_on, FINAL))
        return ways

    return Grammar(_UNOPENED, arcs, longest)
