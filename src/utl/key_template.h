#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "k8s/value.h"

namespace utl {

// What templates and filters look at.
struct TemplateData {
  std::string key;
  int64_t version = 0;
  const k8s::Value* value = nullptr;  // null: no object
};

// Texts with places, "{{.Value.metadata.name}} {{.Key}}", in the form of Go's templates of which
// they are the simplest part: paths of names from .Key, .Version or .Value on. What is not there is
// "<no value>"; objects and lists are JSON.
class KeyTemplate {
 public:
  // kInvalidArgument, naming it, for what is more than that.
  static base::Result<KeyTemplate> Parse(std::string_view text);

  std::string Fill(const TemplateData& data) const;

 private:
  struct Part {
    std::string text = {};               // or, if it has a path, empty
    std::vector<std::string> path = {};  // from .Key, .Version or .Value on
  };
  std::vector<Part> parts_;
};

// Conditions "PATH=TEXT", separated by commas.
class KeyFilter {
 public:
  // Empty: everything passes. kInvalidArgument, naming it, for what is none.
  static base::Result<KeyFilter> Parse(std::string_view text);

  bool Accepts(const TemplateData& data) const;

 private:
  struct Condition {
    KeyTemplate left;
    std::string right;
  };
  std::vector<Condition> conditions_;
};

}  // namespace utl
