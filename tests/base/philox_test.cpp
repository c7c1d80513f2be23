#include "ranklens/base/philox.h"

#include <array>
#include <cmath>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ranklens::base {
namespace {

using ::testing::ElementsAre;
using Words = std::array<std::uint32_t, 4>;

/// One block as the paper writes it.
Words block(Words x, std::uint32_t k0, std::uint32_t k1) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53} * x[0];
    const std::uint64_t p1 = std::uint64_t{0xCD9E8D57} * x[2];
    x = {static_cast<std::uint32_t>(p1 >> 32) ^ x[1] ^ k0, static_cast<std::uint32_t>(p1),
         static_cast<std::uint32_t>(p0 >> 32) ^ x[3] ^ k1, static_cast<std::uint32_t>(p0)};
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  return x;
}

// The known-answer vectors of Random123 (kat_vectors, philox4x32 10).
TEST(Philox, KnownAnswers) {
  EXPECT_THAT(block({0, 0, 0, 0}, 0, 0),
              ElementsAre(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8));
  const std::uint32_t ones = 0xffffffff;
  EXPECT_THAT(block({ones, ones, ones, ones}, ones, ones),
              ElementsAre(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd));
  EXPECT_THAT(block({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0xa4093822, 0x299f31d0),
              ElementsAre(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1));
}

// Chunks against single blocks, across a carry into the upper counter word.
TEST(Philox, ChunksAreBlocksWordByWord) {
  const PhiloxStream stream{0x299f31d0a4093822, 0x0370734413198a2e};
  const std::uint64_t first = (std::uint64_t{1} << 28) - 2;
  for (auto* chunks : {&philox_chunks, &portable_philox_chunks}) {
    std::vector<std::uint32_t> words(4 * philox_chunk);
    chunks(stream, first, 4, words.data());
    for (std::uint64_t k = 0; k < 64; ++k) {
      const std::uint64_t counter = first * 16 + k;
      const auto expected =
          block({static_cast<std::uint32_t>(counter), static_cast<std::uint32_t>(counter >> 32),
                 0x13198a2e, 0x03707344},
                0xa4093822, 0x299f31d0);
      for (std::uint64_t word = 0; word < 4; ++word) {
        EXPECT_EQ(words[(k / 16) * 64 + word * 16 + k % 16], expected[word]);
      }
    }
  }
}

// Box and Muller with the C library's functions, from the same words.
TEST(Philox, NormalsAreBoxMuller) {
  std::vector<std::uint32_t> words(64 * philox_chunk);
  philox_chunks({1, 2}, 0, 64, words.data());
  words[0] = 0;
  words[1] = 0xffffffff;
  words[2] = 0xB504F333;  // where the logarithm's reduction changes the exponent
  std::vector<double> values(words.size()), portable(words.size());
  philox_normals(words.data(), 64, values.data());
  const double pi = std::acos(-1.0);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::size_t j = i % 64 % 32 + i / 64 * 64;
    const double radius = std::sqrt(-2 * std::log((words[j] + 0.5) * std::pow(2.0, -32)));
    // Quadrant q and fraction f of the angle word stand for the angle (q + f - 1/2) pi / 2.
    const double angle = (words[j + 32] * std::pow(2.0, -30) - 0.5) * pi / 2;
    const double expected = radius * (i % 64 < 32 ? std::cos(angle) : std::sin(angle));
    EXPECT_NEAR(values[i], expected, 1e-12) << i;
  }
  portable_philox_normals(words.data(), 64, portable.data());
  EXPECT_EQ(values, portable) << "to the bit, on any processor";
}

}  // namespace
}  // namespace ranklens::base
