// SPDX-License-Identifier: Apache-2.0
#include "lib/shard/data_doubts.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/data/class_doubts.h"
#include "lib/data/held_out_copies.h"
#include "lib/data/names.h"
#include "lib/shard/equal_frames.h"

namespace reel3d {
namespace {

std::vector<ClassCounts> CountClasses(const ShardSet& shards) {
  std::vector<ClassCounts> classes;
  for (const std::string& name : shards.classes()) {
    classes.push_back({name});
  }
  shards.videos().Scan([&](size_t /*video*/, const IndexRecord& record) {
    if (record.label >= 0) {
      ClassCounts& counts = classes[static_cast<size_t>(record.label)];
      counts.training += record.IsOf(Subset::kTraining) ? 1 : 0;
      counts.validation += record.IsOf(Subset::kValidation) ? 1 : 0;
    }
  });
  return classes;
}

std::vector<Doubt> DoubtOfEqualFrames(const ShardSet& shards) {
  const std::filesystem::path file = shards.folder() / kEqualFramesFile;
  std::error_code error;
  try {
    // A symbolic link to a missing file does not count as absent.
    if (std::filesystem::symlink_status(file, error).type() ==
        std::filesystem::file_type::not_found) {
      shards.checksums().RequireAbsent(kEqualFramesFile);
      return {};
    }
    const HeldOutCopies copies = ReadEqualFrames(file, shards.videos());
    shards.checksums().Require(kEqualFramesFile, ReadFile(file));
    return DoubtOfCopies(copies, "frames");
  } catch (const Error& why) {
    if (why.kind() != ErrorKind::kInput && why.kind() != ErrorKind::kEnvironment) {
      throw;
    }
    return {{DoubtKind::kUnreadable,
             {},
             fmt::format("whether training videos are held out under another name is not known, as "
                         "{} cannot be read: {}; pack again to know",
                         kEqualFramesFile, Escaped(why.what()))}};
  }
}

std::vector<Doubt> DoubtOfTables(const ShardSet& shards) {
  if (shards.checksums().are_known()) {
    return {};
  }
  return {{DoubtKind::kUnreadable,
           {},
           "whether the tables beside the shards are as they were packed, and missing.tsv names "
           "every missing video, is not known, as an older pack-shards left no checksums in DONE; "
           "the same command again keeps the shards and adds them"}};
}

}  // namespace

std::vector<Doubt> DataDoubts(const ShardSet& shards) {
  std::vector<Doubt> doubts = ClassDoubts(CountClasses(shards));
  for (Doubt& doubt : DoubtOfTables(shards)) {
    doubts.push_back(std::move(doubt));
  }
  for (Doubt& doubt : DoubtOfEqualFrames(shards)) {
    doubts.push_back(std::move(doubt));
  }
  return doubts;
}

}  // namespace reel3d
