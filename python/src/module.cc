// Declares the compiled part of the Python package reel3d. python/reel3d/__init__.pyi documents it.
// SPDX-License-Identifier: Apache-2.0
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include <fmt/format.h>

#include "lib/base/error.h"
#include "python/src/clip_epochs.h"
#include "python/src/files.h"
#include "python/src/keyword_binder.h"
#include "python/src/python_lock.h"

namespace nb = nanobind;

namespace reel3d::python {
namespace {

const char* ExceptionName(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUsage:
      return "UsageError";
    case ErrorKind::kInput:
      return "InputError";
    case ErrorKind::kEnvironment:
      return "MachineError";
    default:
      return "Error";
  }
}

void Translate(const std::exception_ptr& thrown, void* /*unused*/) {
  try {
    std::rethrow_exception(thrown);
  } catch (const Error& error) {
    const nb::object type =
        nb::module_::import_("reel3d._errors").attr(ExceptionName(error.kind()));
    PyErr_SetString(type.ptr(), error.what());
  }
}

class Loader {
 public:
  Loader(const std::string& shards, const nb::kwargs& keywords) {
    StopIfEnding();
    RequireNoFork();
    ClipLoaderOptions options;
    KeywordBinder binder(nb::borrow<nb::dict>(keywords));
    options.Bind(binder);
    binder.RequireAllUsed();
    options.Check();
    const WithoutLock without_lock;
    state_ = std::make_shared<LoaderState>(shards, options);
  }

  std::unique_ptr<EpochBatches> Epoch(int epoch, int64_t first_step) {
    StopIfEnding();
    RequireNoFork();
    if (epoch < 0 || first_step < 0 || first_step > num_steps()) {
      throw UsageError(
          fmt::format("epoch={}, first_step={}: an epoch is at least 0, and has {} "
                      "steps",
                      epoch, first_step, num_steps()));
    }
    next_epoch_ = epoch + 1;
    return std::make_unique<EpochBatches>(state_, epoch, first_step,
                                          state_->epochs.Training(epoch, first_step, threads()),
                                          EpochBatches::Kind::kTraining);
  }
  std::unique_ptr<EpochBatches> Iterate() { return Epoch(next_epoch_, 0); }
  std::unique_ptr<EpochBatches> Validation(int clips, bool capped) {
    StopIfEnding();
    RequireNoFork();
    if (clips < 1) {
      throw UsageError(fmt::format("clips={} must be at least 1", clips));
    }
    return std::make_unique<EpochBatches>(state_, 0, 0,
                                          state_->epochs.Validation({clips, capped}, threads()),
                                          EpochBatches::Kind::kValidation);
  }

  int64_t num_steps() const { return state_->epochs.partition().NumSteps(); }
  const std::vector<std::string>& classes() const { return state_->shards.classes(); }
  std::map<std::string, std::string> damaged() const { return state_->damaged; }

 private:
  int threads() const { return state_->options.threads; }

  std::shared_ptr<LoaderState> state_;
  int next_epoch_ = 0;
};

template <class T>
nb::object Copied(const std::vector<T>& values) {
  const size_t count = values.size();
  return nb::cast(nb::ndarray<nb::numpy, const T>(values.data(), 1, &count), nb::rv_policy::copy);
}

void DeclareLoader(nb::module_& module) {
  nb::class_<ClipBatch>(module, "ClipBatch")
      .def_ro("clips", &ClipBatch::clips)
      .def_prop_ro("labels", [](const ClipBatch& batch) { return Copied(batch.labels); })
      .def_prop_ro("first_frames",
                   [](const ClipBatch& batch) { return Copied(batch.first_frames); })
      .def_ro("ids", &ClipBatch::ids)
      .def_ro("faults", &ClipBatch::faults)
      .def_ro("epoch", &ClipBatch::epoch)
      .def_ro("step", &ClipBatch::step)
      .def_ro("part", &ClipBatch::part);
  nb::class_<EpochBatches>(module, "EpochBatches")
      .def("__iter__", [](nb::object self) { return self; })
      .def("__next__",
           [](EpochBatches& batches) {
             std::optional<ClipBatch> batch = batches.Next();
             if (!batch) {
               throw nb::stop_iteration();
             }
             return std::move(*batch);
           })
      .def("close", &EpochBatches::Close);
  nb::class_<Loader>(module, "ClipLoader")
      .def(nb::init<const std::string&, const nb::kwargs&>(), nb::arg("shards"), nb::arg("options"))
      .def("epoch", &Loader::Epoch, nb::arg("epoch"), nb::arg("first_step") = 0)
      .def("validation", &Loader::Validation, nb::arg("clips") = 3, nb::arg("capped") = true)
      .def("__iter__", &Loader::Iterate)
      .def("__len__", &Loader::num_steps)
      .def_prop_ro("classes", &Loader::classes)
      .def_prop_ro("damaged", &Loader::damaged);
}

}  // namespace

NB_MODULE(_reel3d, module) {
  nb::set_leak_warnings(false);  // a loader that lives to the end is no fault
  nb::register_exception_translator(Translate);
  DeclareLoader(module);
  module.def("read_frames", &ReadFrames, nb::arg("shards"), nb::arg("id"),
             nb::arg("frames") = nb::none(), nb::arg("size") = 112);
  module.def("read_jpegs", &ReadJpegs, nb::arg("shards"), nb::arg("id"),
             nb::arg("frames") = nb::none());
  module.def("read_score_file", &ReadScoreFile, nb::arg("path"));
  module.def("prepare_end", [] { PrepareEnd(&EpochBatches::CloseAll); });
  module.def("options", [] {
    ClipLoaderOptions options;
    KeywordBinder binder{nb::dict()};
    options.Bind(binder);
    return std::pair(nb::cast(binder.names()), binder.help());
  });
}

}  // namespace reel3d::python
