#pragma once

#include <cstdint>
#include <functional>
#include <span>

namespace identity {

// Fills `out` with bytes that nobody can foresee: what tokens, salts and keys are made of. Any
// thread.
using Chance = std::function<void(std::span<uint8_t> out)>;

// From the generator of the TLS library, which the operating system seeds.
void SystemChance(std::span<uint8_t> out);

}  // namespace identity
