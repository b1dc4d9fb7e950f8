"""A small English in which verbs agree with their subjects across relative clauses.

After J. L. Elman, Finding structure in time (1990), and Distributed representations, simple recurrent
networks, and grammatical structure (1991): "the dogs that the cat sees run home ." To predict *run* and not
*runs*, the network must have kept the number of *dogs* over the whole clause between. Verbs differ in what
may follow them: *sleep* takes no object, *chase* and *feed* need one, *see* may have one, *run* may go home.
In a clause such as "that the cat sees" the noun before it is the object already, and no other may follow.
"""

from __future__ import annotations

from rnncore.grammars import STOP, Arc, Grammar, State

SINGULAR_NOUNS = ("cat", "dog", "boy", "girl")
PLURAL_NOUNS = ("cats", "dogs", "boys", "girls")
NAMES = ("mary", "john")
SLEEP = ("sleeps", "sleep")
RUN = ("runs", "run")
NEED_OBJECT = (("chases", "chase"), ("feeds", "feed"))
MAY_HAVE_OBJECT = (("sees", "see"),)

VOCABULARY = (
    "the", *SINGULAR_NOUNS, *PLURAL_NOUNS, *NAMES, *SLEEP, *RUN,
    *(form for pair in NEED_OBJECT + MAY_HAVE_OBJECT for form in pair), "home", "that", ".",
)  # fmt: skip

# What is still to be written, as a stack of symbols; a number is "0" singular or "1" plural.
#   noun phrase N; NV: a verb phrase that agrees follows; NT: a verb without its object follows; N?: or none
#   head H, HV, HT after "the"     verb phrase V0 V1     verb without its object T0 T1
#   clause C0 C1 after "that"      R0 R1 may begin a clause      home? may be "home"


def agreement(longest: int = 11, relative: float = 0.65) -> Grammar:
    """Return the grammar: sentences of 3 to ``longest`` words, the full stop included.

    ``relative`` is the probability that a noun is followed by a relative clause, before the bound on length
    shortens long sentences away.
    """

    def verbs(number: int, after: tuple[str, ...], *, gap: bool) -> list[Arc]:
        """The verb forms of a number; with ``gap`` those whose object stands elsewhere."""
        needing, having = NEED_OBJECT, MAY_HAVE_OBJECT
        if gap:
            return [Arc(pair[number], 1 / 3, after) for pair in needing + having]
        ways = [Arc(SLEEP[number], 0.2, after), Arc(RUN[number], 0.2, ("home?", *after))]
        ways += [Arc(pair[number], 0.15, ("N", *after)) for pair in needing]
        return ways + [Arc(pair[number], 0.3, ("N?", *after)) for pair in having]

    def noun_phrase(follow: str, after: tuple[str, ...]) -> list[Arc]:
        follower = {"": (), "V": ("V0",), "T": ("T0",)}[follow]
        ways = [Arc("the", 0.8, ("H" + follow, *after))]
        return ways + [Arc(name, 0.2 / len(NAMES), (*follower, *after)) for name in NAMES]

    def head(follow: str, after: tuple[str, ...]) -> list[Arc]:
        ways = []
        for number, nouns in ((0, SINGULAR_NOUNS), (1, PLURAL_NOUNS)):
            follower = (f"{follow}{number}",) if follow else ()
            ways += [Arc(noun, 0.5 / len(nouns), (f"R{number}", *follower, *after)) for noun in nouns]
        return ways

    def optional(chance: float, ways: list[Arc], after: tuple[str, ...]) -> list[Arc]:
        taken = [arc._replace(probability=arc.probability * chance) for arc in ways]
        left_out = [arc._replace(probability=arc.probability * (1 - chance)) for arc in arcs(after)]
        return taken + left_out

    def arcs(state: State) -> list[Arc]:
        assert isinstance(state, tuple)
        symbol, after = state[0], state[1:]
        kind, number = symbol[0], int(symbol[1]) if symbol[1:].isdigit() else 0
        if symbol == ".":
            return [Arc(".", 1.0, STOP)]
        if symbol == "home?":
            return optional(0.5, [Arc("home", 1.0, after)], after)
        if symbol == "N?":
            return optional(0.5, noun_phrase("", after), after)
        if kind == "N":
            return noun_phrase(symbol[1:], after)
        if kind == "H":
            return head(symbol[1:], after)
        if kind == "R":
            return optional(relative, [Arc("that", 1.0, (f"C{number}", *after))], after)
        if kind == "C":
            own = [arc._replace(probability=0.5 * arc.probability) for arc in verbs(number, after, gap=False)]
            return own + [arc._replace(probability=0.5 * arc.probability) for arc in noun_phrase("T", after)]
        return verbs(number, after, gap=kind == "T")

    return Grammar(("NV", "."), arcs, longest)
