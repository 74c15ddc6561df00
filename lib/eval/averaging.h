// Combines the logits of a video's clips into one score per class of the video. Pure arithmetic.
//
// Published figures differ mostly by this rule. A rule is one row of kRules in averaging.cc: its
// name, its help, the form of the clips' scores that it needs, and the function that combines them.
// Options, figures and --help follow from the row: docs/develop/add_an_averaging_rule.md.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace reel3d {

// Stands for a row of kRules. Only the default has a name here: no code may depend on a rule.
enum class Averaging : int { kSoftmax = 0 };

// Returns all rules, in the order of their rows.
std::vector<Averaging> AllAveragings();
// Returns the names of all rules, in the same order.
const std::vector<std::string>& AveragingNames();
const std::string& NameOf(Averaging averaging);
// Returns "softmax: mean of ...; logits: ...", for --help.
const std::string& AveragingHelp();
// Throws a usage error that lists the names if `name` is not one of them.
Averaging ParseAveraging(const std::string& name);

// The forms of a clip's scores: its logits, the logarithms of their softmax, or their softmax.
enum class ClipForm { kLogits, kLogProbabilities, kProbabilities };

// The clips of one video. Each form of their scores is computed when it is first needed, and then
// kept. Sums are in double.
class VideoClips {
 public:
  // `logits` points to `num_classes` finite numbers for each clip. They must outlive this object.
  VideoClips(std::vector<const float*> logits, size_t num_classes);

  size_t size() const { return logits_.size(); }
  // Combines the clips at `places`, at least one, into one score per class. Compare only scores of
  // one video: they are probabilities (which add up to 1 for softmax, not for max), logits or
  // log-probabilities.
  std::vector<double> Combine(const std::vector<size_t>& places, Averaging averaging);
  // Returns the probability (softmax of its logits) of a class in the clip at `place`.
  double ProbabilityOf(size_t place, size_t label);

 private:
  const double* Rows(ClipForm form);
  void ComputeLogits(double* row);
  void ComputeProbabilities(double* row);
  void ComputeLogProbabilities(double* row);

  std::vector<const float*> logits_;
  size_t num_classes_;
  std::vector<double> log_sums_;  // by clip: ln of the sum of exp(logit - largest logit)
  // By ClipForm, [clip][class]; null until needed. An array, because a vector would first fill it.
  std::unique_ptr<double[]> rows_[3];
};

// Combines all `clips`, each num_classes finite logits; there must be at least one.
std::vector<double> AverageClips(const std::vector<const float*>& clips, size_t num_classes,
                                 Averaging averaging);

// Turns a video's scores into probabilities that add up to 1. Scores that are probabilities are
// divided by their sum; others are logits of a softmax. `temperature` first divides the logits, or
// the logarithms of the probabilities. Above 1 it makes the result less confident; 1 changes
// nothing.
std::vector<double> ToProbabilities(const std::vector<double>& scores, Averaging averaging,
                                    double temperature = 1);
// Returns logits whose softmax gives the probabilities of ToProbabilities() at temperature 1: the
// scores themselves, or the logarithms of scores that are probabilities.
std::vector<double> ToLogits(const std::vector<double>& scores, Averaging averaging);

}  // namespace reel3d
