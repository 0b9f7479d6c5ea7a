#include "figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace chatear::simulation {
namespace {

constexpr std::pair<const char*, std::uint64_t Figures::*> sums[] = {
    {"worlds", &Figures::worlds},
    {"handlers", &Figures::handlers},
    {"crashes", &Figures::crashes},
    {"stops", &Figures::stops},
    {"freezes", &Figures::freezes},
    {"outages", &Figures::outages},
    {"events", &Figures::events},
    {"sent", &Figures::sent},
    {"failed", &Figures::failed},
    {"held", &Figures::held},
    {"blamed", &Figures::blamed},
    {"refused", &Figures::refused},
    {"conflicts", &Figures::conflicts},
    {"mails", &Figures::mails},
    {"second copies", &Figures::second_copies},
    {"told by flight recorders", &Figures::told_by_recorders},
    {"overtaken", &Figures::overtaken},
    {"attempts", &Figures::attempts},
    {"generations", &Figures::generations},
};

}  // namespace

void Figures::add(const Figures& more) {
    for (const auto& [name, sum] : sums) {
        this->*sum += more.*sum;
    }
    longest_rest_s = std::max(longest_rest_s, more.longest_rest_s);
}

std::string Figures::text() const {
    std::string text;
    for (const auto& [name, sum] : sums) {
        text += fmt::format("{} {}, ", this->*sum, name);
    }
    return text + fmt::format("at rest after {} s at most", longest_rest_s);
}

}  // namespace chatear::simulation
