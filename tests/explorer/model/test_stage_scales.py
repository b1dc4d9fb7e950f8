from __future__ import annotations

from explorer.model.stage_scales import Rescaled, Scales, common, drawn_to, scales_of
from explorer.model.stage_scene import Far
from explorer.theme.colourmap import AsinhScale
from tests.explorer.model.stages import small_walk, stage_at

SMALL, LARGE = AsinhScale(1.0, 0.001), AsinhScale(5.0, 0.005)


def test_of_two_scales_the_one_that_reaches_further_serves_both():
    one, other = Scales(SMALL, 9.0, LARGE, SMALL), Scales(LARGE, 3.0, SMALL, None)
    assert common(one, other) == common(other, one) == Scales(LARGE, 9.0, LARGE, SMALL)


def test_a_stage_without_gradients_has_no_say_in_their_scale():
    w = small_walk()
    early, late = stage_at(w, 3), stage_at(w, len(w))
    assert scales_of(early).gradient is None and scales_of(early).ribbon is None
    assert common(scales_of(early), scales_of(late)).gradient == late.gradient_scale


def test_a_stage_drawn_to_other_scales_keeps_its_scene_from_step_to_step():
    w = small_walk()
    first = stage_at(w, len(w) - 4)
    second = stage_at(w, len(w) - 3, first.scene)
    wanted = Scales(LARGE, 77.0, LARGE, LARGE)
    rescaled = Rescaled()
    one, two = rescaled.put(first, wanted), rescaled.put(second, wanted)
    assert one.scene is two.scene is not first.scene and drawn_to(one, wanted) and not drawn_to(first, wanted)
    assert (one.scene.tallest_loss, one.gradient_scale, one.ribbon_scale) == (77.0, LARGE, LARGE)
    assert rescaled.put(first, scales_of(first)).scene is first.scene


def test_what_is_far_from_the_others_in_one_of_two_is_so_in_both():
    huge, huger = AsinhScale(1e200, 0.1), AsinhScale(1e250, 0.1)
    none, one = Scales(SMALL, 9.0, None, None), Scales(SMALL, 9.0, None, None, Far(frozenset({"a"}), huge))
    other = Scales(LARGE, 3.0, None, None, Far(frozenset({"c", "a"}), huger))
    assert common(none, one) == common(one, none) == one
    assert common(one, other) == Scales(LARGE, 9.0, None, None, Far(frozenset({"a", "c"}), huger))
    data = stage_at(small_walk("vanilla"), 3)
    drawn = Rescaled().put(data, one)
    assert drawn_to(drawn, one) and not drawn_to(data, one) and scales_of(drawn) == one
    assert drawn.scene.scale_of(drawn.gates[0].track) == huge
    assert drawn.scene.scale_of(drawn.states[0].track) == SMALL
