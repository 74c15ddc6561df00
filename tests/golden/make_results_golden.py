"""Makes results_golden.json: figures of random lists of answers by the rules of ActivityNet's official scorer.

Usage: python3 tests/golden/make_results_golden.py > tests/golden/results_golden.json
Needs numpy. tests/eval/ranked_results_test.cc compares reel3d with its output.

The rules are those of eval_classification.py: for each label, all answers with it are sorted by score; each is right
if its video has the label and no answer before it has been right for the same video; the average precision is the
area under the precision that is made falling, as in VOC 2011. hit@k looks at the first k answers of a video. The
scorer does not define the order of equal scores; here the name that sorts first comes first.
"""

import json
import sys

import numpy as np

LABELS = ["bake", "climb", "dance", "dive", "row", "surf"]


def make_case(generator, videos, levels):
    truth, entries = {}, []
    for index in range(videos):
        name = f"v{index:02}"
        chosen = generator.choice(len(LABELS) - 1, size=int(generator.integers(1, 4)), replace=False)
        truth[name] = sorted(LABELS[c] for c in chosen)
    names = [n for n in truth if generator.uniform() > 0.15] + ["foreign_a", "zzz"]
    for name in names:
        for _ in range(int(generator.integers(1, 9))):
            label = LABELS[int(generator.integers(len(LABELS)))]
            bonus = 2 if label in truth.get(name, []) else 0
            score = (int(generator.integers(levels)) + bonus) / (levels + 2)
            entries.append([name, label, score])
    return truth, entries


def interpolated(recall, precision):
    recall = np.concatenate([[0], recall, [1]])
    precision = np.concatenate([[0], precision, [0]])
    for place in range(len(precision) - 2, -1, -1):
        precision[place] = max(precision[place], precision[place + 1])
    steps = np.flatnonzero(recall[1:] != recall[:-1]) + 1
    return float(np.sum((recall[steps] - recall[steps - 1]) * precision[steps]))


def average_precision(label, truth, entries):
    positives = sum(label in labels for labels in truth.values())
    ranked = sorted(((-score, video) for video, name, score in entries if name == label))
    if not ranked:
        return 0.0
    right, used = np.zeros(len(ranked)), set()
    for place, (_, video) in enumerate(ranked):
        if label in truth.get(video, []) and video not in used:
            right[place] = 1
            used.add(video)
    found = np.cumsum(right)
    return interpolated(found / positives, found / np.arange(1, len(ranked) + 1))


def hits(k, truth, entries):
    shares = {}
    for video, labels in truth.items():
        ranked = sorted((-score, name) for owner, name, score in entries if owner == video)
        if ranked:
            shares[video] = len(set(labels) & {name for _, name in ranked[:k]}) / len(labels)
    values = np.array(list(shares.values()))
    return [float((values > 0).sum() / len(truth)), float(values.sum() / len(truth)),
            float((values > 0).mean()), float(values.mean())]


def main():
    generator = np.random.default_rng(20170825)
    cases = []
    for videos, levels in ((3, 2), (12, 3), (40, 5), (40, 1000)):
        truth, entries = make_case(generator, videos, levels)
        labels = sorted({label for labels in truth.values() for label in labels})
        precisions = {label: average_precision(label, truth, entries) for label in labels}
        answered = {video for video, _, _ in entries}
        cases.append({
            "truth": truth, "entries": entries,
            "num_missing": len(set(truth) - answered), "num_foreign": len(answered - set(truth)),
            "num_odd_entries": sum(label not in labels for _, label, _ in entries),
            "average_precision": precisions,
            "mean_average_precision": float(np.mean(list(precisions.values()))),
            "hits": [hits(k, truth, entries) for k in (1, 3, 5)],
        })
    json.dump(cases, sys.stdout, separators=(",", ":"))
    print()


if __name__ == "__main__":
    main()
