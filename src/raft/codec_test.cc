#include "raft/codec.h"

#include <gtest/gtest.h>

#include <charconv>

#include "raft/testing/random_values.h"

namespace raft {
namespace {

using base::Bytes;
using base::ByteView;

Bytes FromHex(std::string_view hex) {
  Bytes bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    uint8_t byte = 0;
    std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

std::string ToHex(ByteView bytes) {
  static const char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (unsigned char byte : bytes) hex += {kDigits[byte >> 4], kDigits[byte & 15]};
  return hex;
}

template <typename Value>
Bytes Encoded(const Value& value) {
  Bytes bytes;
  Encode(value, &bytes);
  return bytes;
}

bool Same(const Message& a, const Message& b) {
  const bool snapshots = a.snapshot == nullptr
                             ? b.snapshot == nullptr
                             : b.snapshot != nullptr && *a.snapshot == *b.snapshot;
  return snapshots && a.type == b.type && a.reject == b.reject && a.to == b.to &&
         a.from == b.from && a.term == b.term && a.log_term == b.log_term && a.index == b.index &&
         a.commit == b.commit && a.reject_hint == b.reject_hint &&
         a.vote_lease_ms == b.vote_lease_ms && a.wants_snapshot == b.wants_snapshot &&
         a.entries == b.entries && a.context == b.context;
}

// Decodes and encodes again.
using Recode = std::string (*)(ByteView);

template <auto kDecode>
std::string RecodeWith(ByteView in) {
  const auto decoded = kDecode(in);
  return decoded.ok() ? ToHex(Encoded(*decoded)) : decoded.status().ToString();
}

struct Golden {
  const char* name;
  Recode recode;
  const char* hex;
};

constexpr Recode kMessage = &RecodeWith<&DecodeMessage>;

// What three nodes of go.etcd.io/raft v3.7.0 with protobuf-go said and wrote in elections,
// replication, reads, changes of the configuration, a snapshot and leadership transfers.
const Golden kEtcd37[] = {
    {"MsgPreVote", kMessage, "08111002180120012801300a"},
    {"MsgPreVoteResp", kMessage, "0812100118022001"},
    {"MsgVote", kMessage, "08051002180120012801300a"},
    {"MsgVote by transfer", kMessage,
     "080510011802200228013015621043616d706169676e5472616e73666572"},
    {"MsgVoteResp", kMessage, "0806100118022001"},
    {"MsgApp", kMessage, "08031002180120012801300a3a041001180b400a"},
    {"MsgApp without entries", kMessage, "08031002180120012801300b400b"},
    {"MsgAppResp", kMessage, "0804100118022001300b"},
    {"MsgProp", kMessage, "0802100118023a0b2209666f72776172646564"},
    {"MsgHeartbeat", kMessage, "0808100218012001400d"},
    {"MsgHeartbeat with reads", kMessage, "0808100218012001400d62080100000000000000"},
    {"MsgHeartbeatResp", kMessage, "0809100118022001"},
    {"MsgHeartbeatResp with reads", kMessage, "080910011802200162080100000000000000"},
    {"MsgReadIndex", kMessage, "080f100118033a052203637478"},
    {"MsgReadIndexResp", kMessage, "0810100318012001300d3a052203637478"},
    {"MsgSnap", kMessage,
     "08071003180120014a1a0a0673746174653212100a0a0801080208031005280010151801"},
    {"MsgTimeoutNow", kMessage, "080e100218012001"},
    {"MsgTransferLeader", kMessage, "080d100218032002"},
    {"HardState", &RecodeWith<&DecodeHardState>, "08011001180a"},
    {"Entry", &RecodeWith<&DecodeEntry>, "1001180d220568656c6c6f"},
    {"Entry without data", &RecodeWith<&DecodeEntry>, "1001180b"},
    {"ConfChange", &RecodeWith<&DecodeConfChange>, "084d1003180422027b7d"},
    {"ConfChange of type 0", &RecodeWith<&DecodeConfChange>, "084e10001804"},
    {"ConfState", &RecodeWith<&DecodeConfState>, "08010802080310042800"},
    {"ConfState in transition", &RecodeWith<&DecodeConfState>,
     "080108020803100518011802180318042801"},
    {"Snapshot", &RecodeWith<&DecodeSnapshot>,
     "0a05737461746512100a0a0801080208031005280010131801"},
};

TEST(CodecTest, WritesTheBytesThatEtcd37Writes) {
  for (const Golden& golden : kEtcd37) {
    EXPECT_EQ(golden.recode(FromHex(golden.hex)), golden.hex) << golden.name;
  }
}

// The same by raft v3.6.0 with gogoproto, which writes each required field.
TEST(CodecTest, ReadsWhatGogoprotoWrites) {
  const auto append = DecodeMessage(
      FromHex("08031002180120032802300b3a0608001003180c3a0d08001003180d220568656c6c6f3a0a"
              "08011003180e22020801400b500058006800"));
  ASSERT_TRUE(append.ok());
  Message expected{.type = MessageType::kApp, .to = MemberId(2), .from = MemberId(1)};
  expected.term = Term(3);
  expected.log_term = Term(2);
  expected.index = Index(11);
  expected.commit = Index(11);
  expected.entries = {{.term = Term(3), .index = Index(12)},
                      {.term = Term(3), .index = Index(13), .data = base::SharedBytes("hello")},
                      {.term = Term(3),
                       .index = Index(14),
                       .type = EntryType::kConfChange,
                       .data = base::SharedBytes("\x08\x01")}};
  EXPECT_TRUE(Same(*append, expected));

  const auto rejection = DecodeMessage(FromHex("0804100118022003280230094000500158056800"));
  ASSERT_TRUE(rejection.ok());
  EXPECT_TRUE(rejection->reject);
  EXPECT_EQ(rejection->reject_hint, Index(5));
  EXPECT_EQ(rejection->index, Index(9));

  const auto entry = DecodeEntry(FromHex("080010001800"));
  ASSERT_TRUE(entry.ok());
  EXPECT_EQ(*entry, Entry());
}

TEST(CodecTest, ReadsGogoprotosSnapshotsAndChanges) {
  const ConfState state{.voters = {MemberId(1), MemberId(2), MemberId(300)},
                        .learners = {MemberId(4)},
                        .voters_outgoing = {MemberId(1), MemberId(5)},
                        .learners_next = {MemberId(5)},
                        .auto_leave = true};
  const auto snap = DecodeMessage(
      FromHex("08071002180120032800300040004a210a05737461746512180a110801080208ac0210041801"
              "18052005280110e8071807500058006800"));
  ASSERT_TRUE(snap.ok());
  ASSERT_NE(snap->snapshot, nullptr);
  EXPECT_EQ(*snap->snapshot, (Snapshot{.data = base::SharedBytes("state"),
                                       .conf_state = state,
                                       .index = Index(1000),
                                       .term = Term(7)}));
  const auto change = DecodeConfChangeV2(FromHex("08021204080010031204080110011a0178"));
  ASSERT_TRUE(change.ok());
  EXPECT_EQ(*change, (ConfChangeV2{ConfChangeTransition::kJointExplicit,
                                   {{ConfChangeType::kAddNode, MemberId(3)},
                                    {ConfChangeType::kRemoveNode, MemberId(1)}},
                                   "x"}));
}

TEST(CodecTest, ReadsBackWhatItWrites) {
  for (uint64_t seed = 1; seed <= 2000; ++seed) {
    testing::Generator generator(seed);
    const Message message = testing::AnyMessage(generator);
    const auto decoded = DecodeMessage(Encoded(message));
    ASSERT_TRUE(decoded.ok()) << "seed " << seed;
    EXPECT_TRUE(Same(*decoded, message)) << "seed " << seed;
    const ConfChangeV2 change = testing::AnyConfChange(generator);
    EXPECT_EQ(DecodeConfChangeV2(Encoded(change)).value(), change) << "seed " << seed;
    const Entry entry = testing::AnyEntry(generator);
    EXPECT_EQ(EncodedSize(entry), Encoded(entry).size()) << "seed " << seed;
  }
}

TEST(CodecTest, ATruncatedMessageIsRefusedOrIsAShorterOne) {
  testing::Generator generator(7);
  Message message = testing::AnyMessage(generator);
  message.snapshot = std::make_shared<Snapshot>(testing::AnySnapshot(generator));
  const Bytes whole = Encoded(message);
  for (size_t size = 0; size < whole.size(); ++size) {
    const auto decoded = DecodeMessage(ByteView(whole).substr(0, size));
    if (!decoded.ok()) {
      EXPECT_EQ(decoded.status().code(), base::Code::kDataLoss);
    } else {
      EXPECT_FALSE(Same(*decoded, message)) << size;
    }
  }
  // Cut within the last field.
  EXPECT_FALSE(DecodeEntry(FromHex("1001180d220568656c6c")).ok());
}

TEST(CodecTest, TakesFieldsInAnyOrderAndSkipsUnknownOnes) {
  // data, field 99 (bytes), index, field 15 (fixed64), term.
  const auto entry =
      DecodeEntry(FromHex("22016a"
                          "9a0602ffff"
                          "1805"
                          "790102030405060708"
                          "1002"));
  ASSERT_TRUE(entry.ok());
  EXPECT_EQ(*entry, (Entry{.term = Term(2), .index = Index(5), .data = base::SharedBytes("j")}));
}

TEST(CodecTest, TakesPackedMembers) {
  const auto state = DecodeConfState(FromHex("0a040102ac02"));
  ASSERT_TRUE(state.ok());
  EXPECT_EQ(state->voters, (std::vector<MemberId>{MemberId(1), MemberId(2), MemberId(300)}));
}

TEST(CodecTest, RefusesValuesThatAnEnumDoesNotHave) {
  EXPECT_FALSE(DecodeEntry(FromHex("0803")).ok());
  EXPECT_FALSE(DecodeMessage(FromHex("0818")).ok());
  EXPECT_FALSE(DecodeConfChange(FromHex("1004")).ok());
  EXPECT_FALSE(DecodeConfChangeV2(FromHex("0803")).ok());
  EXPECT_FALSE(DecodeConfChangeV2(FromHex("12020804")).ok());
}

TEST(CodecTest, RefusesAFieldOfTheWrongWireType) {
  // term as bytes.
  EXPECT_EQ(DecodeHardState(FromHex("0a0101")).status().message(), "raft: malformed HardState");
}

TEST(CodecTest, DropsTheEmptySnapshotThatOldMembersAlwaysSend) {
  // snapshot { metadata { conf_state { auto_leave: 0 } index: 0 term: 0 } }
  const auto message = DecodeMessage(FromHex("08084a0a12080a02280010001800"));
  ASSERT_TRUE(message.ok());
  EXPECT_EQ(message->snapshot, nullptr);
}

TEST(CodecTest, LeavingAJointConfigurationEncodesAsNothing) {
  EXPECT_EQ(Encoded(ConfChangeV2{}), "");
  EXPECT_TRUE(DecodeConfChangeV2("").value().LeavesJoint());
}

}  // namespace
}  // namespace raft
