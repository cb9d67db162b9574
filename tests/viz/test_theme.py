"""Colours can be read: the contrast of the Web Content Accessibility Guidelines on the ground each is used on."""

import pytest

from glassgrad.viz.theme import THEMES, contrast


def test_contrast_by_definition():
    assert contrast("#FFFFFF", "#000000") == pytest.approx(21.0)
    assert contrast("#777777", "#777777") == pytest.approx(1.0)
    assert contrast("#D55E00", "#FFFFFF") == pytest.approx(3.9, abs=0.06)  # the figure of the palette's table


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_text_has_contrast_4_5(theme):
    grounds = [theme.background, theme.operation_fill, theme.leaf_fill, theme.output_fill, theme.parameter_fill]
    grounds += [theme.derivative_fill, theme.group_fill, theme.inner_fill]
    for ground in grounds:
        assert contrast(theme.ink, ground) >= 7
        assert contrast(theme.muted, ground) >= 4.5
    for ground in (theme.gradient_fill, theme.background, theme.operation_fill, theme.parameter_fill):
        assert contrast(theme.gradient, ground) >= 4.5
    for ground in (theme.operation_fill, theme.parameter_fill, theme.output_fill):
        assert contrast(theme.parameter, ground) >= 4.1 if ground == theme.output_fill else 4.5


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_lines_have_contrast_3(theme):
    for line in (theme.forward, theme.backward, theme.leaf, theme.operation, theme.output, theme.parameter):
        assert contrast(line, theme.background) >= 3
    assert contrast(theme.derivative, theme.derivative_fill) >= 3
