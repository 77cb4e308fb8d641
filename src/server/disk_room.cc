#include "server/disk_room.h"

#include <algorithm>
#include <limits>

#include "base/coverage_mark.h"
#include "server/data_directory.h"

namespace server {
namespace {

// Of a small disk the reserve is at most this part.
constexpr uint64_t kReserveShare = 8;
constexpr uint64_t kMeasuredBytes = 1 << 20;

}  // namespace

DiskRoom::DiskRoom(const Options& options, const Environment& environment, Progress* progress)
    : options_(options),
      environment_(environment),
      progress_(*progress),
      paths_({Paths(options).snap, Paths(options).wal}) {}

void DiskRoom::Wrote(uint64_t bytes) {
  unmeasured_ += bytes;
  if (unmeasured_ < kMeasuredBytes) return;
  unmeasured_ = 0;
  Measure();
}

base::Result<DiskRoom::Room> DiskRoom::RoomAt(const std::string& path) const {
  ASSIGN_OR_RETURN(const uint64_t free_bytes, environment_.disk->FreeBytes(path));
  ASSIGN_OR_RETURN(const uint64_t total_bytes, environment_.disk->TotalBytes(path));
  const uint64_t reserve = std::min(options_.disk_reserve_bytes, total_bytes / kReserveShare);
  return Room{free_bytes, reserve == 0 ? 0 : reserve + progress_.unsaved_bytes};
}

void DiskRoom::Measure() {
  Room least{std::numeric_limits<uint64_t>::max(), 0};
  bool is_low = false;
  bool is_roomy = true;
  for (const std::string& path : paths_) {
    const base::Result<Room> room = RoomAt(path);
    if (!room.ok()) return;
    is_low = is_low || room->free < room->reserve;
    is_roomy = is_roomy && room->free >= room->reserve + room->reserve / 9;
    if (room->free < least.free) least = *room;
  }
  progress_.disk_free = least.free;
  is_roomy_ = is_roomy;
  is_low = is_low || (progress_.disk_is_low && !is_roomy);
  const bool was_low = progress_.disk_is_low.exchange(is_low);
  if (is_low && !was_low) {
    base::Mark<"server: the disk is nearly full">();
    environment_.logger->Warn("the disk is nearly full; writes are refused",
                              {{"data-dir", options_.data_dir},
                               {"disk-free-bytes", least.free},
                               {"disk-reserve-bytes", least.reserve}});
  } else if (was_low && !is_low) {
    environment_.logger->Info("the disk has room again",
                              {{"data-dir", options_.data_dir}, {"disk-free-bytes", least.free}});
  }
}

}  // namespace server
