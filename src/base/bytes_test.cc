#include "base/bytes.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "base/crc32c.h"
#include "base/shared_bytes.h"
#include "base/varint.h"
#include "base/wire.h"

namespace base {
namespace {

TEST(BytesTest, LoadsWhatItStored) {
  char word[8];
  Store64Be(word, 0x0102030405060708);
  EXPECT_EQ(word[0], 1);
  EXPECT_EQ(Load64Be(word), 0x0102030405060708u);
  EXPECT_EQ(Load64Le(word), 0x0807060504030201u);
  EXPECT_EQ(Load32Be(word), 0x01020304u);
}

TEST(Crc32cTest, AgreesWithThePublishedVectors) {
  // RFC 3720, B.4.
  EXPECT_EQ(Crc32c(Bytes(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(Crc32c(Bytes(32, '\xff')), 0x62a8ab43u);
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283u);
}

TEST(Crc32cTest, ContinuesAndMatchesTheTable) {
  Bytes data;
  for (int i = 0; i < 100; ++i) data.push_back(static_cast<char>(i * 37));
  for (size_t cut = 0; cut <= data.size(); ++cut) {
    const ByteView view = data;
    EXPECT_EQ(Crc32c(view.substr(cut), Crc32c(view.substr(0, cut))), Crc32c(data));
    EXPECT_EQ(internal::Crc32cPortable(view.substr(cut), 7), Crc32c(view.substr(cut), 7));
  }
}

TEST(VarintTest, RoundTripsEveryWidth) {
  for (int bits = 0; bits <= 64; ++bits) {
    const uint64_t value = bits == 0 ? 0 : std::numeric_limits<uint64_t>::max() >> (64 - bits);
    char buffer[kVarintBytesMax];
    const Bytes encoded(buffer, PutVarint(value, buffer));
    EXPECT_EQ(encoded.size(), VarintSize(value));
    ByteView in = encoded;
    uint64_t decoded = 0;
    ASSERT_TRUE(ConsumeVarint(&in, &decoded));
    EXPECT_EQ(decoded, value);
    EXPECT_TRUE(in.empty());
    in = ByteView(encoded).substr(0, encoded.size() - 1);
    EXPECT_FALSE(ConsumeVarint(&in, &decoded));
  }
}

TEST(VarintTest, RefusesMoreThan64Bits) {
  uint64_t value = 0;
  const Bytes eleven = Bytes(10, '\x80') + '\x01';
  ByteView in = eleven;
  EXPECT_FALSE(ConsumeVarint(&in, &value));
  const Bytes overflow = Bytes(9, '\xff') + '\x02';
  in = overflow;
  EXPECT_FALSE(ConsumeVarint(&in, &value));
}

TEST(WireTest, ReadsWhatItWroteAndSkipsUnknownFields) {
  Bytes message;
  WireWriter writer(&message);
  writer.Varint(1, 300);
  writer.VarintIfSet(2, 0);
  writer.Bytes(16, "value");
  message += Bytes("\x1d", 1) + "four";      // field 3, fixed32
  message += Bytes("\x21", 1) + "eightchr";  // field 4, fixed64
  std::vector<uint32_t> fields;
  WireReader reader(message);
  while (reader.Next()) {
    fields.push_back(reader.field());
    if (reader.field() == 1) {
      EXPECT_EQ(reader.varint(), 300u);
    }
    if (reader.field() == 16) {
      EXPECT_EQ(reader.bytes(), "value");
    }
  }
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(fields, (std::vector<uint32_t>{1, 16, 3, 4}));
  EXPECT_EQ(WireVarintSize(1, 300) + WireBytesSize(16, 5) + 5 + 9, message.size());
}

TEST(WireTest, EverySinkWritesTheSame) {
  const auto write = [](auto& writer) {
    writer.Varint(1, std::numeric_limits<uint64_t>::max());
    writer.Varint(2047, 0);
    writer.Bool(15, true);
    writer.VarintIfSet(3, 0);
    writer.BytesIfSet(4, "");
    writer.BytesIfSet(16, "value");
    writer.BytesHeader(5, 200);
    writer.Bytes(6, Bytes(200, 'x'));
  };
  Bytes appended = "before";
  WireWriter writer(&appended);
  write(writer);
  WireCounter counter;
  write(counter);
  Bytes filled = "before" + Bytes(counter.size(), '\0');
  WireFiller filler(filled.data() + 6);
  write(filler);
  EXPECT_EQ(filler.end(), filled.data() + filled.size());
  EXPECT_EQ(appended, filled);
}

TEST(WireTest, FailsOnTruncationAndWrongTypes) {
  Bytes message;
  WireWriter(&message).Bytes(1, "value");
  for (size_t size = 1; size < message.size(); ++size) {
    WireReader reader(ByteView(message).substr(0, size));
    while (reader.Next()) {
    }
    EXPECT_FALSE(reader.ok()) << size;
  }
  WireReader reader(message);
  ASSERT_TRUE(reader.Next());
  EXPECT_EQ(reader.varint(), 0u);
  EXPECT_FALSE(reader.ok());
  EXPECT_FALSE(reader.Next());
}

TEST(SharedBytesTest, SharesOneBlock) {
  const SharedBytes a("payload");
  SharedBytes b = a;
  EXPECT_EQ(a.view().data(), b.view().data());
  b = SharedBytes();
  EXPECT_TRUE(b.empty());
  EXPECT_EQ(a.view(), "payload");
  EXPECT_EQ(a, SharedBytes("payload"));
}

}  // namespace
}  // namespace base
