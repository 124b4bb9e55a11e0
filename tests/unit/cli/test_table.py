from labeltool.cli.table import figure, table


def test_names_stand_to_the_left_and_numbers_to_the_right() -> None:
    assert (
        table(["class", "IoU"], [["nucleus", "1.000"], ["b", "–"]])
        == "class      IoU\nnucleus  1.000\nb            –"
    )


def test_a_figure_that_does_not_exist_is_a_dash() -> None:
    assert (figure(None), figure(0.5)) == ("–", "0.500")
