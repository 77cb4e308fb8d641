#include "ctl/mirror.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <variant>

namespace ctl {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

etcd::Event Put(int64_t revision, const std::string& key, const std::string& value) {
  return {.kv = {.key = key, .mod_revision = revision, .value = value}};
}
etcd::Event Delete(int64_t revision, const std::string& key) {
  return {.type = etcd::Event::Type::kDelete, .kv = {.key = key, .mod_revision = revision}};
}

// Of each transaction the operations: "key=value", or "key" where it is deleted.
std::vector<std::vector<std::string>> Texts(const std::vector<etcd::Event>& events,
                                            const MirrorOptions& options) {
  std::vector<std::vector<std::string>> all;
  for (const etcd::TxnRequest& txn : CopyEvents(events, options)) {
    EXPECT_THAT(txn.compares, IsEmpty());
    EXPECT_THAT(txn.failure, IsEmpty());
    std::vector<std::string>& texts = all.emplace_back();
    for (const etcd::Op& op : txn.success) {
      if (const auto* const put = std::get_if<etcd::PutRequest>(&op.request); put != nullptr) {
        EXPECT_EQ(put->lease, 0);
        texts.push_back(put->key + "=" + put->value);
      } else {
        const auto& request = std::get<etcd::DeleteRequest>(op.request);
        EXPECT_THAT(request.range_end, IsEmpty());
        texts.push_back(request.key);
      }
    }
  }
  return all;
}

TEST(MirrorTest, ARevisionIsATransaction) {
  EXPECT_THAT(Texts({Put(2, "a", "1"), Delete(2, "b"), Put(3, "a", "2"), Put(7, "a", "3")}, {}),
              ElementsAre(ElementsAre("a=1", "b"), ElementsAre("a=2"), ElementsAre("a=3")));
  EXPECT_THAT(Texts({}, {}), IsEmpty());
}

TEST(MirrorTest, ARevisionWithTooManyChangesIsSeveralTransactions) {
  const std::vector<etcd::Event> events = {Put(2, "a", "1"), Put(2, "b", "1"), Put(2, "c", "1"),
                                           Put(3, "a", "2")};
  EXPECT_THAT(Texts(events, {.max_txn_ops = 2}),
              ElementsAre(ElementsAre("a=1", "b=1"), ElementsAre("c=1"), ElementsAre("a=2")));
  EXPECT_THAT(Texts(events, {.max_txn_ops = 3}),
              ElementsAre(ElementsAre("a=1", "b=1", "c=1"), ElementsAre("a=2")));
}

TEST(MirrorTest, APrefixTakesThePlaceOfTheOther) {
  const std::vector<etcd::Event> events = {Put(2, "p/p/a", "p/"), Delete(3, "p/b")};
  EXPECT_THAT(Texts(events, {.prefix = "p/", .destination_prefix = "q/"}),
              ElementsAre(ElementsAre("q/p/a=p/"), ElementsAre("q/b")));
  EXPECT_THAT(Texts(events, {.prefix = "p/"}),
              ElementsAre(ElementsAre("p/a=p/"), ElementsAre("b")));
  EXPECT_THAT(Texts(events, {.destination_prefix = "q/"}),
              ElementsAre(ElementsAre("q/p/p/a=p/"), ElementsAre("q/p/b")));
}

}  // namespace
}  // namespace ctl
