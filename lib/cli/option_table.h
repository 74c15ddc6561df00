// Holds the options of one tool as a table: name, help, and how to set and show each as text.
// config_file and tool read the texts and pass them on to the table.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "lib/base/option_binder.h"

namespace reel3d {

struct OptionEntry {
  std::string name;
  std::string help;
  std::string accepts;  // values that Set takes: "1 .. 8", "a | b"; empty: any text
  Effect effect = Effect::kOutput;
  bool is_switch = false;
  bool is_recipe = false;
  bool is_for_command_line = false;             // a file of settings cannot set it
  std::function<void(const std::string&)> set;  // throws a usage error without the option's name
  std::function<std::string()> show;
};

struct PositionalEntry {
  std::string name;
  std::string help;
  std::string* value = nullptr;                // either `value` or `values` is set
  std::vector<std::string>* values = nullptr;  // takes one or more
};

class OptionTable : public OptionBinder {
 public:
  void Positional(const char* name, std::string* value, const char* help) override;
  void Positional(const char* name, std::vector<std::string>* values, const char* help) override;
  void Bind(const char* name, bool* value, const char* help, Effect effect) override;
  void Bind(const char* name, int64_t* value, IntRange range, const char* help,
            Effect effect) override;
  void Bind(const char* name, int* value, IntRange range, const char* help, Effect effect) override;
  void Bind(const char* name, double* value, RealRange range, const char* help,
            Effect effect) override;
  void Bind(const char* name, std::string* value, const char* help, Effect effect) override;
  void Bind(const char* name, std::vector<double>* values, const char* help,
            Effect effect) override;
  void Bind(const char* name, std::vector<std::string>* values, const char* help,
            Effect effect) override;
  void Recipe(const char* name, std::string* value, const char* help) override;
  // Files of settings may not hold the option `name`, which would have no effect there.
  void KeepToCommandLine(const std::string& name);

  const std::vector<OptionEntry>& options() const { return options_; }
  const std::vector<PositionalEntry>& positionals() const { return positionals_; }
  const OptionEntry* Find(const std::string& name) const;
  // Returns the option whose name is most like `name`; "" if none is.
  std::string NearestName(const std::string& name) const;

  // Sets one option. `where` precedes the name in errors: "--" or "train.ini: ". Throws a usage
  // error on an unknown name, and offers the nearest known one.
  void Set(const std::string& where, const std::string& name, const std::string& text) const;
  // Distributes the words over the positionals. Throws a usage error if an argument is missing,
  // superfluous or empty. Words of a command may be empty, except the first.
  void SetPositionals(const std::vector<std::string>& words, bool are_command = false) const;

 protected:
  void BindChoice(const char* name, ChosenName chosen, const std::string& help,
                  Effect effect) override;

 private:
  OptionEntry& Add(const char* name, const std::string& help, Effect effect);

  std::vector<OptionEntry> options_;
  std::vector<PositionalEntry> positionals_;
};

// Returns the candidate with the fewest single-letter edits; empty if all are far off.
std::string Nearest(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace reel3d
