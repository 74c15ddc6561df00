"""Makes figures_golden.json: figures of random cases, computed with scipy, scikit-learn and statsmodels.

Usage: python3 tests/golden/make_figures_golden.py > tests/golden/figures_golden.json
Needs numpy, scipy, scikit-learn and statsmodels. tests/eval compares reel3d with its output.
"""

import json
import sys

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.metrics import precision_recall_curve
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

RESAMPLES = 20000


def wilson():
    cases = []
    for count, total in ((0, 1), (1, 1), (0, 7), (3, 7), (25, 50), (49, 50), (50, 50), (11000, 20000)):
        for level in (0.9, 0.95):
            low, high = proportion_confint(count, total, 1 - level, method="wilson")
            cases.append([count, total, level, float(low), float(high)])
    return cases


def mcnemar_cases():
    pairs = ((0, 0), (0, 1), (1, 0), (0, 6), (5, 5), (10, 24), (300, 241), (1000, 1200))
    return [[b, c, float(mcnemar([[50, b], [c, 50]], exact=True).pvalue)] for b, c in pairs]


def holm(generator):
    cases = []
    for size in (1, 5, 40):
        p = np.round(generator.uniform(size=size) ** 3, 6)
        p[-1] = p[0]
        cases.append({"p": p.tolist(), "adjusted": multipletests(p, method="holm")[1].tolist()})
    return cases


def reliability(generator):
    """Expected calibration error (ECE) as defined by Guo 2017, with 15 bins (low, high]."""
    videos, classes, bins = 400, 6, 15
    labels = generator.integers(classes, size=videos)
    logits = generator.normal(size=(videos, classes)) * 2
    logits[np.arange(videos), labels] += 2.0
    logits = np.round(3 * logits, 4)  # too confident
    probabilities = softmax(logits, axis=1)
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    edges = np.linspace(0, 1, bins + 1)
    place = np.clip(np.digitize(confidence, edges, right=True) - 1, 0, bins - 1)
    gaps = [(place == b).mean() * abs(confidence[place == b].mean() - right[place == b].mean())
            for b in range(bins) if (place == b).any()]
    largest = max(abs(confidence[place == b].mean() - right[place == b].mean())
                  for b in range(bins) if (place == b).any())

    def loss(log_temperature):
        scaled = log_softmax(logits / np.exp(log_temperature), axis=1)
        return -scaled[np.arange(videos), labels].mean()

    best = minimize_scalar(loss, bounds=(-3, 3), method="bounded", options={"xatol": 1e-9})
    return {
        "labels": labels.tolist(),
        "logits": logits.tolist(),
        "bin_counts": np.bincount(place, minlength=bins).tolist(),
        "ece": float(np.sum(gaps)),
        "largest_gap": float(largest),
        "temperature": float(np.exp(best.x)),
        "loss": float(loss(0.0)),
        "least_loss": float(best.fun),
    }


def interpolated_precision(right, scores):
    """VOC 2011 average precision from scikit-learn's curve, which goes from high recall to low recall."""
    precision, recall, _ = precision_recall_curve(right, scores)
    return float(np.sum(-np.diff(recall) * np.maximum.accumulate(precision)[:-1]))


def ranking(generator):
    videos, classes = 120, 9
    has = generator.uniform(size=(videos, classes)) < 0.18
    has[:, 7] = False  # a class that no video has
    has[3] = False  # a video without labels
    scores = generator.normal(size=(videos, classes)) + 1.2 * has
    precision = [interpolated_precision(has[:, c], scores[:, c]) if has[:, c].any() else None
                 for c in range(classes)]
    labelled = has.any(axis=1)
    hits = []
    for k in (1, 3, 5):
        top = np.argsort(-scores, axis=1)[:, :k]
        shares = np.array([has[v, top[v]].sum() / has[v].sum() for v in np.flatnonzero(labelled)])
        hits.append([k, float((shares > 0).mean()), float(shares.mean())])
    return {
        "labels": [np.flatnonzero(row).tolist() for row in has],
        "scores": scores.tolist(),
        "average_precision": precision,
        "mean_average_precision": float(np.mean([p for p in precision if p is not None])),
        "hits": hits,
    }


def bootstrap(generator):
    """Percentile intervals of the accuracy of 200 videos: once groups are drawn, once single videos."""
    groups = np.sort(generator.integers(25, size=200))
    groups = np.unique(groups, return_inverse=True)[1]
    easy = generator.uniform(size=groups.max() + 1) < 0.6
    right = np.where(easy[groups], generator.uniform(size=200) < 0.95,
                     generator.uniform(size=200) < 0.2)
    sums = np.bincount(groups, weights=right)
    sizes = np.bincount(groups)
    drawn = generator.integers(len(sizes), size=(RESAMPLES, len(sizes)))
    by_group = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    singly = right[generator.integers(200, size=(RESAMPLES, 200))].mean(axis=1)
    return {
        "groups": groups.tolist(),
        "right": right.astype(int).tolist(),
        "by_group": np.quantile(by_group, [0.025, 0.975]).tolist(),
        "singly": np.quantile(singly, [0.025, 0.975]).tolist(),
    }


def main():
    generator = np.random.default_rng(20170825)
    json.dump({
        "wilson": wilson(),
        "mcnemar": mcnemar_cases(),
        "holm": holm(generator),
        "reliability": reliability(generator),
        "ranking": ranking(generator),
        "bootstrap": bootstrap(generator),
    }, sys.stdout, separators=(",", ":"))
    print()


if __name__ == "__main__":
    main()
