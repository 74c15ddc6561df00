// How a struct of options shows itself to whoever fills it (lib/cli), without knowing the command
// line. Each options struct has
//
//   void Bind(OptionBinder& binder);   // one line a field: name, address, help
//   void Check() const;                // throws a usage error on what no single range can say
//
// The help text states the unit and the consequence; the default is the field's own.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace reel3d {

// Whether an option can change the bytes that a stage writes. Those that can are compared when a
// stage continues in a folder that it began with other settings. kOnce is meant for this one run,
// such as --overwrite: it is never recorded, so that no config.ini repeats it.
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

  // INPUT and OUTPUT arguments, in order. `help` says what stands there.
  virtual void Positional(const char* name, std::string* value, const char* help) = 0;
  // One or more of them.
  virtual void Positional(const char* name, std::vector<std::string>* values, const char* help) = 0;

  // A switch: --name, --name=true, or `name = true` in a file.
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
  // A comma separated list.
  virtual void Bind(const char* name, std::vector<double>* values, const char* help,
                    Effect effect = Effect::kOutput) = 0;
  virtual void Bind(const char* name, std::vector<std::string>* values, const char* help,
                    Effect effect = Effect::kOutput) = 0;
  // One of `choices`; others are refused with the nearest one.
  virtual void Choice(const char* name, std::string* value, std::vector<std::string> choices,
                      const char* help, Effect effect = Effect::kOutput) = 0;
  // Names an .ini file of settings that lies beneath --config: a name means
  // configs/recipes/NAME.ini of this installation, anything with a slash is a path.
  virtual void Recipe(const char* name, std::string* value, const char* help) = 0;
};

}  // namespace reel3d
