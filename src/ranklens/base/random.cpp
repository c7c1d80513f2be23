#include "ranklens/base/random.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include <ATen/ops/empty.h>

#include "ranklens/base/dtype.h"
#include "ranklens/base/error.h"
#include "ranklens/base/parallel.h"

namespace ranklens::base {
namespace {

// The finaliser of SplitMix64 (Steele, Lea and Flood 2014): a bijection of 64 bits that mixes well.
std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

// 128 bits over a sequence of words and texts; a text is preceded by its length, so that no two
// sequences read the same.
class Digest {
 public:
  explicit Digest(PhiloxStream start) : state_(start) {}
  Digest& add(std::uint64_t word) {
    state_.key = mix(state_.key ^ (word + 0x9E3779B97F4A7C15));
    state_.high = mix(state_.high + word * 0xD6E8FEB86659FD93 + std::rotl(state_.key, 29));
    return *this;
  }
  Digest& add(std::string_view text) {
    add(static_cast<std::uint64_t>(text.size()));
    for (std::size_t i = 0; i < text.size(); i += 8) {
      std::uint64_t word = 0;
      for (std::size_t j = i; j < std::min(i + 8, text.size()); ++j) {
        word |= std::uint64_t{static_cast<unsigned char>(text[j])} << (8 * (j - i));
      }
      add(word);
    }
    return *this;
  }
  PhiloxStream value() const { return state_; }

 private:
  PhiloxStream state_;
};

constexpr std::int64_t batch = 16;  // chunks worked on at once: buffers stay in the first cache

// Calls store(words, first, last, offset) for pieces of `count` elements from `position`: the
// elements offset ... are those at [first, last) of `words`, which hold whole chunks.
template <class Store>
void for_pieces(PhiloxStream identity, std::uint64_t position, std::int64_t count,
                const Store& store) {
  if (count == 0) return;
  const std::uint64_t first_chunk = position / philox_chunk;
  const auto skipped = static_cast<std::int64_t>(position % philox_chunk);
  const std::int64_t chunks = (skipped + count + philox_chunk - 1) / philox_chunk;
  parallel_over(chunks, 512, [&](std::int64_t begin, std::int64_t end) {
    std::uint32_t words[batch * philox_chunk];
    for (std::int64_t c = begin; c < end; c += batch) {
      const std::int64_t now = std::min(batch, end - c);
      philox_chunks(identity, first_chunk + static_cast<std::uint64_t>(c), now, words);
      const std::int64_t start = c * philox_chunk - skipped;  // element of the first word
      const std::int64_t first = std::max<std::int64_t>(0, -start);
      const std::int64_t last = std::min(now * philox_chunk, count - start);
      store(words, now, first, last, start + first);
    }
  });
}

std::int64_t count_of(at::IntArrayRef sizes) {
  return std::accumulate(sizes.begin(), sizes.end(), std::int64_t{1}, std::multiplies<>());
}

template <class T>
T below_high(double value, double high) {
  const T rounded = static_cast<T>(value);
  const T limit = static_cast<T>(high);
  return rounded < limit ? rounded : std::nextafter(limit, std::numeric_limits<T>::lowest());
}

template <class T>
void fill_uniform(PhiloxStream identity, std::uint64_t position, std::int64_t count, double low,
                  double high, T* out) {
  const double scale = (high - low) * 0x1p-32;
  for_pieces(identity, position, count,
             [=](const std::uint32_t* words, std::int64_t, std::int64_t first, std::int64_t last,
                 std::int64_t offset) {
               for (std::int64_t i = first; i < last; ++i) {
                 out[offset + i - first] =
                     below_high<T>(low + scale * static_cast<double>(words[i]), high);
               }
             });
}

template <class T>
void fill_normal(PhiloxStream identity, std::uint64_t position, std::int64_t count, double mean,
                 double deviation, T* out) {
  for_pieces(identity, position, count,
             [=](const std::uint32_t* words, std::int64_t chunks, std::int64_t first,
                 std::int64_t last, std::int64_t offset) {
               double values[batch * philox_chunk];
               philox_normals(words, chunks, values);
               for (std::int64_t i = first; i < last; ++i) {
                 out[offset + i - first] = static_cast<T>(mean + deviation * values[i]);
               }
             });
}

// Half precision and the rest are rounded from float32.
template <class Fill>
at::Tensor filled(at::IntArrayRef sizes, at::ScalarType dtype, const Fill& fill) {
  require(at::isFloatingType(dtype), "random values are floating-point, not {}", dtype_name(dtype));
  at::Tensor out = at::empty(sizes, dtype == at::kDouble ? at::kDouble : at::kFloat);
  if (dtype == at::kDouble) {
    fill(out.mutable_data_ptr<double>());
  } else {
    fill(out.mutable_data_ptr<float>());
  }
  return dtype == out.scalar_type() ? out : out.to(dtype);
}

}  // namespace

Stream::Stream(std::uint64_t seed, std::string_view purpose, std::string_view name,
               std::uint64_t step)
    : identity_(Digest({0x243F6A8885A308D3, 0x13198A2E03707344})
                    .add(seed)
                    .add(purpose)
                    .add(name)
                    .add(step)
                    .value()) {}

Stream Stream::child(std::string_view name, std::uint64_t step) const {
  return Stream(Digest(identity_).add(name).add(step).value());
}

const std::array<std::uint32_t, philox_chunk>& Stream::chunk() {
  const std::uint64_t wanted = position_ / philox_chunk;
  if (wanted != cached_) {
    philox_chunks(identity_, wanted, 1, words_.data());
    cached_ = wanted;
  }
  return words_;
}

std::uint32_t Stream::next_u32() {
  const std::uint32_t word = chunk()[position_ % philox_chunk];
  ++position_;
  return word;
}

double Stream::uniform() { return static_cast<double>(next_u32()) * 0x1p-32; }

double Stream::normal() {
  double values[philox_chunk];
  philox_normals(chunk().data(), 1, values);
  return values[position_++ % philox_chunk];
}

std::uint64_t Stream::below(std::uint64_t n) {
  require(n > 0, "a random number below 0 does not exist");
  if (n <= 0xFFFFFFFF) {
    const auto bound = static_cast<std::uint32_t>(n);
    const std::uint32_t rejected = (0U - bound) % bound;
    std::uint64_t product = 0;
    do {
      product = std::uint64_t{next_u32()} * bound;
    } while (static_cast<std::uint32_t>(product) < rejected);
    return product >> 32;
  }
  // Beyond 32 bits: the smallest mask that covers n - 1, and try again above it.
  const std::uint64_t mask = ~std::uint64_t{0} >> std::countl_zero(n - 1);
  std::uint64_t value = 0;
  do {
    const std::uint64_t high = next_u32();
    value = ((high << 32) | next_u32()) & mask;
  } while (value >= n);
  return value;
}

at::Tensor Stream::uniform(at::IntArrayRef sizes, double low, double high, at::ScalarType dtype) {
  require(low < high, "uniform values need low < high, got [{}, {})", low, high);
  const std::int64_t count = count_of(sizes);
  at::Tensor out = filled(sizes, dtype, [&](auto* data) {
    fill_uniform(identity_, position_, count, low, high, data);
  });
  position_ += static_cast<std::uint64_t>(count);
  return out;
}

at::Tensor Stream::normal(at::IntArrayRef sizes, double mean, double standard_deviation,
                          at::ScalarType dtype) {
  const std::int64_t count = count_of(sizes);
  at::Tensor out = filled(sizes, dtype, [&](auto* data) {
    fill_normal(identity_, position_, count, mean, standard_deviation, data);
  });
  position_ += static_cast<std::uint64_t>(count);
  return out;
}

at::Tensor Stream::bernoulli_mask(at::IntArrayRef sizes, double keep) {
  require(keep >= 0 && keep <= 1, "a probability lies in [0, 1], not at {}", keep);
  at::Tensor out = at::empty(sizes, at::kBool);
  bool* data = out.mutable_data_ptr<bool>();
  const std::int64_t count = out.numel();
  const auto limit = static_cast<std::uint64_t>(std::llround(keep * 0x1p32));
  if (limit >> 32 != 0) {
    std::memset(data, 1, static_cast<std::size_t>(count));
  } else {
    const auto bound = static_cast<std::uint32_t>(limit);
    for_pieces(identity_, position_, count,
               [=](const std::uint32_t* words, std::int64_t, std::int64_t first, std::int64_t last,
                   std::int64_t offset) {
                 for (std::int64_t i = first; i < last; ++i) {
                   data[offset + i - first] = words[i] < bound;
                 }
               });
  }
  position_ += static_cast<std::uint64_t>(count);
  return out;
}

at::Tensor Stream::permutation(std::int64_t n) {
  require(n >= 0, "a permutation has a length of 0 or more, not {}", n);
  at::Tensor out = at::empty({n}, at::kLong);
  std::int64_t* data = out.mutable_data_ptr<std::int64_t>();
  std::iota(data, data + n, std::int64_t{0});
  for (std::int64_t i = n; i > 1; --i) {  // Fisher and Yates
    std::swap(data[i - 1], data[below(static_cast<std::uint64_t>(i))]);
  }
  return out;
}

at::Tensor Stream::integers(at::IntArrayRef sizes, std::int64_t n) {
  require(n > 0 && n <= (std::int64_t{1} << 32), "random integers lie below 1 to 2^32, not {}", n);
  at::Tensor out = at::empty(sizes, at::kLong);
  std::int64_t* data = out.mutable_data_ptr<std::int64_t>();
  const auto bound = static_cast<std::uint64_t>(n);
  for_pieces(identity_, position_, out.numel(),
             [=](const std::uint32_t* words, std::int64_t, std::int64_t first, std::int64_t last,
                 std::int64_t offset) {
               for (std::int64_t i = first; i < last; ++i) {
                 data[offset + i - first] = static_cast<std::int64_t>((words[i] * bound) >> 32);
               }
             });
  position_ += static_cast<std::uint64_t>(out.numel());
  return out;
}

}  // namespace ranklens::base
