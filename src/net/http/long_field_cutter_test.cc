#include "net/http/long_field_cutter.h"

#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/http/testing/world.h"

namespace http::testing {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

constexpr uint8_t kPadded = 0x8;
constexpr uint8_t kPriorityFlag = 0x20;

// The block as frames with payloads of `size` bytes, each through the cutter.
base::Bytes Cut(base::ByteView block, size_t size) {
  LongFieldCutter cutter;
  base::Bytes shown;
  for (size_t at = 0; at < block.size(); at += size) {
    const base::ByteView payload = block.substr(at, size);
    FrameHeader header{at == 0 ? kHeaders : kContinuation, 0, payload.size(), 1};
    if (at + size >= block.size()) header.flags = kEndHeaders;
    shown += cutter.Cut(header, payload);
  }
  return shown;
}

// The payloads of those frames, which must be in order.
std::optional<base::Bytes> Block(base::ByteView frames) {
  base::Bytes block;
  bool is_first = true;
  bool is_over = false;
  while (!frames.empty()) {
    if (is_over || frames.size() < FrameScanner::kHeaderBytes) return std::nullopt;
    const size_t length = ReadUint(frames.substr(0, 3));
    if (length > LongFieldCutter::kLongestPayload) return std::nullopt;
    if (frames[3] != (is_first ? kHeaders : kContinuation)) return std::nullopt;
    is_over = (frames[4] & kEndHeaders) != 0;
    is_first = false;
    block += frames.substr(FrameScanner::kHeaderBytes, length);
    frames.remove_prefix(FrameScanner::kHeaderBytes + length);
  }
  return is_over ? std::optional(block) : std::nullopt;
}

// One connection's coder at either end.
class Coder {
 public:
  Coder() {
    CHECK(nghttp2_hd_deflate_new(&deflater_, 4096) == 0);
    CHECK(nghttp2_hd_inflate_new(&inflater_) == 0);
  }
  ~Coder() {
    nghttp2_hd_deflate_del(deflater_);
    nghttp2_hd_inflate_del(inflater_);
  }
  Coder(const Coder&) = delete;
  Coder& operator=(const Coder&) = delete;

  base::Bytes Encode(const Fields& fields) {
    std::vector<nghttp2_nv> list;
    for (const auto& [name, value] : fields) {
      list.push_back({Pointer(name), Pointer(value), name.size(), value.size(), 0});
    }
    base::Bytes block(nghttp2_hd_deflate_bound(deflater_, list.data(), list.size()), '\0');
    const ssize_t size = nghttp2_hd_deflate_hd(deflater_, reinterpret_cast<uint8_t*>(block.data()),
                                               block.size(), list.data(), list.size());
    CHECK(size > 0);
    block.resize(static_cast<size_t>(size));
    return block;
  }

  std::optional<Fields> Decode(base::ByteView block) {
    Fields fields;
    for (int flags = 0; (flags & NGHTTP2_HD_INFLATE_FINAL) == 0;) {
      nghttp2_nv field;
      const ssize_t taken = nghttp2_hd_inflate_hd2(
          inflater_, &field, &flags, reinterpret_cast<const uint8_t*>(block.data()), block.size(),
          /*in_final=*/1);
      if (taken < 0) return std::nullopt;
      block.remove_prefix(static_cast<size_t>(taken));
      if ((flags & NGHTTP2_HD_INFLATE_EMIT) == 0) continue;
      fields.emplace_back(std::string(reinterpret_cast<char*>(field.name), field.namelen),
                          std::string(reinterpret_cast<char*>(field.value), field.valuelen));
    }
    nghttp2_hd_inflate_end_headers(inflater_);
    return fields;
  }

 private:
  static uint8_t* Pointer(const std::string& text) {
    return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data()));
  }

  nghttp2_hd_deflater* deflater_ = nullptr;
  nghttp2_hd_inflater* inflater_ = nullptr;
};

const Fields kHead = {{":method", "POST"}, {":path", "/etcdserverpb.KV/Range"}, {"te", "trailers"}};

TEST(LongFieldCutter, LeavesWhatIsNotTooLong) {
  for (const size_t size : {1, 2, 3, 100, 16'384}) {
    Coder coder;
    for (int round = 0; round < 2; ++round) {
      Fields fields = kHead;
      fields.emplace_back("token", std::string(50'000, '~'));  // 13 bits each: sent as it is
      fields.emplace_back("authorization", std::string(60'000, 'a'));  // 5 bits each: coded
      fields.emplace_back(std::string(1000, 'n'), "");
      EXPECT_EQ(coder.Decode(Block(Cut(coder.Encode(fields), size)).value()), fields) << size;
    }
  }
}

TEST(LongFieldCutter, CutsALongValueAndTheNextBlockIsReadAsBefore) {
  for (const char symbol : {'~', 'a'}) {
    for (const size_t size : {1, 5, 1000, 16'384}) {
      Coder coder;
      Fields fields = kHead;
      fields.emplace_back("stays-in-the-table", "of fields, unless a long one follows");
      EXPECT_EQ(coder.Decode(Block(Cut(coder.Encode(fields), size)).value()), fields);
      fields.emplace_back("authorization", std::string(1'000'000, symbol));
      fields.emplace_back("after", "it");
      const base::Bytes block = Block(Cut(coder.Encode(fields), size)).value();
      EXPECT_LT(block.size(), LongFieldCutter::kCutBytes + 1000);
      fields[4].second = std::string(LongFieldCutter::kCutBytes, 'x');
      EXPECT_EQ(coder.Decode(block), fields) << symbol << size;
      fields[4].second = "short";
      EXPECT_EQ(coder.Decode(Block(Cut(coder.Encode(fields), size)).value()), fields);
    }
  }
}

TEST(LongFieldCutter, CutsALongName) {
  Coder coder;
  Fields fields = kHead;
  fields.emplace_back(std::string(100'000, 'n'), std::string(100'000, '~'));
  const base::Bytes block = Block(Cut(coder.Encode(fields), 16'384)).value();
  fields[3] = {std::string(LongFieldCutter::kCutBytes, 'x'),
               std::string(LongFieldCutter::kCutBytes, 'x')};
  EXPECT_EQ(coder.Decode(block), fields);
}

TEST(LongFieldCutter, TakesPaddingAndPriorityOff) {
  LongFieldCutter cutter;
  const base::Bytes payload = std::string("\3", 1) + "prior" + "\x82" + "pad";
  const base::Bytes frame =
      cutter.Cut({kHeaders, kPadded | kPriorityFlag | kEndStream, payload.size(), 7}, payload);
  EXPECT_EQ(frame, (Frame{kHeaders, kEndStream, 7, "\x82"}.Encode()));
}

TEST(LongFieldCutter, WhatIsMalformedStaysSo) {
  LongFieldCutter of_padding;
  const base::Bytes more_padding_than_payload = "\x20\x82";
  EXPECT_EQ(of_padding.Cut({kHeaders, kPadded, 2, 7}, more_padding_than_payload),
            (Frame{kHeaders, 0, 7, "\x82"}.Encode()));
  const base::Bytes endless = std::string("\0", 1) + "\x7f" + std::string(9, '\xff');
  EXPECT_EQ(Block(Cut(endless, 16'384)), endless);
  Coder coder;
  EXPECT_EQ(coder.Decode(endless), std::nullopt);
}

TEST(LongFieldCutter, AFrameThatWouldBecomeTooLongIsTwo) {
  // The first ends within a length, of which nothing is shown before it is whole.
  const base::Bytes block = EncodeFields({{"token", std::string(50'000, '~')}});
  const size_t first = 9;
  LongFieldCutter cutter;
  base::Bytes shown = cutter.Cut({kHeaders, 0, first, 1}, base::ByteView(block).substr(0, first));
  base::ByteView rest = base::ByteView(block).substr(first);
  while (!rest.empty()) {
    const base::ByteView payload = rest.substr(0, LongFieldCutter::kLongestPayload);
    rest.remove_prefix(payload.size());
    const uint8_t flags = rest.empty() ? kEndHeaders : 0;
    shown += cutter.Cut({kContinuation, flags, payload.size(), 1}, payload);
  }
  EXPECT_EQ(Block(shown), block);
}

}  // namespace
}  // namespace http::testing
