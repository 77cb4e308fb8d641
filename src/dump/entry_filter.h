#pragma once

#include <string>
#include <vector>

#include "dump/entry_text.h"

namespace dump {

// The entries that --entry-type asks for.
class EntryFilter {
 public:
  // `names` with commas between; those that are none of etcd's are left out.
  explicit EntryFilter(const std::string& names);

  bool Passes(const ReadEntry& read) const;
  // In the order in which they were given.
  const std::vector<std::string>& unknown_names() const { return unknown_names_; }

 private:
  using Test = bool (*)(const ReadEntry&);

  std::vector<Test> tests_;
  std::vector<std::string> unknown_names_;
};

// As the help and etcd's refusal list them.
extern const char* const kEntryTypeNames;

}  // namespace dump
