#include "ranklens/base/free_folder.h"

#include <gtest/gtest.h>

#include "ranklens/base/files.h"
#include "ranklens/base/json.h"

#include "testing/expect_error.h"
#include "testing/temporary_folder.h"

namespace ranklens::base {
namespace {

namespace fs = std::filesystem;
using testing::expect_error;
using testing::TemporaryFolder;

FolderUse explaining(const std::string& methods) {
  return {.command = "explain", .identity = {{"methods", methods}, {"seed", 1}}};
}

void put_manifest(const fs::path& folder, const std::string& command,
                  const nlohmann::json& more = nlohmann::json::object()) {
  nlohmann::json manifest = {{"command", command}};
  manifest.update(more);
  write_json(folder / "manifest.json", manifest);
}

TEST(FreeFolder, AbsentEmptyAndHiddenNamesAreFree) {
  const TemporaryFolder folder;
  require_free(folder / "none", explaining("a"));
  EXPECT_FALSE(fs::exists(folder / "none"));
  require_free(folder.path(), explaining("a"));
  write_file(folder / ".gitignore", "work\n");
  require_free(folder.path(), explaining("a"));
}

TEST(FreeFolder, ItsOwnResultIsFreeAndAnotherConfigurationIsNamed) {
  const TemporaryFolder folder;
  write_file(folder / "gradcam.npy", "maps");
  put_manifest(folder.path(), "explain", {{"identity", explaining("a").identity}});
  require_free(folder.path(), explaining("a"));
  expect_error([&] { require_free(folder.path(), explaining("b")); },
               "holds the result of 'ranklens explain' of another configuration: methods is \"a\" "
               "there and \"b\" here; choose another folder (--out) or remove this one");
  put_manifest(folder.path(), "explain");
  expect_error([&] { require_free(folder.path(), explaining("a")); },
               "methods is not given there and \"a\" here");
}

TEST(FreeFolder, WhatAnotherCommandOrAPersonPutThereIsRefused) {
  const TemporaryFolder folder;
  write_file(folder / "thesis.txt", "years");
  expect_error([&] { require_free(folder.path(), explaining("a")); },
               "is not empty ('thesis.txt' is there) and holds no finished result of 'ranklens "
               "explain'; choose another folder (--out) or remove this one");
  put_manifest(folder.path(), "train");
  expect_error([&] { require_free(folder.path(), explaining("a")); },
               "holds the result of 'ranklens train'");
  write_file(folder / "manifest.json", "{");
  expect_error([&] { require_free(folder.path(), explaining("a")); },
               "a manifest.json that 'ranklens explain' did not write");
  write_file(folder / "manifest.json", R"({"command": 3})");
  expect_error([&] { require_free(folder.path(), explaining("a")); }, "did not write");
  expect_error([&] { require_free(folder / "thesis.txt", explaining("a")); }, "is no folder");
}

TEST(FreeFolder, AMarkIsTheCommandsOwnButNotAnothersManifest) {
  const TemporaryFolder folder;
  const FolderUse study{.command = "study", .alike = {"reproduce"}, .marks = {"study.json"}};
  write_file(folder / "README.md", "x");
  write_file(folder / "study.json", "{}");
  require_free(folder.path(), study);
  put_manifest(folder.path(), "reproduce", {{"identity", {{"x", 1}}}});
  require_free(folder.path(), study);
  put_manifest(folder.path(), "train");
  expect_error([&] { require_free(folder.path(), study); }, "holds the result of 'ranklens train'");
}

TEST(FreeFolder, SomeResultsMayLieAmongOtherFiles) {
  const TemporaryFolder folder;
  auto use = explaining("a");
  use.among_others = true;
  use.alike = {"data make"};
  write_file(folder / "images.npy", "x");
  require_free(folder.path(), use);
  put_manifest(folder.path(), "data make", {{"identity", {{"count", 3}}}});
  require_free(folder.path(), use);
  fs::remove(folder / "manifest.json");
  for (const char* name : {"study.json", "checkpoint.safetensors"}) {
    write_file(folder / name, "x");
    expect_error([&] { require_free(folder.path(), use); }, "is not empty");
    fs::remove(folder / name);
  }
}

TEST(FreeFolder, OnlyWhatTheManifestListsIsReplaced) {
  const TemporaryFolder folder;
  auto use = explaining("a");
  use.among_others = true;
  use.alike = {"data make"};
  use.writes = {"targets.npy", "gradcam.npy"};
  const auto refused = [&] {
    expect_error([&] { require_free(folder.path(), use); },
                 "gradcam.npy' is there and no manifest of ranklens lists it: it is not replaced");
  };
  write_file(folder / "gradcam.npy", "mine");
  refused();
  const nlohmann::json identity{{"identity", use.identity}};
  put_manifest(folder.path(), "explain", identity);
  refused();
  for (const auto& entries : {nlohmann::json("gradcam.npy"), nlohmann::json({3, {{"file", 3}}}),
                              nlohmann::json({{{"file", "targets.npy"}}})}) {
    put_manifest(folder.path(), "explain", {{"identity", use.identity}, {"entries", entries}});
    refused();
  }
  put_manifest(folder.path(), "explain",
               {{"identity", use.identity}, {"entries", {{{"file", "gradcam.npy"}}}}});
  require_free(folder.path(), use);
}

TEST(FirstDifference, NamesTheKeyAndBothValues) {
  EXPECT_EQ(first_difference({{"a", 1}, {"b", 2}}, {{"a", 1}, {"b", 2}}), "");
  EXPECT_EQ(first_difference({{"b", 2}, {"a", 1}}, {{"a", 3}, {"b", 4}}),
            "a is 1 there and 3 here");
  // Of long texts the part is shown in which they differ.
  const std::string same(150, 'x');
  EXPECT_EQ(first_difference({{"a", same + ",b=1,c=2"}}, {{"a", same + ",b=10,c=2"}}),
            "a is ...b=1,c=2\" there and ...b=10,c=2\" here");
  EXPECT_EQ(first_difference({{"a", "short,b=1"}}, {{"a", "short,b=2"}}),
            "a is \"short,b=1\" there and \"short,b=2\" here");
  EXPECT_EQ(first_difference({{"a", 1}}, nlohmann::json::object()),
            "a is 1 there and not given here");
  EXPECT_EQ(first_difference(nlohmann::json::array(), {{"a", 1}}),
            "its configuration cannot be read");
}

}  // namespace
}  // namespace ranklens::base
