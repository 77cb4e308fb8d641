#include "ctl/paged_get.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ctl/testing/captured.h"

namespace ctl {
namespace {

using ::testing::Each;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::Le;
using ::testing::SizeIs;

constexpr int64_t kRevision = 77;

class PagedGetTest : public ::testing::Test {
 protected:
  void Fill(size_t keys, size_t value_bytes) {
    for (size_t i = 0; i < keys; ++i) {
      std::string key = std::to_string(i);
      key.insert(0, 8 - key.size(), '0');
      values_[key] = std::string(value_bytes, 'v');
    }
  }

  // As a member answers.
  etcd::Result<etcd::GetResponse> Answer(const etcd::GetRequest& request) {
    requests_.push_back(request);
    if (requests_.size() == fails_at_) return failure_;
    etcd::GetResponse answer;
    answer.header = {1, 2, kRevision + static_cast<int64_t>(requests_.size()) - 1, 3};
    for (auto at = values_.lower_bound(request.key);
         at != values_.end() &&
         (request.range_end == etcd::kFromKey || at->first < request.range_end);
         ++at) {
      ++answer.count;
      if (request.limit > 0 && answer.kvs.size() == static_cast<size_t>(request.limit)) {
        answer.more = true;
        continue;
      }
      answer.kvs.push_back({.key = at->first, .value = at->second});
    }
    return answer;
  }

  // As RangeStream does: the last part has the header.
  etcd::Status Stream(const etcd::GetRequest& request, const etcd::RangeViews::Sink& sink) {
    if (!has_stream_) return {etcd::Code::kUnimplemented, "unknown method RangeStream"};
    const etcd::Result<etcd::GetResponse> answer = Answer(request);
    if (!answer.ok()) return answer.status();
    constexpr size_t kPart = 1000;
    for (size_t i = 0;; i += kPart) {
      if (breaks_after_ == i) return {etcd::Code::kUnavailable, "the member is gone"};
      etcd::GetResponse part;
      const size_t end = std::min(i + kPart, answer->kvs.size());
      part.kvs.assign(answer->kvs.begin() + static_cast<ptrdiff_t>(i),
                      answer->kvs.begin() + static_cast<ptrdiff_t>(end));
      const bool is_last = end == answer->kvs.size();
      if (is_last) {
        part.header = answer->header;
        part.more = answer->more;
        part.count = answer->count;
      }
      if (!sink(client::ViewOf(part))) return {etcd::Code::kCanceled, "the sink wants no more"};
      if (is_last) return {};
    }
  }

  Outcome Get(const etcd::GetRequest& request, const TakePart& take) {
    const PageSource source = {
        .begin =
            [this](const etcd::GetRequest& page) {
              std::promise<etcd::Result<etcd::GetResponse>> promise;
              promise.set_value(Answer(page));
              return promise.get_future();
            },
        .stream = [this](const auto& rest, const auto& sink) { return Stream(rest, sink); }};
    return GetInPages(request, source, take);
  }

  // What is printed, in pages or at once.
  std::string Printed(const std::string& format, const etcd::GetRequest& request, bool in_pages) {
    testing::Captured out;
    const std::unique_ptr<Printer> printer = NewPrinter(format, false, out.file());
    requests_.clear();
    const Outcome outcome =
        in_pages ? Get(request, [&](const auto& part,
                                    const auto& place) { return printer->GetPart(part, place); })
                 : printer->Get(*Answer(request));
    EXPECT_EQ(outcome.error, "");
    return out.text();
  }

  std::map<std::string, std::string> values_;
  std::vector<etcd::GetRequest> requests_;
  bool has_stream_ = false;
  std::optional<size_t> breaks_after_;  // keys of the stream
  size_t fails_at_ = 0;
  etcd::Status failure_;
};

class PrintedPartsTest : public PagedGetTest, public ::testing::WithParamInterface<int> {
 protected:
  PrintedPartsTest() {
    has_stream_ = GetParam() > 0;
    if (GetParam() > 1) breaks_after_ = (GetParam() - 2) * 1000;
  }
};
INSTANTIATE_TEST_SUITE_P(WithAndWithoutStream, PrintedPartsTest, ::testing::Values(0, 1, 2, 3));

TEST_P(PrintedPartsTest, AreAsTheWholeIsInEveryFormat) {
  Fill(3000, 10);
  for (const char* const format : {"simple", "fields", "json", "protobuf"}) {
    for (const int64_t limit : {0, 1, 31, 32, 33, 1000, 2999, 3000, 4000}) {
      for (const int64_t revision : {0, 5}) {
        const etcd::GetRequest request{
            .key = "0", .range_end = "1", .limit = limit, .revision = revision};
        const std::string whole = Printed(format, request, false);
        EXPECT_TRUE(Printed(format, request, true) == whole) << format << ' ' << limit;
      }
    }
  }
  const etcd::GetRequest nothing{.key = "1", .range_end = "2"};
  for (const char* const format : {"simple", "fields", "json", "protobuf"}) {
    EXPECT_EQ(Printed(format, nothing, true), Printed(format, nothing, false)) << format;
    EXPECT_THAT(requests_, SizeIs(1));
  }
}

TEST_F(PagedGetTest, PagesAreOfTheRevisionOfTheFirstOne) {
  Fill(3000, 10);
  Printed("simple", {.key = "0", .range_end = "1"}, true);
  ASSERT_THAT(requests_, SizeIs(Gt(2u)));
  EXPECT_EQ(requests_[0].revision, 0);
  for (size_t i = 1; i < requests_.size(); ++i) EXPECT_EQ(requests_[i].revision, kRevision);
  EXPECT_EQ(requests_[1].key, std::string("00000031\0", 9));
  Printed("simple", {.key = "0", .range_end = "1", .revision = 5}, true);
  for (const etcd::GetRequest& request : requests_) EXPECT_EQ(request.revision, 5);
}

TEST_F(PagedGetTest, PagesGrowUntilTheyHaveAMegabyte) {
  Fill(100, 500'000);
  std::vector<size_t> sizes;
  const Outcome outcome = Get({.key = "0", .range_end = "1"}, [&](const auto& part, const auto&) {
    sizes.push_back(part.kvs.size());
    return Outcome{};
  });
  EXPECT_TRUE(outcome.ok());
  EXPECT_EQ(sizes[0], 32u);
  sizes.erase(sizes.begin());
  EXPECT_THAT(sizes, Each(Le(2u)));
  values_.clear();
  Fill(200'000, 10);
  sizes.clear();
  EXPECT_TRUE(Get({.key = "0", .range_end = "1"}, [&](const auto& part, const auto&) {
                sizes.push_back(part.kvs.size());
                return Outcome{};
              }).ok());
  EXPECT_THAT(sizes, SizeIs(Le(19u)));
}

TEST_F(PagedGetTest, AnErrorComesBehindThePartsThatWereRead) {
  Fill(3000, 10);
  fails_at_ = 2;
  failure_ = etcd::Status(etcd::Code::kOutOfRange,
                          "etcdserver: mvcc: required revision has been compacted");
  size_t parts = 0;
  const Outcome outcome = Get({.key = "0", .range_end = "1"}, [&](const auto&, const auto& place) {
    EXPECT_FALSE(place.is_last);
    ++parts;
    return Outcome{};
  });
  EXPECT_EQ(parts, 1u);
  EXPECT_EQ(outcome.exit_code, kExitError);
  EXPECT_THAT(outcome.error, HasSubstr("required revision has been compacted"));
}

TEST_F(PagedGetTest, TheRestComesAsAStreamOfTheSameRevision) {
  Fill(3000, 10);
  has_stream_ = true;
  Printed("simple", {.key = "0", .range_end = "1", .limit = 2000}, true);
  ASSERT_THAT(requests_, SizeIs(2));
  EXPECT_EQ(requests_[1].revision, kRevision);
  EXPECT_EQ(requests_[1].limit, 2000 - 32);
  fails_at_ = 2;
  failure_ = etcd::Status(etcd::Code::kOutOfRange,
                          "etcdserver: mvcc: required revision has been compacted");
  requests_.clear();
  EXPECT_THAT(
      Get({.key = "0", .range_end = "1"}, [](const auto&, const auto&) { return Outcome{}; }).error,
      HasSubstr("required revision has been compacted"));
  EXPECT_THAT(requests_, SizeIs(2));
}

TEST_F(PagedGetTest, WhoeverTakesThePartsMayEndIt) {
  Fill(100'000, 10);
  const Outcome outcome = Get({.key = "0", .range_end = "1"}, [](const auto&, const auto&) {
    return Failed(kExitBadFeature, "no");
  });
  EXPECT_EQ(outcome.exit_code, kExitBadFeature);
  EXPECT_THAT(requests_, SizeIs(1));
}

TEST_F(PagedGetTest, AMemberThatIsBehindIsAskedToGetThere) {
  Fill(100, 10);
  fails_at_ = 2;
  failure_ = etcd::Status(etcd::Code::kOutOfRange,
                          "etcdserver: mvcc: required revision is a future revision");
  EXPECT_THAT(Printed("simple", {.key = "0", .range_end = "1", .serializable = true}, true),
              SizeIs(100 * (9 + 11)));
  ASSERT_THAT(requests_, SizeIs(3));
  EXPECT_TRUE(requests_[1].serializable);
  EXPECT_FALSE(requests_[2].serializable);
}

TEST(HasPagesTest, RangesInTheOrderOfTheirKeysHave) {
  const etcd::GetRequest range{.key = "a", .range_end = "b"};
  EXPECT_TRUE(HasPages(range));
  etcd::GetRequest request = range;
  request.sort_order = etcd::SortOrder::kAscend;
  request.keys_only = true;
  request.limit = 7;
  EXPECT_TRUE(HasPages(request));
  EXPECT_FALSE(HasPages({.key = "a"}));
  for (const auto& change : std::vector<void (*)(etcd::GetRequest*)>{
           [](auto* r) { r->sort_order = etcd::SortOrder::kDescend; },
           [](auto* r) { r->sort_target = etcd::SortTarget::kMod; },
           [](auto* r) { r->count_only = true; }, [](auto* r) { r->min_mod_revision = 1; },
           [](auto* r) { r->max_create_revision = 1; }, [](auto* r) { r->limit = -1; }}) {
    request = range;
    change(&request);
    EXPECT_FALSE(HasPages(request));
  }
}

}  // namespace
}  // namespace ctl
