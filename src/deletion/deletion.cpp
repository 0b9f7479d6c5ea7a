#include "deletion/deletion.hpp"

#include "base/digest.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace chatear::deletion {
namespace {

constexpr std::array<std::pair<Status, std::string_view>, 6> words{{
    {Status::queued, "queued"},
    {Status::scheduled, "scheduled"},
    {Status::executed, "executed"},
    {Status::cancelled, "cancelled"},
    {Status::held, "held"},
    {Status::failed, "failed"},
}};

}  // namespace

std::string_view to_text(Status status) {
    return words.at(static_cast<std::size_t>(status)).second;
}

std::optional<Status> parse_status(std::string_view word) {
    for (const auto& [status, its_word] : words) {
        if (its_word == word) {
            return status;
        }
    }
    return std::nullopt;
}

bool is_open(Status status) {
    return status == Status::queued || status == Status::scheduled || status == Status::held;
}

std::string address_hash(std::string_view address) {
    return to_hex(sha256(address));
}

std::string mail_id(const Deletion& deletion, int mail_number) {
    return fmt::format("{}.{}", deletion.id, mail_number);
}

}  // namespace chatear::deletion
