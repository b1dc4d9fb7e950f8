"""The printed sheet: whole pages, nothing cut, nothing that a word could break."""

from __future__ import annotations

from dataclasses import replace

from explorer.model.paper_data import EXACT, SHEET, paper
from explorer.model.paper_html import COLUMNS, html, page, plain
from explorer.model.runs import start_run
from explorer.model.settings import CorpusChoice
from tests.explorer.model.runs import Driver, small_run

COLOURS = {role: "#000000" for role in ("text", "muted", "line", "value", "gradient", "loss", "weight")}


def driver(**changes):
    return Driver(start_run(replace(SHEET, **changes)))


def test_a_page_for_the_browser_is_whole_and_says_that_it_is_rounded():
    made = driver()
    text = page(paper(made.session, made.derived), COLOURS, "a & b")
    assert text.startswith("<!DOCTYPE html>") and "<title>a &amp; b</title>" in text
    assert text.count("<table") == text.count("</table>")
    assert "rounded only here" in text


def test_words_cannot_break_the_page():
    made = driver()
    page = html(paper(made.session, made.derived, everything=True), COLOURS, title="<b> & co")
    assert "&lt;unk&gt;" in page and "<unk>" not in page and "&lt;b&gt; &amp; co" in page


def test_what_is_refused_is_said_instead_of_tables():
    made = Driver(small_run())
    assert "units" in html(paper(made.session, made.derived), {"muted": "#000"})


def test_a_long_sentence_goes_on_below_with_all_of_its_steps():
    made = driver(corpus=CorpusChoice("text", "a b " * 15, (("unit", "line"), ("max_length", 60))))
    text = html(paper(made.session, made.derived, everything=True), COLOURS)
    steps = made.session.sentence.length
    assert steps > 2 * COLUMNS
    for t in range(steps):
        assert text.count(f">t&nbsp;=&nbsp;{t}<") == 2  # forward and backward
    for row in text.split("<tr>")[1:]:
        assert row.count("<td align='right'") <= COLUMNS


def test_as_text_every_entry_has_its_column():
    made = driver()
    text = plain(paper(made.session, made.derived, everything=True))
    rows = [line.split("\t") for line in text.splitlines()]
    assert ["", "t = 0", "t = 1", "t = 2", "t = 3"] in rows and ["x", "<s>", "a", "b", "a"] in rows


def test_tables_of_many_digits_stand_below_one_another_and_short_ones_of_a_gate_abreast():
    def abreast(decimals):
        made = driver(cell="lstm", hidden_size=3)
        text = html(paper(made.session, made.derived, decimals, everything=True), COLOURS)
        return [line.count("<table") for line in text.split("<table border='0'")[1:]]

    assert abreast(4)[0] == 3  # U_i, W_i and b_i
    made = driver(corpus=CorpusChoice("text", "a b " * 5, (("unit", "line"), ("max_length", 60))))
    exact = html(paper(made.session, made.derived, EXACT, everything=True), COLOURS)
    assert max(row.count("<td align='right'") for row in exact.split("<tr>")) < COLUMNS // 2
