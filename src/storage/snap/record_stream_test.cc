#include "storage/snap/record_stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/crc32c.h"
#include "runtime/random.h"
#include "storage/snap/testing/model_source.h"

namespace snap {
namespace {

using testing::Model;

class ModelSink final : public RecordStreamReader::Sink {
 public:
  base::Status OnBucket(base::ByteView name) override {
    RETURN_IF_ERROR(refusal);
    records_ = &model[std::string(name)];
    return {};
  }
  base::Status OnRecord(const Record& record) override {
    records_->emplace(record.key, record.value);
    return {};
  }

  Model model;
  base::Status refusal;

 private:
  std::map<std::string, std::string>* records_ = nullptr;
};

base::Bytes StreamOf(const Model& model, size_t portion = 1000) {
  testing::ModelSource source(&model);
  RecordStreamWriter writer(&source);
  base::Bytes stream;
  while (true) {
    const size_t before = stream.size();
    const auto more = writer.Write(portion, &stream);
    EXPECT_TRUE(more.ok()) << more.status().ToString();
    if (!more.ok() || !*more) return stream;
    EXPECT_GE(stream.size() - before, portion);
  }
}

base::Status Read(base::ByteView stream, ModelSink* sink, size_t portion) {
  RecordStreamReader reader(sink);
  while (!stream.empty()) {
    RETURN_IF_ERROR(reader.Take(stream.substr(0, portion)));
    stream.remove_prefix(std::min(portion, stream.size()));
  }
  return reader.ended() ? base::Status() : base::Status(base::Code::kUnavailable, "no end");
}

base::Status Read(base::ByteView stream) {
  ModelSink sink;
  return Read(stream, &sink, stream.size());
}

base::Bytes U32(uint32_t value) {
  base::Bytes bytes(sizeof value, '\0');
  base::Store32Le(bytes.data(), value);
  return bytes;
}
base::Bytes Item(std::string_view key, std::string_view value) {
  return "R" + U32(static_cast<uint32_t>(key.size())) + U32(static_cast<uint32_t>(value.size())) +
         std::string(key) + std::string(value);
}
base::Bytes WithEnd(base::Bytes items, uint64_t records) {
  items += "E" + U32(static_cast<uint32_t>(records)) + U32(static_cast<uint32_t>(records >> 32));
  return items + U32(base::Crc32c(items));
}

TEST(RecordStreamTest, HasTheFormThatIsDescribed) {
  const Model model = {{"auth", {}}, {"key", {{"a", "1"}, {"bb", ""}}}};
  EXPECT_EQ(StreamOf(model),
            WithEnd(base::Bytes("B\4auth") + "B\3key" + Item("a", "1") + Item("bb", ""), 2));
}

TEST(RecordStreamTest, WhatIsReadIsWhatWasWrittenHoweverItIsCut) {
  runtime::Random random(11);
  for (int round = 0; round < 30; ++round) {
    const Model model = testing::RandomModel(random);
    const base::Bytes stream = StreamOf(model, random.Between(1, 100'000));
    for (const size_t portion : {size_t{1}, size_t{7}, size_t{4096}, stream.size()}) {
      if (portion < 100 && stream.size() > (1 << 20)) continue;
      ModelSink sink;
      EXPECT_TRUE(Read(stream, &sink, portion).ok());
      EXPECT_EQ(sink.model, model);
    }
  }
}

TEST(RecordStreamTest, CutOffAnywhereItHasNoEnd) {
  const base::Bytes stream = StreamOf({{"auth", {{"x", "y"}}}, {"key", {{"a", "1"}}}});
  for (size_t size = 0; size < stream.size(); ++size) {
    EXPECT_EQ(Read(base::ByteView(stream).substr(0, size)).code(), base::Code::kUnavailable);
  }
  EXPECT_EQ(Read(stream + "B").code(), base::Code::kDataLoss);
}

TEST(RecordStreamTest, AnyFlippedBitIsFound) {
  const base::Bytes stream = StreamOf({{"auth", {{"x", "y"}}}, {"key", {{"a", "1"}, {"b", ""}}}});
  for (size_t bit = 0; bit < 8 * stream.size(); ++bit) {
    base::Bytes damaged = stream;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(Read(damaged).ok()) << bit;
  }
}

TEST(RecordStreamTest, ACountThatIsWrongIsSaid) {
  const auto status = Read(WithEnd("B\3key" + Item("a", "1"), 2));
  EXPECT_EQ(status.code(), base::Code::kDataLoss);
  EXPECT_NE(status.message().find("should have 2 records and has 1"), std::string::npos);
}

TEST(RecordStreamTest, WhatIsNoStreamIsRefusedAtOnce) {
  const auto refuses = [](base::ByteView bytes) {
    return Read(bytes).code() == base::Code::kDataLoss;
  };
  EXPECT_TRUE(refuses("x"));
  EXPECT_TRUE(refuses(base::ByteView("B\0", 2)));
  EXPECT_TRUE(refuses("R"));  // outside of a bucket
  EXPECT_TRUE(refuses(base::Bytes("B\3keyR") + U32(0) + U32(1)));
  EXPECT_TRUE(refuses(base::Bytes("B\3keyR") + U32(1) + U32(kStreamedRecordBytesMax)));
  EXPECT_TRUE(refuses(base::Bytes("B\3keyR") + U32(0xffffffff) + U32(0xffffffff)));
}

TEST(RecordStreamTest, ALargeRecordThatIsOnlyAnnouncedIsAwaited) {
  EXPECT_EQ(Read(base::Bytes("B\3keyR") + U32(1) + U32(kStreamedRecordBytesMax - 1)).code(),
            base::Code::kUnavailable);
}

TEST(RecordStreamTest, WhatTheSinkRefusesEndsTheReading) {
  ModelSink sink;
  sink.refusal = base::Status(base::Code::kFailedPrecondition, "unknown");
  EXPECT_EQ(Read("B\3key", &sink, 1), sink.refusal);
}

TEST(RecordStreamTest, ASourceThatFailsFailsTheWriting) {
  class Failing final : public Source {
   public:
    base::Status Rewind() override { return {}; }
    base::Result<std::optional<base::ByteView>> NextBucket() override {
      return std::optional<base::ByteView>("key");
    }
    base::Result<std::optional<Record>> NextRecord() override {
      return base::Status(base::Code::kDataLoss, "damaged");
    }
  };
  Failing source;
  RecordStreamWriter writer(&source);
  base::Bytes out;
  EXPECT_EQ(writer.Write(100, &out).status().code(), base::Code::kDataLoss);
}

}  // namespace
}  // namespace snap
