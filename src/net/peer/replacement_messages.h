#pragma once

#include <cstddef>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "net/http/plain.h"
#include "server/replacement.h"
#include "state/members/member.h"

// How a member that may have lost what it has promised asks to be replaced (server/replacing.h):
//
//   POST /cornerstore/members/replace   in JSON: server::ToJson of the replacement
//   200   it is done, the successor is a learner; the members, as /members tells them
//   503   not now: by one that does not lead, or what may be otherwise soon; ask again
//   412   no
//   400   what was asked is no replacement
//
// Refusals say why in a line of text. A member of etcd answers 404.

namespace peer {

inline constexpr base::ByteView kReplace = "/cornerstore/members/replace";

// Whose peer URLs can be dialled. kInvalidArgument, saying what is wrong.
base::Result<server::Replacement> ParseReplacement(base::ByteView body);

http::PlainResponse ReplacementResponse(const base::Result<std::vector<members::Member>>& members);

// What an answer of any status says: OK once it is done; kFailedPrecondition if it will not be,
// kNotFound by a member that does not know the question, otherwise kUnavailable. With the text of
// the refusal, of which not more than a line is taken.
base::Status ReplacementAnswer(int status, base::ByteView body);

}  // namespace peer
