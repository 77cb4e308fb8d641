#include "state/v2/error.h"

namespace v2 {

const char* MessageOf(Code code) {
  switch (code) {
    case Code::kNone:
      return "";
    case Code::kKeyNotFound:
      return "Key not found";
    case Code::kCompareFailed:
      return "Compare failed";
    case Code::kNotFile:
      return "Not a file";
    case Code::kNotDirectory:
      return "Not a directory";
    case Code::kNodeExists:
      return "Key already exists";
    case Code::kRootIsReadOnly:
      return "Root is read only";
    case Code::kDirectoryNotEmpty:
      return "Directory not empty";
    case Code::kUnauthorized:
      return "The request requires user authentication";
    case Code::kPrevValueRequired:
      return "PrevValue is Required in POST form";
    case Code::kTtlIsNoNumber:
      return "The given TTL in POST form is not a number";
    case Code::kIndexIsNoNumber:
      return "The given index in POST form is not a number";
    case Code::kInvalidField:
      return "Invalid field";
    case Code::kInvalidForm:
      return "Invalid POST form";
    case Code::kRefreshValue:
      return "Value provided on refresh";
    case Code::kRefreshTtlRequired:
      return "A TTL must be provided on refresh";
    case Code::kRaftInternal:
      return "Raft Internal Error";
    case Code::kEventIndexCleared:
      return "The event in requested index is outdated and cleared";
  }
  return "";
}

}  // namespace v2
