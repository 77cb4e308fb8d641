#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "state/kv/lessor.h"

namespace kv {

// Leases that never end, and the keys that are with them.
class PlainLessor final : public Lessor {
 public:
  explicit PlainLessor(std::set<int64_t> leases) : leases_(std::move(leases)) {}

  bool Exists(base::LeaseId lease) const override { return leases_.contains(lease.value()); }
  void Attach(base::LeaseId lease, base::ByteView key) override {
    EXPECT_TRUE(Exists(lease));
    EXPECT_TRUE(attached_.emplace(key, lease.value()).second) << key << " is with a lease";
  }
  void Detach(base::LeaseId lease, base::ByteView key) override {
    const auto found = attached_.find(std::string(key));
    ASSERT_NE(found, attached_.end()) << key;
    EXPECT_EQ(found->second, lease.value()) << key;
    attached_.erase(found);
  }

  const std::map<std::string, int64_t>& attached() const { return attached_; }

 private:
  const std::set<int64_t> leases_;
  std::map<std::string, int64_t> attached_;
};

}  // namespace kv
