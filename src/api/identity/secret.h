#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace identity {

// Overwrites all that the text has room for, and empties it.
void Wipe(std::string& text);

// A text that nothing is left of in memory when it is destroyed, wherever it was moved meanwhile.
class Secret {
 public:
  // Takes the text, of which nothing is left where it was.
  explicit Secret(std::string&& text);

  std::string_view text() const { return *text_; }

 private:
  struct WipeAndDelete {
    void operator()(std::string* text) const;
  };

  // Why a pointer: a short text would be copied when its string is moved.
  std::unique_ptr<std::string, WipeAndDelete> text_;
};

}  // namespace identity
