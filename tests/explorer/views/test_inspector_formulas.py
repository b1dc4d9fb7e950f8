from __future__ import annotations

from itertools import pairwise

import pytest

from explorer.theme import palette
from explorer.theme.theme import current, theme_named
from explorer.views.inspector import forms, set_formulas
from explorer.views.inspector.details import Details
from explorer.views.inspector.formulas import FormulaArea, Section
from explorer.widgets.typeset import baseline, in_words, is_wider, line

from ..model.steps import CELLS, data, make_walk


@pytest.fixture(autouse=True)
def styled(qapp):
    palette.apply(qapp, theme_named("dark"))


@pytest.mark.parametrize("cell", CELLS)
def test_only_a_formula_that_has_no_room_in_a_line_is_passed_over_unset(qtbot, cell: str) -> None:
    made = make_walk(cell)
    for position in range(0, len(made) + 1, 3):
        for one in data(made, position).now.formulas:
            for runs in (one.left, *one.lines, *one.details):
                set_ = line(runs, 1e9, forms.LEAST, current())
                blanks = sum(run.text.count(" ") for run in runs) * baseline(forms.LEAST, current())[1]
                assert not is_wider(runs, set_.width, forms.LEAST, current()), position
                if set_.width > 2 * blanks:  # or it would spare nothing
                    assert is_wider(runs, 0.4 * (set_.width - blanks), forms.LEAST, current()), position


def test_a_formula_for_which_even_the_tightest_form_is_too_high_is_set_once_at_each_step(qtbot, monkeypatch) -> None:
    made = make_walk("lstm")
    carries = [p for p in range(1, len(made) + 1) if made[p - 1].kind == "carry"]
    area = FormulaArea(tight=True)
    qtbot.addWidget(area)
    area.resize(160, 50)
    area.show()
    counted: list[int] = []
    whole = forms.set_formula
    monkeypatch.setattr(set_formulas, "set_formula", lambda *a, **k: counted.append(a[-1]) or whole(*a, **k))

    def show(position: int) -> int:
        told = data(made, position).now
        counted.clear()
        area.set_sections((Section(told.formulas, "", told.role, None, told.note),))
        assert area.list.height() > area.height()
        return len(told.formulas)

    show(carries[0])
    count = show(carries[2])
    assert counted == [forms.LINE] * count


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("width", [200.0, 260.0, 340.0, 460.0])
@pytest.mark.parametrize("form", [forms.USUAL, forms.JOINED])
def test_what_stands_on_one_line_stands_on_one_baseline(qtbot, cell: str, width: float, form: int) -> None:
    made = make_walk(cell)
    line_high = baseline(forms.SYMBOLS, current())[1]
    for position in range(0, len(made) + 1, 3):
        for one in data(made, position).now.formulas:
            done = forms.set_formula(one, 70.0, width, current(), "text", form=form)
            bases = sorted(
                top + p.y
                for _, top, block in done.blocks
                for p in block.pieces
                if p.pixels > 0.8 * max(q.pixels for q in block.pieces)
            )
            for above, below in pairwise(bases):
                # Sub- and superscripts are set in smaller type; all else is on the same line or on another one.
                assert below - above < 0.01 or below - above > 0.6 * line_high, (position, one.text)


@pytest.mark.parametrize("height", [140, 150, 160])
def test_in_a_low_room_that_holds_them_all_formulas_have_the_same_lines(qtbot, height: int) -> None:
    made = make_walk("lstm")
    area = FormulaArea(tight=True)
    qtbot.addWidget(area)
    area.resize(370, height)
    area.show()
    seen = 0
    for position in range(1, len(made) + 1):
        if made[position - 1].kind != "d_operation":
            continue
        told = data(made, position).now
        if len(told.formulas) != 2 or told.note or any(f.details or len(f.lines) != 3 for f in told.formulas):
            continue
        area.set_sections((Section(told.formulas, "", told.role, None, ""),))
        need = sum(row.height + 8 for row in area.list._arrange(area.list.width(), forms.USUAL, [forms.USUAL] * 2)[0])
        if need > height:
            continue
        rows = [row for row in area.list._rows if row.one is not None]

        assert [row.form for row in rows] == [forms.USUAL] * 2, position
        seen += 1
    assert seen


@pytest.mark.parametrize("hidden", [2, 16])
def test_a_simple_cell_leaves_its_graph_the_room_that_none_of_its_formulas_needs(qtbot, hidden: int) -> None:
    made = make_walk("vanilla", hidden=hidden)
    details = Details()
    qtbot.addWidget(details)
    details.resize(440, 100)
    details.set_data(data(made, 0))
    details.resize(440, details.steady_height())
    details.show()
    spare = []
    for position in range(1, len(made) + 1):
        details.set_data(data(made, position))
        rows = details.now._arrange(
            details.now.width(), forms.USUAL, [forms.USUAL] * len(data(made, position).now.formulas)
        )
        spare.append(details.now_area.height() - rows[1])
    assert min(spare) >= 0 and sorted(spare)[len(spare) // 2] < 0.5 * details.now_area.height()
    gated = Details()
    qtbot.addWidget(gated)
    gated.resize(440, 100)
    gated.set_data(data(make_walk("lstm"), 0))
    assert gated.steady_height() > details.steady_height()


def test_the_norm_of_what_is_carried_takes_one_line_of_a_small_screens_inspector(qtbot) -> None:
    made = make_walk("lstm")
    area = FormulaArea(tight=True)
    qtbot.addWidget(area)
    area.resize(371, 130)
    area.show()
    for position in (p for p in range(1, len(made) + 1) if made[p - 1].kind == "carry"):
        told = data(made, position).now
        area.set_sections((Section(told.formulas, "", told.role, None, told.note),))
        (note,) = [row for row in area.list._rows if row.one is None]  # a second line would cost terms of the sum
        assert note.height < 1.9 * baseline(11.0, current())[1], told.note


@pytest.mark.parametrize("height", [80, 100, 122, 150])
def test_where_room_is_short_none_of_it_stays_blank_below_the_last_line(qtbot, height: int) -> None:
    made = make_walk("lstm")
    area = FormulaArea(tight=True)
    qtbot.addWidget(area)
    area.resize(371, height)
    area.show()
    seen = set()
    for position in (p for p in range(1, len(made) + 1) if made[p - 1].kind == "carry"):
        told = data(made, position).now
        area.set_sections((Section(told.formulas, "", told.role, None, told.note),))
        *formulas, note = area.list._rows
        seen.add(formulas[0].form)
        assert area.list.height_for(area.list.width()) - (note.top + note.height) <= 1  # heights are rounded
    assert min(seen) > forms.USUAL


@pytest.mark.parametrize("width", [280.0, 300.0, 330.0, 370.0])
def test_a_short_form_writes_out_the_terms_that_go_into_its_lines(qtbot, width: float) -> None:
    made = make_walk("lstm")
    carry = next(n for n in range(1, len(made) + 1) if made[n - 1].kind == "carry")
    one = data(made, carry).now.formulas[0]
    done = forms.set_formula(one, 70.0, width, current(), "text", form=forms.SHORT)
    two = tuple(forms.shortened(runs, forms.TERMS) for runs in one.lines)
    least = forms._flowing(one, two, width, forms.LEAST, current(), "text")
    whole = forms._flowing(one, one.lines, width, forms.LEAST, current(), "text")
    assert done.height == least.height
    said = " ".join(p.text for _, _, block in done.blocks for p in block.pieces)
    assert ("more" in said) == (whole.height > least.height)
    if width in (300.0, 330.0):
        assert "more" not in said


def test_a_name_in_a_sentence_has_its_index_lowered():
    pieces = [(run.text, run.script) for run in in_words("‖dW_f‖ so far 0.2")]
    assert pieces == [("‖dW", 0), ("f", -1), ("‖ so far 0.2", 0)]
    assert [run.text for run in in_words("no name here")] == ["no name here"]
    assert [run.text for run in in_words("all of dW_i")] == ["all of dW", "i"]
