#include "ctl/paged_get.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "ctl/connection.h"

namespace ctl {
namespace {

// Keys of the first page: with values of the size that etcd allows at most, what is held is bounded
// by this.
constexpr int64_t kFirstKeys = 32;
// By how much a page may have more keys than the one before.
constexpr int64_t kGrowth = 8;
// Why not less: a member of etcd counts all keys of the range for each page.
constexpr size_t kPageBytes = 1u << 20;
// What a key and a value take besides their bytes, about.
constexpr size_t kBytesOfPair = 48;

size_t BytesOf(const etcd::GetResponse& page) {
  size_t bytes = 0;
  for (const etcd::KeyValue& kv : page.kvs) bytes += kv.key.size() + kv.value.size() + kBytesOfPair;
  return bytes;
}

// Serializable pages may come from several members, one of which need not have the revision yet.
bool IsBehind(const etcd::Status& status) {
  return status.code() == etcd::Code::kOutOfRange &&
         status.message().find("future revision") != std::string::npos;
}

// What pages can do better than a stream, which is not tried again.
bool MayGoOnInPages(const etcd::Status& status) {
  return status.code() == etcd::Code::kUnimplemented || status.code() == etcd::Code::kUnavailable ||
         IsBehind(status);
}

// One read.
class PagedGet {
 public:
  PagedGet(const etcd::GetRequest& request, const PageSource& source, const TakePart& take)
      : next_(request),
        source_(source),
        take_(take),
        left_(request.limit > 0 ? request.limit : std::numeric_limits<int64_t>::max()) {}

  Outcome Run() {
    BeginPage();
    if (Outcome outcome = TakePage(/*begins_next=*/false); !outcome.ok() || is_over_) {
      return outcome;
    }
    const etcd::Status status = TakeStream();
    if (!outcome_.ok() || is_over_) return std::move(outcome_);
    if (!status.ok() && !MayGoOnInPages(status)) return FailedCall(status);
    BeginPage();
    while (!is_over_) {
      if (Outcome outcome = TakePage(/*begins_next=*/true); !outcome.ok()) return outcome;
    }
    return {};
  }

 private:
  void BeginPage() {
    next_.limit = std::min(keys_, left_);
    under_way_ = source_.begin(next_);
  }

  Outcome TakePage(bool begins_next) {
    etcd::Result<etcd::GetResponse> page = under_way_.get();
    if (!page.ok() && !place_.is_first && next_.serializable && IsBehind(page.status())) {
      next_.serializable = false;
      page = source_.begin(next_).get();
    }
    if (!page.ok()) return FailedCall(page.status());
    if (place_.is_first) {
      // Of parts behind it, each counts from its own key on.
      count_ = page->count;
      if (next_.revision == 0) next_.revision = page->header.revision;
    }
    const client::RangeView view = client::ViewOf(*page);
    Advance(view);
    is_over_ = !page->more || page->kvs.empty() || left_ <= 0;
    if (!is_over_) {
      keys_ = std::clamp<int64_t>(
          static_cast<int64_t>(kPageBytes / (BytesOf(*page) / page->kvs.size())), 1,
          keys_ * kGrowth);
      if (begins_next) BeginPage();
    }
    return Give(view);
  }

  // What is left, as far as it comes. A failure of who takes the parts is kept in `outcome_`.
  etcd::Status TakeStream() {
    next_.limit = left_ == std::numeric_limits<int64_t>::max() ? 0 : left_;
    return source_.stream(next_, [this](client::RangeView part) {
      Advance(part);
      // Only the last part has a header.
      is_over_ = !(part.header == etcd::ResponseHeader{});
      outcome_ = Give(std::move(part));
      return outcome_.ok();
    });
  }

  void Advance(const client::RangeView& part) {
    left_ -= static_cast<int64_t>(part.kvs.size());
    if (!part.kvs.empty()) next_.key = std::string(part.kvs.back().key) + '\0';
  }

  Outcome Give(client::RangeView part) {
    place_.is_last = is_over_;
    if (!place_.is_first) part.header = {};
    part.count = place_.is_last ? count_ : 0;
    part.more = place_.is_last && part.more;
    Outcome outcome = take_(part, place_);
    place_.is_first = false;
    return outcome;
  }

  etcd::GetRequest next_;
  const PageSource& source_;
  const TakePart& take_;
  int64_t left_;  // that are wanted
  int64_t keys_ = kFirstKeys;
  int64_t count_ = 0;
  PartPlace place_;
  bool is_over_ = false;
  Outcome outcome_;
  std::future<etcd::Result<etcd::GetResponse>> under_way_;
};

}  // namespace

bool HasPages(const etcd::GetRequest& request) {
  const bool is_bounded = request.min_mod_revision != 0 || request.max_mod_revision != 0 ||
                          request.min_create_revision != 0 || request.max_create_revision != 0;
  return !request.range_end.empty() && request.limit >= 0 && !request.count_only && !is_bounded &&
         request.sort_target == etcd::SortTarget::kKey &&
         request.sort_order != etcd::SortOrder::kDescend;
}

Outcome GetInPages(const etcd::GetRequest& request, const PageSource& source,
                   const TakePart& take) {
  return PagedGet(request, source, take).Run();
}

}  // namespace ctl
