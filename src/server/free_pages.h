#pragma once

#include <memory>
#include <optional>

#include "runtime/random.h"
#include "runtime/time.h"
#include "server/apply_loop.h"
#include "server/defragmenter.h"
#include "server/environment.h"
#include "server/options.h"

namespace server {

// Looks once a minute whether the database is mostly free pages: more than half of it, and at least
// 100 MiB. They are used again, but the disk has them only after a defragmentation. That is told in
// the log, once a day as long as it is so; or, with Options::auto_defragment, done: within ten
// minutes, so that the members of a cluster do not do it at one moment, and at most once an hour.
// On the apply loop.
class FreePages {
 public:
  static constexpr uint64_t kWorthwhileBytes = uint64_t{100} << 20;
  // All outlive this.
  FreePages(const Options& options, const Environment& environment, ApplyLoop* apply_loop,
            Defragmenter* defragmenter);

  // On the apply loop.
  void Start();

 private:
  void Look();
  void Warn(const backend::Sizes& sizes);
  void DefragmentSoon();

  const Options options_;
  const Environment environment_;
  ApplyLoop& apply_loop_;
  Defragmenter& defragmenter_;
  runtime::Random random_;
  const std::unique_ptr<runtime::Timer> timer_;
  std::optional<runtime::TimePoint> warned_;
  std::optional<runtime::TimePoint> defragments_;  // at that time, or later
  std::optional<runtime::TimePoint> defragmented_;
};

}  // namespace server
