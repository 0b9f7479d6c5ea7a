// The first byte says in what pieces the rest is fed: how it is cut must not change what comes out,
// and nothing but an Error may come of rubbish.
#include "redis/reply_reader.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using chatear::redis::Reply;
using chatear::redis::ReplyReader;

struct Read {
    std::vector<Reply> replies;
    bool failed = false;
};

Read read_in_pieces(std::string_view bytes, std::size_t size) {
    ReplyReader reader;
    Read read;
    while (!bytes.empty() && !read.failed) {
        reader.feed(bytes.substr(0, size));
        bytes.remove_prefix(std::min(size, bytes.size()));
        while (true) {
            auto next = reader.next();
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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
    const Read whole = read_in_pieces(bytes, bytes.size());
    const Read pieces = read_in_pieces(bytes, std::size_t{1} + data[0]);
    if (whole.failed != pieces.failed || whole.replies != pieces.replies) {
        std::abort();
    }
    return 0;
}
