// Lets a struct of options describe its fields to the code that fills them (lib/cli), without
// knowing the command line. Each options struct has
//
//   void Bind(OptionBinder& binder);   // one line a field: name, address, help
//   void Check() const;                // throws a usage error on what no single range can say
//
// The help text states the unit and the consequence. The default is the field's initial value.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace reel3d {

// Says whether an option can change the bytes that a stage writes. If it can (kOutput), a stage
// that continues in a folder compares the option with the folder's earlier settings. kOnce is meant
// for one run, such as --overwrite: it is never recorded, so that no config.ini repeats it.
enum class Effect { kOutput, kRunOnly, kOnce };

struct IntRange {
  int64_t low, high;  // inclusive
};
struct RealRange {
  double low, high;  // inclusive
};

class OptionBinder {
 public:
  virtual ~OptionBinder() = default;

  // Adds the next INPUT or OUTPUT argument. `help` says what the user gives there.
  virtual void Positional(const char* name, std::string* value, const char* help) = 0;
  // Adds an argument that takes one or more words.
  virtual void Positional(const char* name, std::vector<std::string>* values, const char* help) = 0;

  // Adds a switch: --name, --name=true, or `name = true` in a file.
  virtual void Bind(const char* name, bool* value, const char* help,
                    Effect effect = Effect::kOutput) = 0;
  virtual void Bind(const char* name, int64_t* value, IntRange range, const char* help,
                    Effect effect = Effect::kOutput) = 0;
  virtual void Bind(const char* name, int* value, IntRange range, const char* help,
                    Effect effect = Effect::kOutput) = 0;
  virtual void Bind(const char* name, double* value, RealRange range, const char* help,
                    Effect effect = Effect::kOutput) = 0;
  virtual void Bind(const char* name, std::string* value, const char* help,
                    Effect effect = Effect::kOutput) = 0;
  // Adds a comma separated list.
  virtual void Bind(const char* name, std::vector<double>* values, const char* help,
                    Effect effect = Effect::kOutput) = 0;
  virtual void Bind(const char* name, std::vector<std::string>* values, const char* help,
                    Effect effect = Effect::kOutput) = 0;
  // Adds an option that takes one of `choices`. Another word is refused, and the nearest choice
  // offered.
  virtual void Choice(const char* name, std::string* value, std::vector<std::string> choices,
                      const char* help, Effect effect = Effect::kOutput) = 0;
  // Adds the name of an .ini file whose settings --config overrules. A name means
  // configs/recipes/NAME.ini of this installation; a value with a slash is a path.
  virtual void Recipe(const char* name, std::string* value, const char* help) = 0;
};

}  // namespace reel3d
