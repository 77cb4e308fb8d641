#include <gtest/gtest.h>

#include <string>

#include "net/rpc/encoding.h"
#include "net/rpc/gzip.h"
#include "net/rpc/message.h"
#include "net/rpc/timeout.h"
#include "runtime/random.h"

namespace rpc {
namespace {

using std::string_literals::operator""s;

TEST(Timeout, ReadsEveryUnit) {
  EXPECT_EQ(ParseTimeout("1H").value(), std::chrono::hours(1));
  EXPECT_EQ(ParseTimeout("2M").value(), std::chrono::minutes(2));
  EXPECT_EQ(ParseTimeout("3S").value(), std::chrono::seconds(3));
  EXPECT_EQ(ParseTimeout("4m").value(), std::chrono::milliseconds(4));
  EXPECT_EQ(ParseTimeout("5u").value(), std::chrono::microseconds(5));
  EXPECT_EQ(ParseTimeout("6n").value(), std::chrono::nanoseconds(6));
  EXPECT_EQ(ParseTimeout("99999999H").value(), runtime::Duration::max()) << "more than 292 years";
}

TEST(Timeout, RefusesEverythingElse) {
  for (const char* text : {"", "1", "S", "123456789S", "1x", "-1S", "+1S", "1 S", " 1S", "1.5S"}) {
    EXPECT_FALSE(ParseTimeout(text).ok()) << text;
  }
}

TEST(Timeout, WritesTheShortestFormRoundedUp) {
  EXPECT_EQ(FormatTimeout(std::chrono::nanoseconds(99'999'999)), "99999999n");
  EXPECT_EQ(FormatTimeout(std::chrono::nanoseconds(100'000'001)), "100001u");
  EXPECT_EQ(FormatTimeout(std::chrono::hours(100'000)), "6000000M");
  EXPECT_EQ(FormatTimeout(std::chrono::seconds(-1)), "1n");
  EXPECT_EQ(FormatTimeout(runtime::Duration::max()), "2562048H");
}

TEST(Timeout, NeverShortensWhatItWrites) {
  runtime::Random random(42);
  for (int i = 0; i < 10'000; ++i) {
    const runtime::Duration timeout(static_cast<int64_t>(random.Next() >> random.Between(1, 62)));
    const auto read = ParseTimeout(FormatTimeout(timeout));
    ASSERT_TRUE(read.ok());
    EXPECT_GE(*read, timeout);
  }
}

TEST(PercentEncoding, KeepsPrintableAsciiAndEscapesTheRest) {
  EXPECT_EQ(PercentEncode("plain text ~"), "plain text ~");
  EXPECT_EQ(PercentEncode("100%\n\x7f\xff"), "100%25%0A%7F%FF");
  EXPECT_EQ(PercentDecode("100%25%0a%FF"), "100%\n\xff");
  EXPECT_EQ(PercentDecode("%"), "%");
  EXPECT_EQ(PercentDecode("%4"), "%4");
  EXPECT_EQ(PercentDecode("%zz%41"), "%zzA");
}

TEST(PercentEncoding, ReadsBackWhatItWrites) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all.push_back(static_cast<char>(byte));
  EXPECT_EQ(PercentDecode(PercentEncode(all)), all);
}

TEST(MessageReader, CutsMessagesFromPiecesOfAnySize) {
  runtime::Random random(7);
  base::Bytes stream;
  std::vector<base::Bytes> sent;
  for (int i = 0; i < 300; ++i) {
    sent.emplace_back(random.Below(i % 10 == 0 ? 5000 : 20), static_cast<char>('a' + i % 26));
    stream += Message(sent.back()).TakeFrame();
  }
  MessageReader reader(5000);
  std::vector<base::Bytes> received;
  base::ByteView rest = stream;
  while (!rest.empty()) {
    base::ByteView piece = rest.substr(0, random.Between(1, 700));
    rest.remove_prefix(piece.size());
    while (!piece.empty()) {
      const auto whole = reader.Read(&piece);
      ASSERT_TRUE(whole.ok());
      if (*whole) received.emplace_back(reader.message());
    }
  }
  EXPECT_EQ(received, sent);
  EXPECT_FALSE(reader.InsideMessage());
}

TEST(MessageReader, DoesNotCopyAMessageThatLiesInTheInput) {
  const base::Bytes frame = Message("in place").TakeFrame();
  base::ByteView input = frame;
  MessageReader reader(100);
  ASSERT_TRUE(reader.Read(&input).value());
  EXPECT_EQ(reader.message().data(), frame.data() + kPrefixBytes);
}

TEST(Gzip, ReadsBackWhatItWrites) {
  runtime::Random random(3);
  for (const size_t size : {0, 1, 100, 70'000, 300'000}) {
    base::Bytes bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random.Below(7));
    const auto plain = GzipDecompress(GzipCompress(bytes), size);
    ASSERT_TRUE(plain.ok());
    EXPECT_EQ(*plain, bytes);
  }
}

TEST(Gzip, RefusesDamagedAndOversizedInput) {
  const base::Bytes good = GzipCompress(base::Bytes(1000, 'x'));
  EXPECT_EQ(GzipDecompress(good, 999).status().code(), base::Code::kResourceExhausted);
  EXPECT_FALSE(GzipDecompress("", 100).ok());
  EXPECT_FALSE(GzipDecompress(good + "more", 2000).ok());
  EXPECT_FALSE(GzipDecompress(good + base::Bytes(8, '\0'), 2000).ok());
  for (size_t cut = 0; cut < good.size(); ++cut) {
    EXPECT_FALSE(GzipDecompress(good.substr(0, cut), 2000).ok()) << cut;
  }
  // A size that is not what the member holds.
  for (const char size : {'\0', '\7', '\xff'}) {
    base::Bytes lies = good;
    lies[lies.size() - sizeof(uint32_t)] = size;
    EXPECT_EQ(GzipDecompress(lies, 2000).status().code(), base::Code::kInternal);
  }
}

// RFC 1952 section 2.2, and as Go does it: the members' contents one after the other.
TEST(Gzip, ReadsSeveralMembers) {
  const base::Bytes large(200'000, 'l');
  const base::Bytes small = "small";
  for (const auto& parts : std::vector<std::vector<base::Bytes>>{
           {small, large}, {large, small}, {"", large}, {large, ""}, {"", "", small, "", small}}) {
    base::Bytes expected;
    base::Bytes members;
    for (const base::Bytes& part : parts) {
      expected += part;
      members += GzipCompress(part);
    }
    const auto plain = GzipDecompress(members, expected.size());
    ASSERT_TRUE(plain.ok()) << plain.status().message();
    EXPECT_EQ(*plain, expected);
    EXPECT_EQ(GzipDecompress(members, expected.size() - 1).status().code(),
              base::Code::kResourceExhausted);
    EXPECT_EQ(GzipDecompress(members.substr(0, members.size() - 1), 1 << 20).status().code(),
              base::Code::kInternal);
    EXPECT_EQ(GzipDecompress(members + "\x1f", 1 << 20).status().code(), base::Code::kInternal);
  }
}

// Each call makes no more than it is asked for, and what is counted covers what is there.
TEST(Gzip, CountsWhatSeveralMembersMake) {
  const base::Bytes members = GzipCompress(base::Bytes(100'000, 'x')) + GzipCompress("end");
  GzipDecompressor decompressor(members, 150'000);
  EXPECT_EQ(decompressor.result_bytes(), 3u);
  for (bool done = false; !done;) {
    const size_t before = decompressor.result().size();
    const size_t counted = decompressor.result_bytes();
    const base::Result<bool> step = decompressor.Step(10'000);
    ASSERT_TRUE(step.ok());
    done = *step;
    EXPECT_LE(decompressor.result().size() - before, 10'000u);
    EXPECT_LE(decompressor.result().size(), counted + 1);
  }
  EXPECT_EQ(decompressor.result().size(), 100'003u);
}

}  // namespace
}  // namespace rpc
