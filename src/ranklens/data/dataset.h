#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

namespace ranklens::data {

/// Which part of the data. `all` is train followed by test, or everything where the source has no
/// parts of its own.
enum class Split { train, test, all };

/// "train", "test", "all", and back; Error for another word.
std::string_view name_of(Split split);
Split parse_split(std::string_view text);

/// Labelled images in memory; copies share the tensors.
struct Dataset {
  at::Tensor images;          ///< [N, C, H, W], uint8; float32 in [0, 1] only if read as such
  at::Tensor labels;          ///< int64 [N], in 0 .. classes.size() - 1
  at::Tensor masks;           ///< uint8 [N, H, W], 1 on the object; undefined where not known
  at::Tensor shortcut_masks;  ///< uint8 [N, H, W], 1 on a planted shortcut; undefined without one
  std::vector<std::string> classes;
  std::string name;  ///< for people: "CIFAR-10, train"
  std::string hash;  ///< 16 hex digits of the contents; see content_hash()

  std::int64_t size() const { return images.defined() ? images.size(0) : 0; }
  std::int64_t channels() const { return images.size(1); }
  std::int64_t height() const { return images.size(2); }
  std::int64_t width() const { return images.size(3); }
};

/// Error unless shapes and types are as declared above, every label names a class, every float
/// pixel lies in [0, 1] (so is no NaN), and every mask value is 0 or 1. `source` begins the
/// message.
void check(const Dataset& data, const std::string& source);

/// A hash of images, labels, masks and class names: equal for equal contents, on any machine.
/// Guards against mix-ups, not against an adversary.
std::string content_hash(const Dataset& data);

/// The items of the given indices (int64 [n]), in that order, with a hash of its own.
Dataset select(const Dataset& data, const at::Tensor& indices);

/// The first `count` items; all of them if there are fewer or `count` is 0.
Dataset first(const Dataset& data, std::int64_t count);

/// Items of both, in order; Error unless images have one shape and classes agree.
Dataset concatenated(const Dataset& a, const Dataset& b);

}  // namespace ranklens::data
