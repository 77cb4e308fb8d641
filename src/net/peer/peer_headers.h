#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/ids.h"
#include "net/http/headers.h"
#include "net/peer/identity.h"

// What requests between members say in their heads, in etcd's fields.

namespace peer {

// Fields by the names that http::Headers has them under.
inline constexpr std::string_view kFromField = "x-server-from";
inline constexpr std::string_view kVersionField = "x-server-version";
inline constexpr std::string_view kMinClusterVersionField = "x-min-cluster-version";
inline constexpr std::string_view kClusterField = "x-etcd-cluster-id";
inline constexpr std::string_view kExtensionsField = "x-cornerstore-extensions";  // not etcd's
// Not etcd's. Of a request with a message, or for a stream, and of the answer that is a stream: in
// which form its sender takes a snapshot's database besides etcd's. So nobody is believed to take
// it who has not said so with what the snapshot answers. Of a snapshot: the form that it is in, if
// it is not etcd's.
inline constexpr std::string_view kSnapshotField = "x-cornerstore-snapshot";
inline constexpr std::string_view kSnapshotAsRecords = "records";
inline constexpr std::string_view kToField = "x-raft-to";
inline constexpr std::string_view kPeerUrlsField = "x-peerurls";

// What is answered with 412, and why a member does not take another one's request.
inline constexpr std::string_view kIncompatibleVersion = "incompatible version";
inline constexpr std::string_view kClusterMismatch = "cluster ID mismatch";

// The head of a request: what `self` says of itself in each of them.
http::Headers RequestHead(std::string_view method, std::string_view path,
                          std::string_view authority, const Identity& self);

// Why a request with this head cannot be taken: kIncompatibleVersion, or else kClusterMismatch;
// nothing if it can. A sender that names no version is of version 2.0.0.
std::optional<std::string_view> Incompatibility(const Identity& self, const http::Headers& head);

// Whether the sender takes snapshots as records.
bool SaysThatItTakesRecords(const http::Headers& head);

// An id as HexText writes it, with any number of leading zeros and in any case.
std::optional<uint64_t> ParseHexId(base::ByteView text);

}  // namespace peer
