#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace observe {

// What pprof reads, of any kind: how much of something was met where.
struct Profile {
  struct ValueType {
    std::string type;
    std::string unit;
  };
  struct Mapping {
    uint64_t start = 0;
    uint64_t limit = 0;
    uint64_t offset = 0;
    std::string file;
  };
  struct Sample {
    std::vector<uint64_t> addresses;  // the innermost first
    std::vector<int64_t> values;      // one for each type
  };
  std::vector<ValueType> types;
  std::vector<Sample> samples;
  std::vector<Mapping> mappings;
  // The function at an address; empty if it is not known.
  std::function<std::string(uint64_t address)> name_of;
  ValueType period_type;
  int64_t period = 0;
  int64_t time_nanos = 0;  // since 1970
  int64_t duration_nanos = 0;
};

// As profile.proto has it, without the gzip around it.
base::Bytes EncodeProfile(const Profile& profile);

}  // namespace observe
