#include "ranklens/base/philox.h"

#include <bit>
#include <cmath>
#include <numbers>
#include <utility>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
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

// Unrolled, so that the loop over lanes is what a compiler vectorises.
template <std::uint32_t... Round>
[[gnu::always_inline]] inline void rounds(Block& b, std::uint32_t k0, std::uint32_t k1,
                                          std::integer_sequence<std::uint32_t, Round...>) {
  (round_of(b, k0 + Round * 0x9E3779B9U, k1 + Round * 0xBB67AE85U), ...);
}

using Ten = std::make_integer_sequence<std::uint32_t, 10>;

// c0 q^n + c1 q^(n-1) + ... + cn. A fold and no loop: a loop inside would stop the vectorising.
template <class... Coefficient>
[[gnu::always_inline]] inline double horner(double q, Coefficient... coefficients) {
  double sum = 0;
  ((sum = sum * q + coefficients), ...);
  return sum;
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
  const double series =
      horner(q, 1.0 / 15, 1.0 / 13, 1.0 / 11, 1.0 / 9, 1.0 / 7, 1.0 / 5, 1.0 / 3, 1.0);
  return 2.0 * s * series + exponent * std::numbers::ln2;
}

// sin and cos of x in [-pi/4, pi/4] by their series, to 1e-14.
[[gnu::always_inline]] inline double sine(double x) {
  const double q = x * x;
  const double series = horner(q, 1.0 / 6227020800, -1.0 / 39916800, 1.0 / 362880, -1.0 / 5040,
                               1.0 / 120, -1.0 / 6, 1.0);
  return x * series;
}

[[gnu::always_inline]] inline double cosine(double x) {
  const double q = x * x;
  return horner(q, -1.0 / 87178291200, 1.0 / 479001600, -1.0 / 3628800, 1.0 / 40320, -1.0 / 720,
                1.0 / 24, -0.5, 1.0);
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
      const double signed_radius = (w & 0x80000000) != 0 ? -radius : radius;
      values[j] = signed_radius * (swapped ? -s0 : c0);
      values[j + 32] = signed_radius * (swapped ? c0 : s0);
    }
  }
}

#ifdef RANKLENS_AVX2
// Four blocks a register, a word in each 64-bit lane: the product of two words needs no shuffle,
// and what it leaves in the upper halves is ignored by the next product.
struct Lanes {
  __m256i x0, x1, x2, x3;
};

RANKLENS_AVX2 inline Lanes four_blocks(Lanes b, const __m256i* keys) {
  const __m256i m0 = _mm256_set1_epi64x(0xD2511F53);
  const __m256i m1 = _mm256_set1_epi64x(0xCD9E8D57);
  for (std::size_t round = 0; round < 10; ++round) {
    const __m256i p0 = _mm256_mul_epu32(b.x0, m0);
    const __m256i p1 = _mm256_mul_epu32(b.x2, m1);
    const __m256i k0 = _mm256_xor_si256(b.x1, keys[2 * round]);
    const __m256i k1 = _mm256_xor_si256(b.x3, keys[2 * round + 1]);
    b = {_mm256_xor_si256(_mm256_srli_epi64(p1, 32), k0), p1,
         _mm256_xor_si256(_mm256_srli_epi64(p0, 32), k1), p0};
  }
  return b;
}

RANKLENS_AVX2 inline void store_pair(__m256i even, __m256i odd, std::uint32_t* out) {
  const __m256i words = _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xAA);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), words);
}

RANKLENS_AVX2 void chunks_avx2(PhiloxStream stream, std::uint64_t first, std::int64_t count,
                               std::uint32_t* out) {
  __m256i keys[20];
  for (std::size_t round = 0; round < 10; ++round) {
    const auto times = static_cast<std::uint32_t>(round);
    const auto k0 = static_cast<std::uint32_t>(stream.key) + times * 0x9E3779B9U;
    const auto k1 = static_cast<std::uint32_t>(stream.key >> 32) + times * 0xBB67AE85U;
    keys[2 * round] = _mm256_set1_epi64x(k0);
    keys[2 * round + 1] = _mm256_set1_epi64x(k1);
  }
  const __m256i h0 = _mm256_set1_epi64x(static_cast<std::int64_t>(stream.high & 0xffffffff));
  const __m256i h1 = _mm256_set1_epi64x(static_cast<std::int64_t>(stream.high >> 32));
  const __m256i lanes = _mm256_set_epi64x(6, 4, 2, 0);
  for (std::int64_t c = 0; c < count; ++c, out += philox_chunk) {
    const std::uint64_t block = (first + static_cast<std::uint64_t>(c)) * 16;
    const __m256i high = _mm256_set1_epi64x(static_cast<std::int64_t>(block >> 32));
    const __m256i low =
        _mm256_or_si256(lanes, _mm256_set1_epi64x(static_cast<std::int64_t>(block & 0xffffffff)));
    for (std::int64_t half = 0; half < 2; ++half) {
      const __m256i even_low = _mm256_or_si256(low, _mm256_set1_epi64x(8 * half));
      const Lanes even = four_blocks({even_low, high, h0, h1}, keys);
      const Lanes odd =
          four_blocks({_mm256_or_si256(even_low, _mm256_set1_epi64x(1)), high, h0, h1}, keys);
      store_pair(even.x0, odd.x0, out + 8 * half);
      store_pair(even.x1, odd.x1, out + 16 + 8 * half);
      store_pair(even.x2, odd.x2, out + 32 + 8 * half);
      store_pair(even.x3, odd.x3, out + 48 + 8 * half);
    }
  }
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

void portable_philox_chunks(PhiloxStream stream, std::uint64_t first, std::int64_t count,
                            std::uint32_t* out) {
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

void portable_philox_normals(const std::uint32_t* words, std::int64_t count, double* out) {
  normals_body(words, count, out);
}

void philox_chunks(PhiloxStream stream, std::uint64_t first, std::int64_t count,
                   std::uint32_t* out) {
#ifdef RANKLENS_AVX2
  if (has_avx2()) return chunks_avx2(stream, first, count, out);
#endif
  portable_philox_chunks(stream, first, count, out);
}

void philox_normals(const std::uint32_t* words, std::int64_t count, double* out) {
#ifdef RANKLENS_AVX2
  if (has_avx2()) return normals_avx2(words, count, out);
#endif
  portable_philox_normals(words, count, out);
}

}  // namespace ranklens::base
