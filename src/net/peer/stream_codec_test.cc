#include "net/peer/stream_codec.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "raft/codec.h"

namespace peer {
namespace {

constexpr StreamWay kWay{base::MemberId(0xa), base::MemberId(0xb)};

base::Bytes FromHex(std::string_view text) {
  base::Bytes bytes;
  std::string digits;
  for (const char letter : text) {
    if (letter != ' ') digits += letter;
  }
  for (size_t i = 0; i < digits.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

raft::Entry EntryOf(uint64_t term, uint64_t index, std::string_view data) {
  return {base::Term(term), base::Index(index), raft::EntryType::kNormal, base::SharedBytes(data)};
}

raft::Message AppendOf(uint64_t term, raft::EntryId after, std::vector<raft::Entry> entries) {
  raft::Message message{
      .type = raft::MessageType::kApp, .to = kWay.to, .from = kWay.from, .term = base::Term(term)};
  message.log_term = after.term;
  message.index = after.index;
  message.commit = base::Index(3);
  message.entries = std::move(entries);
  return message;
}

// Follows the log of one leader, with gaps and repetitions.
std::vector<raft::Message> Appends() {
  const auto after = [](uint64_t term, uint64_t index) {
    return raft::EntryId{base::Term(term), base::Index(index)};
  };
  return {AppendOf(2, after(1, 4), {EntryOf(2, 5, ""), EntryOf(2, 6, "abc")}),
          AppendOf(2, after(2, 6), {EntryOf(2, 7, std::string(300, 'x'))}),
          AppendOf(2, after(2, 7), {}),
          AppendOf(2, after(2, 9), {EntryOf(2, 10, "gap")}),
          AppendOf(2, after(2, 7), {EntryOf(2, 8, "back"), EntryOf(2, 9, "")}),
          AppendOf(2, after(2, 9), {EntryOf(2, 10, "gap")}),
          AppendOf(3, after(2, 10), {EntryOf(3, 11, "other term")}),
          AppendOf(3, after(3, 11), {EntryOf(3, 12, "")})};
}

base::Bytes Encoded(const raft::Message& message) {
  base::Bytes bytes;
  raft::Encode(message, &bytes);
  return bytes;
}

void ExpectSame(const std::vector<raft::Message>& received,
                const std::vector<raft::Message>& sent) {
  ASSERT_EQ(received.size(), sent.size());
  for (size_t i = 0; i < sent.size(); ++i) EXPECT_EQ(Encoded(received[i]), Encoded(sent[i])) << i;
}

base::Bytes Stream(StreamKind kind, const std::vector<raft::Message>& messages) {
  const auto encoder = NewEncoder(kind);
  base::Bytes bytes;
  for (const raft::Message& message : messages) {
    encoder->EncodeLinkHeartbeat(&bytes);
    encoder->Encode(message, &bytes);
  }
  return bytes;
}

TEST(StreamCodecTest, WhatIsEncodedIsDecodedHoweverItIsCut) {
  for (const StreamKind kind : {StreamKind::kAppends, StreamKind::kMessages}) {
    const std::vector<raft::Message> sent = Appends();
    const base::Bytes bytes = Stream(kind, sent);
    for (size_t piece = 1; piece < bytes.size(); piece += piece < 20 ? 1 : 37) {
      const auto decoder = NewDecoder(kind, kWay);
      std::vector<raft::Message> received;
      for (size_t at = 0; at < bytes.size(); at += piece) {
        ASSERT_TRUE(decoder->Feed(base::ByteView(bytes).substr(at, piece), &received).ok());
      }
      ExpectSame(received, sent);
    }
  }
}

TEST(StreamCodecTest, AppendsThatContinueAreShort) {
  const std::vector<raft::Message> appends = Appends();
  const auto encoder = NewEncoder(StreamKind::kAppends);
  std::string kinds;
  for (const raft::Message& message : appends) {
    base::Bytes bytes;
    encoder->Encode(message, &bytes);
    kinds += static_cast<char>('0' + bytes[0]);
  }
  EXPECT_EQ(kinds, "21122121");
}

// Computed by etcd's rules, from raftpb's encoding of each version.
TEST(StreamCodecTest, LinkHeartbeatsOfEveryVersionAreNoMessages) {
  for (const auto* bytes :
       {"0000000000000002 0808",
        "0000000000000014 0808 1000 1800 2000 2800 3000 4000 5000 5800 6800",
        "000000000000001e 0808 1000 1800 2000 2800 3000 4000 4a0a 1208 0a02 0800 1000 1800 5000 "
        "5800"}) {
    std::vector<raft::Message> received;
    const base::Status status =
        NewDecoder(StreamKind::kMessages, kWay)->Feed(FromHex(bytes), &received);
    EXPECT_TRUE(status.ok()) << status.ToString() << bytes;
    EXPECT_TRUE(received.empty()) << bytes;
  }
  std::vector<raft::Message> received;
  EXPECT_TRUE(NewDecoder(StreamKind::kAppends, kWay)->Feed(FromHex("000000"), &received).ok());
  EXPECT_TRUE(received.empty());
}

TEST(StreamCodecTest, LinkHeartbeatsAreThoseOfEtcd37) {
  base::Bytes message;
  NewEncoder(StreamKind::kMessages)->EncodeLinkHeartbeat(&message);
  EXPECT_EQ(message, FromHex("0000000000000002 0808"));
  base::Bytes append;
  NewEncoder(StreamKind::kAppends)->EncodeLinkHeartbeat(&append);
  EXPECT_EQ(append, FromHex("00"));
}

TEST(StreamCodecTest, LengthsAreNotBelieved) {
  const auto code = [](StreamKind kind, std::string_view bytes) {
    std::vector<raft::Message> received;
    return NewDecoder(kind, kWay)->Feed(FromHex(bytes), &received).code();
  };
  EXPECT_EQ(code(StreamKind::kMessages, "0000000020000001"), base::Code::kResourceExhausted);
  EXPECT_EQ(code(StreamKind::kMessages, "ffffffffffffffff"), base::Code::kResourceExhausted);
  EXPECT_EQ(code(StreamKind::kMessages, "0000000020000000 08"), base::Code::kOk);
  EXPECT_EQ(code(StreamKind::kMessages, "0000000000000001 ff"), base::Code::kDataLoss);
  EXPECT_EQ(code(StreamKind::kAppends, "03"), base::Code::kDataLoss);
  EXPECT_EQ(code(StreamKind::kAppends, "02 ffffffffffffffff"), base::Code::kResourceExhausted);
  EXPECT_EQ(code(StreamKind::kAppends, "01 0000000000100001"), base::Code::kResourceExhausted);
  EXPECT_EQ(code(StreamKind::kAppends, "01 0000000000100000 0000000020000001"),
            base::Code::kResourceExhausted);
  EXPECT_EQ(code(StreamKind::kAppends, "01 0000000000000001 0000000000000001 ff"),
            base::Code::kDataLoss);
}

}  // namespace
}  // namespace peer
