#include "net/gateway/transcoder.h"

#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include "proto/rpc.pb.h"
#include "runtime/random.h"

namespace gateway {
namespace {

using etcdserverpb::RangeRequest;
using etcdserverpb::TxnRequest;
using etcdserverpb::WatchCreateRequest;

template <typename Message>
base::Result<Message> Parsed(base::ByteView json) {
  ASSIGN_OR_RETURN(const base::Bytes binary, ToBinary(*Message::descriptor(), json));
  Message message;
  EXPECT_TRUE(message.ParseFromString(binary));
  return message;
}

std::string JsonOf(const google::protobuf::Message& message) {
  return ToJson(*message.GetDescriptor(), message.SerializeAsString()).value();
}

TEST(TranscoderTest, IntegersMayBeNumbersOrStrings) {
  for (const char* json :
       {R"({"limit":7})", R"({"limit":"7"})", R"({"limit":7.0})", R"({"limit":70e-1})"}) {
    const auto request = Parsed<RangeRequest>(json);
    ASSERT_TRUE(request.ok()) << json << ": " << request.status().ToString();
    EXPECT_EQ(request->limit(), 7) << json;
  }
  EXPECT_EQ(Parsed<RangeRequest>(R"({"revision":"-9223372036854775808"})")->revision(),
            std::numeric_limits<int64_t>::min());
}

TEST(TranscoderTest, EnumsMayBeNamesOrNumbers) {
  for (const char* json : {R"({"sort_order":"DESCEND"})", R"({"sortOrder":2})"}) {
    EXPECT_EQ(Parsed<RangeRequest>(json)->sort_order(), RangeRequest::DESCEND) << json;
  }
  EXPECT_EQ(static_cast<int>(Parsed<RangeRequest>(R"({"sort_order":9})")->sort_order()), 9);
}

TEST(TranscoderTest, UnknownNamesOfEnumsAreIgnored) {
  for (const char* json : {R"({"sort_order":"UP"})", R"({"sort_order":"2"})"}) {
    const auto request = Parsed<RangeRequest>(json);
    ASSERT_TRUE(request.ok()) << json;
    EXPECT_EQ(request->sort_order(), RangeRequest::NONE) << json;
  }
  EXPECT_EQ(Parsed<WatchCreateRequest>(R"({"filters":["NOPUT","UP","NODELETE"]})")->filters_size(),
            2);
}

TEST(TranscoderTest, AFieldComesOnce) {
  for (const char* json : {R"({"limit":1,"limit":1})", R"({"limit":null,"limit":1})",
                           R"({"range_end":"YQ==","rangeEnd":"YQ=="})"}) {
    EXPECT_FALSE(Parsed<RangeRequest>(json).ok()) << json;
  }
  EXPECT_FALSE(Parsed<etcdserverpb::Compare>(R"({"version":1,"value":"YQ=="})").ok());
  EXPECT_TRUE(Parsed<etcdserverpb::Compare>(R"({"version":1,"value":null})").ok());
}

TEST(TranscoderTest, WhatFollowsTheMessageIsNotLookedAt) {
  for (const char* json :
       {R"({"limit":7}{"limit":8})", R"({"limit":7} nonsense)", R"({"limit":7}})"}) {
    EXPECT_EQ(Parsed<RangeRequest>(json)->limit(), 7) << json;
  }
}

TEST(TranscoderTest, BytesMayBeOfEitherAlphabetWithOrWithoutPadding) {
  for (const char* json :
       {R"({"key":"+/8="})", R"({"key":"-_8="})", R"({"key":"+/8"})", R"({"key":"-_\r\n8"})"}) {
    const auto request = Parsed<RangeRequest>(json);
    ASSERT_TRUE(request.ok()) << json;
    EXPECT_EQ(request->key(), "\xfb\xff") << json;
  }
}

TEST(TranscoderTest, BytesOfBothAlphabetsOrWithOddPaddingAreRefused) {
  for (const char* json : {R"({"key":"-/8="})", R"({"key":"Zm9v="})", R"({"key":"Zm9vYQ="})",
                           R"({"key":"Zm 9v"})", R"({"key":"Zm9vYQ\n\n"})"}) {
    EXPECT_FALSE(Parsed<RangeRequest>(json).ok()) << json;
  }
}

TEST(TranscoderTest, NullIsAbsentAndUnknownNamesAreIgnored) {
  const auto request =
      Parsed<RangeRequest>(R"({"limit":null,"x":{"y":[1,"}",true,null,{}]},"serializable":true})");
  ASSERT_TRUE(request.ok());
  EXPECT_TRUE(request->serializable());
  EXPECT_EQ(request->limit(), 0);
}

TEST(TranscoderTest, EscapesInStringsAreUndone) {
  etcdserverpb::AuthUserAddRequest request;
  request.set_name("a\"\\/\b\f\n\r\t\x01\xc3\xa9\xf0\x9f\x98\x80");
  const auto same = Parsed<etcdserverpb::AuthUserAddRequest>(
      R"({"name":"a\"\\\/\b\f\n\r\t\u0001\u00e9\ud83d\ude00"})");
  ASSERT_TRUE(same.ok()) << same.status().ToString();
  EXPECT_EQ(same->name(), request.name());
  EXPECT_EQ(Parsed<etcdserverpb::AuthUserAddRequest>(JsonOf(request))->name(), request.name());
}

TEST(TranscoderTest, WhatIsNoMessageIsRefused) {
  for (const char* json : {"{",
                           "}",
                           "[]",
                           "1",
                           "{\"a\"}",
                           "{\"limit\":}",
                           "{\"limit\":1,}",
                           "{,}",
                           "{\"limit\":\"x\"}",
                           "{\"limit\":1.5}",
                           "{\"limit\":9223372036854775808}",
                           "{\"limit\":01}",
                           "{\"limit\":[1]}",
                           "{\"key\":\"?\"}",
                           "{\"key\":1}",
                           "{\"serializable\":\"true\"}",
                           "{\"serializable\":1}",
                           "{\"sort_order\":true}",
                           "{\"key\":\"\\u12\"}",
                           "{\"\\ud800\":1}",
                           "{\"a\":\"\xff\"}",
                           "{\"a\":nul}",
                           "{\"a\":\"\n\"}"}) {
    const auto request = Parsed<RangeRequest>(json);
    ASSERT_FALSE(request.ok()) << json;
    EXPECT_EQ(request.status().code(), base::Code::kInvalidArgument);
  }
  EXPECT_FALSE(Parsed<TxnRequest>(R"({"success":{}})").ok());
}

std::string Repeated(const std::string& text, size_t count) {
  std::string all;
  for (size_t i = 0; i < count; ++i) all += text;
  return all;
}

// Transactions within each other, around `innermost`; each takes three levels.
std::string NestedTxns(size_t count, const std::string& innermost) {
  return Repeated(R"({"success":[{"request_txn":)", count) + innermost + Repeated("}]}", count);
}

std::string UnknownWithin(const std::string& outer, size_t arrays, const std::string& end) {
  return outer + R"({"x":)" + std::string(arrays, '[') + std::string(arrays, ']') + "}" + end;
}

TEST(TranscoderTest, MessagesNestAsDeepAsInGo) {
  const google::protobuf::Descriptor& txn = *TxnRequest::descriptor();
  static_assert(kJsonDepthMax == 3 * 3333 + 1);
  const std::string deepest = NestedTxns(3333, "{}");
  EXPECT_TRUE(ToBinary(txn, deepest).ok());
  for (const char* deeper : {R"({"success":[]})", R"({"success":[{}]})", R"({"x":{}})"}) {
    EXPECT_FALSE(ToBinary(txn, NestedTxns(3333, deeper)).ok()) << deeper;
  }
  EXPECT_FALSE(ToBinary(txn, NestedTxns(1'000'000, "{}")).ok());
  EXPECT_FALSE(ToBinary(txn, Repeated(R"({"success":[{"request_txn":)", 1'000'000)).ok());
  const auto json = ToJson(txn, ToBinary(txn, deepest).value());
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(*json, deepest);
}

TEST(TranscoderTest, UnknownFieldsNestAsDeepAsInGo) {
  EXPECT_TRUE(Parsed<RangeRequest>(UnknownWithin("", 9999, "")).ok());
  EXPECT_FALSE(Parsed<RangeRequest>(UnknownWithin("", 10'000, "")).ok());
  EXPECT_FALSE(Parsed<RangeRequest>(R"({"x":)" + std::string(3'000'000, '[')).ok());
  // Less what they are in, and not what came before.
  const std::string begin = R"({"compare":[{}],"success":[{"request_range":)";
  EXPECT_TRUE(Parsed<TxnRequest>(UnknownWithin(begin, 9996, "}]}")).ok());
  EXPECT_FALSE(Parsed<TxnRequest>(UnknownWithin(begin, 9997, "}]}")).ok());
}

TEST(TranscoderTest, UnknownFieldsMustBeJson) {
  for (const char* good : {R"([])", R"({})", R"([1,"a",{"b":[],"c":{}},[[]]])",
                           R"({"a":[{"b":null}],"c":[ ] , "d" : { } })", "true", R"("[")"}) {
    EXPECT_TRUE(Parsed<RangeRequest>(R"({"x":)" + std::string(good) + R"(,"limit":1})").ok())
        << good;
  }
  for (const char* bad : {"[", "]", "[}", "{]", "[1,]", "[,1]", "[1 2]", R"({"a"})", R"({"a":})",
                          R"({"a":1,})", R"({1:2})", R"({"a":[1})", "[[]", "", "x"}) {
    EXPECT_FALSE(Parsed<RangeRequest>(R"({"x":)" + std::string(bad) + "}").ok()) << bad;
  }
}

// Their lengths take one byte, two and more, at every depth.
TEST(TranscoderTest, LongMessagesNest) {
  for (const size_t size : {0, 1, 100, 119, 120, 127, 128, 16'300, 16'384, 2'100'000}) {
    for (const size_t depth : {0, 1, 2, 20}) {
      TxnRequest txn;
      txn.add_compare()->set_key("before");
      txn.add_success()->mutable_request_put()->set_value(std::string(size, 'v'));
      txn.add_success()->mutable_request_put()->set_value("after");
      for (size_t i = 0; i < depth; ++i) {
        TxnRequest outer;
        outer.add_success()->mutable_request_put()->set_key("first");
        *outer.add_success()->mutable_request_txn() = txn;
        outer.add_failure()->mutable_request_put()->set_key(std::string(i * 10, 'l'));
        txn = std::move(outer);
      }
      const auto binary = ToBinary(*txn.GetDescriptor(), JsonOf(txn));
      ASSERT_TRUE(binary.ok()) << size << " in " << depth;
      EXPECT_TRUE(*binary == txn.SerializeAsString()) << size << " in " << depth;
    }
  }
}

TEST(TranscoderTest, MembersOfAUnionAreToldEvenIfTheyAreZero) {
  etcdserverpb::Compare compare;
  compare.set_version(0);
  EXPECT_EQ(JsonOf(compare), R"({"version":"0"})");
  compare.mutable_value();
  EXPECT_EQ(JsonOf(compare), R"({"value":""})");
}

TEST(TranscoderTest, PackedNumbersAreAList) {
  WatchCreateRequest request;
  request.add_filters(WatchCreateRequest::NODELETE);
  request.add_filters(WatchCreateRequest::NOPUT);
  EXPECT_EQ(JsonOf(request), R"({"filters":["NODELETE","NOPUT"]})");
  EXPECT_EQ(Parsed<WatchCreateRequest>(JsonOf(request))->filters_size(), 2);
}

TEST(TranscoderTest, BytesThatAreNoMessageAreRefused) {
  EXPECT_FALSE(ToJson(*RangeRequest::descriptor(), "\x0a\x05").ok());
  EXPECT_FALSE(ToJson(*etcdserverpb::Member::descriptor(), "\x12\x01\xff").ok());
}

// Fills a message at random, through its descriptor.
class Filler {
 public:
  explicit Filler(uint64_t seed) : random_(seed) {}

  void Fill(google::protobuf::Message* message, int depth) {
    const auto* const reflection = message->GetReflection();
    for (int i = 0; i < message->GetDescriptor()->field_count(); ++i) {
      const auto* const field = message->GetDescriptor()->field(i);
      if (random_.Below(3) != 0) continue;
      const uint64_t count = field->is_repeated() ? random_.Below(4) : 1;
      for (uint64_t j = 0; j < count; ++j) FillField(message, reflection, field, depth);
    }
  }

 private:
  using Field = google::protobuf::FieldDescriptor;

  std::string Text() {
    std::string text;
    for (uint64_t i = random_.Below(6); i > 0; --i) {
      text += static_cast<char>(' ' + random_.Below(90));
    }
    return text;
  }

  void FillField(google::protobuf::Message* message, const google::protobuf::Reflection* reflection,
                 const Field* field, int depth) {
    const bool repeated = field->is_repeated();
    switch (field->cpp_type()) {
      case Field::CPPTYPE_MESSAGE:
        if (depth > 0) {
          Fill(repeated ? reflection->AddMessage(message, field)
                        : reflection->MutableMessage(message, field),
               depth - 1);
        }
        return;
      case Field::CPPTYPE_STRING:
        return repeated ? reflection->AddString(message, field, Text())
                        : reflection->SetString(message, field, Text());
      case Field::CPPTYPE_BOOL:
        return reflection->SetBool(message, field, random_.Below(2) == 1);
      case Field::CPPTYPE_ENUM: {
        const auto value = static_cast<int>(random_.Below(3));
        return repeated ? reflection->AddEnumValue(message, field, value % 2)
                        : reflection->SetEnumValue(message, field, value % 2);
      }
      case Field::CPPTYPE_INT64:
        return reflection->SetInt64(message, field, static_cast<int64_t>(random_.Next()));
      case Field::CPPTYPE_UINT64:
        return reflection->SetUInt64(message, field, random_.Next());
      case Field::CPPTYPE_UINT32:
        return reflection->SetUInt32(message, field, static_cast<uint32_t>(random_.Next()));
      default:
        FAIL() << field->full_name();
    }
  }

  runtime::Random random_;
};

TEST(TranscoderTest, RandomMessagesReadAndWriteAsProtobufDoes) {
  namespace util = google::protobuf::util;
  util::JsonPrintOptions print;
  print.preserve_proto_field_names = true;
  for (uint64_t seed = 1; seed <= 2000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    TxnRequest txn;
    etcdserverpb::TxnResponse response;
    etcdserverpb::WatchResponse watch;
    etcdserverpb::StatusResponse status;
    for (google::protobuf::Message* message :
         std::initializer_list<google::protobuf::Message*>{&txn, &response, &watch, &status}) {
      Filler(seed).Fill(message, 5);
      const std::string ours = JsonOf(*message);
      // The two differ in what they escape, so they are compared as messages.
      std::unique_ptr<google::protobuf::Message> theirs(message->New());
      ASSERT_TRUE(util::JsonStringToMessage(ours, theirs.get()).ok()) << ours;
      EXPECT_EQ(theirs->SerializeAsString(), message->SerializeAsString()) << ours;
      std::string json;
      ASSERT_TRUE(util::MessageToJsonString(*message, &json, print).ok());
      const auto binary = ToBinary(*message->GetDescriptor(), json);
      ASSERT_TRUE(binary.ok()) << json << ": " << binary.status().ToString();
      ASSERT_TRUE(theirs->ParseFromString(*binary));
      EXPECT_EQ(theirs->SerializeAsString(), message->SerializeAsString()) << json;
    }
  }
}

}  // namespace
}  // namespace gateway
