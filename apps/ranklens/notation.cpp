#include <filesystem>
#include <memory>

#include <CLI/CLI.hpp>

#include "ranklens/base/error.h"
#include "ranklens/base/files.h"
#include "ranklens/base/folder.h"
#include "ranklens/base/free_folder.h"
#include "ranklens/tn/diagram/book/page.h"

#include "commands.h"
#include "outputs.h"

namespace ranklens::app {
namespace {

namespace book = tn::diagram::book;

struct Summary {
  Json items = Json::array();
  std::size_t failed = 0;
  double worst = 0;
  std::string first;  ///< the title of the first item that fails
};

Summary counts_of(const std::vector<book::Chapter>& chapters) {
  Summary summary;
  for (const auto& chapter : chapters) {
    for (const auto& [item, verified] : chapter.entries) {
      summary.items.push_back({{"id", item.id},
                               {"group", chapter.name},
                               {"title", item.title},
                               {"error", verified.worst()},
                               {"tolerance", verified.tolerance},
                               {"facts", verified.facts.size()},
                               {"holds", verified.holds}});
      summary.worst = std::max(summary.worst, verified.worst());
      if (verified.holds) continue;
      if (summary.failed++ == 0) summary.first = item.title;
    }
  }
  return summary;
}

struct NotationOptions {
  Common common;
  std::string disturbed;
};

void notation(const NotationOptions& options) {
  const auto& common = options.common;
  start(common);
  const auto path = std::filesystem::path(common.out) / "notation.html";
  base::require_free(common.out, {.command = "notation", .among_others = true});
  const auto chapters = book::evaluated(book::groups(), common.seed, options.disturbed);
  base::make_folder(common.out);
  require_replaceable({{"--out", path.string(), FileKind::page}});
  base::write_file(path, book::page(chapters, common.seed));
  const Summary summary = counts_of(chapters);
  emit(common,
       Json{{"page", path.string()},
            {"items", summary.items},
            {"failed", summary.failed},
            {"largest_error", summary.worst}},
       fmt::format("{} items, {} of them fail; largest error {:.1e}\nthe page: {}\n",
                   summary.items.size(), summary.failed, summary.worst, path.string()));
  if (summary.failed > 0) {
    throw base::SystemError(fmt::format("{} of {} items of the book do not hold, the first: {}",
                                        summary.failed, summary.items.size(), summary.first));
  }
}

}  // namespace

void add_notation(CLI::App& root) {
  const auto options = std::make_shared<NotationOptions>();
  auto& command = add_command(
      root, "notation", "write the book of tensor diagrams: every drawing computed in two ways",
      "  ranklens notation --out book", options->common, Out::folder,
      {.device = false, .dtype = false, .quiet = false});
  require_out(command, "the folder that the book goes to");
  command.add_option("--disturb", options->disturbed,
                     "an item, as --json names it: change the first tensor of its drawing, and see "
                     "the check fail");
  command.callback([options] { notation(*options); });
}

}  // namespace ranklens::app
