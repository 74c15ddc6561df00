// Reads Python pickles without running them. A pickle is a program for a small machine that may
// call any function of Python by name. Here it can only build the plain values below, and nothing
// is ever called. A call of a name that the caller knows is noted. A name that the caller does not
// know becomes one opaque value. The same value stands for every call of that name, and for
// everything that is built from it or put into it.
//
// All values are in one array and refer to each other by index. So a list that contains itself, or
// that is a million levels deep, costs no more than its bytes, and no function here recurses. This
// file does not use torch.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace reel3d {

using PickleId = uint32_t;  // index of a value

struct PickleValue {
  enum class Kind {
    kNone,
    kBool,
    kInteger,     // beyond 64 bits: integer is 0 and text holds the little-endian bytes
    kReal,        // a float; its value is dropped, because no weights depend on it
    kText,        // str or bytes
    kSequence,    // list or tuple
    kDict,        // items: key, value, key, value, ...
    kGlobal,      // text: "module.name"
    kCall,        // a call, not executed, of the function `text` with the arguments `items`
    kObject,      // an instance of the class `text`; items: attribute, value, ...
    kPersistent,  // a value stored outside of the pickle; items: one description of it
    kOpaque,      // an object made from the unknown name `text`; its content is dropped
  };
  Kind kind = Kind::kNone;
  int64_t integer = 0;
  std::string text;
  std::vector<PickleId> items;
};

struct Pickle {
  std::vector<PickleValue> values;
  PickleId root = 0;
  size_t size_bytes = 0;  // of the complete pickle; files hold several pickles in a row

  const PickleValue& At(PickleId id) const { return values[id]; }
  // Returns the value of a text key of a dict or object: the last one if there are several, null if
  // there is none.
  const PickleValue* Find(const PickleValue& dict, std::string_view key) const;
};

// A role says how a global name is treated.
enum class PickleRole {
  kUnknown,   // the name and all that is made with it become kOpaque
  kDict,      // a class of dicts: OrderedDict, Counter
  kSequence,  // a class of tuples: torch.Size
  kFunction,  // calls of it become kCall
  kClass,     // instances of it become kObject
  kName,      // may be named, not called
};
using PickleRoles = std::function<PickleRole(std::string_view name)>;

constexpr size_t kMaxPickleBytes = size_t{16} << 20;  // a 200-layer network has 0.3 MB

// Reads the pickle (protocols 2 to 5) at the beginning of `bytes`. Throws an input error that
// begins with `source` if the pickle is not well formed, has a name that is not plain, or exceeds
// kMaxPickleBytes or 400,000 values. The largest checkpoints, optimizer included, have about 50,000
// values. Uses at most about 100 MB of memory.
Pickle ReadPickle(std::string_view bytes, const PickleRoles& roles, const std::string& source);

}  // namespace reel3d
