import pytest

from flagger_rollout.plan import next_weight, promotion_weight, weight_max


def climb(step: int, steps: tuple[int, ...], top: int) -> list[int]:
    weights, weight = [], 0
    limit = weight_max(top, step, steps)
    while weight < limit:
        weight = next_weight(weight, step, steps)
        weights.append(weight)
    return weights


@pytest.mark.parametrize(
    ("step", "steps", "top", "expected"),
    [
        (20, (), 50, [20, 40, 60]),
        (50, (), 100, [50, 100]),
        (33, (), 100, [33, 66, 99, 100]),
        (0, (1, 2, 10, 80), 0, [1, 2, 10, 80]),
        (0, (1, 2, 10, 200), 0, [1, 2, 10, 100]),
        (0, (30, 60), 40, [30, 60]),
        (10, (30, 60), 20, [10, 20]),
    ],
    ids=[
        "past-the-top",
        "to-100",
        "odd",
        "list",
        "list-past-100",
        "list-wins-over-top",
        "step-wins",
    ],
)
def test_weights_climb_as_flaggers_do(
    step: int, steps: tuple[int, ...], top: int, expected: list[int]
) -> None:
    assert climb(step, steps, top) == expected


def test_a_weight_that_an_edited_list_does_not_name_goes_on_with_the_next_greater() -> None:
    """Flagger goes to 100 at once."""
    assert next_weight(15, 0, (10, 20, 30)) == 20
    assert next_weight(40, 0, (10, 20, 30)) == 100


def test_a_list_that_repeats_a_weight_comes_to_its_end() -> None:
    assert climb(0, (10, 10, 30), 0) == [10, 30]


def test_a_maximum_above_everything_is_everything() -> None:
    assert weight_max(150, 20, ()) == 100


@pytest.mark.parametrize(("weight", "step", "expected"), [(70, 40, 30), (30, 40, 0), (60, 0, 0)])
def test_a_promotion_takes_its_steps_back_to_the_primary(
    weight: int, step: int, expected: int
) -> None:
    assert promotion_weight(weight, step) == expected
