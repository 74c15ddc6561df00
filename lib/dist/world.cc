// SPDX-License-Identifier: Apache-2.0
#include "lib/dist/world.h"

#include <fmt/format.h>
#include <mpi.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <numeric>
#include <optional>
#include <sstream>
#include <thread>

#include "lib/base/error.h"
#include "lib/base/host.h"
#include "lib/base/launched_rank.h"
#include "lib/base/log.h"
#include "lib/base/versions.h"
#include "lib/dist/mpi_check.h"

namespace reel3d {
namespace {

const LinkedLibrary kLibrary("Open MPI", MpiVersion());

// Configures Open MPI for a process without a launcher. By default it would start a daemon of its
// own, which is useless here. Processes that are started alone would also share one folder for
// their sockets, although they need none. The first one to end would remove the folder while others
// use it.
void TellMpiWhenAlone() {
  if (LaunchedRank()) {
    return;
  }
  setenv("OMPI_MCA_ess_singleton_isolated", "1", /*overwrite=*/0);
  setenv("OMPI_MCA_orte_create_session_dirs", "0", /*overwrite=*/0);
}

// Hides Slurm's job step from MPI if this process was started alone inside the step, as in `srun
// --pty bash`. Otherwise Open MPI would look for a process manager in the step, and end the process
// if there is none.
class HiddenStep {
 public:
  HiddenStep() {
    const char* step = LaunchedRank() ? nullptr : std::getenv(kName);
    if (step != nullptr) {
      step_ = step;
      unsetenv(kName);
    }
  }
  ~HiddenStep() {
    if (step_) {
      setenv(kName, step_->c_str(), /*overwrite=*/1);
    }
  }
  HiddenStep(const HiddenStep&) = delete;
  HiddenStep& operator=(const HiddenStep&) = delete;

 private:
  static constexpr const char* kName = "SLURM_STEP_ID";
  std::optional<std::string> step_;
};

// Logs a hint before MPI starts: if Open MPI cannot reach the other ranks, it prints its own
// message and ends the process.
void SayWhatMpiMayLack() {
  const bool only_pmi = std::getenv("PMI_RANK") != nullptr && std::getenv("PMIX_RANK") == nullptr &&
                        std::getenv("OMPI_COMM_WORLD_RANK") == nullptr;
  if (only_pmi) {
    LogInfo(
        "starting MPI by PMI. If it fails: `srun --mpi=list` must name pmix, whose library is "
        "libpmix; then use `srun --mpi=pmix ...`, or mpirun inside the job");
  }
}

void StartMpi(int* thread_level) {
  TellMpiWhenAlone();
  const HiddenStep hidden;
  SayWhatMpiMayLack();
  CheckMpi(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_MULTIPLE, thread_level), "MPI_Init_thread");
}

}  // namespace

World::World() : host_(HostName()), exceptions_at_start_(std::uncaught_exceptions()) {
  if (!LaunchedRank()) {
    RequireOthersFound(1);  // without a launcher MPI cannot find others
  }
  int thread_level = MPI_THREAD_SINGLE;
  StartMpi(&thread_level);
  if (thread_level != MPI_THREAD_MULTIPLE) {
    throw EnvironmentError("this MPI was built without MPI_THREAD_MULTIPLE, which training needs");
  }
  CheckMpi(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  CheckMpi(MPI_Comm_rank(MPI_COMM_WORLD, &rank_), "MPI_Comm_rank");
  CheckMpi(MPI_Comm_size(MPI_COMM_WORLD, &size_), "MPI_Comm_size");
  try {
    RequireOthersFound(size_);
  } catch (const Error&) {
    MPI_Finalize();
    throw;
  }
}

World::~World() {
  // An exception outside of Run() is being thrown. The other ranks may wait for this rank for ever.
  if (size_ > 1 && std::uncaught_exceptions() > exceptions_at_start_) {
    LogError(fmt::format("rank {} of {} on {} failed", rank_, size_, host_));
    MPI_Abort(MPI_COMM_WORLD, kExitFailed);
  }
  MPI_Finalize();
}

void World::Run(const std::function<void()>& work) const {
  if (size_ == 1) {
    work();
    return;
  }
  Failure failure{};
  try {
    work();
    return;
  } catch (const std::exception& error) {
    failure = DescribeFailure(error);
  }
  if (failure.exit_status == kExitUsage && !is_main()) {
    // All ranks have the same options, so the main rank fails too. It logs the error and ends all
    // ranks during this sleep.
    std::this_thread::sleep_for(std::chrono::seconds(5));
  }
  LogError(fmt::format("rank {} of {} on {}: {}", rank_, size_, host_, failure.line));
  Abort(failure.exit_status);
}

void World::Abort(int exit_status) const {
  if (size_ > 1) {
    MPI_Abort(MPI_COMM_WORLD, exit_status);  // does not return
  }
  std::_Exit(exit_status);
}

void World::Barrier() const { CheckMpi(MPI_Barrier(MPI_COMM_WORLD), "MPI_Barrier"); }

int64_t World::Max(int64_t value) const {
  CheckMpi(MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_INT64_T, MPI_MAX, MPI_COMM_WORLD),
           "MPI_Allreduce");
  return value;
}

uint64_t World::Or(uint64_t bits) const {
  CheckMpi(MPI_Allreduce(MPI_IN_PLACE, &bits, 1, MPI_UINT64_T, MPI_BOR, MPI_COMM_WORLD),
           "MPI_Allreduce");
  return bits;
}

std::string World::Broadcast(std::string text) const {
  auto length = static_cast<int64_t>(text.size());
  CheckMpi(MPI_Bcast(&length, 1, MPI_INT64_T, 0, MPI_COMM_WORLD), "MPI_Bcast");
  text.resize(static_cast<size_t>(length));
  CheckMpi(MPI_Bcast(text.data(), MpiCount(length), MPI_BYTE, 0, MPI_COMM_WORLD), "MPI_Bcast");
  return text;
}

std::vector<std::string> World::Gather(const std::string& text) const {
  const int length = MpiCount(static_cast<int64_t>(text.size()));
  std::vector<int> lengths(static_cast<size_t>(size_));
  CheckMpi(MPI_Allgather(&length, 1, MPI_INT, lengths.data(), 1, MPI_INT, MPI_COMM_WORLD),
           "MPI_Allgather");
  std::vector<int> begins(lengths.size());
  std::exclusive_scan(lengths.begin(), lengths.end(), begins.begin(), 0);
  std::string all(static_cast<size_t>(begins.back() + lengths.back()), '\0');
  CheckMpi(MPI_Allgatherv(text.data(), length, MPI_BYTE, all.data(), lengths.data(), begins.data(),
                          MPI_BYTE, MPI_COMM_WORLD),
           "MPI_Allgatherv");
  std::vector<std::string> texts;
  for (size_t rank = 0; rank < lengths.size(); ++rank) {
    texts.push_back(
        all.substr(static_cast<size_t>(begins[rank]), static_cast<size_t>(lengths[rank])));
  }
  return texts;
}

std::string MpiVersion() {
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
  int length = 0;
  MPI_Get_library_version(text.data(), &length);
  // "Open MPI v4.1.4, package: ..."
  std::istringstream words(text.data());
  std::string word;
  while (words >> word) {
    if (word.size() > 1 && word[0] == 'v' &&
        std::isdigit(static_cast<unsigned char>(word[1])) != 0) {
      return word.substr(1, word.find_first_of(',') - 1);
    }
  }
  return text.data();
}

}  // namespace reel3d
