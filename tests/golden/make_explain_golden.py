"""Makes explain_golden.json with numpy and scipy: the ladder of evaluate-scores, slices, and a held-out threshold.

Usage: python3 tests/golden/make_explain_golden.py > tests/golden/explain_golden.json
Needs numpy and scipy. tests/pipeline/explain_golden_test.cc compares reel3d with its output.
"""

import json
import sys

import numpy as np
from scipy.special import softmax
from scipy.stats import binom

CLASSES = ["run", "Jump", "b_low", "b1low", "walk"]
VIDEOS, MISSING, CROPS, FULL = 60, 7, 3, 16


def make_videos(generator):
    videos = []
    for index in range(VIDEOS):
        label = int(generator.integers(len(CLASSES)))
        windows = int(generator.integers(1, 6))
        logits = generator.normal(size=(windows, CROPS, len(CLASSES)))
        logits[..., label] += 0.7
        logits = np.round(logits * 64) / 64
        distinct = [FULL] * windows
        distinct[-1] = int(generator.integers(1, FULL + 1))
        videos.append({"id": f"video_{index:02}", "label": label, "distinct": distinct,
                       "logits": logits})
    return videos


def tail_less(distinct):
    return [w for w, d in enumerate(distinct) if d == max(distinct)]


def ladder(videos):
    expected = VIDEOS + MISSING

    def answer(video, windows, crops):
        chosen = video["logits"][windows][:, crops].reshape(-1, len(CLASSES))
        return int(softmax(chosen, axis=1).mean(axis=0).argmax())

    def right(windows_of, crops):
        return np.array([answer(v, windows_of(v), crops) == v["label"] for v in videos])

    every = list(range(CROPS))
    clips = np.concatenate([(v["logits"].argmax(axis=2) == v["label"]).ravel() for v in videos])
    all_windows = right(lambda v: list(range(len(v["distinct"]))), every)

    def among_five(windows_of, crops):
        found = []
        for v in videos:
            scores = softmax(v["logits"][windows_of(v)][:, crops].reshape(-1, len(CLASSES)), axis=1).mean(axis=0)
            found.append(v["label"] in np.argsort(-scores, kind="stable")[:5])
        return np.array(found)

    whole5 = among_five(lambda v: list(range(len(v["distinct"]))), every)
    listed = np.arange(VIDEOS) % 3 != 0
    full = np.array([max(v["distinct"]) == FULL for v in videos])
    rungs = [
        clips.mean() * VIDEOS / expected,
        right(lambda v: [len(v["distinct"]) // 2], [0]).sum() / expected,
        right(lambda v: tail_less(v["distinct"]), [0]).sum() / expected,
        right(lambda v: list(range(len(v["distinct"]))), [0]).sum() / expected,
        all_windows.sum() / expected,
        all_windows.mean(),
        all_windows[listed].mean(),
        all_windows[listed & full].mean(),
    ]
    top5 = [
        among_five(lambda v: [len(v["distinct"]) // 2], [0]).sum() / expected,
        among_five(lambda v: tail_less(v["distinct"]), [0]).sum() / expected,
        among_five(lambda v: list(range(len(v["distinct"]))), [0]).sum() / expected,
        whole5.sum() / expected,
        whole5.mean(),
        whole5[listed].mean(),
        whole5[listed & full].mean(),
    ]
    orders = []
    for key in (lambda c: c, lambda c: (c.lower(), c), lambda c: (c.replace("_", " "), c)):
        order = sorted(CLASSES, key=key)
        named = [order[answer(v, list(range(len(v["distinct"]))), every)] ==
                 CLASSES[v["label"]] for v in videos]
        orders.append([order, float(np.sum(named) / expected)])
    averages = [None] + [float((one + five) / 2) for one, five in zip(rungs[1:], top5)]
    return {"rungs": [float(r) for r in rungs], "averages": averages, "orders": orders,
            "listed": [v["id"] for v, is_in in zip(videos, listed) if is_in]}


def holm(p_values):
    """Returns adjusted p-values by the step-down method of Holm 1979."""
    order = np.argsort(p_values, kind="stable")
    adjusted, largest = [0.0] * len(p_values), 0.0
    for step, place in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - step) * p_values[place]))
        adjusted[place] = largest
    return adjusted


def slices(generator):
    size = 300
    seconds = np.round(generator.exponential(10, size=size), 3)
    source = generator.choice(["cam", "web", ""], size=size)
    right = generator.uniform(size=size) < np.where(seconds > np.quantile(seconds, 0.75), 0.4, 0.8)
    edges = np.quantile(seconds, [0.25, 0.5, 0.75])
    parts = [np.searchsorted(edges, seconds) == part for part in range(4)]
    parts += [source == name for name in ("cam", "web", "")]
    p_values = []
    for part in parts:
        n, k, mean = int(part.sum()), int(right[part].sum()), right.mean()
        p_values.append(float(min(1, 2 * min(binom.cdf(k, n, mean), binom.sf(k - 1, n, mean)))))
    return {
        "seconds": [f"{s:.3f}" for s in seconds], "source": source.tolist(),
        "right": right.astype(int).tolist(),
        "counts": [[int(p.sum()), int(right[p].sum())] for p in parts],
        "p": p_values, "adjusted": holm(p_values),
    }


def threshold(generator):
    def half():
        confidence = np.round(generator.uniform(size=150), 3)
        return confidence, generator.uniform(size=150) < confidence

    confidence, right = half()
    others, others_right = half()
    allowed = [t for t in np.unique(confidence) if right[confidence >= t].mean() >= 0.8]
    least = min(allowed)
    answered = others >= least
    return {
        "wanted": 0.8,
        "chosen_on": [[float(c), int(r)] for c, r in zip(confidence, right)],
        "judged_on": [[float(c), int(r)] for c, r in zip(others, others_right)],
        "threshold": float(least),
        "chosen_precision": float(right[confidence >= least].mean()),
        "coverage": float(answered.mean()),
        "precision": float(others_right[answered].mean()),
    }


def main():
    generator = np.random.default_rng(20170825)
    videos = make_videos(generator)
    result = {"classes": CLASSES, "num_expected": VIDEOS + MISSING, "ladder": ladder(videos),
              "slices": slices(generator), "threshold": threshold(generator)}
    result["videos"] = [{**v, "logits": v["logits"].tolist()} for v in videos]
    json.dump(result, sys.stdout, separators=(",", ":"))
    print()


if __name__ == "__main__":
    main()
