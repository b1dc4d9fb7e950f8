from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.model.stage_layout import NARROWEST, Detail, StageLayout

sizes = st.builds(
    StageLayout,
    width=st.integers(300, 3800),
    height=st.integers(220, 1600),
    length=st.integers(1, 200),
    cells=st.integers(1, 64),
    states=st.integers(1, 2),
    gates=st.integers(1, 6),
    zoom=st.floats(1.0, 40.0),
    offset=st.floats(-100.0, 30000.0),
    scale=st.sampled_from([1.0, 1.25, 1.5]),
)


def at(width: int = 1370, height: int = 515, length: int = 9, cells: int = 16, **rest) -> StageLayout:
    return StageLayout(width, height, length, cells, rest.pop("states", 2), rest.pop("gates", 4), **rest)


@given(sizes)
def test_columns_lie_side_by_side_without_gap_or_overlap(lay):
    for t in range(lay.length - 1):
        assert lay.right(t) == lay.left(t + 1)
    assert lay.right(lay.length - 1) - lay.left(0) == pytest.approx(lay.content_width - lay.lead, abs=1)


@given(sizes)
def test_unzoomed_all_columns_fit_unless_they_are_at_their_narrowest(lay):
    fitted = StageLayout(lay.width, lay.height, lay.length, lay.cells, lay.states, lay.gates, scale=lay.scale)
    if fitted.column_width > NARROWEST:
        assert fitted.right(lay.length - 1) <= lay.width
        assert fitted.furthest == pytest.approx(0.0, abs=1e-6)
    assert fitted.column_width <= fitted.widest
    assert fitted.lead_left >= fitted.gutter - 1


@given(sizes)
def test_below_the_states_there_is_room_for_what_the_scissors_do(lay):
    rows = lay.rows
    above = rows["lane"].bottom if lay.in_lane else rows["state"].bottom
    assert rows["gates"].top - above >= 18 * lay.scale - 2


@pytest.mark.parametrize("gates", [0, 4])
def test_on_a_low_stage_sixteen_units_keep_a_cell_each(gates):
    lay = at(927, 213, 9, 16, states=2, gates=gates)
    assert lay.low and lay.most_cells >= 13 and lay.output_rows == 2
    assert at(927, 515, 9, 16).output_rows == 3


@given(sizes)
def test_rows_follow_one_another_and_stay_inside_a_stage_that_is_tall_enough(lay):
    rows = lay.rows
    order = ["number", "bar", "output", "state", "lane", "caption", "gates", "names", "input", "time"]
    for above, below in itertools.pairwise(order):
        assert rows[above].bottom <= rows[below].top
    if lay.cells <= lay.most_cells and lay.height >= 330 * lay.scale:
        assert rows["all"].top >= 0
        assert rows["time"].bottom <= lay.height


@given(sizes)
def test_strips_stay_inside_their_column_and_beside_one_another(lay):
    if lay.detail == Detail.HEAT:
        return
    for spans in (lay.state_spans, lay.gate_spans):
        edge = 0
        for span in spans:
            assert span.x >= edge
            assert span.width >= 1
            assert span.gradient_width >= 1
            assert span.gradient_x >= span.x + span.width
            edge = span.right
        assert edge <= lay.column_width


@given(sizes, st.integers(0, 199))
def test_a_point_in_a_column_is_found_in_that_column(lay, t):
    t = min(t, lay.length - 1)
    x = (lay.left(t) + lay.right(t)) / 2
    if lay.gutter <= x <= lay.gutter + lay.room:
        assert lay.column_at(x) == t
        assert t in lay.visible


@given(sizes, st.integers(0, 199))
def test_scrolled_to_a_column_it_is_in_full_view(lay, t):
    t = min(t, lay.length - 1)
    moved = StageLayout(
        lay.width,
        lay.height,
        lay.length,
        lay.cells,
        lay.states,
        lay.gates,
        lay.zoom,
        lay.offset_showing(t),
        lay.scale,
    )
    if lay.column_width <= lay.room:
        assert moved.left(t) >= moved.gutter - 1
        assert moved.right(t) <= moved.gutter + moved.room + 1


def test_details_fold_away_in_one_order_as_columns_get_narrower():
    found = [at(length=n).detail for n in range(1, 201)]
    assert found == sorted(found, reverse=True)
    assert found[0] == Detail.FULL
    assert found[-1] == Detail.HEAT
    assert set(found) == set(Detail)


def test_the_mockup_s_sentence_shows_everything_at_both_common_sizes():
    assert at(1370, 515).detail == Detail.FULL
    assert at(950, 330).detail == Detail.FULL


def test_cells_are_whole_pixels_and_at_least_two_where_the_stage_aggregates_as_it_asks():
    for height in (330, 515, 900):
        for hidden in (1, 3, 16, 64):
            cells = min(hidden, at(height=height, cells=hidden).most_cells)
            lay = at(height=height, cells=cells)
            assert lay.rows["state"].height == lay.cell_heights[0] * cells
            assert min(lay.cell_heights) >= (2 if cells > 1 else 1)


def test_heat_bands_share_their_row_without_overlap():
    lay = at(length=200)
    edge = lay.rows["gates"].top
    for band in lay.gate_bands:
        assert band.value.top >= edge
        assert band.gradient.top == band.value.bottom
        edge = band.gradient.bottom
    assert edge <= lay.rows["gates"].bottom


def test_beside_the_columns_there_is_none():
    assert at().column_at(3) is None
    assert at(length=1).column_at(1200) is None
    assert at().boundary_near(-50) == 0
    assert at().boundary_near(5000) == 9


@pytest.mark.parametrize(("length", "width"), [(1, 340), (2, 240), (3, 210)])
def test_a_short_sentence_has_wide_columns_in_the_middle_of_the_stage(length, width):
    lay = at(length=length)
    assert width * 0.95 <= lay.column_width <= width * 1.2
    left, right = lay.lead_left - lay.gutter, lay.gutter + lay.room - lay.right(length - 1)
    assert abs(left - right) <= 2 and left > 100
    assert lay.state_spans[-1].width > at().state_spans[-1].width, "so have its strips"


def test_a_screen_of_four_times_the_pixels_is_filled():
    lay = at(2900, 1500)
    assert lay.right(8) - lay.lead_left >= 0.95 * lay.room
    assert lay.rows["all"].height >= 0.8 * lay.height


@given(sizes)
def test_the_initial_state_stands_before_the_first_column_and_costs_the_columns_no_detail(lay):
    if lay.lead:
        assert lay.detail >= Detail.TARGET
        assert lay.left(0) - lay.lead_left == lay.lead
        edge = 0
        for span in lay.lead_spans:
            assert edge <= span.x < span.x + span.width < span.gradient_x < span.right <= lay.lead
            edge = span.right
        assert len(lay.lead_spans) == lay.states
    if lay.zoom == 1.0:
        without = min(lay.widest, lay.room / lay.length)
        assert lay._detail_of(without) == lay.detail
        assert lay.lead or without - lay.column_width < 1e-6


def test_the_initial_state_folds_away_as_columns_get_narrower_and_comes_back_with_zoom():
    assert at().lead and at(950, 330).lead
    assert not at(length=25).lead and not at(length=25).lead_spans
    assert at(length=25, zoom=4.0).lead
    assert at(length=25, zoom=4.0, offset=0.0).lead_left == at(length=25).gutter


@pytest.mark.parametrize("zoom", [1.0, 3.0])
def test_a_point_on_the_initial_state_is_in_no_column(zoom):
    lay = at(zoom=zoom)
    assert lay.column_at(lay.lead_left + lay.lead / 2) is None
    assert lay.boundary_near(lay.lead_left) == 0


@pytest.mark.parametrize("length", [1, 3, 10])
@pytest.mark.parametrize(("states", "gates"), [(1, 1), (1, 3), (2, 4)])
@pytest.mark.parametrize("cells", [1, 2, 3, 4])
@pytest.mark.parametrize(("width", "height"), [(916, 540), (1352, 560)])
def test_the_strips_of_few_units_fill_the_stage_and_leave_its_ribbons_room(width, height, cells, states, gates, length):
    lay = at(width, height, length, cells, states=states, gates=gates)
    rows = lay.rows
    assert rows["all"].height >= 0.94 * height
    assert rows["state"].height >= 100  # lanes and scissors lie beside the strips, not on one another
    assert rows["gates"].height <= 0.4 * height  # and words and losses keep theirs
