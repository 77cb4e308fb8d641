#include "dump/record_text.h"

#include <array>
#include <cstdio>
#include <vector>

#include "base/go_text.h"
#include "dump/proto_text.h"
#include "proto/admission.pb.h"
#include "proto/auth.pb.h"
#include "proto/kv.pb.h"
#include "proto/lease.pb.h"
#include "proto/rpc.pb.h"
#include "storage/mvcc/revision.h"
#include "storage/schema/schema.h"

namespace dump {
namespace {

using Text = std::optional<std::string>;

template <typename Message>
std::optional<Message> Parse(base::ByteView bytes) {
  std::optional<Message> message(std::in_place);
  if (!message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) message.reset();
  return message;
}

std::string KeyIs(base::ByteView key, const std::string& value) {
  return "key=" + base::Quote(key) + ", value=" + value;
}

Text KeyText(const snap::Record& record) {
  const auto revision = mvcc::ParseRevisionKey(record.key);
  const auto pair = Parse<mvccpb::KeyValue>(record.value);
  if (!revision.has_value() || !pair.has_value()) return std::nullopt;
  return "rev={Revision:{Main:" + std::to_string(revision->revision.main) +
         " Sub:" + std::to_string(revision->revision.sub) +
         "} tombstone:" + (revision->is_tombstone ? "true" : "false") + "}, value=[key " +
         base::Quote(pair->key()) + " | val " + base::Quote(pair->value()) + " | created " +
         std::to_string(pair->create_revision()) + " | mod " +
         std::to_string(pair->mod_revision()) + " | ver " + std::to_string(pair->version()) + "]";
}

Text LeaseText(const snap::Record& record) {
  const auto lease = Parse<leasepb::Lease>(record.value);
  if (record.key.size() != sizeof(uint64_t) || !lease.has_value()) return std::nullopt;
  const auto id = static_cast<int64_t>(base::Load64Be(record.key.data()));
  const uint64_t digits = id < 0 ? -static_cast<uint64_t>(id) : static_cast<uint64_t>(id);
  char text[32];
  std::snprintf(text, sizeof text, id < 0 ? "-%015llx" : "%016llx",
                static_cast<unsigned long long>(digits));
  return std::string("lease ID=") + text + ", TTL=" + std::to_string(lease->ttl()) +
         "s, remaining TTL=" + std::to_string(lease->remainingttl()) + "s";
}

Text AlarmText(const snap::Record& record) {
  const auto alarm = Parse<etcdserverpb::AlarmMember>(record.key);
  if (!alarm.has_value()) return std::nullopt;
  return "alarm=[" + ProtoText(*alarm) + "]";
}

Text NumberText(const snap::Record& record) {
  if (record.value.size() != sizeof(uint64_t)) return std::nullopt;
  return KeyIs(record.key, std::to_string(base::Load64Be(record.value.data())));
}

// As Go shows a list of bytes.
std::string BytesText(base::ByteView bytes) {
  std::vector<std::string> numbers;
  for (const char byte : bytes) numbers.push_back(std::to_string(static_cast<uint8_t>(byte)));
  return "[" + base::Join(numbers, " ") + "]";
}

Text AuthText(const snap::Record& record) {
  if (record.key == schema::kAuthRevision) return NumberText(record);
  return KeyIs(record.key, BytesText(record.value));
}

Text RoleText(const snap::Record& record) {
  const auto role = Parse<authpb::Role>(record.value);
  if (!role.has_value()) return std::nullopt;
  std::vector<std::string> permissions;
  for (const auto& each : role->keypermission()) permissions.push_back(ProtoText(each));
  return "role=" + base::Quote(role->name()) + ", keyPermission=[" + base::Join(permissions, " ") +
         "]";
}

Text UserText(const snap::Record& record) {
  const auto user = Parse<authpb::User>(record.value);
  if (!user.has_value()) return std::nullopt;
  std::vector<std::string> roles;
  for (const std::string& each : user->roles()) roles.push_back(base::Quote(each));
  return "user=" + base::Quote(user->name()) + ", roles=[" + base::Join(roles, " ") +
         "], option=" + (user->has_options() ? ProtoText(user->options()) : "<nil>");
}

Text MetaText(const snap::Record& record) {
  if (record.key == schema::kConsistentIndex || record.key == schema::kTerm) {
    return NumberText(record);
  }
  if (record.key == schema::kScheduledCompactRev || record.key == schema::kFinishedCompactRev) {
    const auto at = mvcc::ParseRevisionKey(record.value);
    if (!at.has_value()) return std::nullopt;
    return KeyIs(record.key, "{" + std::to_string(at->revision.main) + " " +
                                 std::to_string(at->revision.sub) + "}");
  }
  return RecordText(record);
}

Text ClusterText(const snap::Record& record) {
  if (!record.key.starts_with(schema::kAdmissionRule)) return RecordText(record);
  const auto rule = Parse<admissionpb::Rule>(record.value);
  if (!rule.has_value()) return std::nullopt;
  return KeyIs(record.key, "[" + ProtoText(*rule) + "]");
}

// Of our backend's own bucket, whose numbers are little-endian.
Text OwnText(const snap::Record& record) {
  if (record.value.size() != sizeof(uint64_t)) return std::nullopt;
  return KeyIs(record.key, std::to_string(base::Load64Le(record.value.data())));
}

struct Decoder {
  std::string_view bucket;
  Text (*decode)(const snap::Record&);
};
constexpr std::array<Decoder, 9> kDecoders = {{{"alarm", AlarmText},
                                               {"auth", AuthText},
                                               {"authRoles", RoleText},
                                               {"authUsers", UserText},
                                               {"cluster", ClusterText},
                                               {"cornerstore", OwnText},
                                               {"key", KeyText},
                                               {"lease", LeaseText},
                                               {"meta", MetaText}}};

}  // namespace

std::string RecordText(const snap::Record& record) {
  return KeyIs(record.key, base::Quote(record.value));
}

std::optional<std::string> DecodedText(std::string_view bucket, const snap::Record& record) {
  for (const Decoder& each : kDecoders) {
    if (each.bucket == bucket) return each.decode(record);
  }
  return RecordText(record);
}

}  // namespace dump
