#include "utl/survivor.h"

#include <algorithm>

namespace utl {

base::Term Survivor::TermOf(base::Index index) const {
  const auto range = std::find_if(ranges.begin(), ranges.end(),
                                  [&](const Range& each) { return index <= each.last; });
  return range == ranges.end() ? base::Term() : range->term;
}

std::string Survivor::name() const {
  const auto self = std::find_if(members.begin(), members.end(),
                                 [&](const members::Member& each) { return each.id == member; });
  return self == members.end() ? "" : self->name;
}

std::string NameOf(const Survivor& survivor) {
  const std::string id = members::HexText(survivor.member.value());
  const std::string name = survivor.name();
  return name.empty() ? id : name + " (" + id + ")";
}

}  // namespace utl
