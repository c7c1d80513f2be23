#pragma once

#include <cstdint>

namespace ranklens::base {

/// Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2,
/// 3", section 3.3) makes a block of four 32-bit words of a counter and a key. Words of a chunk: 16
/// blocks with successive counters, stored word by word (all first words, then all second ones,
/// ...), which is the order in which vector registers produce them.
inline constexpr std::int64_t philox_chunk = 64;

/// Where a stream of blocks lives: 64 bits of key, and the upper 64 bits of the counter.
struct PhiloxStream {
  std::uint64_t key = 0;
  std::uint64_t high = 0;
};

/// Writes the chunks first, first + 1, ... first + count - 1 to out (count * 64 words): block b of
/// the stream has the counter (b, high). Vectorised where the processor has AVX2.
void philox_chunks(PhiloxStream stream, std::uint64_t first, std::int64_t count,
                   std::uint32_t* out);

/// The same words as standard normals (Box and Muller 1958): word j < 32 of a chunk is the radius
/// and word j + 32 the angle of the pair of normals j (cosine) and j + 32 (sine). |value| < 6.77.
/// Only additions, products, quotients and square roots of binary64, so the same on any machine.
void philox_normals(const std::uint32_t* words, std::int64_t count, double* out);

/// The same bits on any processor, more slowly: what these two are where there is no AVX2.
void portable_philox_chunks(PhiloxStream stream, std::uint64_t first, std::int64_t count,
                            std::uint32_t* out);
void portable_philox_normals(const std::uint32_t* words, std::int64_t count, double* out);

}  // namespace ranklens::base
