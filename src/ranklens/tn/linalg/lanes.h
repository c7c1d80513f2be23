#pragma once

#include <cstdint>

// Vectors of numbers for kernels that are written by hand. Functions that use them are marked
// RANKLENS_FMA, and called only where lanes::available().
#if defined(__x86_64__)
#include <immintrin.h>
#define RANKLENS_FMA __attribute__((target("avx2,fma")))
#define RANKLENS_FMA_INLINE __attribute__((target("avx2,fma"), always_inline)) inline

namespace ranklens::tn::lanes {

/// Of float64.
struct Doubles {
  using Number = double;
  using Vector = __m256d;
  static constexpr std::int64_t width = 4;
  RANKLENS_FMA_INLINE static Vector load(const double* p) { return _mm256_loadu_pd(p); }
  RANKLENS_FMA_INLINE static Vector all(const double* p) { return _mm256_broadcast_sd(p); }
  RANKLENS_FMA_INLINE static Vector zero() { return _mm256_setzero_pd(); }
  RANKLENS_FMA_INLINE static void store(double* p, Vector v) { _mm256_storeu_pd(p, v); }
  RANKLENS_FMA_INLINE static Vector sum(Vector a, Vector b) { return _mm256_add_pd(a, b); }
  /// a b + c.
  RANKLENS_FMA_INLINE static Vector add(Vector a, Vector b, Vector c) {
    return _mm256_fmadd_pd(a, b, c);
  }
  /// to[i step + j] = lines[j][at + i] for i and j below 4.
  RANKLENS_FMA_INLINE static void transpose(const double* const* lines, std::int64_t at, double* to,
                                            std::int64_t step) {
    const auto a = load(lines[0] + at), b = load(lines[1] + at), c = load(lines[2] + at),
               d = load(lines[3] + at);
    const auto ab = _mm256_unpacklo_pd(a, b), ab_high = _mm256_unpackhi_pd(a, b),
               cd = _mm256_unpacklo_pd(c, d), cd_high = _mm256_unpackhi_pd(c, d);
    store(to, _mm256_permute2f128_pd(ab, cd, 0x20));
    store(to + step, _mm256_permute2f128_pd(ab_high, cd_high, 0x20));
    store(to + 2 * step, _mm256_permute2f128_pd(ab, cd, 0x31));
    store(to + 3 * step, _mm256_permute2f128_pd(ab_high, cd_high, 0x31));
  }
};

/// Of float32.
struct Floats {
  using Number = float;
  using Vector = __m256;
  static constexpr std::int64_t width = 8;
  RANKLENS_FMA_INLINE static Vector load(const float* p) { return _mm256_loadu_ps(p); }
  RANKLENS_FMA_INLINE static Vector all(const float* p) { return _mm256_broadcast_ss(p); }
  RANKLENS_FMA_INLINE static Vector zero() { return _mm256_setzero_ps(); }
  RANKLENS_FMA_INLINE static void store(float* p, Vector v) { _mm256_storeu_ps(p, v); }
  RANKLENS_FMA_INLINE static Vector sum(Vector a, Vector b) { return _mm256_add_ps(a, b); }
  /// a b + c.
  RANKLENS_FMA_INLINE static Vector add(Vector a, Vector b, Vector c) {
    return _mm256_fmadd_ps(a, b, c);
  }
  /// to[i step + j] = lines[j][at + i] for i and j below 4.
  RANKLENS_FMA_INLINE static void transpose(const float* const* lines, std::int64_t at, float* to,
                                            std::int64_t step) {
    const auto a = _mm_loadu_ps(lines[0] + at), b = _mm_loadu_ps(lines[1] + at),
               c = _mm_loadu_ps(lines[2] + at), d = _mm_loadu_ps(lines[3] + at);
    const auto ab = _mm_unpacklo_ps(a, b), ab_high = _mm_unpackhi_ps(a, b),
               cd = _mm_unpacklo_ps(c, d), cd_high = _mm_unpackhi_ps(c, d);
    _mm_storeu_ps(to, _mm_movelh_ps(ab, cd));
    _mm_storeu_ps(to + step, _mm_movehl_ps(cd, ab));
    _mm_storeu_ps(to + 2 * step, _mm_movelh_ps(ab_high, cd_high));
    _mm_storeu_ps(to + 3 * step, _mm_movehl_ps(cd_high, ab_high));
  }
};

/// Whether this processor has them.
inline bool available() {
  static const bool answer = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return answer;
}

}  // namespace ranklens::tn::lanes
#else
namespace ranklens::tn::lanes {

/// Whether this processor has them.
inline bool available() { return false; }

}  // namespace ranklens::tn::lanes
#endif
