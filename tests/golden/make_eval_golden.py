"""Makes eval_golden.json: figures of random logits, computed with numpy and scikit-learn.

Usage: python3 tests/golden/make_eval_golden.py > tests/golden/eval_golden.json
Needs numpy, scipy and scikit-learn. tests/eval and tests/pipeline compare reel3d with its output.

Logits are multiples of 1/64, so that they are exact in float32 and in the file. One video has two
equal best classes on purpose. Some videos are short, so that --min-distinct changes their average.
"""

import json
import sys

import numpy as np
from scipy.special import log_softmax, softmax
from sklearn.metrics import confusion_matrix, top_k_accuracy_score

CLASSES = 7
VIDEOS = 40


def main():
    generator = np.random.default_rng(20170825)
    videos = []
    for index in range(VIDEOS):
        label = int(generator.integers(CLASSES))
        num_clips = int(generator.integers(1, 6))
        logits = generator.normal(size=(num_clips, CLASSES)) * 2
        logits[:, label] += 1.0
        logits = np.round(logits * 64) / 64
        distinct = [16] * num_clips
        distinct[-1] = int(generator.integers(1, 17))
        if index == 5:
            logits[:] = 0.0
            logits[:, [2, 4]] = 3.0
            label = 4
        videos.append((f"video_{index:02}", label, logits, distinct))

    averages = {
        "softmax": lambda x: softmax(x, axis=1).mean(axis=0),
        "logits": lambda x: x.mean(axis=0),
        "log-softmax": lambda x: log_softmax(x, axis=1).mean(axis=0),
        "max": lambda x: softmax(x, axis=1).max(axis=0),
    }

    def kept(logits, distinct, min_distinct):
        mask = np.array(distinct) >= min_distinct
        return logits[mask] if mask.any() else logits

    labels = np.array([video[1] for video in videos])
    clip_labels = np.concatenate([[v[1]] * len(v[2]) for v in videos])
    clip_logits = np.concatenate([v[2] for v in videos])
    cases = []
    for name, average in averages.items():
        for min_distinct in (1, 16):
            scores = np.stack([average(kept(v[2], v[3], min_distinct)) for v in videos])
            predicted = scores.argmax(axis=1)
            # In a tie, scikit-learn puts the higher index first and we the lower, so the classes are mirrored.
            mirrored = scores[:, ::-1]
            top5 = top_k_accuracy_score(
                CLASSES - 1 - labels, mirrored, k=5, labels=list(range(CLASSES)))
            cases.append({
                "averaging": name,
                "min_distinct": min_distinct,
                "top1": float((predicted == labels).mean()),
                "top5": float(top5),
                "mean_class_top1": float(np.mean([
                    (predicted[labels == c] == c).mean() for c in np.unique(labels)])),
                "confusion": confusion_matrix(
                    labels, predicted, labels=list(range(CLASSES))).tolist(),
                "scores": np.round(scores, 12).tolist(),
            })
    json.dump({
        "num_classes": CLASSES,
        "clip_top1": float((clip_logits.argmax(axis=1) == clip_labels).mean()),
        "videos": [{"id": v[0], "label": v[1], "logits": v[2].tolist(), "num_distinct": v[3]}
                   for v in videos],
        "cases": cases,
    }, sys.stdout, separators=(",", ":"))
    print()


if __name__ == "__main__":
    main()
