"""Each strategy on pools that were made so that the right choice is known."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from labeltool import plugins
from labeltool.learning.clusters import k_means
from labeltool.learning.pool import Pick, Pool, Strategy
from labeltool.learning.strategies.bald import Bald
from labeltool.learning.strategies.chance import Chance
from labeltool.learning.strategies.entropy import Entropy
from labeltool.learning.strategies.foreground import Foreground
from labeltool.learning.strategies.margin import Margin
from labeltool.learning.strategies.stratified import Stratified
from labeltool.learning.strategies.typiclust import TypiClust

NAMES = plugins.names("labeltool.strategies")


def order(strategy: Strategy, pool: Pool, count: int = 5, seed: int = 0) -> list[int]:
    return [pick.number for pick in picks(strategy, pool, count, seed)]


def picks(strategy: Strategy, pool: Pool, count: int = 5, seed: int = 0) -> list[Pick]:
    return list(strategy.choose(pool, count, np.random.default_rng(seed)))


def pool(n: int = 60, seed: int = 0, **changes: object) -> Pool:
    """n images of 10,000 pixels, three classes, the last of them rare; all doubts and embeddings at random."""
    rng = np.random.default_rng(seed)
    objects = rng.integers(0, 4000, n)
    rare = np.where(np.arange(n) % 10 == 0, 50, 0)
    counts = np.column_stack([10_000 - objects - rare, objects, rare])
    shares = rng.random((n, 3))
    made = {
        "costs": np.full(n, 10_000.0),
        "names": ("background", "cell", "mitosis"),
        "background": 0,
        "counts": counts,
        "doubtful": (counts * shares * 0.5).astype(np.int64),
        "doubts": {name: counts * rng.random((n, 3)) for name in ("entropy", "margin", "bald")},
        "embeddings": rng.normal(size=(n, 8)).astype(np.float32),
        "labelled": np.zeros((0, 8), np.float32),
    }
    return Pool(**{**made, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", NAMES)
def test_every_strategy_gives_each_candidate_once_and_the_same_order_again(name: str) -> None:
    strategy = plugins.load("labeltool.strategies", name)()
    found = picks(strategy, pool())
    assert sorted(pick.number for pick in found) == list(range(60))
    assert found == picks(strategy, pool())
    assert all(pick.why and np.isfinite(pick.score) for pick in found)
    assert strategy.title and strategy.help


@pytest.mark.parametrize("name", NAMES)
def test_every_strategy_makes_do_with_one_candidate(name: str) -> None:
    assert order(plugins.load("labeltool.strategies", name)(), pool(1)) == [0]


@pytest.mark.parametrize("name", ["stratified", "typiclust", "foreground", "random"])
def test_another_seed_is_another_draw(name: str) -> None:
    strategy = plugins.load("labeltool.strategies", name)()
    assert order(strategy, pool(), seed=1) != order(strategy, pool(), seed=2)


@pytest.mark.parametrize(
    ("strategy", "plane"), [(Entropy(), "entropy"), (Margin(), "margin"), (Bald(), "bald")]
)
def test_the_most_doubt_comes_first_whichever_plane_it_is(strategy: Strategy, plane: str) -> None:
    given = pool()
    mass = given.doubts[plane].sum(1)
    assert order(strategy, given) == np.argsort(-mass).tolist()


def test_doubt_is_divided_by_what_it_costs() -> None:
    given = pool(2, doubts={"entropy": np.array([[10.0, 0, 0], [30.0, 0, 0]])})
    assert order(Entropy(), given) == [1, 0]
    slow = pool(2, doubts=dict(given.doubts), costs=np.array([10.0, 100.0]))
    assert order(Entropy(), slow) == [0, 1]


def test_a_pick_names_the_class_with_most_doubt_and_its_share() -> None:
    given = pool(
        1,
        counts=np.array([[9000, 1000, 0]]),
        doubtful=np.array([[100, 310, 0]]),
        doubts={"entropy": np.array([[60.0, 200.0, 0.0]])},
    )
    (pick,) = picks(Entropy(), given)
    assert pick.why == "unsure about class cell over 3.1 % of the image"


def test_without_dropout_bald_goes_by_entropy() -> None:
    given = pool()
    silent = pool(doubts={**given.doubts, "bald": np.zeros((60, 3))})
    assert order(Bald(), silent) == order(Entropy(), given) != order(Bald(), given)


def clustered(groups: int = 6, size: int = 12, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Points around far centres, and which group each is of; the first of a group lies in its middle."""
    rng = np.random.default_rng(seed)
    centres = 20 * np.eye(groups)
    points = np.repeat(centres, size, axis=0) + rng.normal(size=(groups * size, groups))
    points[::size] = centres
    return points.astype(np.float32), np.repeat(np.arange(groups), size)


@pytest.mark.parametrize("seed", range(5))
def test_typiclust_takes_the_middle_of_each_group(seed: int) -> None:
    points, group = clustered()
    found = order(TypiClust(), pool(len(points), embeddings=points), count=6, seed=seed)[:6]
    assert sorted(group[found].tolist()) == list(range(6))
    assert sum(number % 12 == 0 for number in found) >= 5


def test_typiclust_leaves_groups_that_are_labelled_to_the_end() -> None:
    points, group = clustered()
    known = points[group == 2][:3]
    given = pool(len(points), embeddings=points, labelled=known.reshape(-1, 6))
    # as many clusters as there are labelled images and wanted ones: two are asked for, so that five are found
    found = order(TypiClust(clusters=6), given, count=5)[:5]
    assert 2 not in group[found].tolist()
    assert len(set(group[found].tolist())) == 5


def test_every_number_of_typiclust_has_an_effect() -> None:
    given = pool(40)
    usual = order(TypiClust(), given, count=8)
    assert order(TypiClust(neighbours=1), given, count=8) != usual
    assert order(TypiClust(clusters=2), given, count=8) != usual
    assert order(TypiClust(), given, count=3)[:3] != usual[:3]


def test_k_means_finds_groups_that_are_apart_and_bears_points_that_coincide() -> None:
    points, group = clustered()
    found = k_means(points, 6, np.random.default_rng(3))
    assert all(len(set(found[group == g].tolist())) == 1 for g in range(6)) and len(set(found.tolist())) == 6
    same = k_means(np.ones((5, 2), np.float32), 3, np.random.default_rng(0))
    assert same.shape == (5,) and set(same.tolist()) <= {0, 1, 2}


def with_a_rare_class() -> Pool:
    """The rare class is in six of sixty images, with little doubt in sum and much for its size."""
    counts = pool().counts.copy()
    rare = counts[:, 2] > 0
    counts[rare] = [9900, 50, 50]
    entropy = np.column_stack([counts[:, 0] * 0.1, counts[:, 1] * 0.3, counts[:, 2] * 0.5])
    return pool(counts=counts, doubts={"entropy": entropy})


def test_stratified_entropy_gives_a_rare_class_its_share_and_plain_entropy_does_not() -> None:
    given = with_a_rare_class()
    rare = given.counts[:, 2] > 0
    stratified = [rare[order(Stratified(), given, seed=s)[:9]].sum() for s in range(20)]
    plain = rare[order(Entropy(), given)[:9]].sum()
    assert min(stratified) >= 2 and plain == 0


def test_the_classes_take_turns_the_rarest_first() -> None:
    found = picks(Stratified(share=1.0, early=1e6, late=1e6), with_a_rare_class())[:6]
    named = [pick.why.split("class ")[1].split()[0] for pick in found]
    assert named == ["mitosis", "cell", "background"] * 2


def test_a_class_without_candidates_loses_its_turn() -> None:
    found = picks(Stratified(share=1.0), with_a_rare_class())
    named = Counter(pick.why.split("class ")[1].split()[0] for pick in found)
    assert named["mitosis"] <= 6 and len(found) == 60


def test_noise_decays_with_the_labelled_images_until_the_best_come_first() -> None:
    given = with_a_rare_class()
    assert Stratified().beta(0) == 1 and Stratified().beta(50) == pytest.approx(10)
    assert Stratified().beta(100) == Stratified().beta(1000) == pytest.approx(100)

    def changed(labelled: int) -> float:
        pools = pool(
            counts=given.counts, doubts=dict(given.doubts), labelled=np.zeros((labelled, 8), np.float32)
        )
        best = set(order(Entropy(), given)[:10])
        return np.mean([len(best - set(order(Stratified(share=0), pools, seed=s)[:10])) for s in range(10)])

    assert changed(0) > 3
    assert changed(200) < 1


def test_every_number_of_stratified_entropy_has_an_effect() -> None:
    given = with_a_rare_class()
    usual = order(Stratified(), given)
    assert order(Stratified(share=0.0), given) != usual
    assert order(Stratified(early=5.0), given) != usual
    half = pool(counts=given.counts, doubts=dict(given.doubts), labelled=np.zeros((50, 8), np.float32))
    assert order(Stratified(late=5.0), half) != order(Stratified(), half)
    assert order(Stratified(images=1000), half) != order(Stratified(), half)


def test_a_model_that_is_sure_of_everything_still_gives_an_order() -> None:
    sure = pool(doubts={"entropy": np.zeros((60, 3))})
    assert sorted(order(Stratified(), sure)) == list(range(60))


def test_two_of_three_random_picks_have_objects_where_few_do() -> None:
    objects = np.where(np.arange(90) < 30, 3000, 0)
    given = pool(90, counts=np.column_stack([10_000 - objects, objects, 0 * objects]))
    first = [number < 30 for number in order(Foreground(), given)[:30]]
    assert 20 <= sum(first) <= 28
    assert "cover 30 % of the image" in picks(Foreground(share=1), given)[0].why
    assert sum(number < 30 for number in order(Foreground(share=0), given)[:30]) < 20
    assert order(Foreground(least=0.5), given) != order(Foreground(), given)


def test_without_a_background_every_pixel_is_of_an_object() -> None:
    assert (pool(background=None).foreground == 1).all()


def test_plain_chance_is_uniform() -> None:
    first = Counter(order(Chance(), pool(5), seed=seed)[0] for seed in range(500))
    assert set(first) == set(range(5)) and max(first.values()) < 140
