#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace runtime::posix {

// A part of a file that is mapped as code.
struct CodeMapping {
  uint64_t start = 0;
  uint64_t limit = 0;
  uint64_t offset = 0;  // in the file
  std::string file;
};

// The code of the running process, the program's own first.
std::vector<CodeMapping> CodeMappings();

// The names of the process's functions by their addresses: those of the program from its symbol
// table, those of libraries as far as they export them. Immutable; any thread.
class Symbols {
 public:
  // Reads the program's file: for a worker. Without a table, a few names fewer.
  Symbols();

  // As it is written in C++; empty if it is not known.
  std::string NameOf(uint64_t address) const;

 private:
  struct Function {
    uint64_t size;
    std::string name;  // mangled
  };
  void Read(base::ByteView file, uint64_t loaded_at);

  std::map<uint64_t, Function> functions_;  // by address in memory
};

}  // namespace runtime::posix
