// Lets a struct of options describe its fields to the code that fills them (lib/cli), without
// knowing the command line. Each options struct has
//
//   void Bind(OptionBinder& binder);   // one line a field: name, address, help
//   void Check() const;                // checks what ranges cannot; throws a usage error
//
// The help text states the unit and the consequence. The default is the field's initial value.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <type_traits>
#include <vector>

#include "lib/base/choices.h"

namespace reel3d {

// Says whether an option can change the bytes that a stage writes. kOutput: it can. A stage that
// continues in a folder compares such an option with the folder's earlier settings. kRunOnly: it
// cannot. kOnce: the option is meant for one run, such as --overwrite. It is never recorded, so no
// config.ini repeats it.
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
  // Adds an option that takes one of the enum's choices (lib/base/choices.h). Their help follows
  // `help`. Any other word is a usage error that lists the choices.
  template <class Enum>
  std::enable_if_t<std::is_enum_v<Enum>> Choice(const char* name, Enum* value, const char* help,
                                                Effect effect = Effect::kOutput) {
    const auto set = [value](size_t index) { *value = ChoicesOf(Enum())[index].value; };
    const auto show = [value] { return std::string(NameOf(*value)); };
    BindChoice(name, {ChoiceNames<Enum>(), set, show}, HelpWithChoices<Enum>(help), effect);
  }
  // Adds an option that takes one of `choices`, for lists without an enum, such as network
  // families.
  void Choice(const char* name, std::string* value, const std::vector<std::string>& choices,
              const char* help, Effect effect = Effect::kOutput) {
    const auto set = [value, choices](size_t index) { *value = choices[index]; };
    BindChoice(name, {choices, set, [value] { return *value; }}, help, effect);
  }
  // Adds an option that names an .ini file with settings. Settings of --config overrule them. NAME
  // means configs/recipes/NAME.ini of this installation; a value with a slash is a path.
  virtual void Recipe(const char* name, std::string* value, const char* help) = 0;

 protected:
  // Sets and shows a value that has one of `names`.
  struct ChosenName {
    std::vector<std::string> names;
    std::function<void(size_t index)> set;
    std::function<std::string()> show;
  };
  virtual void BindChoice(const char* name, ChosenName chosen, const std::string& help,
                          Effect effect) = 0;
};

}  // namespace reel3d
