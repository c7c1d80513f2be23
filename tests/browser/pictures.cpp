#include "pictures.h"

#include <cmath>

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/Generator.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/stack.h>

namespace ranklens::sample {

namespace {

at::Tensor noise(at::IntArrayRef shape, int seed) {
  return at::rand(shape, at::detail::createCPUGenerator(static_cast<std::uint64_t>(seed)));
}

struct Grid {
  at::Tensor y, x;  // broadcastable to [size, size], in [-1, 1]
};

Grid grid(int size) {
  const at::Tensor line = at::linspace(-1, 1, size);
  return {line.reshape({size, 1}), line.reshape({1, size})};
}

}  // namespace

Scene scene(int number, int size) {
  const Grid at = grid(size);
  const double turn = 0.9 * number;
  Scene result;
  result.y = 0.4 * std::sin(2.3 * number);
  result.x = 0.4 * std::cos(1.7 * number);
  const double radius = 0.3 + 0.08 * std::sin(number);
  const at::Tensor dy = at.y.sub(result.y).abs(), dx = at.x.sub(result.x).abs();
  // Circles, squares and diamonds in turn.
  const at::Tensor distance = number % 3 == 0   ? dy.square().add(dx.square()).sqrt()
                              : number % 3 == 1 ? dy.maximum(dx)
                                                : dy.add(dx).mul(0.75);
  const at::Tensor inside = distance.lt(radius).to(at::kFloat);
  const at::Tensor stripes = at.y.mul(9 * std::cos(turn)).add(at.x.mul(9 * std::sin(turn))).sin();
  const at::Tensor ground = stripes.mul(0.12).add(0.4).add(noise({size, size}, number), 0.18);
  std::vector<at::Tensor> channels;
  for (int c = 0; c < 3; ++c) {
    const double object = 0.55 + 0.4 * std::sin(number + 2.1 * c);
    channels.push_back(inside.mul(object).add(
        inside.neg().add(1).mul(ground).mul(0.75 + 0.25 * std::cos(number + c))));
  }
  result.image = at::stack(channels).clamp(0, 1);
  result.mask = inside;
  return result;
}

at::Tensor bump(double y, double x, double width, double roughness, int size, int seed) {
  const Grid at = grid(size);
  const at::Tensor square = at.y.sub(y).square().add(at.x.sub(x).square());
  return square.div(-2 * width * width).exp().add(noise({size, size}, seed), roughness);
}

}  // namespace ranklens::sample
