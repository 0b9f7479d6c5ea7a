// The first byte says in what pieces the rest is fed: how it is cut must not change what comes out.
#include "http/request_reader.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using chatear::http::Request;
using chatear::http::RequestReader;

struct Read {
    std::vector<Request> requests;
    unsigned error = 0;
};

Read read_in_pieces(std::string_view bytes, std::size_t size) {
    RequestReader reader({.header_bytes = 512, .body_bytes = 256});
    Read read;
    while (!bytes.empty()) {
        reader.feed(bytes.substr(0, size));
        bytes.remove_prefix(std::min(size, bytes.size()));
        while (std::optional<Request> request = reader.next()) {
            if (!request->path.starts_with('/') || request->body.size() > 256) {
                std::abort();
            }
            read.requests.push_back(std::move(*request));
        }
    }
    read.error = reader.error() ? reader.error()->status : 0;
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
    if (whole.requests != pieces.requests) {
        std::abort();
    }
    return 0;
}
