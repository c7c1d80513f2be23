// Every optimiser that `ranklens methods` lists trains a network that has what it moves, and leaves
// a network that can be read.
#include <cmath>
#include <map>
#include <ostream>
#include <sstream>

#include "ranklens/base/files.h"
#include "ranklens/nn/model_file.h"
#include "ranklens/optim/catalogue.h"

#include "app/run.h"

namespace ranklens::app {
namespace {

struct ListedOptimiser {
  std::string name, moves;
};

void PrintTo(const ListedOptimiser& one, std::ostream* out) { *out << one.name; }

/// What `methods` prints, without a process for each test of this program.
std::vector<ListedOptimiser> listed_optimisers() {
  std::vector<ListedOptimiser> all;
  for (const auto& one : optim::optimiser_catalogue()) all.push_back({one.name, one.moves});
  return all;
}

TEST(ListedOptimisers, AreThoseThatAreTrainedWithHere) {
  const auto printed = answer_of(ranklens({"methods", "--json"}))["optimisers"];
  const auto here = listed_optimisers();
  ASSERT_EQ(printed.size(), here.size());
  for (std::size_t k = 0; k < here.size(); ++k) {
    EXPECT_EQ(printed[k]["name"], here[k].name);
    EXPECT_EQ(printed[k]["moves"], here[k].moves);
  }
}

class EachListedOptimiser : public ::testing::TestWithParam<ListedOptimiser> {};

INSTANTIATE_TEST_SUITE_P(Train, EachListedOptimiser, ::testing::ValuesIn(listed_optimisers()),
                         [](const ::testing::TestParamInfo<ListedOptimiser>& given) {
                           return given.param.name;
                         });

TEST_P(EachListedOptimiser, LeavesTheNetworkOfItsBestEpoch) {
  const std::map<std::string, std::string> weights{
      {"any tensors", "dense"}, {"low rank", "low_rank(r=3)"}, {"trains", "tt(r=2)"}};
  const auto& weight = weights.at(GetParam().moves);
  const std::string data = "scenes:train=20,test=10";
  const TemporaryFolder folder;
  const auto out = folder / "run";
  const auto answer =
      answer_of(ranklens({"train", "mlp", "--hidden", "8", "--layers", "fc1: " + weight, "--data",
                          data, "--epochs", "2", "--batch", "10", "--optimiser", GetParam().name,
                          "--out", out.string(), "--threads", "1", "--json"}));
  ASSERT_TRUE(answer.is_object());
  std::istringstream lines(base::read_file(out / "metrics.jsonl"));
  std::vector<nlohmann::json> epochs;
  for (std::string line; std::getline(lines, line);) epochs.push_back(nlohmann::json::parse(line));
  ASSERT_EQ(epochs.size(), 2U);
  EXPECT_TRUE(std::isfinite(epochs.back()["loss"].get<double>()));
  const auto best = (out / "best.safetensors").string();
  const auto& chosen = epochs.at(answer["best_epoch"].get<std::size_t>() - 1);
  const auto found = answer_of(ranklens({"evaluate", best, "--data", data, "--json"}));
  EXPECT_NEAR(found["loss"].get<double>(), chosen["validation_loss"].get<double>(), 1e-6);
  EXPECT_EQ(nn::read_model(best).network.state.at("fc1.weight").weight->kind(),
            weight.substr(0, weight.find('(')));
}

}  // namespace
}  // namespace ranklens::app
