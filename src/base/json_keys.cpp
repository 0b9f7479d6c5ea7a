#include "base/json_keys.hpp"

#include <algorithm>

namespace chatear {
namespace {

constexpr std::size_t most_few = 16;

}  // namespace

bool JsonKeys::add(std::string_view key) {
    Object& object = objects_.back();
    const auto begin = few_.begin() + static_cast<std::ptrdiff_t>(object.begin);
    if (std::find(begin, few_.end(), key) != few_.end()) {
        return false;
    }
    if (few_.size() - object.begin < most_few) {
        few_.emplace_back(key);
        return true;
    }
    return object.many.emplace(key).second;
}

}  // namespace chatear
