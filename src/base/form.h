#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace base {

// Parameters of a URL's query or of a form's body, in their order, unescaped. What Go cannot decode
// is passed over, and an error, in Go's words: that of what was parsed first, and there the first,
// unless a semicolon stands in a parameter.
class Form {
 public:
  Form() = default;
  explicit Form(std::string_view text) { Parse(text); }

  // Adds parameters. Those of a body come before those of a query.
  void Parse(std::string_view text);
  // Something else than a parameter was wrong; nothing if it is empty.
  void Fail(std::string why);

  // Empty if nothing was wrong.
  const std::string& error() const { return error_; }
  // The first of that name; null if there is none.
  const std::string* Find(std::string_view name) const;
  bool Has(std::string_view name) const { return Find(name) != nullptr; }
  // Empty if there is none.
  const std::string& Get(std::string_view name) const;
  // All of that name that are not empty.
  std::vector<std::string> All(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> parameters_;
  std::string error_;
};

}  // namespace base
