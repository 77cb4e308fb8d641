#include "api/v3/long_read_call.h"

#include "base/errors.h"

namespace v3 {

using Place = kv::LongReads::Place;

StreamCall::Next LongReadCall::ReadOn() {
  if (place_.has_value()) return Next::kMore;
  if (auto place = long_reads_->TryEnter(); place.has_value()) {
    place_.emplace(*std::move(place));
    return Next::kMore;
  }
  Release();
  auto given = std::make_shared<std::optional<Place>>();
  auto resume = Posted([this, given] { OnPlace(std::exchange(*given, std::nullopt)); });
  long_reads_->Wait(connection().number, KeptBytes(),
                    [given, resume = std::move(resume)](std::optional<Place> place) mutable {
                      if (place.has_value()) given->emplace(*std::move(place));
                      resume();
                    });
  return Next::kWaits;
}

void LongReadCall::OnPlace(std::optional<Place> place) {
  if (!place.has_value()) return Finish(base::errors::kTooManyRequests);
  place_.emplace(*std::move(place));
  Continue();
}

}  // namespace v3
