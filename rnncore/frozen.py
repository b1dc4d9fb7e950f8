"""The standard library's frozen dataclass, without compiling six methods of each class while the program starts.

``from rnncore.frozen import dataclass`` in place of that of :mod:`dataclasses`: it takes ``frozen``, ``eq``, ``repr``,
``slots``, and makes the same class. The standard one writes every method of every class as text and compiles it, which
for some hundred and fifty records is a tenth of a second of each start. Here only ``__init__`` is compiled, as its
parameters are the class's own, and the rest is shared. Keyword-only fields and ``InitVar`` are not known here.
Records are equal when the tuples of their fields are, as the standard ones were before Python 3.13: what is the
very same object, NaN or array, counts as equal.
"""

# ruff: noqa: N807

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:
    import dataclasses
    from dataclasses import MISSING, FrozenInstanceError
    from operator import attrgetter

    _set = object.__setattr__

    def dataclass(cls=None, /, *, frozen=False, eq=True, repr=True, slots=False):
        """Make a class a dataclass, as :func:`dataclasses.dataclass` does; quick where it is ``frozen``."""

        def wrap(cls):
            if not frozen:
                return dataclasses.dataclass(cls, eq=eq, repr=repr, slots=slots)
            return _frozen(cls, eq, repr, slots)

        return wrap if cls is None else wrap(cls)

    def _frozen(cls, eq, repr, slots):
        cls = dataclasses.dataclass(cls, init=False, eq=False, repr=False, slots=slots)
        fields = dataclasses.fields(cls)
        own = cls.__dict__
        if "__init__" not in own:
            cls.__init__ = _init(cls, fields, slots)
        cls.__setattr__, cls.__delattr__ = _guards(cls, frozenset(f.name for f in fields))
        if repr and "__repr__" not in own:
            cls.__repr__ = _repr(tuple(f.name for f in fields if f.repr))
        if eq:
            equal, hashed = _comparison(
                tuple(f.name for f in fields if f.compare),
                tuple(f.name for f in fields if (f.compare if f.hash is None else f.hash)),
            )
            if "__eq__" not in own:
                cls.__eq__ = equal
            if own.get("__hash__") is None:
                cls.__hash__ = hashed
        if slots:
            cls.__getstate__, cls.__setstate__ = _states(tuple(f.name for f in fields))
        return cls

    def _init(cls, fields, slots):
        scope = {"_set": _set, "_absent": MISSING}
        parameters, lines = ["self"], []
        for field in fields:
            name, value = field.name, field.name
            if field.default_factory is not MISSING:
                scope[f"_make_{name}"] = field.default_factory
                parameters += [f"{name}=_absent"] if field.init else []
                value = f"_make_{name}() if {name} is _absent else {name}" if field.init else f"_make_{name}()"
            elif field.default is not MISSING:
                scope[f"_usual_{name}"] = field.default
                parameters += [f"{name}=_usual_{name}"] if field.init else []
                if not field.init:
                    if not slots:
                        continue  # the class has it
                    value = f"_usual_{name}"
            elif field.init:
                parameters.append(name)
            else:
                continue  # __post_init__ sets it
            lines.append(f" _set(self, {name!r}, {value})\n")
        if hasattr(cls, "__post_init__"):
            lines.append(" self.__post_init__()\n")
        exec(f"def __init__({', '.join(parameters)}):\n{''.join(lines) or ' pass'}", scope)
        made = scope["__init__"]
        made.__qualname__, made.__module__ = f"{cls.__qualname__}.__init__", cls.__module__
        return made

    def _guards(cls, names):
        def __setattr__(self, name, value):
            if type(self) is cls or name in names:
                raise FrozenInstanceError(f"cannot assign to field {name!r}")
            super(cls, self).__setattr__(name, value)

        def __delattr__(self, name):
            if type(self) is cls or name in names:
                raise FrozenInstanceError(f"cannot delete field {name!r}")
            super(cls, self).__delattr__(name)

        return __setattr__, __delattr__

    def _repr(names):
        def __repr__(self):
            shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
            return f"{self.__class__.__qualname__}({shown})"

        return __repr__

    def _values(names):
        """Return what takes the fields ``names`` of a record as a tuple."""
        if len(names) > 1:
            return attrgetter(*names)
        return lambda self: tuple(getattr(self, name) for name in names)

    def _comparison(compared, hashed):
        values = _values(compared)
        key = values if hashed == compared else _values(hashed)

        def __eq__(self, other):
            if other.__class__ is self.__class__:
                return values(self) == values(other)
            return NotImplemented

        def __hash__(self):
            return hash(key(self))

        return __eq__, __hash__

    def _states(names):
        values = _values(names)

        def __getstate__(self):
            return values(self)

        def __setstate__(self, state):
            for name, value in zip(names, state, strict=True):
                _set(self, name, value)

        return __getstate__, __setstate__
