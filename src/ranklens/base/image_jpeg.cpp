#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <vector>

// jpeglib.h needs <cstdio> before it.
#include <jpeglib.h>
// The warnings' numbers; after jpeglib.h.
#include <jerror.h>

#include "ranklens/base/error.h"
#include "ranklens/base/image_codecs.h"

namespace ranklens::base {
namespace {

// A progressive JPEG of a few bytes can ask for thousands of passes over the image.
constexpr int kMostScans = 200;

struct JpegFailure {
  jpeg_error_mgr manager;  // first: libjpeg hands back a pointer to it
  std::jmp_buf back;
  bool ended_early;
  char message[JMSG_LENGTH_MAX];
};

[[noreturn]] void jpeg_failed(j_common_ptr jpeg) {
  auto* failure = reinterpret_cast<JpegFailure*>(jpeg->err);
  jpeg->err->format_message(jpeg, failure->message);
  failure->ended_early = jpeg->err->msg_code == JWRN_JPEG_EOF ||
                         jpeg->err->msg_code == JERR_INPUT_EOF ||
                         jpeg->err->msg_code == JERR_INPUT_EMPTY;
  std::longjmp(failure->back, 1);
}

// Warnings that mean lost pixels count as failures; cosmetic ones do not.
void jpeg_warned(j_common_ptr jpeg, int level) {
  if (level >= 0) return;
  switch (jpeg->err->msg_code) {
    case JWRN_JPEG_EOF:
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC:
      jpeg_failed(jpeg);
    default:
      return;
  }
}

void jpeg_progressed(j_common_ptr jpeg) {
  auto* decoder = reinterpret_cast<j_decompress_ptr>(jpeg);
  if (decoder->input_scan_number <= kMostScans) return;
  auto* failure = reinterpret_cast<JpegFailure*>(jpeg->err);
  std::snprintf(failure->message, sizeof failure->message, "it has more than %d scans", kMostScans);
  failure->ended_early = false;
  std::longjmp(failure->back, 1);
}

struct JpegDecoder {
  jpeg_decompress_struct state;
  JpegFailure failure;
  jpeg_progress_mgr progress;
};

// Each of these returns false after a failure, with the reason in decoder.failure.
bool jpeg_begin(JpegDecoder* decoder, const unsigned char* bytes, unsigned long count) {
  auto* state = &decoder->state;
  state->err = jpeg_std_error(&decoder->failure.manager);
  decoder->failure.manager.error_exit = jpeg_failed;
  decoder->failure.manager.emit_message = jpeg_warned;
  if (setjmp(decoder->failure.back) != 0) return false;
  jpeg_create_decompress(state);
  decoder->progress.progress_monitor = jpeg_progressed;
  state->progress = &decoder->progress;
  jpeg_mem_src(state, bytes, count);
  jpeg_read_header(state, TRUE);
  if (state->jpeg_color_space == JCS_CMYK || state->jpeg_color_space == JCS_YCCK) {
    state->out_color_space = JCS_CMYK;
  } else if (state->jpeg_color_space != JCS_GRAYSCALE) {
    state->out_color_space = JCS_RGB;
  }
  return true;
}

bool jpeg_pixels(JpegDecoder* decoder, unsigned char* pixels, std::size_t stride) {
  auto* state = &decoder->state;
  if (setjmp(decoder->failure.back) != 0) return false;
  jpeg_start_decompress(state);
  while (state->output_scanline < state->output_height) {
    JSAMPROW row = pixels + state->output_scanline * stride;
    jpeg_read_scanlines(state, &row, 1);
  }
  jpeg_finish_decompress(state);
  return true;
}

[[noreturn]] void jpeg_give_up(const JpegDecoder& decoder, std::string_view what) {
  require(!decoder.failure.ended_early, "{} is cut off: the JPEG data end early", what);
  fail("{} is a damaged JPEG: {}", what, decoder.failure.message);
}

// Adobe's programs write CMYK inverted and say so with their marker.
Image cmyk_to_rgb(const Image& cmyk, bool inverted) {
  Image rgb{cmyk.height, cmyk.width, 3, {}};
  rgb.pixels.reserve(cmyk.pixels.size() / 4 * 3);
  for (std::size_t i = 0; i < cmyk.pixels.size(); i += 4) {
    const auto light = [&](std::size_t k) -> unsigned {
      return inverted ? cmyk.pixels[i + k] : 255U - cmyk.pixels[i + k];
    };
    for (std::size_t k = 0; k < 3; ++k) {
      rgb.pixels.push_back(static_cast<std::uint8_t>((light(k) * light(3) + 127) / 255));
    }
  }
  return rgb;
}

}  // namespace

Image codec::decode_jpeg(std::string_view bytes, std::string_view what, std::uint64_t most_pixels) {
  JpegDecoder decoder{};
  struct Release {
    jpeg_decompress_struct* state;
    ~Release() { jpeg_destroy_decompress(state); }
  } release{&decoder.state};
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  if (!jpeg_begin(&decoder, data, bytes.size())) jpeg_give_up(decoder, what);
  const auto& state = decoder.state;
  require(std::uint64_t{state.image_width} * state.image_height <= most_pixels,
          "{} has {} x {} pixels, more than {}", what, state.image_width, state.image_height,
          most_pixels);
  const int channels = state.out_color_space == JCS_GRAYSCALE ? 1
                       : state.out_color_space == JCS_CMYK    ? 4
                                                              : 3;
  Image image{
      static_cast<int>(state.image_height), static_cast<int>(state.image_width), channels, {}};
  const std::size_t stride = std::size_t{state.image_width} * static_cast<std::size_t>(channels);
  image.pixels.resize(stride * state.image_height);
  if (!jpeg_pixels(&decoder, image.pixels.data(), stride)) jpeg_give_up(decoder, what);
  const auto left = state.src->bytes_in_buffer;
  require(left == 0, "{} holds {} bytes after its JPEG data", what, left);
  return channels == 4 ? cmyk_to_rgb(image, state.saw_Adobe_marker != 0) : image;
}

}  // namespace ranklens::base
