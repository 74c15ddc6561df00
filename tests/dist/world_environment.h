// The one World of a test program, which every rank runs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "lib/dist/world.h"

namespace reel3d::test {

// Starts MPI before the first test and ends it after the last.
class WorldEnvironment : public testing::Environment {
 public:
  static const World& Get() { return *Holder(); }
  void SetUp() override { Holder() = std::make_unique<World>(); }
  void TearDown() override { Holder().reset(); }

 private:
  static std::unique_ptr<World>& Holder() {
    static std::unique_ptr<World> world;
    return world;
  }
};

inline const World& TheWorld() { return WorldEnvironment::Get(); }

// Each test program includes this in exactly one source.
inline testing::Environment* const kWorldEnvironment =
    testing::AddGlobalTestEnvironment(new WorldEnvironment);

}  // namespace reel3d::test
