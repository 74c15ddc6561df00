// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/averaging.h"

#include <fmt/format.h>

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <iterator>
#include <numeric>

#include "lib/base/error.h"
#include "lib/eval/exponentials.h"
#include "lib/eval/row_passes.h"

namespace reel3d {
namespace {

using ClipRows = std::vector<const double*>;
using CombineFunction = void (*)(const ClipRows& clips, std::vector<double>* video);

void Mean(const ClipRows& clips, std::vector<double>* video) {
  const size_t num_classes = video->size();
  double* const sums = video->data();
  for (const double* clip : clips) {
    for (size_t index = 0; index < num_classes; ++index) {
      sums[index] += clip[index];
    }
  }
  for (double& score : *video) {
    score /= static_cast<double>(clips.size());
  }
}

void Largest(const ClipRows& clips, std::vector<double>* video) {
  std::copy(clips.front(), clips.front() + video->size(), video->begin());
  for (const double* clip : clips) {
    for (size_t index = 0; index < video->size(); ++index) {
      (*video)[index] = std::max((*video)[index], clip[index]);
    }
  }
}

struct Rule {
  const char* name;
  const char* help;
  ClipForm form;
  CombineFunction combine;
};

// The first one is the default.
constexpr Rule kRules[] = {
    {"softmax",
     "mean of the clips' probabilities (Hara et al.'s 2018 and 2020 code, and their paper's "
     "figures)",
     ClipForm::kProbabilities, Mean},
    {"logits", "mean of raw logits (Hara et al.'s PyTorch code before November 2017)",
     ClipForm::kLogits, Mean},
    {"log-softmax", "mean of log-probabilities (Hara et al.'s 2017 Torch7 code)",
     ClipForm::kLogProbabilities, Mean},
    {"max", "each class's largest probability, for actions that last a moment",
     ClipForm::kProbabilities, Largest},
};

const Rule& RuleOf(Averaging averaging) {
  const auto row = static_cast<size_t>(averaging);
  REEL3D_CHECK(row < std::size(kRules));
  return kRules[row];
}

}  // namespace

std::vector<Averaging> AllAveragings() {
  std::vector<Averaging> all;
  for (size_t row = 0; row < std::size(kRules); ++row) {
    all.push_back(static_cast<Averaging>(row));
  }
  return all;
}

const std::vector<std::string>& AveragingNames() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const Rule& rule : kRules) {
      list.emplace_back(rule.name);
    }
    return list;
  }();
  return names;
}

const std::string& NameOf(Averaging averaging) {
  return AveragingNames().at(static_cast<size_t>(averaging));
}

const std::string& AveragingHelp() {
  static const std::string help = [] {
    std::string text;
    for (const Rule& rule : kRules) {
      text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", rule.name, rule.help);
    }
    return text;
  }();
  return help;
}

Averaging ParseAveraging(const std::string& name) {
  const std::vector<std::string>& names = AveragingNames();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    throw UsageError(
        fmt::format("no averaging is called '{}'; there are {}", name, fmt::join(names, ", ")));
  }
  return static_cast<Averaging>(found - names.begin());
}

VideoClips::VideoClips(std::vector<const float*> logits, size_t num_classes)
    : logits_(std::move(logits)), num_classes_(num_classes) {
  REEL3D_CHECK(!logits_.empty() && num_classes_ > 0);
}

void VideoClips::ComputeLogits(double* row) {
  for (const float* clip : logits_) {
    row = std::copy(clip, clip + num_classes_, row);
  }
}

// The largest logit is subtracted from every exponent, so that nothing overflows.
void VideoClips::ComputeProbabilities(double* row) {
  for (const float* clip : logits_) {
    const double largest = LargestOf(clip, num_classes_);
    for (size_t index = 0; index < num_classes_; ++index) {
      row[index] = clip[index] - largest;
    }
    Exponentials(row, num_classes_);
    const double sum = SumOf(row, num_classes_);
    const double scale = 1 / sum;
    for (size_t index = 0; index < num_classes_; ++index) {
      row[index] *= scale;
    }
    log_sums_.push_back(std::log(sum));
    row += num_classes_;
  }
}

void VideoClips::ComputeLogProbabilities(double* row) {
  Rows(ClipForm::kProbabilities);  // fills log_sums_
  for (size_t place = 0; place < size(); ++place) {
    const float* clip = logits_[place];
    const double largest = LargestOf(clip, num_classes_);
    const double log_sum = log_sums_[place];
    for (size_t index = 0; index < num_classes_; ++index) {
      row[index] = (clip[index] - largest) - log_sum;
    }
    row += num_classes_;
  }
}

const double* VideoClips::Rows(ClipForm form) {
  std::unique_ptr<double[]>& rows = rows_[static_cast<size_t>(form)];
  if (!rows) {
    rows.reset(new double[size() * num_classes_]);
    switch (form) {
      case ClipForm::kLogits:
        ComputeLogits(rows.get());
        break;
      case ClipForm::kLogProbabilities:
        ComputeLogProbabilities(rows.get());
        break;
      case ClipForm::kProbabilities:
        ComputeProbabilities(rows.get());
        break;
    }
  }
  return rows.get();
}

std::vector<double> VideoClips::Combine(const std::vector<size_t>& places, Averaging averaging) {
  REEL3D_CHECK(!places.empty());
  const Rule& rule = RuleOf(averaging);
  const double* const rows = Rows(rule.form);
  ClipRows clips;
  for (const size_t place : places) {
    clips.push_back(&rows[place * num_classes_]);
  }
  std::vector<double> video(num_classes_, 0.0);
  rule.combine(clips, &video);
  return video;
}

double VideoClips::ProbabilityOf(size_t place, size_t label) {
  REEL3D_CHECK(place < size() && label < num_classes_);
  return Rows(ClipForm::kProbabilities)[place * num_classes_ + label];
}

std::vector<double> AverageClips(const std::vector<const float*>& clips, size_t num_classes,
                                 Averaging averaging) {
  std::vector<size_t> places(clips.size());
  std::iota(places.begin(), places.end(), size_t{0});
  return VideoClips(clips, num_classes).Combine(places, averaging);
}

std::vector<double> ToLogits(const std::vector<double>& scores, Averaging averaging) {
  std::vector<double> logits = scores;
  if (RuleOf(averaging).form == ClipForm::kProbabilities) {
    for (double& logit : logits) {
      logit = std::log(std::max(logit, DBL_MIN));
    }
  }
  return logits;
}

std::vector<double> ToProbabilities(const std::vector<double>& scores, Averaging averaging,
                                    double temperature) {
  std::vector<double> values = scores;
  if (RuleOf(averaging).form != ClipForm::kProbabilities || temperature != 1) {
    values = ToLogits(scores, averaging);
    const double largest = LargestOf(values.data(), values.size());
    for (double& value : values) {
      value = (value - largest) / temperature;
    }
    Exponentials(values.data(), values.size());
  }
  const double sum = SumOf(values.data(), values.size());
  for (double& value : values) {
    value /= sum;
  }
  return values;
}

}  // namespace reel3d
