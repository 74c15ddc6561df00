// SPDX-License-Identifier: Apache-2.0
#include "lib/duplicates/pdq_hash.h"

#include <fmt/format.h>

namespace reel3d {

std::string ToHex(const PdqHash& hash) {
  return fmt::format("{:016x}{:016x}{:016x}{:016x}", hash.words[3], hash.words[2], hash.words[1],
                     hash.words[0]);
}

}  // namespace reel3d
