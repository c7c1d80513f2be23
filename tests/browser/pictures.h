#pragma once

#include <ATen/core/Tensor.h>

namespace ranklens::sample {

/// A textured background with one bright object on it.
struct Scene {
  at::Tensor image;     // [3, H, W] in [0, 1]
  at::Tensor mask;      // [H, W] of 0 and 1
  double y = 0, x = 0;  // the object's centre in [-1, 1]
};

Scene scene(int number, int size);

/// A bump of that width at (y, x), with noise: what a map of such an image might be.
at::Tensor bump(double y, double x, double width, double noise, int size, int seed);

}  // namespace ranklens::sample
