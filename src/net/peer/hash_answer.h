#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "net/http/client.h"
#include "net/http/plain.h"
#include "server/transport.h"

// GET /members/hashkv: how members ask each other for the hash of their keys, in JSON both ways.
//
//   question   {"revision":N}, or {} or null for the current one
//   answer     {"header":{"revision":CURRENT,..},"hash":H,"compact_revision":C,"hash_revision":N}
//              where what is zero is left out; or 400 with the store's error as text

namespace peer {

// An answer is not longer.
inline constexpr size_t kHashAnswerBytesMax = 64 << 10;

std::string HashQuestion(base::Revision at);
// kInvalidArgument for what is no question.
base::Result<base::Revision> ParseHashQuestion(base::ByteView body);

std::string HashAnswer(const server::MemberHash& hash);
// kInvalidArgument for what is no answer, numbers of another range among it.
base::Result<server::MemberHash> ParseHashAnswer(base::ByteView body);

http::PlainResponse HashRefusal(const base::Status& why);
// What an answer of any status says: base::errors::kCompacted and kFutureRevision as they were, and
// other refusals as kUnavailable with their text.
base::Result<server::MemberHash> HashOf(int status, base::ByteView body);

}  // namespace peer
