// report_sample FOLDER: writes the sample pages that the browser tests open.
#include <cstdio>
#include <exception>
#include <filesystem>

#include "ranklens/base/files.h"

#include "sample.h"

int main(int count, char** arguments) {
  using namespace ranklens;
  if (count != 2) return std::fputs("usage: report_sample FOLDER\n", stderr), 2;
  try {
    const std::filesystem::path folder = arguments[1];
    std::filesystem::create_directories(folder);
    report::write_page(folder / "study.html", sample::study());
    report::write_page(folder / "photograph.html", sample::photograph());
    base::write_file(folder / "plain.html", report::plain_page(sample::photograph()));
  } catch (const std::exception& error) {
    return std::fprintf(stderr, "%s\n", error.what()), 1;
  }
}
