#include "base/error.hpp"

#include <utility>

namespace chatear {

Error::Error(std::initializer_list<std::string_view> pieces) {
    for (const std::string_view piece : pieces) {
        message += piece;
    }
}

Unavailable::Unavailable(std::string dependency, std::string where, std::string why)
    : std::runtime_error(dependency + " at " + where + " is unavailable: " + why),
      dependency_(std::move(dependency)),
      where_(std::move(where)),
      why_(std::move(why)) {}

}  // namespace chatear
