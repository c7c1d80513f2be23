#include "ranklens/tn/linear/panels/two_steps.h"

#include <algorithm>

namespace ranklens::tn::panels {
namespace {

/// How many values of s are taken at once: so many that sums over (s r) are long, so few that their
/// states stay in the cache of the core.
std::int64_t at_once(const TwoSteps& n, std::int64_t width) {
  constexpr std::int64_t long_enough = 64, cache = 1 << 16;  // terms; numbers
  const auto fits = std::max<std::int64_t>(1, cache / (n.p * n.r * width));
  return std::clamp<std::int64_t>((long_enough + n.r - 1) / n.r, 1, std::min(fits, n.s));
}

std::int64_t group_count(const TwoSteps& n, const Table& k) {
  return blocks_of(n.s, at_once(n, TwoStepWorker::tile_rows(k)));
}

using Offsets = std::vector<std::int64_t>;

/// Offsets of the joint index (first, second), the second fastest.
Offsets joint(const std::int64_t* first, std::int64_t count, std::int64_t bond,
              std::int64_t bond_stride) {
  Offsets found;
  for (std::int64_t i = 0; i < count; ++i) {
    for (std::int64_t b = 0; b < bond; ++b) found.push_back(first[i] + b * bond_stride);
  }
  return found;
}

/// The matrix whose number (m, k) lies at rows[m] + inner[k], in blocks of rows.
float* pack_matrix(const float* data, const Offsets& rows, const Offsets& inner,
                   std::int64_t tallest, float* out) {
  const auto count = static_cast<std::int64_t>(rows.size());
  const auto blocks = blocks_of(count, tallest);
  for (std::int64_t n = 0; n < blocks; ++n) {
    const auto block = block_of(count, blocks, n);
    for (const auto place : inner) {
      for (std::int64_t m = 0; m < block.count; ++m) *out++ = data[rows[block.first + m] + place];
    }
  }
  return out;
}

std::int64_t width_of(const Table& k, std::int64_t vectors) { return vectors * k.lanes; }

}  // namespace

Packed pack(const Table& k, const TwoSteps& n, const float* first, const Laid& first_laid,
            const float* second, const Laid& second_laid, Pass pass, const Room& room) {
  const auto first_numbers = n.s * n.r * n.q, second_numbers = n.t * n.p * n.r;
  const auto groups = group_count(n, k);
  const auto of_second = joint(second_laid.ins.data(), n.p, n.r, second_laid.bond_stride);
  const auto pack_groups = [&](bool turn) {
    float* const memory = room(first_numbers);
    float* out = memory;
    for (std::int64_t g = 0; g < groups; ++g) {
      const auto [s, count] = block_of(n.s, groups, g);
      const auto rows = joint(first_laid.outs.data() + s, count, n.r, first_laid.bond_stride);
      out = turn ? pack_matrix(first, first_laid.ins, rows, k.tallest, out)
                 : pack_matrix(first, rows, first_laid.ins, k.tallest, out);
    }
    return memory;
  };
  const auto pack_second = [&](const Offsets& rows, const Offsets& inner) {
    float* memory = room(second_numbers);
    pack_matrix(second, rows, inner, k.tallest, memory);
    return memory;
  };
  Packed packed{};
  if (pass != Pass::backward_with_states) packed.first = pack_groups(false);
  if (pass == Pass::forward) {
    packed.second = pack_second(second_laid.outs, of_second);
  } else {
    packed.first_turned = pack_groups(true);
    packed.second_turned = pack_second(of_second, second_laid.outs);
  }
  return packed;
}

std::int64_t kept_numbers(const Table& k, const TwoSteps& n, std::int64_t rows) {
  return (rows + k.lanes - 1) / k.lanes * k.lanes * n.state();
}

std::vector<TwoStepWorker::Strip> TwoStepWorker::strips_of(std::int64_t numbers,
                                                           std::int64_t lanes) {
  std::vector<Strip> strips;
  auto left = (numbers + lanes - 1) / lanes;
  for (std::int64_t first = 0; left > 0;) {
    const auto vectors = left == 3 ? 3 : std::min<std::int64_t>(left, 2);
    strips.push_back({first, vectors});
    first += vectors * lanes;
    left -= vectors;
  }
  return strips;
}

TwoStepWorker::TwoStepWorker(const Table& kernels, const TwoSteps& sizes, const Packed& matrices,
                             Pass pass, std::int64_t rows, const Room& room)
    : k_(kernels), n_(sizes), m_(matrices), groups_(group_count(sizes, kernels)) {
  const auto most = std::min(rows, tile_rows(k_));
  const auto width = width_of(k_, (most + k_.lanes - 1) / k_.lanes);
  const auto each = (n_.s + groups_ - 1) / groups_;
  for (std::int64_t i = 0; i < n_.p * n_.q; ++i) {
    x_place_.push_back(static_cast<std::int32_t>(n_.from_left ? i % n_.p * n_.q + i / n_.p : i));
  }
  for (std::int64_t i = 0; i < n_.s * n_.t; ++i) {
    y_place_.push_back(static_cast<std::int32_t>(n_.from_left ? i : i % n_.s * n_.t + i / n_.s));
  }
  places_.resize(static_cast<std::size_t>(std::max(each, n_.p) * n_.r));
  x_ = room(n_.p * n_.q * width);
  if (pass != Pass::backward_with_states) z_ = room(each * n_.p * n_.r * width);
  if (pass == Pass::forward) {
    y_ = room(n_.s * n_.t * width);
    return;
  }
  q_strips_ = strips_of(n_.q, k_.lanes);
  t_strips_ = strips_of(n_.t, k_.lanes);
  const auto padded = [&](const std::vector<Strip>& strips) {
    return strips.back().first + strips.back().vectors * k_.lanes;
  };
  dy_ = room(n_.s * n_.t * width);
  dz_ = room(each * n_.p * n_.r * width);
  dx_ = room(n_.p * n_.q * width);
  x_turned_ = room(n_.p * width * padded(q_strips_));
  dy_turned_ = room(n_.s * width * padded(t_strips_));
  const auto of_first = n_.s * n_.r * padded(q_strips_),
             of_second = n_.p * n_.r * padded(t_strips_);
  d_first_ = room(of_first);
  d_second_ = room(of_second);
  std::fill_n(d_first_, of_first, 0.0F);
  std::fill_n(d_second_, of_second, 0.0F);
}

TwoStepWorker::Group TwoStepWorker::group(std::int64_t k) const {
  const auto [first, count] = block_of(n_.s, groups_, k);
  return {first, count};
}

void TwoStepWorker::first_step(Group g, std::int64_t vectors, float* states) {
  const auto width = width_of(k_, vectors);
  const auto rows = g.count * n_.r;
  for (std::int64_t m = 0; m < rows; ++m) {
    places_[static_cast<std::size_t>(m)] = (m / n_.r * n_.p * n_.r + m % n_.r) * width;
  }
  for (std::int64_t p = 0; p < n_.p; ++p) {
    k_.by_matrix(m_.first + g.first * n_.r * n_.q, rows, n_.q, x_ + p * n_.q * width, vectors,
                 states + p * n_.r * width, places_.data(), false);
  }
}

void TwoStepWorker::forward(const float* x, std::int64_t rows, const float* bias, float* y,
                            float* kept) {
  const auto vectors = (rows + k_.lanes - 1) / k_.lanes, width = width_of(k_, vectors);
  const auto slice = n_.p * n_.r * width;
  k_.to_panel(x, {rows, n_.p * n_.q, n_.p * n_.q, x_place_.data()}, vectors, x_);
  for (std::int64_t k = 0; k < groups_; ++k) {
    const auto g = group(k);
    float* states = kept == nullptr ? z_ : kept + g.first * slice;
    first_step(g, vectors, states);
    for (std::int64_t s = 0; s < g.count; ++s) {
      k_.by_matrix(m_.second, n_.t, n_.p * n_.r, states + s * slice, vectors,
                   y_ + (g.first + s) * n_.t * width, nullptr, false);
    }
  }
  k_.from_panel(y_, vectors, {rows, n_.s * n_.t, n_.s * n_.t, y_place_.data()}, bias, y);
}

void TwoStepWorker::turn_rows(const float* panel, std::int64_t outer, std::int64_t inner,
                              const std::vector<Strip>& strips, std::int64_t vectors,
                              float* out) const {
  const auto width = width_of(k_, vectors);
  for (const auto& strip : strips) {
    const auto rows = std::min(strip.vectors * k_.lanes, inner - strip.first);
    for (std::int64_t o = 0; o < outer; ++o) {
      k_.turn(panel + (o * inner + strip.first) * width, rows, vectors, strip.vectors, out);
      out += width * strip.vectors * k_.lanes;
    }
  }
}

void TwoStepWorker::take_group(Group g, std::int64_t vectors, const float* states, bool dx_wanted) {
  const auto width = width_of(k_, vectors);
  const auto rows = g.count * n_.r, bonds = n_.p * n_.r;
  for (std::int64_t m = 0; m < bonds; ++m) {
    places_[static_cast<std::size_t>(m)] = (m / n_.r * rows + m % n_.r) * width;
  }
  for (std::int64_t s = 0; s < g.count; ++s) {
    k_.by_matrix(m_.second_turned, bonds, n_.t, dy_ + (g.first + s) * n_.t * width, vectors,
                 dz_ + s * n_.r * width, places_.data(), false);
  }
  for (std::int64_t p = 0; dx_wanted && p < n_.p; ++p) {
    k_.by_matrix(m_.first_turned + g.first * n_.r * n_.q, n_.q, rows, dz_ + p * rows * width,
                 vectors, dx_ + p * n_.q * width, nullptr, g.first > 0);
  }
  for (const auto& strip : t_strips_) {
    const auto columns = strip.vectors * k_.lanes;
    k_.add_by_states({states, bonds, g.count, bonds * width, vectors},
                     dy_turned_ + (strip.first * n_.s + g.first * columns) * width, strip.vectors,
                     d_second_ + strip.first * bonds);
  }
  for (const auto& strip : q_strips_) {
    const auto columns = strip.vectors * k_.lanes;
    k_.add_by_states({dz_, rows, n_.p, rows * width, vectors},
                     x_turned_ + strip.first * n_.p * width, strip.vectors,
                     d_first_ + strip.first * n_.s * n_.r + g.first * n_.r * columns);
  }
}

void TwoStepWorker::backward(const float* x, const float* dy, std::int64_t rows, const float* kept,
                             float* dx) {
  const auto vectors = (rows + k_.lanes - 1) / k_.lanes, width = width_of(k_, vectors);
  k_.to_panel(x, {rows, n_.p * n_.q, n_.p * n_.q, x_place_.data()}, vectors, x_);
  k_.to_panel(dy, {rows, n_.s * n_.t, n_.s * n_.t, y_place_.data()}, vectors, dy_);
  turn_rows(x_, n_.p, n_.q, q_strips_, vectors, x_turned_);
  turn_rows(dy_, n_.s, n_.t, t_strips_, vectors, dy_turned_);
  for (std::int64_t k = 0; k < groups_; ++k) {
    const auto g = group(k);
    if (kept == nullptr) first_step(g, vectors, z_);
    take_group(g, vectors, kept == nullptr ? z_ : kept + g.first * n_.p * n_.r * width,
               dx != nullptr);
  }
  if (dx != nullptr)
    k_.from_panel(dx_, vectors, {rows, n_.p * n_.q, n_.p * n_.q, x_place_.data()}, nullptr, dx);
}

void TwoStepWorker::add_gradients(float* first, const Laid& first_laid, float* second,
                                  const Laid& second_laid) const {
  const auto add = [&](const float* panel, const std::vector<Strip>& strips, std::int64_t rows,
                       const auto& row_at, const Offsets& columns, float* out) {
    for (const auto& strip : strips) {
      const auto width = strip.vectors * k_.lanes;
      const auto count = std::min(width, static_cast<std::int64_t>(columns.size()) - strip.first);
      for (std::int64_t m = 0; m < rows; ++m, panel += width) {
        const auto place = row_at(m);
        for (std::int64_t c = 0; c < count; ++c)
          out[place + columns[static_cast<std::size_t>(strip.first + c)]] += panel[c];
      }
    }
  };
  add(
      d_first_, q_strips_, n_.s * n_.r,
      [&](std::int64_t m) {
        return first_laid.outs[static_cast<std::size_t>(m / n_.r)] +
               m % n_.r * first_laid.bond_stride;
      },
      first_laid.ins, first);
  add(
      d_second_, t_strips_, n_.p * n_.r,
      [&](std::int64_t m) {
        return second_laid.ins[static_cast<std::size_t>(m / n_.r)] +
               m % n_.r * second_laid.bond_stride;
      },
      second_laid.outs, second);
}

}  // namespace ranklens::tn::panels
