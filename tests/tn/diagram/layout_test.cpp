#include "ranklens/tn/diagram/layout.h"

#include <cmath>

#include <gmock/gmock.h>

#include "ranklens/tn/diagram/parse.h"

namespace ranklens::tn::diagram {
namespace {

Net net(const std::string& factors, const std::string& layout = "auto") {
  const auto document =
      parse("size d=2\ntensor V[a:2], A[a:2,b:2], T[a:2,b:2,c:2], F[a:2,b:2,c:2,e:2]\nlayout " +
                layout + "\ndiagram d: " + factors,
            "'t'");
  const Diagram& diagram = document.diagrams[0];
  return net_of(diagram, diagram.sides[0][0], diagram.open);
}

std::vector<std::pair<double, double>> places_of(const Net& n) {
  std::vector<std::pair<double, double>> list;
  for (const Point& p : place(n)) list.emplace_back(p.x, p.y);
  return list;
}

double apart(Point a, Point b) { return std::hypot(a.x - b.x, a.y - b.y); }

/// Whether all neighbours are one unit apart, and nothing else is nearer.
void expect_grid(const Net& n) {
  const auto places = place(n);
  for (const Wire& wire : n.wires) {
    if (!wire.open()) {
      EXPECT_NEAR(apart(places[wire.a.node], places[wire.b.node]), 1, 1e-9) << wire.name;
    }
  }
  for (std::size_t a = 0; a < places.size(); ++a) {
    for (std::size_t b = 0; b < a; ++b) EXPECT_GE(apart(places[a], places[b]), 0.999);
  }
}

TEST(DiagramLayout, PutsChainsInARow) {
  EXPECT_THAT(places_of(net("V[a] A[a,b] A[b,c] V[c]")),
              ::testing::ElementsAre(std::pair(0., 0.), std::pair(1., 0.), std::pair(2., 0.),
                                     std::pair(3., 0.)));
}

TEST(DiagramLayout, PutsLaddersAndGridsOnAGrid) {
  expect_grid(net("A[a,p] T[a,b,q] A[b,r] T[p,x,s] F[q,x,y,t] T[r,y,u] A[s,v] T[t,v,w] A[u,w]"));
  expect_grid(net("A[a,b] A[b,c] A[c,e] A[e,a]"));
}

TEST(DiagramLayout, StacksTheThreeRowsOfAnExpectationValue) {
  const auto places = place(net("A[s,a] A[a,t] A[s,w] A[w,t]"));
  EXPECT_EQ(places[0].y, places[1].y);
}

TEST(DiagramLayout, PutsRingsOnACircle) {
  const auto n = net("A[a,b] A[b,c] A[c,e] A[e,f] A[f,a]");
  const auto places = place(n);
  for (const Wire& wire : n.wires)
    EXPECT_NEAR(apart(places[wire.a.node], places[wire.b.node]), 1, 1e-9);
}

TEST(DiagramLayout, PutsTreesBelowTheirMiddle) {
  const auto places =
      place(net("T[p,q,r] T[p,a,b] T[q,c,e] T[r,f,g] V[a] V[b] V[c] V[e] V[f] V[g]"));
  for (const int child : {1, 2, 3}) EXPECT_EQ(places[child].y, places[0].y + 1);
  for (const int leaf : {4, 5, 6, 7, 8, 9}) EXPECT_EQ(places[leaf].y, places[0].y + 2);
  EXPECT_DOUBLE_EQ(places[1].x, (places[4].x + places[5].x) / 2);
  EXPECT_DOUBLE_EQ(places[0].x, places[2].x);
}

TEST(DiagramLayout, GivesDenseGraphsDistinctPlaces) {
  const auto n = net("T[a,b,c] T[a,e,f] T[b,e,g] T[c,f,g]");  // all joined to all
  const auto places = place(n);
  for (std::size_t a = 0; a < places.size(); ++a) {
    for (std::size_t b = 0; b < a; ++b) EXPECT_GT(apart(places[a], places[b]), 0.5);
  }
  EXPECT_EQ(places_of(n), places_of(n));
}

TEST(DiagramLayout, KeepsHints) {
  const auto places = place(net("A[a,b]@(3, 1) A[b,a]@(-1, 2.5)"));
  EXPECT_EQ(places[0].x, 3);
  EXPECT_EQ(places[1].y, 2.5);
}

TEST(DiagramLayout, FirstOpenLegOfAMatrixProductIsOnTheLeft) {
  const auto n = net("A[i,j] A[j,k] -> i, k");
  const auto open = open_directions(n, place(n));
  for (std::size_t w = 0; w < n.wires.size(); ++w) {
    if (n.wires[w].name == "i") {
      EXPECT_EQ(open[w].direction.x, -1);
    }
    if (n.wires[w].name == "k") {
      EXPECT_EQ(open[w].direction.x, 1);
    }
  }
}

TEST(DiagramLayout, OpenLegsOfAChainHangDown) {
  const auto n = net("A[i,a] T[a,j,b] A[b,k] -> i, j, k");
  const auto open = open_directions(n, place(n));
  for (std::size_t w = 0; w < n.wires.size(); ++w) {
    if (n.wires[w].open()) {
      EXPECT_EQ(open[w].direction.y, 1) << n.wires[w].name;
    }
  }
}

TEST(DiagramLayout, LinesOfIdentityVanishInWhatTheyJoin) {
  const auto n = net("A[i,j] id[j,k] A[k,l] -> i, l");
  EXPECT_EQ(n.nodes.size(), 2u);
  EXPECT_EQ(n.wires.size(), 3u);
}

TEST(DiagramLayout, PlacesHundredsOfTensors) {
  std::string factors = "V[a0] ";
  for (int k = 0; k < 300; ++k) {
    factors += "T[a" + std::to_string(k) + ",p" + std::to_string(k) + ",a" + std::to_string(k + 1) +
               "] V[p" + std::to_string(k) + "] ";
  }
  EXPECT_EQ(place(net(factors + "V[a300]")).size(), 602u);
}

}  // namespace
}  // namespace ranklens::tn::diagram
