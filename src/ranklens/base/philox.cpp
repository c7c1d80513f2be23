#include "ranklens/base/philox.h"

#include <bit>
#include <cmath>
#include <numbers>
#include <utility>

#if defined(__x86_64__) && defined(__GNUC__)
#define RANKLENS_AVX2 __attribute__((target("avx2"), optimize("O3")))
#endif

namespace ranklens::base {
namespace {

struct Block {
  std::uint32_t x0, x1, x2, x3;
};

[[gnu::always_inline]] inline void round_of(Block& b, std::uint32_t k0, std::uint32_t k1) {
  const std::uint64_t p0 = std::uint64_t{0xD2511F53} * b.x0;
  const std::uint64_t p1 = std::uint64_t{0xCD9E8D57} * b.x2;
  const Block next{static_cast<std::uint32_t>(p1 >> 32) ^ b.x1 ^ k0, static_cast<std::uint32_t>(p1),
                   static_cast<std::uint32_t>(p0 >> 32) ^ b.x3 ^ k1,
                   static_cast<std::uint32_t>(p0)};
  b = next;
}

// The rounds are unrolled by hand so that the loop over lanes is what the compiler vectorises.
template <std::uint32_t... Round>
[[gnu::always_inline]] inline void rounds(Block& b, std::uint32_t k0, std::uint32_t k1,
                                          std::integer_sequence<std::uint32_t, Round...>) {
  (round_of(b, k0 + Round * 0x9E3779B9U, k1 + Round * 0xBB67AE85U), ...);
}

using Ten = std::make_integer_sequence<std::uint32_t, 10>;

[[gnu::always_inline]] inline void chunks_body(PhiloxStream stream, std::uint64_t first,
                                               std::int64_t count, std::uint32_t* out) {
  const auto k0 = static_cast<std::uint32_t>(stream.key);
  const auto k1 = static_cast<std::uint32_t>(stream.key >> 32);
  const auto h0 = static_cast<std::uint32_t>(stream.high);
  const auto h1 = static_cast<std::uint32_t>(stream.high >> 32);
  for (std::int64_t c = 0; c < count; ++c) {
    const std::uint64_t block = (first + static_cast<std::uint64_t>(c)) * 16;
    // 16 divides the block, so the lanes never carry into the upper word.
    const auto low = static_cast<std::uint32_t>(block);
    const auto high = static_cast<std::uint32_t>(block >> 32);
    std::uint32_t* __restrict chunk = out + c * philox_chunk;
    for (std::uint32_t lane = 0; lane < 16; ++lane) {
      Block b{low + lane, high, h0, h1};
      rounds(b, k0, k1, Ten{});
      chunk[lane] = b.x0;
      chunk[lane + 16] = b.x1;
      chunk[lane + 32] = b.x2;
      chunk[lane + 48] = b.x3;
    }
  }
}

// log(x) for a normal x in (0, 1], to 1e-13: x = 2^e m with m in [sqrt(1/2), sqrt(2)), and
// log m = 2 artanh((m - 1) / (m + 1)).
[[gnu::always_inline]] inline double log_unit(double x) {
  constexpr std::uint64_t shift = 0x3fe6a09e00000000 - (std::uint64_t{64} << 52);
  const auto bits = std::bit_cast<std::uint64_t>(x);
  const std::uint64_t e = (bits - shift) >> 52;  // exponent + 64, never negative
  const double m = std::bit_cast<double>(bits - ((e - 64) << 52));
  // The exponent as a double, without an integer conversion, which AVX2 lacks for 64 bits.
  const double exponent = std::bit_cast<double>(e | 0x4330000000000000) - 0x1p52 - 64.0;
  const double s = (m - 1.0) / (m + 1.0);
  const double q = s * s;
  double series = 1.0 / 15;
  for (const double term : {1.0 / 13, 1.0 / 11, 1.0 / 9, 1.0 / 7, 1.0 / 5, 1.0 / 3, 1.0}) {
    series = series * q + term;
  }
  return 2.0 * s * series + exponent * std::numbers::ln2;
}

// sin and cos of x in [-pi/4, pi/4] by their series, to 1e-14.
[[gnu::always_inline]] inline double sine(double x) {
  const double q = x * x;
  double series = 1.0 / 6227020800;
  for (const double term : {-1.0 / 39916800, 1.0 / 362880, -1.0 / 5040, 1.0 / 120, -1.0 / 6, 1.0}) {
    series = series * q + term;
  }
  return x * series;
}

[[gnu::always_inline]] inline double cosine(double x) {
  const double q = x * x;
  double series = -1.0 / 87178291200;
  for (const double term :
       {1.0 / 479001600, -1.0 / 3628800, 1.0 / 40320, -1.0 / 720, 1.0 / 24, -0.5, 1.0}) {
    series = series * q + term;
  }
  return series;
}

[[gnu::always_inline]] inline void normals_body(const std::uint32_t* words, std::int64_t count,
                                                double* out) {
  for (std::int64_t c = 0; c < count; ++c) {
    const std::uint32_t* __restrict chunk = words + c * philox_chunk;
    double* __restrict values = out + c * philox_chunk;
    for (int j = 0; j < 32; ++j) {
      const double u = (static_cast<double>(chunk[j]) + 0.5) * 0x1p-32;
      const double radius = std::sqrt(-2.0 * log_unit(u));
      // The top two bits choose the quadrant, the rest an angle in [-pi/4, pi/4).
      const std::uint32_t w = chunk[j + 32];
      const double turn = static_cast<double>(static_cast<std::int32_t>(w & 0x3fffffff));
      const double angle = (turn * 0x1p-30 - 0.5) * (std::numbers::pi / 2);
      const double c0 = cosine(angle);
      const double s0 = sine(angle);
      const bool swapped = (w & 0x40000000) != 0;
      const double sign = (w & 0x80000000) != 0 ? -radius : radius;
      values[j] = sign * (swapped ? -s0 : c0);
      values[j + 32] = sign * (swapped ? c0 : s0);
    }
  }
}

#ifdef RANKLENS_AVX2
RANKLENS_AVX2 void chunks_avx2(PhiloxStream stream, std::uint64_t first, std::int64_t count,
                               std::uint32_t* out) {
  chunks_body(stream, first, count, out);
}
RANKLENS_AVX2 void normals_avx2(const std::uint32_t* words, std::int64_t count, double* out) {
  normals_body(words, count, out);
}
bool has_avx2() {
  static const bool answer = __builtin_cpu_supports("avx2") != 0;
  return answer;
}
#endif

}  // namespace

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key) {
  Block b{counter[0], counter[1], counter[2], counter[3]};
  rounds(b, key[0], key[1], Ten{});
  return {b.x0, b.x1, b.x2, b.x3};
}

void philox_chunks(PhiloxStream stream, std::uint64_t first, std::int64_t count,
                   std::uint32_t* out) {
#ifdef RANKLENS_AVX2
  if (has_avx2()) return chunks_avx2(stream, first, count, out);
#endif
  chunks_body(stream, first, count, out);
}

void philox_normals(const std::uint32_t* words, std::int64_t count, double* out) {
#ifdef RANKLENS_AVX2
  if (has_avx2()) return normals_avx2(words, count, out);
#endif
  normals_body(words, count, out);
}

}  // namespace ranklens::base
