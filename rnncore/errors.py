"""Errors that a user can act on: each says what is wrong, where, and what to do about it."""

from __future__ import annotations


class RnnError(ValueError):
    """Base of every error of rnncore that a user can mend.

    The message names the problem, its place and a remedy, in one or two sentences.
    """


class CellError(RnnError):
    """An equation of a cell that cannot be used.

    Attributes
    ----------
    line, column : int
        Place of the problem in the equations' text, both counted from 1; 0 where there is no text.
    problem, remedy : str
        What is wrong, and what to write instead.
    """

    def __init__(self, problem: str, *, line: int = 1, column: int = 1, remedy: str = "") -> None:
        self.problem = problem
        self.remedy = remedy
        self.line = line
        self.column = column
        message = f"line {line}, column {column}: {problem}" if line else problem
        super().__init__(f"{message}. {remedy}" if remedy else message)

    def __reduce__(self) -> tuple[object, ...]:
        return _cell_error, (self.problem, self.line, self.column, self.remedy)


def _cell_error(problem: str, line: int, column: int, remedy: str) -> CellError:
    """Make one again that comes from another process."""
    return CellError(problem, line=line, column=column, remedy=remedy)


class TextError(RnnError):
    """A text that cannot be turned into sentences or tokens."""


class FileError(RnnError):
    """A file that cannot be read or written; the message names the file, the place and the remedy."""
