"""The quick frozen dataclass is the standard one: the same classes made by both, compared."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import sys
from dataclasses import FrozenInstanceError, field, fields, replace
from typing import Any, ClassVar

import pytest

from rnncore import frozen


def family(dataclass: Any) -> dict[str, Any]:
    @dataclass(frozen=True)
    class Plain:
        """Two fields."""

        a: int
        b: str = "x"
        kind: ClassVar[str] = "plain"

    @dataclass(frozen=True)
    class Child(Plain):
        """One more, with a factory and hidden ones."""

        c: list[int] = field(default_factory=list, compare=False)
        d: float = field(default=2.0, repr=False)
        e: int = field(init=False, default=7)
        f: dict[str, int] = field(init=False, default_factory=dict, compare=False)
        g: int = field(init=False, repr=False, hash=False)

        def __post_init__(self) -> None:
            object.__setattr__(self, "g", self.a + 1)

    @dataclass(frozen=True, eq=False)
    class Thing:
        """Compared by identity."""

        a: int

    @dataclass(frozen=True)
    class Empty:
        """No fields."""

    @dataclass(frozen=True)
    class Own:
        """Methods of its own."""

        a: int

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Own) and abs(self.a - other.a) <= 1

        def __repr__(self) -> str:
            return "own"

    @dataclass(frozen=True, slots=True)
    class Slotted:
        """Without a dictionary."""

        a: int
        b: tuple[int, ...] = ()
        c: int = field(init=False, default=3)

    @dataclass
    class Open:
        """Can be changed."""

        a: int = 1

    found = {k: v for k, v in locals().items() if isinstance(v, type)}
    for made in found.values():
        made.__qualname__ = made.__name__
    return found


OURS, THEIRS = family(frozen.dataclass), family(dataclasses.dataclass)
CALLS = [
    ("Plain", (1,), {}),
    ("Plain", (1, "y"), {}),
    ("Plain", (), {"b": "z", "a": 0}),
    ("Child", (3,), {}),
    ("Child", (3, "q", [1], 9.0), {}),
    ("Empty", (), {}),
    ("Own", (4,), {}),
    ("Slotted", (5, (1, 2)), {}),
    ("Open", (), {}),
]


@pytest.mark.parametrize(("name", "args", "options"), CALLS)
def test_records_have_the_same_fields_text_equality_and_hash(name, args, options):
    ours, theirs = (made[name](*args, **options) for made in (OURS, THEIRS))
    assert [f.name for f in fields(ours)] == [f.name for f in fields(theirs)]
    assert dataclasses.asdict(ours) == dataclasses.asdict(theirs)
    assert repr(ours) == repr(theirs)
    again, other = OURS[name](*args, **options), THEIRS[name](*args, **options)
    assert (ours == again) is (theirs == other) is True
    assert ours != theirs and ours != 1
    for made in (OURS, THEIRS):
        assert type(made[name]).__name__ == "type"
    assert (OURS[name].__hash__ is None) == (THEIRS[name].__hash__ is None)
    if OURS[name].__hash__ is not None and name != "Own":
        assert hash(ours) == hash(theirs)
    assert OURS[name].__match_args__ == THEIRS[name].__match_args__


@pytest.mark.parametrize("name", ["Plain", "Child", "Own", "Slotted", "Thing"])
def test_nothing_can_be_assigned_or_deleted(name):
    for made in (OURS, THEIRS):
        record = made[name](1)
        with pytest.raises(FrozenInstanceError, match="cannot assign to field 'a'"):
            record.a = 2
        with pytest.raises(FrozenInstanceError, match="cannot delete field 'a'"):
            del record.a
        with pytest.raises((FrozenInstanceError, TypeError)):  # the standard one loses its class with slots
            record.new = 2
        assert record.a == 1


def test_a_class_that_is_no_dataclass_may_have_more_attributes():
    for made in (OURS, THEIRS):
        more = type("More", (made["Plain"],), {})(1)
        more.extra = 3
        assert more.extra == 3
        del more.extra
        with pytest.raises(FrozenInstanceError):
            more.a = 3


def test_replace_and_factories_make_new_records():
    for made in (OURS, THEIRS):
        first, second = made["Child"](1), made["Child"](1)
        assert first.c is not second.c and first.f is not second.f
        changed = replace(first, a=5)
        assert (changed.a, changed.g, changed.b, changed.e) == (5, 6, "x", 7)
        assert changed != first and changed.c is first.c


def test_identity_stays_the_measure_where_equality_is_not_asked_for():
    for made in (OURS, THEIRS):
        one, other = made["Thing"](1), made["Thing"](1)
        assert one != other and len({one, other}) == 2


def test_wrong_arguments_are_named():
    for made in (OURS, THEIRS):
        with pytest.raises(TypeError, match=r"__init__\(\) missing 1 required positional argument: 'a'"):
            made["Plain"]()
        with pytest.raises(TypeError, match=r"unexpected keyword argument 'z'"):
            made["Plain"](1, z=2)


@frozen.dataclass(frozen=True, slots=True)
class Kept:
    """Can be found again by its name."""

    a: int
    b: str = "b"


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda r: pickle.loads(pickle.dumps(r))])
def test_slotted_records_can_be_copied_and_pickled(again):
    record = Kept(3)
    assert again(record) == record and not hasattr(record, "__dict__")
    assert sys.getsizeof(record) < sys.getsizeof(OURS["Plain"](1)) + 64


def test_nan_and_arrays_compare_by_identity_first_as_in_tuples():
    nan = float("nan")
    # Since Python 3.13 the standard ones compare field by field, so that a record with NaN differs from itself.
    for made in (OURS, THEIRS) if sys.version_info < (3, 13) else (OURS,):
        assert made["Thing"] is not made["Plain"]
        assert made["Plain"](nan) == made["Plain"](nan)
        assert made["Plain"](float("nan")) != made["Plain"](nan)
