#include "state/members/extensions.h"

#include <algorithm>
#include <iterator>

namespace members {
namespace {

bool IsName(std::string_view text) {
  return !text.empty() && text.size() <= kExtensionNameBytesMax &&
         std::all_of(text.begin(), text.end(), [](char letter) {
           return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') ||
                  letter == '-';
         });
}

}  // namespace

std::string ToText(const Extensions& extensions) {
  std::string text;
  for (const std::string& name : extensions) text += (text.empty() ? "" : ",") + name;
  return text;
}

Extensions ExtensionsFromText(std::string_view text) {
  Extensions extensions;
  while (!text.empty() && extensions.size() < kExtensionsMax) {
    const size_t comma = std::min(text.find(','), text.size());
    if (IsName(text.substr(0, comma))) extensions.emplace(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return extensions;
}

Extensions Lacking(const Extensions& needed, const Extensions& understood) {
  Extensions lacking;
  std::set_difference(needed.begin(), needed.end(), understood.begin(), understood.end(),
                      std::inserter(lacking, lacking.end()));
  return lacking;
}

}  // namespace members
