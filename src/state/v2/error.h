#pragma once

#include <cstdint>
#include <string>

namespace v2 {

// Why a request was refused; the numbers are etcd's.
enum class Code : uint16_t {
  kNone = 0,
  kKeyNotFound = 100,
  kCompareFailed = 101,
  kNotFile = 102,
  kNotDirectory = 104,
  kNodeExists = 105,
  kRootIsReadOnly = 107,
  kDirectoryNotEmpty = 108,
  kUnauthorized = 110,
  kPrevValueRequired = 201,
  kTtlIsNoNumber = 202,
  kIndexIsNoNumber = 203,
  kInvalidField = 209,
  kInvalidForm = 210,
  kRefreshValue = 211,
  kRefreshTtlRequired = 212,
  kRaftInternal = 300,
  kEventIndexCleared = 401,
};

struct Error {
  Code code = Code::kNone;
  std::string cause = {};
  uint64_t index = 0;  // of the store
};

// As clients see it: "Key not found".
const char* MessageOf(Code code);

}  // namespace v2
