// A job whose rank 1 fails while the others wait for it. Run by fault_test.
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "lib/base/error.h"
#include "lib/base/log.h"
#include "lib/dist/world.h"

namespace {

void Fail(const reel3d::World& world, const std::string& how) {
  if (world.rank() != 1) {
    world.Barrier();
  } else if (how == "input") {
    throw reel3d::InputError("clip 12 of video abc is torn");
  } else {
    throw std::runtime_error("something else");
  }
}

}  // namespace

int main(int /*argc*/, char** argv) {
  reel3d::InitLog("failing_rank");
  const std::string how = argv[1];
  try {
    const reel3d::World world;
    if (how == "outside") {
      Fail(world, how);
    }
    world.Run([&] { Fail(world, how); });
  } catch (const std::exception&) {
    return 99;
  }
  return 0;
}
