"""Who decides on colour: the option, then NO_COLOR, then a forcing variable, then the terminal."""

from __future__ import annotations

import pytest

from labgate.report.palette import palette, wants_colour


@pytest.mark.parametrize(
    ("choice", "environ", "terminal", "expected"),
    [
        pytest.param("auto", {}, True, True, id="a-terminal-gets-colour"),
        pytest.param("auto", {}, False, False, id="a-pipe-gets-none"),
        pytest.param("auto", {"TERM": "dumb"}, True, False, id="a-dumb-terminal-gets-none"),
        pytest.param("auto", {"NO_COLOR": "1"}, True, False, id="no-color-turns-it-off"),
        pytest.param("auto", {"NO_COLOR": "0"}, True, False, id="no-color-of-any-value-turns-it-off"),
        pytest.param("auto", {"NO_COLOR": ""}, True, True, id="an-empty-no-color-says-nothing"),
        pytest.param("auto", {"FORCE_COLOR": "1"}, False, True, id="force-color-reaches-a-pipe"),
        pytest.param("auto", {"CLICOLOR_FORCE": "1"}, False, True, id="clicolor-force-reaches-a-pipe"),
        pytest.param(
            "auto", {"FORCE_COLOR": "0", "CLICOLOR_FORCE": ""}, False, False, id="zero-and-empty-force-nothing"
        ),
        pytest.param("auto", {"CLICOLOR": "0"}, True, False, id="clicolor-zero-turns-it-off"),
        pytest.param("auto", {"CLICOLOR": "1"}, False, False, id="clicolor-is-for-terminals"),
        pytest.param("auto", {"CLICOLOR": "1"}, True, True, id="clicolor-asks-for-what-is-the-default"),
        pytest.param("auto", {"CLICOLOR": ""}, True, True, id="an-empty-clicolor-says-nothing"),
        pytest.param("auto", {"CLICOLOR": "0", "CLICOLOR_FORCE": "1"}, False, True, id="force-wins-over-clicolor"),
        pytest.param("auto", {"NO_COLOR": "1", "CLICOLOR": "1"}, True, False, id="no-color-wins-over-clicolor"),
        pytest.param("always", {"CLICOLOR": "0"}, False, True, id="the-option-wins-over-clicolor"),
        pytest.param("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False, id="no-color-wins-over-force"),
        pytest.param("always", {"NO_COLOR": "1"}, False, True, id="the-option-wins-over-no-color"),
        pytest.param("never", {"FORCE_COLOR": "1"}, True, False, id="the-option-wins-over-force"),
    ],
)
def test_colour(choice: str, environ: dict[str, str], terminal: bool, expected: bool) -> None:
    assert wants_colour(choice, environ, terminal) is expected


def test_without_colour_a_text_stays_as_it_is() -> None:
    assert palette(colour=False)("error", "x") == "x"
    assert palette(colour=True)("error", "x") == "\x1b[1;31mx\x1b[0m"
