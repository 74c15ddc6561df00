// The message of an input error, for tests of damaged files.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "lib/base/error.h"

namespace reel3d::test {

// Runs `action`, which must throw an input error, and returns the error's message.
template <class Action>
std::string MessageOf(Action action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace reel3d::test
