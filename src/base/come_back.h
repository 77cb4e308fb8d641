#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

// When whoever an admission rule has refused as too early may come again. A call has a trailer for
// that; a watch has nothing but the text of its answer: "etcdserver: admission rule NAME: too much
// of requests, come back in 250 ms".

namespace base {

inline constexpr std::string_view kAdmissionRule = "etcdserver: admission rule ";

// In milliseconds; gRPC's own name for it.
inline constexpr char kComeBackTrailer[] = "grpc-retry-pushback-ms";

// `refusal` begins with kAdmissionRule.
std::string ComeBackText(std::string_view refusal, std::chrono::milliseconds wait);
// The time; nothing if it is no such text.
std::optional<std::chrono::milliseconds> ReadComeBack(std::string_view text);

}  // namespace base
