#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace chatear {

/// The keys of a document's open objects, to find one that stands twice.
class JsonKeys {
public:
    void open_object() { objects_.push_back({few_.size(), {}}); }
    void close_object() {
        few_.resize(objects_.back().begin);
        objects_.pop_back();
    }

    /// False where the innermost object has it already.
    bool add(std::string_view key);

private:
    struct Object {
        std::size_t begin;  // In few_.
        std::set<std::string, std::less<>> many;
    };
    std::vector<Object> objects_;
    std::vector<std::string> few_;  // The first keys of each: they are compared one by one.
};

}  // namespace chatear
