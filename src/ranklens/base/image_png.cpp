#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <vector>

#include <png.h>

#include "ranklens/base/error.h"
#include "ranklens/base/files.h"
#include "ranklens/base/image_codecs.h"

namespace ranklens::base {
namespace {

// State of one decoding, free of C++ objects: what libpng's callbacks see.
struct PngSource {
  const png_byte* bytes;
  std::size_t left;
  bool ended_early;
  char message[160];
};

void png_failed(png_structp png, png_const_charp message) {
  auto* source = static_cast<PngSource*>(png_get_error_ptr(png));
  std::snprintf(source->message, sizeof source->message, "%s", message);
  png_longjmp(png, 1);
}

void png_warned(png_structp, png_const_charp) {}

void png_take(png_structp png, png_bytep to, std::size_t count) {
  auto* source = static_cast<PngSource*>(png_get_io_ptr(png));
  if (count > source->left) {
    source->ended_early = true;
    png_error(png, "the file ends early");
  }
  std::memcpy(to, source->bytes, count);
  source->bytes += count;
  source->left -= count;
}

struct PngSize {
  png_uint_32 height;
  png_uint_32 width;
  int channels;
};

// Reads the header and asks for 8-bit samples, palette and transparency expanded. False: failed.
bool png_begin(png_structp png, png_infop info, PngSize* size) {
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  png_read_info(png, info);
  png_set_expand(png);
  png_set_scale_16(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  *size = {png_get_image_height(png, info), png_get_image_width(png, info),
           png_get_channels(png, info)};
  return true;
}

// Reads the pixels through row pointers, and on to the end mark, so that a cut-off file is noticed.
bool png_pixels(png_structp png, png_bytepp rows) {
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  png_read_image(png, rows);
  png_read_end(png, nullptr);
  return true;
}

class PngReader {
 public:
  explicit PngReader(std::string_view bytes)
      : source_{reinterpret_cast<const png_byte*>(bytes.data()), bytes.size(), false, {}} {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, &source_, png_failed, png_warned);
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
    if (info_ == nullptr) {
      png_destroy_read_struct(&png_, nullptr, nullptr);
      throw SystemError("out of memory");
    }
    png_set_read_fn(png_, &source_, png_take);
  }
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  png_structp png() { return png_; }
  png_infop info() { return info_; }
  std::size_t left() const { return source_.left; }
  [[noreturn]] void give_up(std::string_view what) const {
    require(!source_.ended_early, "{} is cut off: the PNG data end early", what);
    fail("{} is a damaged PNG: {}", what, source_.message);
  }

 private:
  PngSource source_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
};

}  // namespace

Image codec::decode_png(std::string_view bytes, std::string_view what, std::uint64_t most_pixels) {
  PngReader reader(bytes);
  PngSize size{};
  if (!png_begin(reader.png(), reader.info(), &size)) reader.give_up(what);
  require(std::uint64_t{size.width} * size.height <= most_pixels,
          "{} has {} x {} pixels, more than {}", what, size.width, size.height, most_pixels);
  Image image{static_cast<int>(size.height), static_cast<int>(size.width), size.channels, {}};
  const std::size_t stride = std::size_t{size.width} * static_cast<std::size_t>(size.channels);
  image.pixels.resize(stride * size.height);
  std::vector<png_bytep> rows(size.height);
  for (std::size_t y = 0; y < rows.size(); ++y) rows[y] = image.pixels.data() + y * stride;
  if (!png_pixels(reader.png(), rows.data())) reader.give_up(what);
  require(reader.left() == 0, "{} holds {} bytes after its PNG data", what, reader.left());
  return image;
}

std::string encode_png(const Image& image) {
  constexpr png_uint_32 formats[] = {PNG_FORMAT_GRAY, PNG_FORMAT_GA, PNG_FORMAT_RGB,
                                     PNG_FORMAT_RGBA};
  require(image.channels >= 1 && image.channels <= 4, "a PNG has 1 to 4 channels, not {}",
          image.channels);
  require(image.height > 0 && image.width > 0 &&
              image.pixels.size() == std::size_t(image.height) * std::size_t(image.width) *
                                         std::size_t(image.channels),
          "an image of {} x {} pixels with {} bytes cannot be written", image.width, image.height,
          image.pixels.size());
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  header.width = static_cast<png_uint_32>(image.width);
  header.height = static_cast<png_uint_32>(image.height);
  header.format = formats[image.channels - 1];
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(header);
  std::string bytes(size, '\0');
  if (png_image_write_to_memory(&header, bytes.data(), &size, 0, image.pixels.data(), 0, nullptr) ==
      0) {
    throw SystemError(fmt::format("a PNG cannot be made: {}", header.message));
  }
  bytes.resize(size);
  return bytes;
}

void write_png(const std::filesystem::path& path, const Image& image) {
  write_file(path, encode_png(image));
}

}  // namespace ranklens::base
