// Fills options structs from the keyword arguments of a Python call: clip_length=16 has the effect
// of a tool's --clip-length 16, with the same ranges, choices and defaults.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nanobind/nanobind.h>

#include <string>
#include <vector>

#include "lib/base/option_binder.h"

namespace reel3d::python {

class KeywordBinder : public OptionBinder {
 public:
  explicit KeywordBinder(nanobind::dict values) : values_(std::move(values)) {}

  // Throws a usage error if a keyword is the name of no bound option. Call it last.
  void RequireAllUsed() const;
  // Returns a line "name (default): help" for each option.
  const std::string& help() const { return help_; }
  const std::vector<std::string>& names() const { return names_; }

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

 protected:
  void BindChoice(const char* name, ChosenName chosen, const std::string& help,
                  Effect effect) override;

 private:
  template <class T>
  bool Take(const char* name, T* value, const char* type, const std::string& help);

  nanobind::dict values_;
  std::vector<std::string> names_;
  std::string help_;
};

}  // namespace reel3d::python
