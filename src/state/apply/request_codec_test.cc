#include "state/apply/request_codec.h"

#include <gtest/gtest.h>

#include <string>

#include "base/wire.h"
#include "proto/raft_internal.pb.h"

namespace apply {
namespace {

using etcdserverpb::InternalRaftRequest;
using etcdserverpb::TxnRequest;

// TxnRequest { 2: success { 4: request_txn } }, `levels` transactions within each other: each but
// the innermost one takes two levels of messages.
base::Bytes NestedTxns(int levels) {
  base::Bytes bytes;
  for (int level = 1; level < levels; ++level) {
    base::Bytes op;
    base::WireWriter(&op).Bytes(4, bytes);
    bytes.clear();
    base::WireWriter(&bytes).Bytes(2, op);
  }
  return bytes;
}

// A group of a field that nobody knows, `levels` deep.
base::Bytes NestedGroups(int levels) {
  constexpr char kStart = 15 << 3 | 3;
  constexpr char kEnd = 15 << 3 | 4;
  const auto count = static_cast<size_t>(levels);
  return base::Bytes(count, kStart) + base::Bytes(count, kEnd);
}

base::Bytes EntryOf(const base::Bytes& request) {
  base::Bytes entry;
  EncodeEntry(7, {}, InternalRaftRequest::kTxnFieldNumber, request, &entry);
  return entry;
}

TEST(RequestCodecTest, WhatIsTakenFromAClientCanBeReadFromTheLog) {
  for (const int levels : {1, 48, 49, 50, 51, 100, 1000, 2000}) {
    const base::Bytes request = NestedTxns(levels);
    TxnRequest parsed;
    ASSERT_TRUE(ParseRequest(request, &parsed)) << levels;
    InternalRaftRequest entry;
    ASSERT_TRUE(ParseEntry(EntryOf(request), &entry)) << levels;
    EXPECT_EQ(entry.txn().ByteSizeLong(), parsed.ByteSizeLong()) << levels;
  }
}

TEST(RequestCodecTest, GroupsOfUnknownFieldsAreTakenAsDeep) {
  for (const int levels : {1, 98, 99, 100, 101, 2000}) {
    const base::Bytes request = NestedGroups(levels);
    TxnRequest parsed;
    ASSERT_TRUE(ParseRequest(request, &parsed)) << levels;
    InternalRaftRequest entry;
    EXPECT_TRUE(ParseEntry(EntryOf(request), &entry)) << levels;
  }
}

// Whatever a client may send, at the limit itself and about it: what is taken can be read.
TEST(RequestCodecTest, TheLimitOfTheLogIsAboveThatOfClients) {
  int taken = 0;
  int refused = 0;
  for (int levels = kRequestDepthMax - 3; levels <= kRequestDepthMax + 3; ++levels) {
    const base::Bytes request = NestedGroups(levels);
    TxnRequest parsed;
    if (!ParseRequest(request, &parsed)) {
      ++refused;
      continue;
    }
    ++taken;
    InternalRaftRequest entry;
    EXPECT_TRUE(ParseEntry(EntryOf(request), &entry)) << levels;
  }
  EXPECT_GT(taken, 0);
  EXPECT_GT(refused, 0);
}

// Go's protobuf counts the outermost message too.
TEST(RequestCodecTest, TheLimitIsGos) {
  const auto taken = [](const base::Bytes& request) {
    TxnRequest parsed;
    return ParseRequest(request, &parsed);
  };
  // The innermost one has an operation, so there is an even number of levels.
  const auto with_operation = [](int levels) {
    base::Bytes bytes = base::Bytes("\x12\0", 2);
    for (int level = 1; level < levels; ++level) {
      base::Bytes op;
      base::WireWriter(&op).Bytes(4, bytes);
      bytes.clear();
      base::WireWriter(&bytes).Bytes(2, op);
    }
    return bytes;
  };
  EXPECT_TRUE(taken(NestedTxns(kRequestDepthMax / 2)));
  EXPECT_TRUE(taken(with_operation(kRequestDepthMax / 2)));
  EXPECT_FALSE(taken(NestedTxns(kRequestDepthMax / 2 + 1)));
}

TEST(RequestCodecTest, WhatIsNoMessageIsRefused) {
  TxnRequest parsed;
  EXPECT_FALSE(ParseRequest(std::string(1, '\xff'), &parsed));
  InternalRaftRequest entry;
  EXPECT_FALSE(ParseEntry(std::string("\x32\x05"
                                      "ab",
                                      4),
                          &entry));
}

TEST(RequestCodecTest, AnEntrySaysWhoseRequestItIs) {
  base::Bytes bytes;
  EncodeEntry(7, {"alice", 3}, InternalRaftRequest::kTxnFieldNumber, NestedTxns(2), &bytes);
  InternalRaftRequest entry;
  ASSERT_TRUE(ParseEntry(bytes, &entry));
  EXPECT_EQ(entry.header().id(), 7u);
  EXPECT_EQ(entry.header().username(), "alice");
  EXPECT_EQ(entry.header().auth_revision(), 3u);
  EXPECT_EQ(entry.txn().success_size(), 1);
}

TEST(RequestCodecTest, ARequestOfNobodyHasANumberAlone) {
  InternalRaftRequest entry;
  ASSERT_TRUE(ParseEntry(EntryOf({}), &entry));
  EXPECT_EQ(entry.header().id(), 7u);
  EXPECT_TRUE(entry.header().username().empty());
}

}  // namespace
}  // namespace apply
