#include <etcd/kv.h>
#include <etcd/result.h>
#include <etcd/status.h>
#include <etcd/watch.h>
#include <gtest/gtest.h>

#include <string>

#include "client/convert.h"

namespace etcd {
namespace {

TEST(PrefixEndTest, CountsTheLastByteUp) {
  EXPECT_EQ(PrefixEnd("foo"), "fop");
  EXPECT_EQ(PrefixEnd(std::string("a\0", 2)), "a\x01");
}

TEST(PrefixEndTest, DropsBytesThatCannotBeCountedUp) {
  EXPECT_EQ(PrefixEnd("a\xff\xff"), "b");
}

TEST(PrefixEndTest, OfNothingOrOnlyTheHighestByteIsTheEndOfAllKeys) {
  EXPECT_EQ(PrefixEnd(""), kFromKey);
  EXPECT_EQ(PrefixEnd("\xff"), kFromKey);
}

TEST(ClientStatusTest, EtcdsTextsStandAloneAndOthersNameTheirCode) {
  EXPECT_EQ(Status().ToString(), "OK");
  EXPECT_EQ(Status(Code::kUnavailable, "etcdserver: no leader").ToString(),
            "etcdserver: no leader");
  EXPECT_EQ(Status(Code::kDeadlineExceeded, "context deadline exceeded").ToString(),
            "context deadline exceeded");
  EXPECT_EQ(Status(Code::kUnimplemented, "unknown service X").ToString(),
            "rpc error: code = Unimplemented desc = unknown service X");
}

TEST(ValuesTest, APrefixIsARequestAndTheEmptyOneMeansAllKeys) {
  const GetRequest get = Prefix("p/");
  EXPECT_EQ(get.key, "p/");
  EXPECT_EQ(get.range_end, "p0");
  const DeleteRequest all = Prefix("");
  EXPECT_EQ(all.key, kFromKey);
  EXPECT_EQ(all.range_end, kFromKey);
  const GetRequest from = FromKey("k");
  EXPECT_EQ(from.key, "k");
  EXPECT_EQ(from.range_end, kFromKey);
}

TEST(ValuesTest, TheEmptyKeyOfARangeIsTheSmallestThereIs) {
  EXPECT_EQ(client::ToProto(GetRequest{.range_end = PrefixEnd("")}).key(), kFromKey);
  EXPECT_EQ(client::ToProto(DeleteRequest{.range_end = PrefixEnd("")}).key(), kFromKey);
  EXPECT_EQ(client::ToProto(GetRequest{}).key(), "");
}

TEST(ValuesTest, ATransactionReadsAsItIsMeant) {
  const TxnRequest txn{.compares = {CompareVersion("k", Compare::kEqual, 0),
                                    CompareValue(Prefix("p/"), Compare::kNotEqual, "x"),
                                    CompareModRevision("k", Compare::kLess, 7)},
                       .success = {OpPut({.key = "k", .value = "v"})},
                       .failure = {OpGet(Prefix("p/")), OpDelete({.key = "k"})}};
  const auto message = client::ToProto(txn);
  ASSERT_EQ(message.compare_size(), 3);
  EXPECT_EQ(message.compare(0).version(), 0);
  EXPECT_EQ(message.compare(1).value(), "x");
  EXPECT_EQ(message.compare(1).range_end(), "p0");
  EXPECT_EQ(message.compare(2).mod_revision(), 7);
  EXPECT_EQ(message.success(0).request_put().value(), "v");
  EXPECT_EQ(message.failure(0).request_range().range_end(), "p0");
  EXPECT_EQ(message.failure(1).request_delete_range().key(), "k");
}

TEST(ValuesDeathTest, AskingForAValueThatIsNotThereSaysWhy) {
  const Result<GetResponse> result = Status(Code::kUnavailable, "nobody is there");
  EXPECT_DEATH(result.value(), "the value was asked for, but there is none: .*nobody is there");
}

TEST(ValuesTest, AWatchIsAskedForWithAllThatItIsTo) {
  WatchRequest request = Prefix("");
  etcdserverpb::WatchCreateRequest message = client::ToProto(request);
  EXPECT_EQ(message.key(), kFromKey);
  EXPECT_EQ(message.range_end(), kFromKey);
  EXPECT_EQ(message.filters_size(), 0);
  request = {.key = "k", .start_revision = 7, .no_put = true, .no_delete = true};
  request.prev_kv = request.progress_notify = request.fragment = true;
  message = client::ToProto(request);
  EXPECT_EQ(message.start_revision(), 7);
  EXPECT_TRUE(message.prev_kv() && message.progress_notify() && message.fragment());
  ASSERT_EQ(message.filters_size(), 2);
  EXPECT_EQ(message.filters(0), etcdserverpb::WatchCreateRequest::NOPUT);
  EXPECT_EQ(message.filters(1), etcdserverpb::WatchCreateRequest::NODELETE);
}

TEST(ValuesTest, AnEventHasThePairAndWhatItWasBefore) {
  etcdserverpb::WatchResponse message;
  message.mutable_header()->set_revision(9);
  mvccpb::Event* const event = message.add_events();
  event->set_type(mvccpb::Event::DELETE);
  event->mutable_kv()->set_key("k");
  event->mutable_kv()->set_mod_revision(9);
  event->mutable_prev_kv()->set_value("v");
  message.add_events()->mutable_kv()->set_key("l");
  const WatchResponse response = client::FromProto(std::move(message));
  EXPECT_EQ(response.header.revision, 9);
  const Event expected{.type = Event::Type::kDelete,
                       .kv = {.key = "k", .mod_revision = 9},
                       .prev_kv = KeyValue{.value = "v"}};
  ASSERT_EQ(response.events.size(), 2u);
  EXPECT_EQ(response.events[0], expected);
  EXPECT_FALSE(response.events[1].prev_kv.has_value());
}

}  // namespace
}  // namespace etcd
