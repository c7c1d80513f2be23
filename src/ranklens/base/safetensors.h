#pragma once

#include <filesystem>
#include <map>
#include <string>

#include <ATen/core/Tensor.h>

namespace ranklens::base {

/// What a `.safetensors` file holds (format of Hugging Face's safetensors, 0.4 and later).
struct Safetensors {
  std::map<std::string, at::Tensor> tensors;
  std::map<std::string, std::string> metadata;
};

/// Reads a whole file to main memory. Everything in the header is checked before a tensor is
/// allocated: names given twice, unknown types, byte ranges outside the file, of the wrong length,
/// overlapping or leaving holes.
Safetensors read_safetensors(const std::filesystem::path& path);

/// Writes a file; same content, same bytes. Tensors lie at multiples of 8 bytes as far as their
/// size allows (wide types first, as the reference implementation sorts them), each is written in
/// full: sharing is the caller's to record. Error for complex128, which the format lacks.
void write_safetensors(const std::filesystem::path& path, const Safetensors& content);

}  // namespace ranklens::base
