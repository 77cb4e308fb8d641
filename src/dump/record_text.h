#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "storage/snap/source.h"

namespace dump {

// A record of a database as etcd-dump-db shows it: key and value in quotes.
std::string RecordText(const snap::Record& record);

// The same decoded, by what the bucket holds: as etcd-dump-db, and what that has no decoder for,
// alarms and admission rules. Everything is shown, hashes of passwords only in RecordText. As
// RecordText where there is nothing to decode; nothing if the record is not what the bucket holds.
std::optional<std::string> DecodedText(std::string_view bucket, const snap::Record& record);

}  // namespace dump
