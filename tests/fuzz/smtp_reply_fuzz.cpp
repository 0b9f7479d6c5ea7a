// The first byte says in what pieces the rest is fed: how a server's bytes are cut must not change
// its replies, nothing but an Error may come of rubbish, and what is made of a reply holds for any
// text.
#include "smtp/classification.hpp"
#include "smtp/extensions.hpp"
#include "smtp/reply.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace chatear::smtp;

struct Read {
    std::vector<Reply> replies;
    bool failed = false;
};

Read read_in_pieces(std::string_view bytes, std::size_t size) {
    ReplyParser parser;
    Read read;
    while (!bytes.empty() && !read.failed) {
        parser.feed(bytes.substr(0, size));
        bytes.remove_prefix(std::min(size, bytes.size()));
        while (true) {
            auto next = parser.next();
            if (!next) {
                read.failed = true;
                break;
            }
            if (!next->has_value()) {
                break;
            }
            read.replies.push_back(std::move(**next));
        }
    }
    return read;
}

void check(bool holds) {
    if (!holds) {
        std::abort();
    }
}

void look_at(const Reply& reply) {
    check(reply.code >= 200 && reply.code <= 599);
    const std::string line = reply.one_line();
    check(std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c <= '~'; }));
    const auto enhanced = reply.enhanced_code();
    check(!enhanced || enhanced->status_class == reply.code / 100);
    (void)parse_extensions(reply);
    for (int step = 0; step <= static_cast<int>(Step::quit); ++step) {
        const bool wanted = reply.code / 100 == (static_cast<Step>(step) == Step::data ? 3 : 2);
        check((classify(static_cast<Step>(step), reply) == Culprit::accepted) == wanted);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
    const Read whole = read_in_pieces(bytes, bytes.size());
    const Read pieces = read_in_pieces(bytes, std::size_t{1} + data[0]);
    check(whole.failed == pieces.failed && whole.replies == pieces.replies);
    for (const Reply& reply : whole.replies) {
        look_at(reply);
    }
    return 0;
}
