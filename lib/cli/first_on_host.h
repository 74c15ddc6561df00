// Lets one of several ranks on a machine speak for the others that have the same fault.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace reel3d {

class FirstOnHost {
 public:
  // Ranks belong together if the same launcher process started them, for the same user. A name is
  // free again when its object ends, so an object that is made later is a first one, too.
  explicit FirstOnHost(const std::string& words);
  ~FirstOnHost();
  FirstOnHost(const FirstOnHost&) = delete;
  FirstOnHost& operator=(const FirstOnHost&) = delete;

  // False if another rank on this machine has an object for the same words. True if that cannot be
  // found out.
  bool is_first() const { return is_first_; }

  // Returns whether such a rank, which may be this one, has an object for `words`.
  static bool HasAny(const std::string& words);

 private:
  int socket_;
  bool is_first_;
};

}  // namespace reel3d
