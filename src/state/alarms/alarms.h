#pragma once

#include <compare>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "storage/backend/backend.h"
#include "storage/backend/write_buffer.h"

namespace alarms {

// As in rpc.proto.
enum class Type : uint8_t { kNone = 0, kNoSpace = 1, kCorrupt = 2 };

// An alarm that a member has raised.
struct Alarm {
  base::MemberId member;
  Type type = Type::kNone;

  friend auto operator<=>(const Alarm&, const Alarm&) = default;
};

// The alarms that are on, in memory and, through the write buffer, in the database. Belongs to the
// apply loop; changes are parts of the entry being applied.
class Alarms {
 public:
  // kDataLoss for a record that cannot be believed. `buffer` outlives this.
  static base::Result<Alarms> Load(backend::Reader& reader, backend::WriteBuffer* buffer);

  const std::set<Alarm>& all() const { return all_; }
  bool Any(Type type) const;
  // Those of `type`, or all if it is kNone.
  std::vector<Alarm> Get(Type type) const;

  // Raising what is raised already, and clearing what is not, is no change; true if it was one.
  bool Activate(const Alarm& alarm);
  bool Deactivate(const Alarm& alarm);

 private:
  explicit Alarms(backend::WriteBuffer* buffer) : buffer_(buffer) {}

  backend::WriteBuffer* buffer_;
  std::set<Alarm> all_;
};

}  // namespace alarms
